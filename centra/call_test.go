package centra_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra"
)

// observed gathers what a client tells of its calls, and with which context.
type observed struct {
	mu    sync.Mutex
	calls []centra.Call
	ctxs  []context.Context
}

func (o *observed) option() centra.Option {
	return centra.WithObserve(func(ctx context.Context, c centra.Call) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.calls, o.ctxs = append(o.calls, c), append(o.ctxs, ctx)
	})
}

const (
	filledCart = `{"token":"new","selection":{"items":[{"item":"1-1"}]}}`
	twoItems   = `{"token":"new","selection":{"items":[{"item":"1-1","quantity":"2"}]}}`
	flatCart   = `{"selection":"abeb59928306768d255e21920f9087a4","items":[{"item":"1-1"}],"totals":[]}`
)

func doInto(method, path string, out any) call {
	return func(ctx context.Context, c api, s centra.Session) error {
		_, err := c.Do(ctx, s, method, path, nil, out)
		return err
	}
}

// What a call tells of itself, however it ends.
func TestObserve(t *testing.T) {
	tests := []struct {
		name   string
		shop   bool
		status int
		body   string
		call   call
		s      centra.Session
		want   centra.Call
	}{
		{"a cart", false, 200, filledCart, readSelection, token,
			centra.Call{Op: "GET /selection", Session: centra.SessionRotated, Cart: centra.CartFilled}},
		{"an empty cart", false, 200, emptyCart, updateFields, token,
			centra.Call{Op: "PUT /payment-fields", Session: centra.SessionReplaced, Cart: centra.CartEmpty}},
		{"the session that was sent", false, 200, emptyCart, updateFields, "f611707b97e18a902270223b79f743c2",
			centra.Call{Op: "PUT /payment-fields", Cart: centra.CartEmpty}},
		{"a first session", false, 200, emptyCart, readSelection, "",
			centra.Call{Op: "GET /selection", Session: centra.SessionNone, Cart: centra.CartEmpty}},
		{"a cart of the Shop API", true, 200, flatCart, readSelection, centra.Session(cartID),
			centra.Call{Op: "GET /selections/{selection}", Cart: centra.CartFilled}},
		{"another cart of the Shop API", true, 200, flatCart, attachSelection, "another",
			centra.Call{Op: "GET /selections/{selection}", Cart: centra.CartFilled}},
		{"a cart behind Do, not looked at", false, 200, filledCart, addItem, token,
			centra.Call{Op: "POST /items/...", Session: centra.SessionUnclear, Cart: centra.CartFilled}},
		{"as many items as were added", false, 200, twoItems, doInto("POST", "/items/1-1/quantity/2", nil), token,
			centra.Call{Op: "POST /items/...", Session: centra.SessionUnclear, Cart: centra.CartFilled}},
		{"more items than were added", false, 200, twoItems, doInto("POST", "/items/1-1", nil), token,
			centra.Call{Op: "POST /items/...", Session: centra.SessionRotated, Cart: centra.CartFilled}},
		{"items that were there before a voucher", false, 200, filledCart, doInto("POST", "/vouchers", nil), token,
			centra.Call{Op: "POST /vouchers", Session: centra.SessionRotated, Cart: centra.CartFilled}},
		{"an item that was there before a refusal", false, 200, `{"token":"new","selection":{"items":[{}]},"errors":{"item":"no"}}`, addItem, token,
			centra.Call{Op: "POST /items/...", Failure: "refused", Session: centra.SessionRotated, Cart: centra.CartFilled}},
		{"an empty cart behind Do", false, 200, emptyCart, doInto("GET", "/x", new(json.RawMessage)), token,
			centra.Call{Op: "GET /x", Session: centra.SessionReplaced, Cart: centra.CartEmpty}},
		{"a cart as PHP's empty list", false, 200, `{"selection":[]}`, addItem, token, centra.Call{Op: "POST /items/...", Cart: centra.CartEmpty}},
		{"a flat cart behind Do", true, 200, flatCart, addItem, centra.Session(cartID),
			centra.Call{Op: "POST /items/...", Cart: centra.CartFilled}},
		{"an empty flat cart behind Do", true, 200, `{"items":{},"selection":"a"}`, addItem, centra.Session(cartID),
			centra.Call{Op: "POST /items/...", Cart: centra.CartEmpty}},
		{"no cart behind Do", false, 200, `{"items":[{}],"token":"new"}`, doInto("GET", "/orders", nil), token,
			centra.Call{Op: "GET /orders", Session: centra.SessionUnclear}},
		{"a cart without a word of its items", false, 200, `{"selection":{"currency":"SEK"}}`, addItem, token, centra.Call{Op: "POST /items/..."}},
		{"a payment", false, 200, fitsAll, startPayment, token, centra.Call{Op: "POST /payment", Session: centra.SessionUnclear}},
		{"refused fields", false, 400, `{"token":"new","errors":{"email":"no"}}`, updateFields, token,
			centra.Call{Op: "PUT /payment-fields", Failure: "refused", Session: centra.SessionUnclear}},
		{"refused fields beside a cart", false, 400, `{"errors":{"email":"no"},"selection":{"items":[{}]}}`, updateFields, token,
			centra.Call{Op: "PUT /payment-fields", Failure: "refused", Cart: centra.CartFilled}},
		{"refused fields beside a cart that is not shown", false, 400, `{"token":"new","errors":{"email":"no"},"selection":null,"items":[]}`, updateFields, token,
			centra.Call{Op: "PUT /payment-fields", Failure: "refused", Session: centra.SessionUnclear}},
		{"the same with 200", false, 200, `{"token":"new","errors":{"email":"no"},"selection":null,"items":[]}`, updateFields, token,
			centra.Call{Op: "PUT /payment-fields", Failure: "refused", Session: centra.SessionUnclear}},
		{"the same behind Do", false, 200, `{"token":"new","errors":{"item":"no"},"selection":null}`, addItem, token,
			centra.Call{Op: "POST /items/...", Failure: "refused", Session: centra.SessionUnclear}},
		{"a null behind Do", false, 200, `{"token":"new","selection":null}`, addItem, token,
			centra.Call{Op: "POST /items/...", Session: centra.SessionReplaced, Cart: centra.CartEmpty}},
		{"what is no cart behind Do", false, 200, `{"token":"new","selection":["a"]}`, addItem, token,
			centra.Call{Op: "POST /items/...", Session: centra.SessionUnclear}},
		{"a number behind Do", false, 200, `{"token":"new","selection":5}`, addItem, token,
			centra.Call{Op: "POST /items/...", Session: centra.SessionUnclear}},
		{"a cart that is spoiled", false, 200, `{"token":"new","selection":{"items":[{"item":tru}]}}`, updateFields, token,
			centra.Call{Op: "PUT /payment-fields", Failure: "invalid_response", Session: centra.SessionUnclear}},
		{"a body in neither shape", false, 200, `{"token":"new","items":[],"selection":5}`, updateFields, token,
			centra.Call{Op: "PUT /payment-fields", Failure: "invalid_response", Session: centra.SessionUnclear}},
		{"a cart behind Do that is spoiled further down", false, 200, `{"token":"new","selection":{"items":[]},"x":tru}`, addItem, token,
			centra.Call{Op: "POST /items/...", Failure: "outcome_unknown", Session: centra.SessionUnclear}},
		{"no such cart", false, 404, `{}`, attachSelection, token, centra.Call{Op: "PUT /selection/{selection}", Failure: "not_found"}},
		{"not found behind Do", false, 404, `{}`, addItem, token, centra.Call{Op: "POST /items/...", Failure: "refused"}},
		{"a wrong secret", true, 401, `{}`, readSelection, centra.Session(cartID),
			centra.Call{Op: "GET /selections/{selection}", Failure: "unauthorized"}},
		{"too many calls", false, 429, `{}`, startPayment, token, centra.Call{Op: "POST /payment", Failure: "rate_limited"}},
		{"down", false, 503, `{}`, updateFields, token, centra.Call{Op: "PUT /payment-fields", Attempts: 3, Failure: "unavailable"}},
		{"down, beside a new token", false, 503, `{"token":"new"}`, updateFields, token,
			centra.Call{Op: "PUT /payment-fields", Attempts: 3, Failure: "unavailable", Session: centra.SessionUnclear}},
		{"a redirect", false, 302, `{}`, updateFields, token, centra.Call{Op: "PUT /payment-fields", Failure: "invalid_response"}},
		{"HTML", false, 200, `<html>`, updateFields, token, centra.Call{Op: "PUT /payment-fields", Failure: "invalid_response"}},
		{"HTML for a payment", false, 200, `<html>`, startPayment, token, centra.Call{Op: "POST /payment", Failure: "outcome_unknown"}},
		{"out of stock", false, 410, `{"errors":{"stock":"unavailable items"},"unavailable":[{"item":"1-1"}],"selection":{"items":[]}}`, startPayment, token,
			centra.Call{Op: "POST /payment", Failure: "out_of_stock", Cart: centra.CartEmpty}},
		{"a session that is none", false, 200, emptyCart, updateFields, "a b",
			centra.Call{Op: "PUT /payment-fields", StatusCode: -1, Failure: "invalid_request"}},
		{"no session", true, 200, flatCart, updateFields, "",
			centra.Call{Op: "PUT /selections/{selection}/checkout-fields", StatusCode: -1, Failure: "invalid_request", Session: centra.SessionNone}},
		{"a path that leads elsewhere", false, 200, emptyCart, doInto("GET", "/../x", nil), token,
			centra.Call{Op: "GET", StatusCode: -1, Failure: "invalid_request"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec := record(t, answer(tt.status, tt.body))
			var told observed
			var c api = newCheckout(t, rec.URL, told.option(), quickRetries())
			tt.want.API = "checkout"
			if tt.shop {
				c, tt.want.API = newShop(t, rec.URL, told.option(), quickRetries()), "shop"
			}
			if tt.want.StatusCode < 0 {
				tt.want.StatusCode = 0
			} else {
				tt.want.StatusCode, tt.want.Attempts = tt.status, max(tt.want.Attempts, 1)
			}
			err := tt.call(t.Context(), c, tt.s)
			if len(told.calls) != 1 {
				t.Fatalf("told %d times", len(told.calls))
			}
			got := told.calls[0]
			if got.Duration <= 0 {
				t.Errorf("it took %v", got.Duration)
			}
			got.Duration = 0
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("call (-want +got):\n%s", diff)
			}
			if (err == nil) != (got.Failure == "") {
				t.Errorf("failure %q, error %v", got.Failure, err)
			}
		})
	}
}

