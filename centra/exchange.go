package centra

import (
	"bytes"
	"cmp"
	"compress/flate"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// exchange is one call from its beginning to its end: [client.send] begins it and
// end ends it. It is the RoundTripper of the http.Client that retryablehttp
// repeats, so that an attempt is one RoundTrip with the reading of its body in it,
// and it keeps what the last attempt brought.
type exchange struct {
	*client
	request // its session becomes the one to keep
	ctx     context.Context
	began   time.Time
	given   Session // that the call began with
	traces  []func(Call)

	correlationID string
	attempts      int
	status        int
	response      *bytes.Buffer // the whole body
	retryAfter    time.Duration
	err           error // what kept the attempt's answer from coming, or from being read
	arrived       bool  // Centra may have seen the request
	wait          time.Duration
	budgetRefused bool
	seen          CartState // in the answer
	allAdded      bool      // the call put all that is in it there
	expired       bool      // Storefront API: Centra does not know the caller's session any more

	asked, connected atomic.Bool // for a connection, by what net/http says
}

var (
	errTooLarge   = errors.New("response larger than the limit")
	errIncomplete = errors.New("response cut short")
	errGarbled    = errors.New("response compressed wrongly")
)

const (
	// maxErrorBytes bounds what is read of an error's body.
	maxErrorBytes = 64 << 10
	// maxPooled keeps one huge response from staying in memory for good.
	maxPooled = 1 << 20
	// maxAhead bounds the room that is made for a body before any of it has come:
	// its length is only what a header says.
	maxAhead = 512 << 10
)

// buffers hold response bodies until they are decoded.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func (x *exchange) release() {
	if x.response != nil && x.response.Cap() <= maxPooled {
		buffers.Put(x.response)
	}
	x.response = nil
}

// send makes the call and reads the body of its answer. The exchange must be
// ended, whatever the error.
func (c *client) send(ctx context.Context, r request) (*exchange, error) {
	x := &exchange{client: c, request: r, began: time.Now(), given: cmp.Or(r.instead, r.session)}
	ctx = x.begin(ctx)
	if r.refusal != "" {
		return x, x.failed(r.kind, r.refusal, nil)
	}
	x.correlationID = c.correlationID(ctx)
	x.response = buffers.Get().(*bytes.Buffer)
	x.response.Reset()
	c.budget.call()

	ctx, cancel := context.WithTimeout(context.WithValue(ctx, operationKey{}, x), c.timeout)
	defer cancel()
	if err := ctx.Err(); err != nil {
		x.err = err
		return x, x.lost(ctx)
	}
	req := retryablehttp.Request{Request: x.httpRequest(ctx)}
	if r.body != nil {
		if err := req.SetBody(r.body); err != nil {
			return x, x.failed(nil, "the request cannot be built", nil)
		}
	}
	runner := retryablehttp.Client{ // per call, since what to do next depends on the call
		HTTPClient:   &http.Client{Transport: x},
		RetryMax:     c.retry.Max,
		CheckRetry:   x.again,
		Backoff:      func(_, _ time.Duration, _ int, _ *http.Response) time.Duration { return x.wait },
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	resp, err := runner.Do(&req)
	if resp != nil {
		_ = resp.Body.Close() // which is empty
	}
	switch {
	case err == nil:
	case ctx.Err() != nil:
		x.err = ctx.Err() // ended in an attempt, or while it waited for the next
	case x.err == nil && x.status == 0:
		x.err = err
	}
	return x, x.lost(ctx)
}

// RoundTrip makes one attempt. What it returns has no body and no header: the
// exchange keeps both, the connection is free, and no redirect is followed, which
// would carry the session to another host.
func (x *exchange) RoundTrip(req *http.Request) (*http.Response, error) {
	call := req.Context()
	ctx, cancel := x.attempt(call)
	defer cancel()
	req = req.WithContext(ctx)
	if x.attempts++; x.attempts > 1 && x.session != x.given {
		req.Header = req.Header.Clone() // the last attempt's may still be written
		x.sign(x.client, req.Header, x.session)
	}
	x.status, x.retryAfter = 0, 0
	x.response.Reset()

	resp, err := x.transport.RoundTrip(req)
	x.err = err
	if err == nil {
		x.read(call, resp)
	}
	x.arrived = err == nil || !neverSent(err) && !permanent(err) && (x.connected.Load() || !x.asked.Load())
	if x.logger.Enabled(ctx, slog.LevelDebug) {
		x.logger.LogAttrs(ctx, slog.LevelDebug, "centra: attempt",
			slog.String("op", x.op), slog.Int("attempt", x.attempts), slog.Int("status", x.status),
			slog.String("correlation_id", x.correlationID), slog.Any("session", x.session))
	}
	if x.err != nil {
		return nil, x.err
	}
	return &http.Response{StatusCode: x.status, Body: http.NoBody}, nil
}

// attempt is the context of one attempt. A call that must not be made twice needs
// no end before its own, but has to know whether anything was sent.
func (x *exchange) attempt(ctx context.Context) (context.Context, context.CancelFunc) {
	if x.repeatable {
		return context.WithTimeout(ctx, x.attemptTimeout)
	}
	return context.WithCancel(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { x.asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { x.connected.Store(true) },
	}))
}

