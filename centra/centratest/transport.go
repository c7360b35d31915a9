package centratest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"syscall"
)

// Transport returns a RoundTripper that serves every host in process, without
// a socket. It honours the request's context; an httptrace.ClientTrace sees
// GotConn (with a nil Conn), WroteHeaders, WroteRequest and GotFirstResponseByte.
func (s *Server) Transport() http.RoundTripper { return transport{s.Handler()} }

type transport struct{ handler http.Handler }

// errReset is what a caller sees when the simulated server closes the connection unanswered.
var errReset = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}

func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	if err := context.Cause(ctx); err != nil {
		closeBody(req.Body)
		return nil, err
	}
	incoming, err := incomingRequest(req)
	if err != nil {
		closeBody(req.Body)
		return nil, err
	}
	trace := httptrace.ContextClientTrace(ctx)
	traceSent(trace)

	type outcome struct {
		response *http.Response
		err      error
	}
	done := make(chan outcome, 1) // the handler may outlive a cancelled call
	go func() {
		defer closeBody(req.Body)
		response, err := t.serve(incoming)
		done <- outcome{response, err}
	}()
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case out := <-done:
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if out.err != nil {
			return nil, out.err
		}
		if trace != nil && trace.GotFirstResponseByte != nil {
			trace.GotFirstResponseByte()
		}
		out.response.Request = req
		return out.response, nil
	}
}

// incomingRequest turns a client's request into what a server would have read
// from the wire; the URL is parsed again so that escaped paths stay escaped.
func incomingRequest(req *http.Request) (*http.Request, error) {
	uri := req.URL.RequestURI()
	parsed, err := url.ParseRequestURI(uri)
	if err != nil {
		return nil, errors.New("centratest: the request's URL cannot be sent")
	}
	in := req.Clone(req.Context())
	in.URL, in.RequestURI = parsed, uri
	in.Method = cmp.Or(req.Method, http.MethodGet)
	in.Host = cmp.Or(req.Host, req.URL.Host)
	in.RemoteAddr = "192.0.2.1:1234"
	if in.Header == nil {
		in.Header = make(http.Header)
	}
	if in.Body == nil {
		in.Body = http.NoBody
	}
	return in, nil
}

func traceSent(trace *httptrace.ClientTrace) {
	if trace == nil {
		return
	}
	if trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{})
	}
	if trace.WroteHeaders != nil {
		trace.WroteHeaders()
	}
	if trace.WroteRequest != nil {
		trace.WroteRequest(httptrace.WroteRequestInfo{})
	}
}

// serve maps http.ErrAbortHandler to what a client sees on a socket: a body
// that ends early, or no answer at all.
func (t transport) serve(in *http.Request) (response *http.Response, err error) {
	recorder := httptest.NewRecorder()
	defer func() {
		switch v := recover(); v {
		case nil:
			body := recorder.Body.Bytes()
			response = recorder.Result()
			if response.ContentLength < 0 {
				response.ContentLength = int64(len(body))
			}
			response.Body = contextBody{in.Context(), bytes.NewReader(body)}
		case http.ErrAbortHandler:
			if recorder.Body.Len() == 0 {
				response, err = nil, errReset
				return
			}
			response = recorder.Result()
			response.Body = contextBody{in.Context(), io.MultiReader(bytes.NewReader(recorder.Body.Bytes()), brokenReader{})}
		default:
			panic(v)
		}
	}()
	t.handler.ServeHTTP(recorder, in)
	return nil, nil // the deferred function fills it in
}

func closeBody(body io.ReadCloser) {
	if body != nil {
		_ = body.Close()
	}
}

// contextBody fails once its request is cancelled, as a body from a socket does.
type contextBody struct {
	ctx context.Context
	io.Reader
}

func (b contextBody) Read(p []byte) (int, error) {
	if err := context.Cause(b.ctx); err != nil {
		return 0, err
	}
	return b.Reader.Read(p)
}

func (contextBody) Close() error { return nil }

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
