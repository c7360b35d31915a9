package centra_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra"
)

// Both clients are served below a path of their own, so that a URL built from
// the host alone is a 404.
const (
	checkoutPath = "/api/checkout/52"
	shopPath     = "/api/shop"

	token  = centra.Session("esf1p3tgchfg5ggtpqdpgqjtt6")
	cartID = centra.SelectionID("abeb59928306768d255e21920f9087a4")
	secret = "s3cr3t-of-the-plugin"

	emptyCart = `{"token":"f611707b97e18a902270223b79f743c2","selection":{"items":[]}}`
)

// api is what both clients offer.
type api interface {
	Selection(context.Context, centra.Session) (*centra.Selection, error)
	AttachSelection(context.Context, centra.Session, centra.SelectionID) (*centra.Selection, error)
	UpdateFields(context.Context, centra.Session, centra.Fields) (*centra.Selection, error)
	StartPayment(context.Context, centra.Session, centra.Payment) (*centra.PaymentAction, error)
	PaymentResult(context.Context, centra.Session, url.Values) (*centra.Order, error)
	Do(ctx context.Context, s centra.Session, method, path string, in, out any) (centra.Session, error)
}

var (
	_ api = (*centra.CheckoutAPI)(nil)
	_ api = (*centra.ShopAPI)(nil)
)

func newCheckout(tb testing.TB, host string, opts ...centra.Option) *centra.CheckoutAPI {
	tb.Helper()
	c, err := centra.NewCheckoutAPI(host+checkoutPath, opts...)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func newShop(tb testing.TB, host string, opts ...centra.Option) *centra.ShopAPI {
	tb.Helper()
	c, err := centra.NewShopAPI(host+shopPath, secret, opts...)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// roundTripper is a Centra without a socket.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func over(f roundTripper) centra.Option {
	return centra.WithTransport(f)
}

// quickRetries keeps the number of retries and shortens the waits.
func quickRetries() centra.Option {
	return centra.WithRetry(centra.Retry{Max: 2, MinWait: time.Millisecond, MaxWait: 2 * time.Millisecond})
}

// sent is a request as it arrived.
type sent struct {
	Request string // method and request URI
	Header  http.Header
	Body    string
}

// recorder is a Centra that keeps what it was sent.
type recorder struct {
	*httptest.Server

	mu       sync.Mutex
	requests []sent
}

func record(tb testing.TB, answer http.HandlerFunc) *recorder {
	tb.Helper()
	rec := new(recorder)
	rec.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			tb.Error(err)
		}
		rec.mu.Lock()
		rec.requests = append(rec.requests, sent{r.Method + " " + r.RequestURI, r.Header.Clone(), string(body)})
		rec.mu.Unlock()
		answer(w, r)
	}))
	tb.Cleanup(rec.Close)
	return rec
}

func (r *recorder) sent() []sent {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.requests
}

// only returns the one request that must have arrived.
func (r *recorder) only(t *testing.T) sent {
	t.Helper()
	requests := r.sent()
	if len(requests) != 1 {
		t.Fatalf("%d requests arrived, want 1: %+v", len(requests), requests)
	}
	return requests[0]
}

// answer writes a JSON body with a status.
func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// sameJSON compares two JSON texts by their values and types.
func sameJSON(t *testing.T, want, got string) {
	t.Helper()
	var w, g any
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatalf("want: %v in %s", err, want)
	}
	if err := json.Unmarshal([]byte(got), &g); err != nil {
		t.Fatalf("got: %v in %s", err, got)
	}
	if diff := cmp.Diff(w, g); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
}
