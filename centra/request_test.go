package centra_test

import (
	"context"
	"net/http"
	"net/url"

	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra"
)

// call is one call of either client; its result does not matter here.
type call func(context.Context, api, centra.Session) error

var (
	readSelection call = func(ctx context.Context, c api, s centra.Session) error {
		_, err := c.Selection(ctx, s)
		return err
	}
	attachSelection call = func(ctx context.Context, c api, s centra.Session) error {
		_, err := c.AttachSelection(ctx, s, cartID)
		return err
	}
	updateFields call = func(ctx context.Context, c api, s centra.Session) error {
		_, err := c.UpdateFields(ctx, s, centra.Fields{Email: "test@example.com", CartAbandonmentEmail: centra.Yes})
		return err
	}
	startPayment call = func(ctx context.Context, c api, s centra.Session) error {
		_, err := c.StartPayment(ctx, s, centra.Payment{
			Fields:             centra.Fields{Email: "test@example.com", PaymentMethod: "klarna"},
			ReturnPage:         "https://example.com/thanks?a=1&b=2",
			FailedPage:         "https://example.com/failed",
			TermsAndConditions: true,
		})
		return err
	}
	paymentResult call = func(ctx context.Context, c api, s centra.Session) error {
		_, err := c.PaymentResult(ctx, s, url.Values{
			"centraPaymentMethod": {"klarna"},
			"Weird.Name[0]":       {"a", "b"},
			"empty":               {""},
			"none":                {},
		})
		return err
	}
	addItem call = func(ctx context.Context, c api, s centra.Session) error {
		_, err := c.Do(ctx, s, http.MethodPost, "/items/1-1/quantity/2?market=1", map[string]any{"comment": "<&>"}, nil)
		return err
	}
)

// The bodies of the calls above.
const (
	updateBody  = `{"email":"test@example.com","cartAbandonmentEmail":true}`
	paymentBody = `{"email":"test@example.com","paymentMethod":"klarna","paymentReturnPage":"https://example.com/thanks?a=1&b=2",
		"paymentFailedPage":"https://example.com/failed","termsAndConditions":true}`
	resultBody = `{"paymentMethodFields":{"centraPaymentMethod":"klarna","Weird.Name":["b"],"empty":""}}`
	addBody    = `{"comment":"<&>"}`
)

// fitsAll answers what every call accepts, in the Storefront API what stands in
// data.
const fitsAll = `{"token":"f611707b97e18a902270223b79f743c2","selection":{"items":[]},"action":"failed","order":"1001",` +
	`"data":{"selection":{"lines":[]},"paymentResult":{"type":"SUCCESS","order":{"number":1001}}}}`

// wireHeader is the header of every request, with what a row adds.
func wireHeader(body string, more http.Header) http.Header {
	h := http.Header{
		"Accept":           {"application/json"},
		"Accept-Encoding":  {"gzip"},
		"User-Agent":       {"shop/1.0 centra-go-cartabandonment/0.1"},
		"X-Correlation-Id": {"trace-1"},
	}
	if body != "" {
		h["Content-Type"] = []string{"application/json"}
	}
	for name, values := range more {
		h[name] = values
	}
	return h
}