// A call whose caller left: how that is told depends on what may have happened.
func TestObserveCancelled(t *testing.T) {
	tests := []struct {
		name   string
		call   call
		before bool // it was cancelled before it began
		want   centra.Call
	}{
		{"an update, before it began", updateFields, true, centra.Call{Op: "PUT /payment-fields", Failure: "canceled"}},
		{"a payment, before it began", startPayment, true, centra.Call{Op: "POST /payment", Failure: "canceled"}},
		{"an update under way", updateFields, false, centra.Call{Op: "PUT /payment-fields", Attempts: 1, Failure: "canceled"}},
		{"a payment under way", startPayment, false, centra.Call{Op: "POST /payment", Attempts: 1, Failure: "outcome_unknown"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var told observed
				c := newCheckout(t, "https://shop.example.com", (&attempts{answer: hangs}).option(), told.option())
				ctx, cancel := context.WithCancel(t.Context())
				if tt.before {
					cancel()
				} else {
					time.AfterFunc(time.Second, cancel)
					tt.want.Duration = time.Second
				}
				if err := tt.call(ctx, c, token); !errors.Is(err, context.Canceled) {
					t.Errorf("error %v", err)
				}
				tt.want.API = "checkout"
				if diff := cmp.Diff([]centra.Call{tt.want}, told.calls); diff != "" {
					t.Errorf("calls (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// Whoever watches a context is told of its calls, whichever client makes them,
// and nobody is told of others.
func TestWatchCalls(t *testing.T) {
	rec := record(t, answer(200, emptyCart))
	var everywhere observed
	checkout := newCheckout(t, rec.URL, everywhere.option(), everywhere.option(), centra.WithSecret(secret))
	var outer, inner []string
	note := func(to *[]string) func(centra.Call) { return func(c centra.Call) { *to = append(*to, c.API+" "+c.Op) } }
	ctx := centra.WatchCalls(t.Context(), note(&outer))
	within := centra.WatchCalls(ctx, note(&inner))

	_ = readSelection(t.Context(), checkout, token)
	_ = readSelection(ctx, checkout.AsShopper(), token)
	_ = readSelection(ctx, newShop(t, rec.URL), centra.Session(cartID))
	_ = updateFields(within, checkout, token)
	_ = readSelection(centra.WatchCalls(within, nil), newShop(t, rec.URL), centra.Session(cartID))

	want := [][]string{{"checkout GET /selection", "shop GET /selections/{selection}", "checkout PUT /payment-fields"}, {"checkout PUT /payment-fields"}}
	if diff := cmp.Diff(want, [][]string{outer, inner}); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if len(everywhere.calls) != 2*3 {
		t.Errorf("two observers of three calls were told %d times", len(everywhere.calls))
	}
	for i, ctx := range []context.Context{t.Context(), t.Context(), ctx, ctx, within, within} {
		if everywhere.ctxs[i] != ctx {
			t.Errorf("call %d was told with another context than it was made with", i/2)
		}
	}
}

type spanKey struct{}

// A trace is there from a call's beginning to its end: whatever belongs to the
// call happens in its context, and several traces are one within the other.
func TestTrace(t *testing.T) {
	var told []string
	trace := func(name string) centra.Option {
		return centra.WithTrace(func(ctx context.Context, api, op string) (context.Context, func(centra.Call)) {
			path, _ := ctx.Value(spanKey{}).(string)
			told = append(told, "begin "+path+name+" "+api+" "+op)
			return context.WithValue(ctx, spanKey{}, path+name), func(c centra.Call) {
				told = append(told, fmt.Sprintf("end %s %d %d %s", name, c.StatusCode, c.Attempts, c.Failure))
			}
		})
	}
	in := func(ctx context.Context, what string) {
		told = append(told, fmt.Sprint(what, " in ", ctx.Value(spanKey{})))
	}
	transport := roundTripper(func(r *http.Request) (*http.Response, error) {
		in(r.Context(), "attempt")
		return &http.Response{StatusCode: 503, Body: io.NopCloser(strings.NewReader(""))}, nil
	})
	c := newCheckout(t, "https://shop.example.com", over(transport), quickRetries(), trace("a"), trace("b"),
		centra.WithObserve(func(ctx context.Context, _ centra.Call) { in(ctx, "observe") }),
		centra.WithCorrelationID(func(ctx context.Context) string { in(ctx, "ID"); return "" }))
	_ = updateFields(t.Context(), c.AsShopper(), token)
	_ = updateFields(t.Context(), c, "a b")
	want := []string{
		"begin a checkout PUT /payment-fields", "begin ab checkout PUT /payment-fields", "ID in ab",
		"attempt in ab", "attempt in ab", "attempt in ab", "observe in ab",
		"end b 503 3 unavailable", "end a 503 3 unavailable",
		"begin a checkout PUT /payment-fields", "begin ab checkout PUT /payment-fields", "observe in ab",
		"end b 0 0 invalid_request", "end a 0 0 invalid_request",
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if _, err := centra.NewCheckoutAPI("https://shop.example.com", centra.WithTrace(nil)); err == nil {
		t.Error("a trace that is nil was taken")
	}
}

func TestObserveBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told observed
		c := newCheckout(t, "https://shop.example.com", status(503, "", "").option(), told.option())
		for range 8 {
			_ = readSelection(t.Context(), c, token)
		}
		var got []bool
		for _, call := range told.calls {
			got = append(got, call.BudgetRefused)
		}
		// Ten retries and two for each of five calls.
		if diff := cmp.Diff([]bool{false, false, false, false, false, true, true, true}, got); diff != "" {
			t.Errorf("refused (-want +got):\n%s", diff)
		}
	})
}

// A RoundTripper learns the name of what it is given, and a URL is no name.
func TestOperation(t *testing.T) {
	var got []string
	transport := roundTripper(func(r *http.Request) (*http.Response, error) {
		got = append(got, centra.Operation(r.Context()))
		return &http.Response{StatusCode: 503, Body: io.NopCloser(strings.NewReader(""))}, nil
	})
	checkout := newCheckout(t, "https://shop.example.com", over(transport), centra.WithRetry(centra.Retry{Max: 1}))
	shop := newShop(t, "https://shop.example.com", over(transport), centra.WithRetry(centra.Retry{}))
	_ = attachSelection(t.Context(), checkout, token)
	_ = startPayment(t.Context(), checkout.AsShopper(), token)
	_ = addItem(t.Context(), checkout, token)
	_ = updateFields(t.Context(), shop, centra.Session(cartID))
	want := []string{
		"PUT /selection/{selection}", "PUT /selection/{selection}", "POST /payment", "POST /items/...",
		"PUT /selections/{selection}/checkout-fields",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("operations (-want +got):\n%s", diff)
	}
	if name := centra.Operation(t.Context()); name != "" {
		t.Errorf("outside of a call the operation is %q", name)
	}
}

type traceKey struct{}

// traceHandler notes the level of each line and the trace of its context.
type traceHandler struct {
	slog.Handler
	lines *[]string
}

func (h traceHandler) Handle(ctx context.Context, r slog.Record) error {
	trace, _ := ctx.Value(traceKey{}).(string)
	*h.lines = append(*h.lines, r.Level.String()+" "+r.Message+" "+trace)
	return nil
}

// A failure is one line, with the context of the call, and loud only where
// somebody should look at it.
func TestFailuresInTheLog(t *testing.T) {
	tests := []struct {
		name   string
		status int
		body   string
		call   call
		s      centra.Session
		level  string
	}{
		{"no failure", 200, emptyCart, updateFields, token, ""},
		{"a dead link", 404, `{}`, attachSelection, token, "INFO"},
		{"refused fields", 400, `{"errors":{"email":"no"}}`, updateFields, token, "INFO"},
		{"out of stock", 410, `{"errors":{"stock":"unavailable items"},"unavailable":[{"item":"1-1"}]}`, startPayment, token, "INFO"},
		{"a wrong secret", 401, `{}`, updateFields, token, "WARN"},
		{"down", 503, `{}`, updateFields, token, "WARN"},
		{"too many calls", 429, `{}`, updateFields, token, "WARN"},
		{"HTML", 200, `<html>`, updateFields, token, "WARN"},
		{"a payment's HTML", 200, `<html>`, startPayment, token, "WARN"},
		{"no session at all", 200, emptyCart, updateFields, "a b", "WARN"},
		{"fields behind Do that do not fit", 200, emptyCart, doInto("GET", "/x", new(int)), token, "WARN"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec := record(t, answer(tt.status, tt.body))
			var got, want []string
			if tt.level != "" {
				want = []string{tt.level + " centra: call failed trace-1"}
			}
			logger := slog.New(traceHandler{slog.NewTextHandler(&bytes.Buffer{}, nil), &got})
			c := newCheckout(t, rec.URL, centra.WithLogger(logger), quickRetries())
			_ = tt.call(context.WithValue(t.Context(), traceKey{}, "trace-1"), c, tt.s)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("log (-want +got):\n%s", diff)
			}
		})
	}
}
