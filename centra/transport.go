package centra

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
	"unsafe"

	"github.com/hashicorp/go-retryablehttp"
)

// client is what both APIs share: one configured round trip. It is not changed
// after its construction.
type client struct {
	base            *url.URL
	transport       http.RoundTripper
	secret          string
	retry           Retry
	attemptTimeout  time.Duration
	timeout         time.Duration
	maxBytes        int64
	logger          *slog.Logger
	userAgent       string
	correlationID   func(context.Context) string
	fieldsInAddress bool
	withoutRaw      bool
	budget          *budget

	repeating, once *http.Client // for calls that may be repeated, and for the others
}

// maxErrorBytes bounds what is read of an error's body.
const maxErrorBytes = 64 << 10

// connect builds the http.Clients over the transport.
func (c *client) connect() {
	// Embedding only the interface hides CloseIdleConnections, which
	// retryablehttp calls after every failure, on what may be the transport of
	// the whole host application.
	transport := struct{ http.RoundTripper }{c.transport}
	refuse := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.repeating = &http.Client{Transport: transport, CheckRedirect: refuse, Timeout: c.attemptTimeout}
	c.once = &http.Client{Transport: transport, CheckRedirect: refuse}
}

// request is one call before it is sent.
type request struct {
	op      string // for errors and logs: the endpoint with placeholders
	method  string
	path    string // below the base URL, escaped
	query   string
	session Session
	header  http.Header // what the API adds: who is calling, for whom
	body    []byte

	stateless bool // Shop API
}

// next is the session to keep after an answer: the one it names, or else the one
// that was sent. In the Shop API a session is the cart's ID and stays what it is.
func (r request) next(answered Session) Session {
	if answered == "" || answered.checkToken() != nil || (r.stateless && r.session != "") {
		return r.session
	}
	return answered
}

// exchange is one call while it is sent: retryablehttp runs the attempts, and
// this keeps what the last of them brought.
type exchange struct {
	*client
	request
	correlationID string

	attempts   int
	status     int
	response   *bytes.Buffer // the whole body
	retryAfter time.Duration
	err        error // of the transport
	wait       time.Duration
}

var (
	errTooLarge   = errors.New("response larger than the limit")
	errIncomplete = errors.New("response cut short")
)

// buffers hold response bodies until they are decoded.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// maxPooled keeps one huge response from staying in memory for good.
const maxPooled = 1 << 20

func (x *exchange) release() {
	if x.response.Cap() <= maxPooled {
		x.response.Reset()
		buffers.Put(x.response)
	}
	x.response = nil
}

