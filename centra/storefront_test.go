package centra_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra"
)

const (
	storefrontPath = "/storefront/api/7"
	pluginToken    = "the-plugins-session-mode-token"
	newToken       = centra.Session("f611707b97e18a902270223b79f743c2")
	storefrontCart = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
)

func newStorefront(tb testing.TB, host string, opts ...centra.Option) *centra.StorefrontAPI {
	tb.Helper()
	c, err := centra.NewStorefrontAPI(host+storefrontPath, pluginToken, opts...)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// Parts of answers.
const (
	oneLine = `{"__typename":"ProductLine","id":"l1","name":"Cap","quantity":2,"item":{"id":"2-1","sku":"CAP"}}`
	// A cart with something in it, and what its session has when it is new.
	storedCart  = `{"id":"` + storefrontCart + `","lines":[` + oneLine + `]}`
	nothingInIt = `{"id":null,"lines":[]}`
	withToken   = `"extensions":{"token":"f611707b97e18a902270223b79f743c2"}`

	unauthorized = `{"data":null,"errors":[{"message":"Unauthorized"}]}`
)

// readCartAnswer, changed and entered are answers to a query for the cart, to a change
// of it, and to a query for the addresses.
func readCartAnswer(cart string) string {
	return `{"data":{"selection":` + cart + `},"extensions":{"traceId":"1"}}`
}

func changed(field, cart string) string {
	return `{"data":{"` + field + `":{"__typename":"GenericSelectionMutationPayload","selection":` + cart + `,"userErrors":[]}}}`
}

func refusing(field, userErrors string) string {
	return `{"data":{"` + field + `":{"selection":` + storedCart + `,"userErrors":[` + userErrors + `]}}}`
}

func entered(shipping, billing, country string) string {
	return `{"data":{"selection":{"id":"` + storefrontCart + `","checkout":{"shippingAddress":` + shipping +
		`,"separateBillingAddress":` + billing + `}},"session":{"country":{"code":"` + country + `"}}}}`
}

// asked is a document as it arrived.
type asked struct {
	Op        string // "mutation setAddress"
	Token     string // what the call was signed with
	Variables string
}

// graphQL answers documents by their operation's name: each of the answers in
// turn, the last of them for ever.
type graphQL struct {
	*recorder
	answers map[string][]string
	turns   map[string]int
}

func storefrontServer(tb testing.TB, answers map[string][]string) *graphQL {
	tb.Helper()
	g := &graphQL{answers: answers, turns: map[string]int{}}
	g.recorder = record(tb, func(w http.ResponseWriter, r *http.Request) {
		all := g.sent()
		op := parseAsked(tb, all[len(all)-1]).Op
		bodies := g.answers[op[strings.Index(op, " ")+1:]]
		if len(bodies) == 0 {
			tb.Errorf("%s was asked", op)
			answer(500, "{}")(w, r)
			return
		}
		turn := g.turns[op]
		g.turns[op]++
		body := bodies[min(turn, len(bodies)-1)]
		status := 200
		if strings.HasPrefix(body, "HTTP 401 ") {
			status, body = 401, strings.TrimPrefix(body, "HTTP 401 ")
		}
		answer(status, body)(w, r)
	})
	return g
}

func parseAsked(tb testing.TB, s sent) asked {
	tb.Helper()
	var body struct {
		Query     string
		Variables json.RawMessage
	}
	if err := json.Unmarshal([]byte(s.Body), &body); err != nil {
		tb.Errorf("%v in %s", err, s.Body)
	}
	words := strings.FieldsFunc(body.Query, func(r rune) bool { return strings.ContainsRune(" ({\n", r) })
	return asked{words[0] + " " + words[1], strings.TrimPrefix(s.Header.Get("Authorization"), "Bearer "), string(body.Variables)}
}

func (g *graphQL) asked(tb testing.TB) (all []asked) {
	tb.Helper()
	for _, s := range g.sent() {
		all = append(all, parseAsked(tb, s))
	}
	return all
}

// ops are the operations that were asked.
func (g *graphQL) ops(tb testing.TB) string {
	tb.Helper()
	var ops []string
	for _, a := range g.asked(tb) {
		ops = append(ops, a.Op)
	}
	return strings.Join(ops, ", ")
}

// variables are those of the one call of an operation.
func (g *graphQL) variables(t *testing.T, op string) string {
	t.Helper()
	var found []string
	for _, a := range g.asked(t) {
		if a.Op == op {
			found = append(found, a.Variables)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%s was asked %d times, want once; all: %s", op, len(found), g.ops(t))
	}
	return found[0]
}

func TestNewStorefrontAPI(t *testing.T) {
	tests := []struct {
		name            string
		endpoint, token string
		opts            []centra.Option
		says            string
	}{
		{"no token", "https://x.example.com/storefront", "", nil, "token"},
		{"a token with a line break", "https://x.example.com/storefront", canarySecret + "\n", nil, "token"},
		{"no URL", "x", pluginToken, nil, "absolute"},
		{"a query", "https://x.example.com/?token=" + canarySecret, pluginToken, nil, "query"},
		{"the other API's secret", "https://x.example.com/", pluginToken, []centra.Option{centra.WithSecret(canarySecret)}, "WithSharedSecret"},
		{"an empty shared secret", "https://x.example.com/", pluginToken, []centra.Option{centra.WithSharedSecret("")}, "WithSharedSecret"},
		{"a nil function", "https://x.example.com/", pluginToken, []centra.Option{centra.WithShopperAddress(nil)}, "WithShopperAddress"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := centra.NewStorefrontAPI(test.endpoint, test.token, test.opts...)
			if err == nil || !strings.Contains(err.Error(), test.says) || hasCanary(err.Error()) {
				t.Errorf("error %v, want one about %q", err, test.says)
			}
		})
	}
	if newStorefront(t, "https://x.example.com").HasSecret() {
		t.Error("a client without a shared secret has one")
	}
	if !newStorefront(t, "https://x.example.com", centra.WithSharedSecret("s")).AtCheckout().HasSecret() {
		t.Error("a client with a shared secret has none")
	}
}

// The golden carts, whole.
func TestStorefrontSelection(t *testing.T) {
	g := storefrontServer(t, map[string][]string{"selection": {golden(t, "storefront/selection.json")}})
	got, err := newStorefront(t, g.URL).Selection(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	want := &centra.Selection{
		Session: newToken, ID: storefrontCart, Currency: "SEK", Language: "sv",
		Totals: centra.Totals{GrandTotalPrice: "945.00 SEK", GrandTotalPriceAsNumber: 945, TotalQuantity: 3},
		Items: []centra.Item{
			{
				Item: "1-9", Line: "0416151f70083fe08677a929394a1", SKU: "JK-1-S", Size: "S", Quantity: 2, AnyDiscount: true,
				PriceEach: "315.00 SEK", PriceEachAsNumber: 315, PriceEachBeforeDiscount: "350.50 SEK", PriceEachBeforeDiscountAsNumber: 350.5,
				TotalPrice: "630.00 SEK", TotalPriceAsNumber: 630, TotalPriceBeforeDiscount: "701.00 SEK", TotalPriceBeforeDiscountAsNumber: 701,
				Product: centra.Product{
					Product: "1", Name: "Shell Jacket", VariantName: "Ljung", URI: "women/jackets/shell-jacket",
					Image: "https://shop.centra.com/client/dynamic/images/1_front.jpg",
				},
			},
			{
				Item: "7-1", Line: "0416151f70083fe08677a929394a2", Comment: "as a present", Quantity: 1,
				PriceEach: "315.00 SEK", PriceEachAsNumber: 315, PriceEachBeforeDiscount: "315.00 SEK", PriceEachBeforeDiscountAsNumber: 315,
				TotalPrice: "315.00 SEK", TotalPriceAsNumber: 315, TotalPriceBeforeDiscount: "315.00 SEK", TotalPriceBeforeDiscountAsNumber: 315,
				Product: centra.Product{Product: "7", Name: "Set of caps", URI: "caps"},
			},
		},
		Discounts:      centra.Discounts{AutomaticDiscounts: []centra.AutomaticDiscount{}, Vouchers: []centra.Voucher{}},
		PaymentMethods: []centra.PaymentMethod{}, ShippingMethods: []centra.ShippingMethod{}, Countries: []centra.Country{},
	}
	if diff := cmp.Diff(want, got, unexported); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if string(got.Raw()) != golden(t, "storefront/selection.json") {
		t.Errorf("raw is %s", got.Raw())
	}
	if strings.Contains(g.only(t).Body, "checkout") {
		t.Errorf("checkout was asked for: %s", g.only(t).Body)
	}
}

func TestStorefrontAtCheckout(t *testing.T) {
	g := storefrontServer(t, map[string][]string{"setAddress": {golden(t, "storefront/checkout.json")}})
	c := newStorefront(t, g.URL, centra.WithPartialAddress(), centra.WithoutRaw()).AtCheckout()
	got, err := c.UpdateFields(t.Context(), token, centra.Fields{ShippingAddress: &centra.Address{Country: "SE"}})
	if err != nil {
		t.Fatal(err)
	}
	want := &centra.Selection{
		Session: token, ID: storefrontCart, Currency: "EUR", Language: "de", Comment: "ring twice",
		Totals: centra.Totals{
			ItemsTotalPrice: "100.00 EUR", ItemsTotalPriceAsNumber: 100, TotalDiscountPrice: "-10.00 EUR", TotalDiscountPriceAsNumber: -10,
			ShippingPrice: "5.00 EUR", ShippingPriceAsNumber: 5, HandlingCostPrice: "2.50 EUR", HandlingCostPriceAsNumber: 2.5,
			TaxAdded: "7.00 EUR", TaxAddedAsNumber: 7, GrandTotalPriceTax: "19.50 EUR", GrandTotalPriceTaxAsNumber: 19.5,
			GrandTotalPrice: "104.50 EUR", GrandTotalPriceAsNumber: 104.5, TotalQuantity: 4,
		},
		Items: []centra.Item{{
			Item: "2-1", Line: "l1", SKU: "CAP", Size: "M", Quantity: 4, PriceEach: "25.00 EUR", PriceEachAsNumber: 25,
			PriceEachBeforeDiscount: "25.00 EUR", PriceEachBeforeDiscountAsNumber: 25, TotalPrice: "100.00 EUR", TotalPriceAsNumber: 100,
			TotalPriceBeforeDiscount: "100.00 EUR", TotalPriceBeforeDiscountAsNumber: 100,
			Product: centra.Product{Product: "2", Name: "Cap", URI: "cap"},
		}},
		Discounts: centra.Discounts{AutomaticDiscounts: []centra.AutomaticDiscount{}, Vouchers: []centra.Voucher{}},
		ShippingAddress: centra.Address{
			Email: "test@example.com", FirstName: "Test", LastName: "Testsson", Address1: "Storgatan 1", ZipCode: "11122", City: "Malmö",
			Country: "SE", PhoneNumber: "+46701234567",
		},
		Address: centra.Address{
			Email: "boss@example.com", Company: "Example AB", VATNumber: "SE123", Address1: "Box 1", ZipCode: "90210", City: "Beverly Hills",
			Country: "US", State: "CA",
		},
		PaymentMethod: "3", PaymentMethodName: "Klarna", ShippingMethod: "5", ShippingMethodName: "Parcel",
		PaymentMethods: []centra.PaymentMethod{
			{PaymentMethod: "3", Name: "Klarna", Type: "KLARNA_CHECKOUT_V3", HandlingCost: "0.00 EUR", ProvidesAddress: true, SupportsInitiateOnly: true},
			{PaymentMethod: "4", Name: "Invoice", Type: "EXTERNAL_PAYMENT", HandlingCost: "2.50 EUR", HandlingCostAsNumber: 2.5},
		},
		ShippingMethods: []centra.ShippingMethod{{ShippingMethod: "5", Name: "Parcel", Price: "5.00 EUR", PriceAsNumber: 5}},
		Countries:       []centra.Country{},
		PluginFields: json.RawMessage(`{"widgets":[{"__typename":"IngridWidget","kind":"SHIPPING",` +
			`"snippet":"\u003cdiv id=\"ingrid\"\u003e\u003c/div\u003e","reload":true,"deliveryOptionsAvailable":true},` +
			`{"__typename":"KlarnaPaymentWidget","kind":"PAYMENT","client_token":"kp","replace_snippet":false,"authorizePayload":{"a":[1]}}]}`),
		CheckoutScript: "window.CentraCheckout = {};</script>",
	}
	if diff := cmp.Diff(want, got, unexported); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got.Raw() != nil {
		t.Error("raw is kept")
	}
}

func TestStorefrontOnTheWire(t *testing.T) {
	const address = `{"country":"SE","email":"test@example.com"}`
	signed := http.Header{"Authorization": {"Bearer " + string(token)}}
	starting := http.Header{"Authorization": {"Bearer " + pluginToken}, "X-Forwarded-For": {"203.0.113.7"}}
	secretToo := http.Header{"Authorization": {"Bearer " + string(token)}, "X-Shared-Secret": {secret}}
	answers := map[string][]string{
		"selection":    {`{"data":{"selection":` + storedCart + `},` + withToken + `}`},
		"setSelection": {`{"data":{"setSelection":{"selection":` + storedCart + `}},` + withToken + `}`},
		"addresses":    {entered("null", "null", "SE")},
		"setAddress":   {changed("setAddress", storedCart)},
		"paymentInstructions": {`{"data":{"paymentInstructions":{"action":{"__typename":"RedirectPaymentAction","url":"https://x"},"userErrors":[]}},` +
			withToken + `}`},
		"paymentResult": {golden(t, "storefront/result.json")},
		"addItem":       {`{"data":{"addItem":{"userErrors":[]}},` + withToken + `}`},
	}
	attachCart := func(ctx context.Context, c api, s centra.Session) error {
		_, err := c.AttachSelection(ctx, s, storefrontCart)
		return err
	}
	pay := func(ctx context.Context, c api, s centra.Session) error {
		_, err := c.StartPayment(ctx, s, centra.Payment{
			Fields: centra.Fields{
				Email: "test@example.com", PaymentMethod: "3", ShippingMethod: "5",
				Extra: map[string]any{"languageCode": "sv", "paymentMethodSpecificFields": map[string]any{"a": 1}, "termsAndConditions": false, "cartAbandonmentEmail": true},
			},
			ReturnPage: "https://example.com/thanks", FailedPage: "https://example.com/failed", TermsAndConditions: true,
		})
		return err
	}
	addOne := func(ctx context.Context, c api, s centra.Session) error {
		_, err := c.Do(ctx, s, http.MethodPost, "mutation addItem($item: String!) { addItem(item: $item) { userErrors { message } } }",
			map[string]any{"item": "1-1"}, nil)
		return err
	}
	tests := []struct {
		name      string
		call      call
		session   centra.Session
		opts      []centra.Option
		header    http.Header // of the first call
		ops       string
		variables string // of the last
	}{
		{"Selection", readSelection, token, nil, signed, "query selection", `{}`},
		{"Selection without a session", readSelection, "", nil, starting, "query selection", `{}`},
		{"Selection with the shared secret", readSelection, token, []centra.Option{centra.WithSharedSecret(secret)}, secretToo, "query selection", `{}`},
		{"AttachSelection", attachCart, token, nil, signed, "mutation setSelection", `{"id":"` + storefrontCart + `"}`},
		{"AttachSelection without a session", attachCart, "", nil, starting, "mutation setSelection", `{"id":"` + storefrontCart + `"}`},
		{"UpdateFields", updateFields, token, nil, signed, "query addresses, mutation setAddress", `{"shipping":` + address + `,"optIn":true}`},
		{"StartPayment", pay, token, nil, signed, "query addresses, mutation paymentInstructions", `{"input":{"shippingAddress":` + address +
			`,"paymentReturnPage":"https://example.com/thanks","paymentFailedPage":"https://example.com/failed","termsAndConditions":true,` +
			`"paymentMethod":3,"shippingMethod":5,"languageCode":"sv","paymentMethodSpecificFields":{"a":1}}}`},
		{"PaymentResult", paymentResult, token, nil, signed, "mutation paymentResult",
			`{"fields":{"centraPaymentMethod":"klarna","empty":"","Weird.Name":["b"]}}`},
		{"Do", addOne, token, nil, signed, "mutation addItem", `{"item":"1-1"}`},
		{"Do without a session", addOne, "", nil, starting, "mutation addItem", `{"item":"1-1"}`},
		{"Do with no session", addOne, centra.NoSession, nil, starting, "mutation addItem", `{"item":"1-1"}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := storefrontServer(t, answers)
			c := newStorefront(t, g.URL, append(test.opts, centra.WithUserAgent("shop/1.0"),
				centra.WithCorrelationID(func(context.Context) string { return "trace-1" }),
				centra.WithShopperAddress(func(context.Context) string { return "203.0.113.7" }))...)
			if err := test.call(t.Context(), c, test.session); err != nil {
				t.Fatal(err)
			}
			if got := g.ops(t); got != test.ops {
				t.Errorf("asked %s, want %s", got, test.ops)
			}
			first := g.sent()[0]
			if first.Request != "POST "+storefrontPath {
				t.Errorf("request %q", first.Request)
			}
			want := wireHeader(first.Body, test.header)
			first.Header.Del("Content-Length")
			if diff := cmp.Diff(want, first.Header); diff != "" {
				t.Errorf("header (-want +got):\n%s", diff)
			}
			all := g.asked(t)
			sameJSON(t, test.variables, all[len(all)-1].Variables)
		})
	}
}

// An address that is none is not sent.
func TestShopperAddress(t *testing.T) {
	for address, want := range map[string]string{
		"203.0.113.7": "203.0.113.7", "2001:db8::1": "2001:db8::1", "::ffff:203.0.113.7": "203.0.113.7",
		"": "", "203.0.113.7, 10.0.0.1": "", "203.0.113.7:80": "", "fe80::1%eth0": "", "unknown": "", "203.0.113.7\r\nX-Evil: 1": "",
	} {
		g := storefrontServer(t, map[string][]string{"selection": {`{"data":{"selection":` + nothingInIt + `},` + withToken + `}`}})
		c := newStorefront(t, g.URL, centra.WithShopperAddress(func(context.Context) string { return address }))
		if _, err := c.Selection(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		if got := g.only(t).Header.Get("X-Forwarded-For"); got != want {
			t.Errorf("X-Forwarded-For %q for %q, want %q", got, address, want)
		}
	}
}