func TestRequestOnTheWire(t *testing.T) {
	ofShop := func(c *centra.CheckoutAPI) api { return c }
	ofShopper := func(c *centra.CheckoutAPI) api { return c.AsShopper() }
	ofChain := func(c *centra.CheckoutAPI) api { return c.AsShopper().AsShopper() }
	withSecret := http.Header{"Api-Token": {string(token)}, "Authorization": {"Bearer " + secret}}
	asShopper := http.Header{"Api-Token": {string(token)}, "Origin": {"https://example.com"}}
	shopSecret := http.Header{"Api-Authorization": {secret}}
	id := centra.Session(cartID)

	tests := []struct {
		name    string
		client  func(*centra.CheckoutAPI) api // nil: the Shop API
		call    call
		session centra.Session
		request string
		header  http.Header
		body    string
	}{
		{"checkout Selection", ofShop, readSelection, token, "GET /api/checkout/52/selection", withSecret, ""},
		{"checkout Selection without a session", ofShop, readSelection, "", "GET /api/checkout/52/selection",
			http.Header{"Authorization": {"Bearer " + secret}}, ""},
		{"checkout Selection as shopper", ofShopper, readSelection, token, "GET /api/checkout/52/selection", asShopper, ""},
		{"checkout Selection as shopper without a session", ofShopper, readSelection, "",
			"GET /api/checkout/52/selection", http.Header{"Origin": {"https://example.com"}}, ""},
		{"checkout AttachSelection", ofShop, attachSelection, token,
			"PUT /api/checkout/52/selection/abeb59928306768d255e21920f9087a4", withSecret, ""},
		{"checkout AttachSelection as shopper", ofShopper, attachSelection, token,
			"PUT /api/checkout/52/selection/abeb59928306768d255e21920f9087a4", asShopper, ""},
		{"checkout UpdateFields", ofShop, updateFields, token, "PUT /api/checkout/52/payment-fields", withSecret, updateBody},
		{"checkout UpdateFields as shopper", ofShopper, updateFields, token, "PUT /api/checkout/52/payment-fields", asShopper, updateBody},
		{"checkout UpdateFields as shopper of a shopper", ofChain, updateFields, token, "PUT /api/checkout/52/payment-fields", asShopper, updateBody},
		{"checkout StartPayment", ofShop, startPayment, token, "POST /api/checkout/52/payment", withSecret, paymentBody},
		{"checkout StartPayment as shopper", ofShopper, startPayment, token, "POST /api/checkout/52/payment", asShopper, paymentBody},
		{"checkout PaymentResult", ofShop, paymentResult, token, "POST /api/checkout/52/payment-result", withSecret, resultBody},
		{"checkout PaymentResult as shopper", ofShopper, paymentResult, token, "POST /api/checkout/52/payment-result", asShopper, resultBody},
		{"checkout Do", ofShop, addItem, token, "POST /api/checkout/52/items/1-1/quantity/2?market=1", withSecret, addBody},
		{"checkout Do as shopper", ofShopper, addItem, token, "POST /api/checkout/52/items/1-1/quantity/2?market=1", asShopper, addBody},

		{"shop Selection", nil, readSelection, id, "GET /api/shop/selections/abeb59928306768d255e21920f9087a4", shopSecret, ""},
		{"shop AttachSelection", nil, attachSelection, "", "GET /api/shop/selections/abeb59928306768d255e21920f9087a4", shopSecret, ""},
		{"shop AttachSelection in place of another", nil, attachSelection, "0123456789abcdef0123456789abcdef",
			"GET /api/shop/selections/abeb59928306768d255e21920f9087a4", shopSecret, ""},
		{"shop UpdateFields", nil, updateFields, id,
			"PUT /api/shop/selections/abeb59928306768d255e21920f9087a4/checkout-fields", shopSecret, updateBody},
		{"shop StartPayment", nil, startPayment, id,
			"POST /api/shop/selections/abeb59928306768d255e21920f9087a4/payment", shopSecret, paymentBody},
		{"shop PaymentResult", nil, paymentResult, id,
			"POST /api/shop/selections/abeb59928306768d255e21920f9087a4/payment-result", shopSecret, resultBody},
		{"shop Do", nil, addItem, id, "POST /api/shop/items/1-1/quantity/2?market=1", shopSecret, addBody},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rec := record(t, answer(200, fitsAll))
			opts := []centra.Option{
				centra.WithUserAgent("shop/1.0"),
				centra.WithCorrelationID(func(context.Context) string { return "trace-1" }),
			}
			var c api
			if test.client != nil {
				c = test.client(newCheckout(t, rec.URL, append(opts, centra.WithSecret(secret), centra.WithOrigin("https://example.com"))...))
			} else {
				c = newShop(t, rec.URL, opts...)
			}
			if err := test.call(t.Context(), c, test.session); err != nil {
				t.Fatal(err)
			}
			got := rec.only(t)
			if got.Request != test.request {
				t.Errorf("request %q, want %q", got.Request, test.request)
			}
			header := wireHeader(test.body, test.header)
			if !strings.HasPrefix(test.request, "GET ") {
				header["Content-Length"] = []string{strconv.Itoa(len(got.Body))}
			}
			if diff := cmp.Diff(header, got.Header); diff != "" {
				t.Errorf("header (-want +got):\n%s", diff)
			}
			if test.body == "" {
				if got.Body != "" {
					t.Errorf("body %q, want none", got.Body)
				}
				return
			}
			sameJSON(t, test.body, got.Body)
		})
	}
}

