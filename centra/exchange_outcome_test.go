package centra_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centra-go/cartabandonment/centra"
)

func fails(err error) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

// What may have been carried out, and what cannot have been.
func TestOutcomeUnknown(t *testing.T) {
	const refused = `{"errors":{"payment":"not now"}}`
	tests := []struct {
		name   string
		answer func(*http.Request) (*http.Response, error)
		kind   []error
	}{
		{"the answer was lost", fails(errors.New("broken")), []error{centra.ErrOutcomeUnknown}},
		{"no answer in time", hangs, []error{centra.ErrOutcomeUnknown, context.DeadlineExceeded}},
		{"500 without a word of Centra's", says(500, `{}`), []error{centra.ErrOutcomeUnknown}},
		{"502 in HTML", says(502, `<html>`), []error{centra.ErrOutcomeUnknown}},
		{"504", says(504, ``), []error{centra.ErrOutcomeUnknown}},
		{"success in HTML", says(200, `<html>`), []error{centra.ErrOutcomeUnknown}},
		{"success without a body", says(200, ``), []error{centra.ErrOutcomeUnknown}},
		{"success that says nothing", says(201, `{"token":"new"}`), []error{centra.ErrOutcomeUnknown}},
		{"Centra refuses with 500", says(500, refused), []error{centra.ErrUnavailable}},
		{"Centra refuses with 503", says(503, refused), []error{centra.ErrUnavailable}},
		{"Centra refuses with 200", says(200, refused), nil},
		{"Centra refuses with 412", says(412, refused), nil},
		{"another payment is being completed", says(409, ``), []error{centra.ErrUnavailable}},
		{"408", says(408, ``), []error{centra.ErrUnavailable}},
		{"423", says(423, ``), []error{centra.ErrUnavailable}},
		{"425", says(425, ``), []error{centra.ErrUnavailable}},
		{"429", says(429, ``), []error{centra.ErrRateLimited}},
		{"404", says(404, ``), []error{centra.ErrSelectionNotFound}},
		{"a redirect", says(302, ``), []error{centra.ErrInvalidResponse}},
		{"no connection", fails(&net.OpError{Op: "dial", Err: errors.New("refused")}), []error{centra.ErrUnavailable}},
	}
	for _, tt := range tests {
		for name, call := range map[string]call{"StartPayment": startPayment, "PaymentResult": paymentResult} {
			t.Run(tt.name+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c := newCheckout(t, "https://shop.example.com", over(tt.answer))
					wantKind(t, call(t.Context(), c, token), tt.kind...)
				})
			})
		}
	}
}

func says(status int, body string) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		answer(status, body)(w, nil)
		return w.Result(), nil
	}
}

// A payment that was given up before there was a connection was not made.
func TestGivenUpBeforeAnythingWasSent(t *testing.T) {
	hang := func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	silentPeer := func(context.Context, string, string) (net.Conn, error) { // speaks no TLS
		near, far := net.Pipe()
		go func() { _, _ = far.Read(make([]byte, 1)) }()
		return near, nil
	}
	refuse := func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Err: errors.New("refused")}
	}
	tests := []struct {
		name   string
		dial   func(context.Context, string, string) (net.Conn, error)
		cancel bool
		kind   []error
	}{
		{"cancelled while it was connecting", hang, true, []error{context.Canceled}},
		{"no connection in time", hang, false, []error{centra.ErrUnavailable, context.DeadlineExceeded}},
		{"cancelled in the TLS handshake", silentPeer, true, []error{context.Canceled}},
		{"no TLS handshake in time", silentPeer, false, []error{centra.ErrUnavailable, context.DeadlineExceeded}},
		{"cancelled in a wait for another try to connect", refuse, true, []error{context.Canceled}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				transport := &http.Transport{DialContext: tt.dial}
				defer transport.CloseIdleConnections()
				c := newCheckout(t, "https://shop.example.com", centra.WithTransport(transport), centra.WithTimeout(10*time.Second),
					centra.WithRetry(centra.Retry{Max: 10, MinWait: 5 * time.Second, MaxWait: 5 * time.Second}))
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if tt.cancel {
					time.AfterFunc(time.Second, cancel)
				}
				wantKind(t, startPayment(ctx, c, token), tt.kind...)
			})
		})
	}
}

// HTTP/2 says in its own way that there is a connection.
func TestOutcomeUnknownOverHTTP2(t *testing.T) {
	var calls atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if calls.Add(1); r.ProtoMajor != 2 {
			t.Errorf("asked over %s", r.Proto)
		}
		panic(http.ErrAbortHandler)
	}))
	server.EnableHTTP2 = true
	server.Config.ErrorLog = silent
	server.StartTLS()
	defer server.Close()
	c := newCheckout(t, server.URL, centra.WithTransport(server.Client().Transport), quickRetries())
	for range 2 { // on a new connection, and on that one
		wantKind(t, startPayment(t.Context(), c, token), centra.ErrOutcomeUnknown)
	}
	if n := calls.Load(); n != 2 {
		t.Errorf("two payments were sent %d times", n)
	}
}