// send makes the call. The exchange must be released.
func (c *client) send(ctx context.Context, r request) (*exchange, error) {
	x := &exchange{
		client:        c,
		request:       r,
		correlationID: c.correlationID(ctx),
		response:      buffers.Get().(*bytes.Buffer),
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()

	c.budget.call()
	req := retryablehttp.Request{Request: x.newRequest(ctx)}
	if r.body != nil {
		if err := req.SetBody(r.body); err != nil {
			return x, x.failed(nil, "the request cannot be built", nil)
		}
	}
	runner := retryablehttp.Client{ // per call, since what to do next depends on the call
		HTTPClient:   c.once,
		RetryMax:     c.retry.Max,
		CheckRetry:   x.afterAttempt,
		Backoff:      func(_, _ time.Duration, _ int, _ *http.Response) time.Duration { return x.wait },
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	if r.method == http.MethodGet || r.method == http.MethodPut {
		runner.HTTPClient = c.repeating
	}
	resp, err := runner.Do(&req)
	if resp != nil {
		_ = resp.Body.Close() // read already, or given up
	}
	if err != nil && ctx.Err() != nil {
		x.err = ctx.Err() // ended while it waited for the next attempt
	}
	return x, x.transportError(ctx)
}

func (x *exchange) newRequest(ctx context.Context) *http.Request {
	u := *x.base
	if u.RawPath != "" || strings.Contains(x.path, "%") {
		u.RawPath = u.EscapedPath() + x.path
		u.Path, _ = url.PathUnescape(u.RawPath) // checked by whoever made the path
	} else {
		u.Path += x.path
	}
	u.RawQuery = x.query
	header := x.header
	header["Accept"] = []string{"application/json"}
	header["User-Agent"] = []string{x.userAgent}
	header["X-Correlation-Id"] = []string{x.correlationID}
	if x.body != nil {
		header["Content-Type"] = []string{"application/json"}
	}
	if x.method == http.MethodPut {
		// Sends nothing, but tells net/http that it may repeat the PUT on a
		// fresh connection where a kept one turns out to be dead.
		header["Idempotency-Key"] = []string{}
	}
	req := &http.Request{
		Method: x.method, URL: &u, Host: u.Host, Header: header,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	return req.WithContext(ctx)
}

// afterAttempt is retryablehttp's CheckRetry: it reads the response here, so
// that a broken body counts as a failed attempt and the connection is free for
// the next, and decides whether there is one.
func (x *exchange) afterAttempt(ctx context.Context, resp *http.Response, err error) (bool, error) {
	x.attempts++
	x.status, x.err, x.retryAfter = 0, err, 0
	if err == nil {
		x.status = resp.StatusCode
		x.retryAfter = retryAfter(resp.Header.Get("Retry-After"), time.Now())
		x.err = x.read(resp)
	}
	if x.logger.Enabled(ctx, slog.LevelDebug) {
		x.logger.LogAttrs(ctx, slog.LevelDebug, "centra: attempt",
			slog.String("op", x.op), slog.Int("attempt", x.attempts), slog.Int("status", x.status),
			slog.String("correlation_id", x.correlationID), slog.Any("session", x.session))
	}
	return x.again(ctx), nil
}

// again decides whether another attempt is worth it and sets the wait before it.
func (x *exchange) again(ctx context.Context) bool {
	if ctx.Err() != nil || x.attempts > x.retry.Max || errors.Is(x.err, errTooLarge) ||
		!repeatable(x.method, x.status, x.err) {
		return false
	}
	x.wait = x.retry.wait(x.attempts, x.retryAfter)
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= x.wait {
		return false
	}
	return x.budget.retry()
}

// read takes the whole body in, up to its limit.
func (x *exchange) read(resp *http.Response) error {
	x.response.Reset()
	limit := x.maxBytes
	isError := resp.StatusCode >= 300 && resp.StatusCode != http.StatusGone
	if isError {
		limit = min(limit, maxErrorBytes)
	}
	if resp.ContentLength > 0 && resp.ContentLength <= limit {
		x.response.Grow(int(resp.ContentLength) + bytes.MinRead)
	}
	n, err := x.response.ReadFrom(io.LimitReader(resp.Body, limit+1))
	switch {
	case n > limit && isError: // the status says enough
		x.response.Reset()
		return nil
	case n > limit:
		return errTooLarge
	case err == nil:
		return nil
	case isError: // likewise
		x.response.Reset()
		return nil
	case incomplete(err):
		return errIncomplete
	}
	return err
}

// incomplete reports whether a body ended or decompressed wrongly, as opposed
// to a connection that failed while it was read.
func incomplete(err error) bool {
	var corrupt flate.CorruptInputError
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, gzip.ErrHeader) ||
		errors.Is(err, gzip.ErrChecksum) || errors.As(err, &corrupt)
}

// text is the body as a string: a copy, to be kept, or a view of the buffer that
// ends with release.
func (x *exchange) text(keep bool) string {
	if keep || x.response.Len() == 0 {
		return x.response.String()
	}
	b := x.response.Bytes()
	return unsafe.String(&b[0], len(b)) // the decoder copies what it returns
}

// transportError is what kept a response from coming, if anything did.
func (x *exchange) transportError(ctx context.Context) error {
	switch {
	case x.err == nil:
		return nil
	case errors.Is(x.err, errTooLarge), errors.Is(x.err, errIncomplete):
		return x.failed(ErrInvalidResponse, x.err.Error(), nil)
	}
	reason, cause := explainTransport(x.err)
	kind := ErrUnavailable
	if errors.Is(ctx.Err(), context.Canceled) {
		kind, reason, cause = nil, "cancelled", context.Canceled
	}
	x.status = 0
	return x.failed(kind, reason, cause)
}

// failed is the error of this call.
func (x *exchange) failed(kind error, reason string, cause error) *Error {
	e := x.newError(kind, reason, cause)
	x.warn(e)
	return e
}

// refused is the error of a response that is one: its status says so, or its
// errors do.
func (x *exchange) refused(top envelope) *Error {
	e := x.newError(statusKind(x.status, top.errors), "", nil)
	e.Fields = top.errors
	e.Session = x.next(Session(top.token))
	x.warn(e)
	return e
}

func (x *exchange) newError(kind error, reason string, cause error) *Error {
	return &Error{
		Op: x.op, StatusCode: x.status, CorrelationID: x.correlationID, Session: x.session,
		Attempts: x.attempts, RetryAfter: x.retryAfter, kind: kind, reason: reason, cause: cause,
	}
}

func (x *exchange) warn(e *Error) {
	x.logger.LogAttrs(context.Background(), slog.LevelWarn, "centra: call failed", slog.Any("error", e))
}

// errorEnvelope reads the body of an error, which may be anything.
func (x *exchange) errorEnvelope() envelope {
	d := decoder{data: x.response.String()}
	var top envelope
	if d.object() {
		for d.next() {
			top.member(&d)
		}
	}
	if d.done() != nil {
		return envelope{}
	}
	return top
}

// answer is a body that a call can bring: a selection, a payment, an order.
type answer interface {
	decode(*decoder) (envelope, error)
}

// decode reads the response of a finished exchange into v and returns the body
// for Raw.
func (x *exchange) decode(v answer) (raw string, err error) {
	if x.status >= 300 {
		return "", x.refused(x.errorEnvelope())
	}
	d := decoder{data: x.text(!x.withoutRaw)}
	if x.withoutRaw {
		d.copies = new(strings.Builder)
	}
	top, err := v.decode(&d)
	switch {
	case err != nil:
		return "", x.failed(ErrInvalidResponse, err.Error(), nil)
	case len(top.errors) > 0:
		return "", x.refused(top)
	case x.withoutRaw:
		return "", nil
	}
	return d.data, nil
}

func (c *client) selection(ctx context.Context, r request) (*Selection, error) {
	x, err := c.send(ctx, r)
	defer x.release()
	if err != nil {
		return nil, err
	}
	sel := new(Selection)
	if sel.raw, err = x.decode(sel); err != nil {
		return nil, err
	}
	sel.Session = r.next(sel.Session)
	return sel, nil
}

func (c *client) updateFields(ctx context.Context, r request, f Fields) (*Selection, error) {
	var err error
	if r.body, err = f.body(c.fieldsInAddress); err != nil {
		return nil, c.invalid(r, "the fields cannot be written as JSON", nil)
	}
	return c.selection(ctx, r)
}

func (c *client) startPayment(ctx context.Context, r request, p Payment) (*PaymentAction, error) {
	var err error
	if r.body, err = p.body(c.fieldsInAddress); err != nil {
		return nil, c.invalid(r, "the payment cannot be written as JSON", nil)
	}
	x, err := c.send(ctx, r)
	defer x.release()
	if err != nil {
		return nil, err
	}
	if x.status == http.StatusGone {
		return nil, x.outOfStock()
	}
	action := new(PaymentAction)
	if action.raw, err = x.decode(action); err != nil {
		return nil, err
	}
	action.Session = r.next(action.Session)
	if action.Order != nil {
		action.Order.raw = action.raw
		action.Order.Session = action.Session
	}
	return action, nil
}

// outOfStock reads a 410. Without a selection in it the cart is gone, not the
// stock.
func (x *exchange) outOfStock() error {
	text := x.response.String()
	items, top, err := decodeUnavailable(&decoder{data: text})
	if err != nil {
		return x.failed(ErrInvalidResponse, err.Error(), nil)
	}
	sel := new(Selection)
	if _, err := sel.decode(&decoder{data: text}); err != nil || len(items) == 0 {
		return x.refused(top)
	}
	sel.raw = text
	sel.Session = x.next(sel.Session)
	e := x.newError(nil, "", nil)
	e.Fields, e.Session = top.errors, sel.Session
	x.warn(e)
	return &OutOfStockError{Items: items, Selection: sel, err: e}
}

func (c *client) paymentResult(ctx context.Context, r request, values url.Values) (*Order, error) {
	var err error
	if r.body, err = paymentFields(values); err != nil {
		return nil, c.invalid(r, "the values cannot be written as JSON", nil)
	}
	x, err := c.send(ctx, r)
	defer x.release()
	if err != nil {
		return nil, err
	}
	order := new(Order)
	if order.raw, err = x.decode(order); err != nil {
		return nil, err
	}
	order.Session = r.next(order.Session)
	return order, nil
}

// do is Do of either API.
func (c *client) do(ctx context.Context, r request, path string, in, out any) (Session, error) {
	var ok bool
	if r.op, r.path, r.query, ok = splitPath(r.method, path); !ok {
		return r.session, c.invalid(r, "the path must begin with / and have no . or .. segments", nil)
	}
	if in != nil {
		var err error
		if r.body, err = json.Marshal(in); err != nil {
			return r.session, c.invalid(r, "the body cannot be written as JSON", nil)
		}
	}
	x, err := c.send(ctx, r)
	defer x.release()
	if err != nil {
		return r.session, err
	}
	if x.status >= 300 {
		e := x.refused(x.errorEnvelope())
		return e.Session, e
	}
	if x.response.Len() == 0 && out == nil {
		return r.session, nil
	}
	var top envelope
	d := decoder{data: x.response.String()}
	if d.peek() == '{' {
		for d.open(); d.next(); {
			top.member(&d)
		}
	} else {
		d.skip()
	}
	session := r.next(Session(top.token))
	if err := d.done(); err != nil {
		return r.session, x.failed(ErrInvalidResponse, err.Error(), nil)
	}
	if len(top.errors) > 0 {
		e := x.refused(top)
		return e.Session, e
	}
	if out != nil {
		if err := json.Unmarshal([]byte(d.data), out); err != nil {
			e := x.failed(ErrInvalidResponse, "the body does not fit the type to decode into", nil)
			e.Session = session
			return session, e
		}
	}
	if sel, ok := out.(*Selection); ok {
		sel.Session = r.next(sel.Session)
		session = sel.Session
	}
	return session, nil
}

// splitPath checks a caller's path. The op keeps its first segment only: an ID
// may follow.
func splitPath(method, path string) (op, escaped, query string, ok bool) {
	op = method
	escaped, query, _ = strings.Cut(path, "?")
	if !strings.HasPrefix(escaped, "/") || strings.HasPrefix(escaped, "//") || strings.ContainsAny(path, "#\\") {
		return op, "", "", false
	}
	for i := range len(path) {
		if path[i] <= ' ' || path[i] > '~' {
			return op, "", "", false
		}
	}
	for segment := range strings.SplitSeq(escaped, "/") {
		plain, err := url.PathUnescape(segment)
		if err != nil || plain == "." || plain == ".." || strings.Contains(plain, "../") || strings.Contains(plain, "/..") {
			return op, "", "", false
		}
	}
	first, rest, more := strings.Cut(escaped[1:], "/")
	op += " /" + first
	if more && rest != "" {
		op += "/..."
	}
	return op, escaped, query, true
}

// invalid is the error of a call that was not made.
func (c *client) invalid(r request, reason string, kind error) *Error {
	x := exchange{client: c, request: r}
	return x.failed(kind, reason, nil)
}
