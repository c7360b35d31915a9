package centratest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"

	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/google/go-cmp/cmp"
)

func TestTransportTellsTheTrace(t *testing.T) {
	server := centratest.NewServer(t)
	var told []string
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
		GotConn:              func(httptrace.GotConnInfo) { told = append(told, "connection") },
		WroteHeaders:         func() { told = append(told, "headers") },
		WroteRequest:         func(httptrace.WroteRequestInfo) { told = append(told, "request") },
		GotFirstResponseByte: func() { told = append(told, "response") },
	})
	req, err := http.NewRequestWithContext(ctx, "GET", "http://centra.test/api/checkout/selection", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := server.Transport().RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if diff := cmp.Diff([]string{"connection", "headers", "request", "response"}, told); diff != "" {
		t.Errorf("trace (-want +got):\n%s", diff)
	}
}

func TestTransportAndCancelledContexts(t *testing.T) {
	server := centratest.NewServer(t, centratest.WithoutSocket())
	ctx, cancel := context.WithCancel(t.Context())
	newRequest := func() *http.Request {
		req, err := http.NewRequestWithContext(ctx, "GET", server.CheckoutURL()+"/selection", nil)
		if err != nil {
			t.Fatal(err)
		}
		return req
	}
	resp, err := server.Transport().RoundTrip(newRequest())
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := io.ReadAll(resp.Body); !errors.Is(err, context.Canceled) {
		t.Errorf("reading the body after the cancellation: %v", err)
	}
	resp.Body.Close()
	if _, err := server.Transport().RoundTrip(newRequest()); !errors.Is(err, context.Canceled) {
		t.Errorf("calling after the cancellation: %v", err)
	}
	if got := len(server.Requests()); got != 1 {
		t.Errorf("%d requests arrived, want 1", got)
	}
}

func TestLargeRequestsAreRefused(t *testing.T) {
	server := centratest.NewServer(t, centratest.WithoutSocket())
	resp, err := server.Client().Post(server.CheckoutURL()+"/payment", "application/json", strings.NewReader(strings.Repeat(" ", 2<<20)))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d, want 413", resp.StatusCode)
	}
}
