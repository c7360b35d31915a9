package centra

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// client is what both APIs share: one configured round trip. It is not changed
// after its construction.
type client struct {
	base            *url.URL
	transport       http.RoundTripper
	secret          string
	origin          string
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
	c.repeating = &http.Client{Transport: attempts{c.transport, c.attemptTimeout}}
	c.once = &http.Client{Transport: attempts{c.transport, c.timeout}}
}

// attempts bounds each attempt, the reading of its body included. It also hides
// CloseIdleConnections, which retryablehttp calls after every failure, on what
// may be the transport of the whole host application.
type attempts struct {
	next    http.RoundTripper
	timeout time.Duration
}

func (a attempts) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(req.Context(), a.timeout)
	resp, err := a.next.RoundTrip(req.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, err
	}
	// No redirect is followed: it would carry the session to another host.
	// http.ErrUseLastResponse would not do, since net/http fails on a Location
	// that is no URL before it asks.
	if !success(resp.StatusCode) {
		resp.Header.Del("Location")
	}
	if resp.Body == nil { // a host's own RoundTripper may leave it out
		cancel()
		return resp, nil
	}
	resp.Body = &attemptBody{resp.Body, cancel}
	return resp, nil
}

type attemptBody struct {
	io.ReadCloser
	cancel context.CancelFunc
}

func (b *attemptBody) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}

// request is one call before it is sent.
type request struct {
	op      string // for errors and logs: the endpoint with placeholders
	method  string
	path    string // below the base URL, escaped
	query   string
	session Session
	cart    SelectionID // Shop API: the cart that the call is about
	header  http.Header // what the API adds: who is calling, for whom
	body    []byte

	stateless   bool // Shop API
	anyEndpoint bool // Do: not necessarily about a cart
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
	errGarbled    = errors.New("response compressed wrongly")
)

// buffers hold response bodies until they are decoded.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// maxPooled keeps one huge response from staying in memory for good.
const maxPooled = 1 << 20

func (x *exchange) release() {
	if x.response.Cap() <= maxPooled {
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
		PrepareRetry: x.beforeRetry,
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
	values := [...]string{"application/json", x.userAgent, x.correlationID} // one allocation
	header["Accept"] = values[0:1:1]
	header["User-Agent"] = values[1:2:2]
	header["X-Correlation-Id"] = values[2:3:3]
	if x.body != nil {
		header["Content-Type"] = values[0:1:1]
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
		x.keepToken()
		if x.err != nil && ctx.Err() == nil && isError(resp.StatusCode) { // the status says enough
			x.response.Reset()
			x.err = nil
		}
	}
	if x.logger.Enabled(ctx, slog.LevelDebug) {
		x.logger.LogAttrs(ctx, slog.LevelDebug, "centra: attempt",
			slog.String("op", x.op), slog.Int("attempt", x.attempts), slog.Int("status", x.status),
			slog.String("correlation_id", x.correlationID), slog.Any("session", x.session))
	}
	return x.again(ctx), nil
}

// keepToken takes over a new token from an answer that may be followed by another
// attempt: an error, or the part of a body that came before it was cut. The old
// token is dead, and a call with it would succeed, on a new and empty cart.
func (x *exchange) keepToken() {
	redirect := x.status < 400 && !success(x.status) // not Centra's words
	if (x.err == nil && success(x.status)) || x.err == errGarbled || redirect {
		return
	}
	d := decoder{data: x.response.Bytes()}
	top, _ := decodeBody(&d, func(top *envelope) { top.member(&d) })
	x.session = x.next(Session(top.token))
}

// beforeRetry is retryablehttp's PrepareRetry.
func (x *exchange) beforeRetry(req *http.Request) error {
	if !x.stateless && x.session != "" {
		req.Header = req.Header.Clone() // the last attempt's may still be written
		req.Header["Api-Token"] = []string{string(x.session)}
	}
	return nil
}

// again decides whether another attempt is worth it and sets the wait before it.
func (x *exchange) again(ctx context.Context) bool {
	if ctx.Err() != nil || x.attempts > x.retry.Max || x.err == errTooLarge ||
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
	if isError(resp.StatusCode) {
		limit = min(limit, maxErrorBytes)
	}
	if resp.ContentLength > 0 && resp.ContentLength <= limit {
		x.response.Grow(int(resp.ContentLength) + bytes.MinRead)
	}
	n, err := x.response.ReadFrom(io.LimitReader(resp.Body, min(limit, math.MaxInt64-1)+1))
	switch {
	case n > limit:
		return errTooLarge
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errIncomplete
	case garbled(err):
		return errGarbled
	}
	return err
}

// garbled reports whether a body could not be decompressed.
func garbled(err error) bool {
	var corrupt flate.CorruptInputError
	return errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.As(err, &corrupt)
}

// isError reports whether a response's body only explains its status. A 410's
// holds a selection.
func isError(status int) bool { return !success(status) && status != http.StatusGone }

func success(status int) bool { return status >= 200 && status < 300 }

// transportError is what kept a response from coming, if anything did.
func (x *exchange) transportError(ctx context.Context) error {
	switch {
	case x.err == nil:
		return nil
	case x.err == errTooLarge, x.err == errIncomplete, x.err == errGarbled:
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

func (x *exchange) newError(kind error, reason string, cause error) *Error {
	return &Error{
		Op: x.op, StatusCode: x.status, CorrelationID: x.correlationID, Session: x.session,
		Attempts: x.attempts, RetryAfter: x.retryAfter, Kind: kind, reason: reason, cause: cause,
	}
}

func (x *exchange) warn(e *Error) {
	x.logger.LogAttrs(context.Background(), slog.LevelWarn, "centra: call failed", slog.Any("error", e))
}

// invalid is the error of a call that was not made.
func (c *client) invalid(r request, reason string, kind error) *Error {
	x := exchange{client: c, request: r}
	return x.failed(kind, reason, nil)
}