func TestBaseURL(t *testing.T) {
	tests := []struct {
		name, path, want string
	}{
		{"no path", "", "GET /selection"},
		{"a slash", "/", "GET /selection"},
		{"a path", "/api/checkout", "GET /api/checkout/selection"},
		{"a plugin", "/api/checkout/52", "GET /api/checkout/52/selection"},
		{"trailing slashes", "/api/checkout//", "GET /api/checkout/selection"},
		{"escapes", "/api/a%2Fb%20c/", "GET /api/a%2Fb%20c/selection"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rec := record(t, answer(200, emptyCart))
			c, err := centra.NewCheckoutAPI(rec.URL + test.path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.Selection(t.Context(), token); err != nil {
				t.Fatal(err)
			}
			if got := rec.only(t).Request; got != test.want {
				t.Errorf("request %q, want %q", got, test.want)
			}
		})
	}
}

// Every attempt of a call is the same request, so that Centra's log shows them
// as one.
func TestAttemptsAreAlike(t *testing.T) {
	tests := []struct {
		name string
		call call
	}{
		{"GET", readSelection},
		{"PUT with a body", updateFields},
		{"PUT without a body", attachSelection},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var calls int
			rec := record(t, func(w http.ResponseWriter, r *http.Request) {
				if calls++; calls < 3 {
					answer(503, "")(w, r)
					return
				}
				answer(200, emptyCart)(w, r)
			})
			c := newCheckout(t, rec.URL, quickRetries(), centra.WithSecret(secret))
			if err := test.call(t.Context(), c, token); err != nil {
				t.Fatal(err)
			}
			first := rec.sent()[0]
			if len(first.Header.Get("X-Correlation-Id")) != 16 {
				t.Errorf("correlation ID %q, want 16 digits", first.Header.Get("X-Correlation-Id"))
			}
			if diff := cmp.Diff([]sent{first, first, first}, rec.sent()); diff != "" {
				t.Errorf("attempts differ (-want +got):\n%s", diff)
			}
			if err := test.call(t.Context(), c, token); err != nil {
				t.Fatal(err)
			}
			if next := rec.sent()[3]; next.Header.Get("X-Correlation-Id") == first.Header.Get("X-Correlation-Id") {
				t.Error("two calls have one correlation ID")
			}
		})
	}
}

func TestCorrelationIDFromContext(t *testing.T) {
	type traceKey struct{}
	fromContext := centra.WithCorrelationID(func(ctx context.Context) string {
		id, _ := ctx.Value(traceKey{}).(string)
		return id
	})
	tests := []struct {
		name, id string
		replaced bool
	}{
		{"a trace ID", "4bf92f3577b34da6a3ce929d0e0e4736", false},
		{"none", "", true},
		{"a line break", "a\r\nX-Evil: 1", true},
		{"a space", "a b", true},
		{"too long", string(make([]byte, 129)), true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rec := record(t, answer(404, `{"errors":{"selection":"not found"}}`))
			c := newShop(t, rec.URL, fromContext)
			_, err := c.Selection(context.WithValue(t.Context(), traceKey{}, test.id), centra.Session(cartID))
			got := rec.only(t).Header.Get("X-Correlation-Id")
			if replaced := got != test.id; replaced != test.replaced || got == "" {
				t.Errorf("correlation ID %q for %q", got, test.id)
			}
			if e := asError(t, err); e.CorrelationID != got {
				t.Errorf("the error says %q, Centra saw %q", e.CorrelationID, got)
			}
		})
	}
}
