package main

import (
	"net/http"
	"strings"
)

// tellCalls writes the calls to Centra that matter here into the timeline, each
// attempt of them, by their endpoint and without the IDs in their paths.
type tellCalls struct {
	next     http.RoundTripper
	timeline *timeline
}

// RoundTrip writes down the call before anything comes of it.
func (t tellCalls) RoundTrip(r *http.Request) (*http.Response, error) {
	segments := strings.Split(r.URL.Path, "/")
	last := segments[len(segments)-1]
	attached := len(segments) > 1 && segments[len(segments)-2] == "selection"
	next := entry{Kind: "put", From: "Shop → Centra"}
	switch {
	case r.Method == http.MethodPut && last == "payment-fields":
		next.Title, next.Detail = "The details are sent", "PUT payment-fields"
	case r.Method == http.MethodPut && last == "checkout-fields":
		next.Title, next.Detail = "The details are sent", "PUT selections/{selection}/checkout-fields"
	case r.Method == http.MethodPut && attached:
		next.Kind, next.Title, next.Detail = "recovery", "The cart is asked for, to attach it to a session", "PUT selection/{selection}"
	case r.Method == http.MethodPost && last == "payment":
		next.Kind, next.Title, next.Detail = "order", "A payment is started", "POST payment"
	case r.Method == http.MethodPost && last == "payment-result":
		next.Kind, next.Title, next.Detail = "order", "The payment’s result is handed on", "POST payment-result"
	default:
		return t.next.RoundTrip(r)
	}
	t.timeline.add(next)
	return t.next.RoundTrip(r)
}

// transport is net/http's with connections enough for a shop: all of them lead
// to one host.
func transport() http.RoundTripper {
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport
	}
	t = t.Clone()
	t.MaxIdleConnsPerHost = 64
	return t
}
