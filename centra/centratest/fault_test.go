package centratest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centra-go/cartabandonment/centra/centratest"
)

func get(t *testing.T, ctx context.Context, server *centratest.Server) (*http.Response, string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, "GET", server.CheckoutURL()+"/selection", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := server.Client().Do(req)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp, string(body), err
}

func TestFaults(t *testing.T) {
	for _, row := range []struct {
		name       string
		fault      centratest.Fault
		status     int
		retryAfter string
		body       string // contained in the answer
		size       int    // of the answer; 0: not compared
		err        error
	}{
		{name: "JSON error", fault: centratest.StatusFault(500, map[string]string{"server": "broken"}), status: 500, body: `"errors":{"server":"broken"},"token":"`},
		{
			name: "refused with a message", fault: centratest.StatusFault(412, map[string]string{"paymentMethod": "failed"}).Saying("LIMIT", "Too much.", "Sorry."),
			status: 412, body: `"code":"LIMIT","errors":{"paymentMethod":"failed"},"message":"Too much.","messages":["Too much.","Sorry."]`,
		},
		{
			name: "refused with 200", fault: centratest.StatusFault(200, map[string]string{"paymentMethod": "failed"}).Saying("", "Sorry."),
			status: 200, body: `{"errors":{"paymentMethod":"failed"},"message":"Sorry.","messages":["Sorry."],"token":"`,
		},
		{name: "rate limited", fault: centratest.RetryAfterFault(429, "3"), status: 429, retryAfter: "3", body: `"token"`},
		{name: "HTML 502", fault: centratest.HTMLFault(502), status: 502, body: "<!DOCTYPE html>"},
		{name: "HTML 200", fault: centratest.HTMLFault(200), status: 200, body: "<!DOCTYPE html>"},
		{name: "list", fault: centratest.ListFault(), status: 200, body: "[]", size: 2},
		{name: "oversized", fault: centratest.OversizedFault(9 << 20), status: 200, body: `{"pad":"xxx`, size: 9 << 20},
		{name: "truncated", fault: centratest.TruncatedFault(), status: 200, body: `{"token":`, err: io.ErrUnexpectedEOF},
		{name: "reset", fault: centratest.ResetFault(), err: syscall.ECONNRESET},
	} {
		for _, way := range []struct {
			name string
			opts []centratest.Option
		}{{"in process", []centratest.Option{centratest.WithoutSocket()}}, {"on a socket", nil}} {
			t.Run(row.name+" "+way.name, func(t *testing.T) {
				server := centratest.NewServer(t, way.opts...)
				server.FailNext(row.fault)
				resp, body, err := get(t, t.Context(), server)
				if !errors.Is(err, row.err) {
					t.Errorf("error %v, want %v", err, row.err)
				}
				if !strings.Contains(body, row.body) || row.size > 0 && len(body) != row.size {
					t.Errorf("%d bytes of body, want %q in it", len(body), row.body)
				}
				if resp != nil && (resp.StatusCode != row.status || resp.Header.Get("Retry-After") != row.retryAfter) {
					t.Errorf("status %d, Retry-After %q", resp.StatusCode, resp.Header.Get("Retry-After"))
				}
				if resp, _, err := get(t, t.Context(), server); err != nil || resp.StatusCode != 200 {
					t.Errorf("the request after the fault: %v", err)
				}
				requests := server.Requests()
				if len(requests) != 2 || requests[0].Fault == "" || requests[1].Fault != "" {
					t.Errorf("recorded %d requests, want 2 and the first one faulty", len(requests))
				}
			})
		}
	}
}

func TestHangEndsWithTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := centratest.NewServer(t, centratest.WithoutSocket())
		server.FailNext(centratest.HangFault())
		ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
		defer cancel()
		start := time.Now()
		if _, _, err := get(t, ctx, server); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want the deadline", err)
		}
		if took := time.Since(start); took != 8*time.Second {
			t.Errorf("returned after %v, want 8s", took)
		}
	})
}

func TestCloseEndsHangingRequests(t *testing.T) {
	for _, row := range []struct {
		name string
		opts []centratest.Option
	}{{"in process", []centratest.Option{centratest.WithoutSocket()}}, {"on a socket", nil}} {
		t.Run(row.name, func(t *testing.T) {
			server := centratest.New(row.opts...)
			server.CheckoutURL()
			arrived := make(chan struct{})
			server.FailNext(centratest.HangFault())
			go func() {
				for len(server.Requests()) == 0 {
					time.Sleep(time.Millisecond)
				}
				close(arrived)
			}()
			failed := make(chan error, 1)
			go func() {
				_, _, err := get(t, t.Context(), server)
				failed <- err
			}()
			<-arrived
			server.Close()
			server.Close()
			if err := <-failed; err == nil {
				t.Error("the hanging request was answered")
			}
		})
	}
}

func TestLastingOutage(t *testing.T) {
	server := centratest.NewServer(t, centratest.WithoutSocket())
	token, selection := server.NewCart("1-1")
	visitor := &shopper{server: server, token: token}
	server.SetFault(centratest.StatusFault(503, map[string]string{"server": "down"}))
	server.FailNext(centratest.StatusFault(429, map[string]string{"server": "busy"}))
	for i, want := range []int{429, 503, 503} {
		if status, _ := visitor.do(t, "PUT", "/payment-fields", optIn); status != want {
			t.Errorf("request %d: status %d, want %d", i, status, want)
		}
	}
	if server.Cart(selection).Email != "" {
		t.Error("a faulty request changed the cart")
	}
	server.ClearFault()
	if status, _ := visitor.do(t, "PUT", "/payment-fields", optIn); status != 200 {
		t.Errorf("after the outage: status %d", status)
	}
}

func TestLatencyHonoursCancellation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := centratest.NewServer(t, centratest.WithoutSocket())
		token, selection := server.NewCart("1-1")
		server.SetLatency(250 * time.Millisecond)
		start := time.Now()
		visitor := &shopper{server: server, token: token}
		visitor.do(t, "GET", "/selection", "")
		if took := time.Since(start); took != 250*time.Millisecond {
			t.Errorf("answered after %v, want 250ms", took)
		}

		ctx, cancel := context.WithCancel(t.Context())
		req, err := http.NewRequestWithContext(ctx, "PUT", server.CheckoutURL()+"/payment-fields", strings.NewReader(optIn))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("API-Token", visitor.token)
		time.AfterFunc(100*time.Millisecond, cancel)
		start = time.Now()
		if _, err := server.Client().Do(req); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want cancellation", err)
		}
		if took := time.Since(start); took != 100*time.Millisecond {
			t.Errorf("returned after %v, want 100ms", took)
		}
		time.Sleep(time.Second)
		if server.Cart(selection).Email != "" {
			t.Error("a cancelled request changed the cart")
		}
	})
}