// read takes a response in, its whole body up to the limit.
func (x *exchange) read(ctx context.Context, resp *http.Response) {
	x.status = resp.StatusCode
	x.retryAfter = retryAfter(resp.Header.Get("Retry-After"), time.Now())
	if resp.Body != nil { // a host's own RoundTripper may leave it out
		defer resp.Body.Close()
	}
	// Nobody asked for another protocol, and its body would never end.
	if resp.Body == nil || x.status == http.StatusSwitchingProtocols {
		return
	}
	x.err = x.readBody(resp)
	x.keepToken()
	if x.err != nil && ctx.Err() == nil && isError(x.status) { // the status says enough
		x.err = nil
		if x.status != http.StatusNotFound { // but that only with a body that can be read
			x.response.Reset()
		}
	}
}

func (x *exchange) readBody(resp *http.Response) error {
	limit := x.maxBytes
	if isError(resp.StatusCode) {
		limit = min(limit, maxErrorBytes)
	}
	if ahead := min(resp.ContentLength, limit, maxAhead); ahead > 0 {
		x.response.Grow(int(ahead) + bytes.MinRead)
	}
	n, err := x.response.ReadFrom(io.LimitReader(resp.Body, min(limit, math.MaxInt64-1)+1))
	switch {
	case n > limit:
		return errTooLarge
	case err == nil:
		return nil
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

// keepToken takes over a new token from an answer that may be followed by another
// attempt: an error, or the part of a body that came before it was cut. The old
// token is dead, and a call with it would succeed, on a new and empty cart.
func (x *exchange) keepToken() {
	redirect := x.status < 400 && !success(x.status) // not Centra's words
	if (x.err == nil && success(x.status)) || errors.Is(x.err, errGarbled) || redirect || x.token == nil {
		return
	}
	x.next(x.token(x.response.Bytes()))
}

// next is the session to keep after an answer: the one it names, or else the one
// that was sent. It is a copy: a session is remembered for long, and must not keep
// the whole answer in memory that it came with.
func (x *exchange) next(answered Session) Session {
	stays := x.noSession || x.token == nil && x.session != ""
	if !stays && answered != "" && answered != x.session && answered.checkToken() == nil {
		x.session = Session(strings.Clone(string(answered)))
	}
	return x.session
}

// isError reports whether a response's body only explains its status. A 410's
// holds a selection.
func isError(status int) bool { return !success(status) && status != http.StatusGone }

func success(status int) bool { return status >= 200 && status < 300 }

// lost is the error of a call whose answer did not come, or not as a whole; nil
// where it did.
func (x *exchange) lost(ctx context.Context) error {
	switch {
	case x.err == nil:
		return nil
	case errors.Is(x.err, errTooLarge), errors.Is(x.err, errIncomplete), errors.Is(x.err, errGarbled):
		return x.failed(x.unreadable(), x.err.Error(), nil)
	}
	reason, cause := explainTransport(x.err)
	kind := ErrUnavailable
	if errors.Is(ctx.Err(), context.Canceled) {
		kind, reason, cause = nil, "cancelled", context.Canceled
	}
	if x.arrived && !x.repeatable {
		kind = ErrOutcomeUnknown
	}
	x.status = 0
	return x.failed(kind, reason, cause)
}

// unreadable is the kind of failure where a body is not what it should be. That of
// a call that must not be made twice was perhaps its success.
func (x *exchange) unreadable() error {
	if !x.repeatable && success(x.status) {
		return ErrOutcomeUnknown
	}
	return ErrInvalidResponse
}

// failed is the error of this call.
func (x *exchange) failed(kind error, reason string, cause error) *Error {
	return &Error{
		Op: x.op, StatusCode: x.status, CorrelationID: x.correlationID, Session: x.session,
		Attempts: x.attempts, RetryAfter: x.retryAfter, Kind: kind, reason: reason, cause: cause,
	}
}
