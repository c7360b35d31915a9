package centra_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jarcoal/httpmock"

	"github.com/centra-go/cartabandonment/centra"
)

func goldenOrder() *centra.Order {
	return &centra.Order{
		Order: "61", Status: "progress", StatusDescription: "Confirmed", Message: "Thank you for your order!", Date: "2026-01-31 14:42:11",
		AffiliateHTML: "<img src=pixel><script>track()</script>", Currency: "SEK",
		PaymentMethod: "dummy", PaymentMethodName: "Dummy", ShippingMethod: "sek", ShippingMethodName: "Standard",
		Items: []centra.Item{{
			Item: "1-1", SKU: "123456789", EAN: "ABCDEFGHIJKL", Quantity: 3, Line: "0a6d0c85c097bffdd54ad0cac52b3435",
			PriceEach: "100.00 SEK", PriceEachAsNumber: 100, TotalPrice: "300.00 SEK", TotalPriceAsNumber: 300, TaxPercent: 25,
			Product: centra.Product{Product: "1", Name: "Test Product", BrandName: "Brand"},
		}},
		Discounts: centra.Discounts{Discount: "0.00 SEK"},
		Totals: centra.Totals{
			ItemsTotalPrice: "300.00 SEK", ItemsTotalPriceAsNumber: 300, ShippingPrice: "50.00 SEK", ShippingPriceAsNumber: 50,
			HandlingCostPrice: "0.00 SEK", TotalQuantity: 3, TaxPercent: 25, GrandTotalPrice: "350.00 SEK", GrandTotalPriceAsNumber: 350,
			GrandTotalPriceTax: "70.00 SEK", GrandTotalPriceTaxAsNumber: 70,
		},
		Address:           centra.Address{Email: "test@example.com", FirstName: "Test", LastName: "Billing", Country: "SE"},
		ShippingAddress:   centra.Address{Email: "test@example.com", FirstName: "Test", LastName: "Shipping", Country: "SE"},
		PaymentMethodData: json.RawMessage(`{"html_snippet": "<b>Dummy<\/b>", "steps": [1, {"a": []}]}`),
	}
}

// An order stands inside "order" or beside it, in the answer to a payment and to
// its result, with 200 and with 201.
func TestOrderShapes(t *testing.T) {
	nested, flat := golden(t, "checkout_order.json"), golden(t, "shop_order.json")
	withAction := func(body string) string { return `{"action":"success",` + body[1:] }
	rotated := centra.Session("f611707b97e18a902270223b79f743c2")
	tests := []struct {
		name, body string
		shop       bool
		want       centra.Session
	}{
		{"nested", nested, false, rotated},
		{"flat", flat, true, centra.Session(cartID)},
		{"flat in the Checkout API", flat, false, token},
		{"nested in the Shop API", nested, true, centra.Session(cartID)},
		{"nested with an action", withAction(nested), false, rotated},
		{"flat with an action", withAction(flat), true, centra.Session(cartID)},
	}
	for _, test := range tests {
		for _, status := range []int{200, 201} {
			t.Run(test.name, func(t *testing.T) {
				rec := record(t, answer(status, test.body))
				var c api = newCheckout(t, rec.URL)
				session := token
				if test.shop {
					c, session = newShop(t, rec.URL), centra.Session(cartID)
				}
				want := goldenOrder()
				want.Session = test.want
				if !test.shop || test.name == "nested in the Shop API" {
					want.Items[0].Product.URI = "test-product"
				}
				if test.name == "flat in the Checkout API" {
					want.Items[0].Product.URI = ""
				}
				order, err := c.PaymentResult(t.Context(), session, url.Values{})
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, order, unexported); diff != "" {
					t.Errorf("result (-want +got):\n%s", diff)
				}
				action, err := c.StartPayment(t.Context(), session, centra.Payment{})
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(&centra.PaymentAction{Action: centra.ActionSuccess, Session: test.want, Order: want}, action, unexported); diff != "" {
					t.Errorf("success (-want +got):\n%s", diff)
				}
				for _, raw := range []json.RawMessage{order.Raw(), action.Raw(), action.Order.Raw()} {
					if string(raw) != test.body {
						t.Errorf("raw %s", raw)
					}
				}
			})
		}
	}
}

// A payment is over when there is an order, and not before.
func TestPaymentResultIsAnotherAction(t *testing.T) {
	tests := []struct {
		name, body string
		want       centra.PaymentAction
	}{
		{"redirect", `{"token":"new","action":"redirect","url":"https:\/\/pay.example.com"}`,
			centra.PaymentAction{Action: centra.ActionRedirect, URL: "https://pay.example.com"}},
		{"redirect beside an order", `{"token":"new","action":"redirect","url":"https:\/\/pay.example.com","order":"14","items":[{}]}`,
			centra.PaymentAction{Action: centra.ActionRedirect, URL: "https://pay.example.com"}},
		{"form", `{"token":"new","action":"form","formHtml":"<form>","formFields":{"a":{"b":[1]}},"formUrl":"https://pay.example.com","formType":"x"}`,
			centra.PaymentAction{Action: centra.ActionForm, FormHTML: "<form>", FormType: "x", FormURL: "https://pay.example.com",
				FormFields: json.RawMessage(`{"a":{"b":[1]}}`)}},
		{"failed", `{"token":"new","action":"failed"}`, centra.PaymentAction{Action: centra.ActionFailed}},
		{"external", `{"token":"new","action":"external"}`, centra.PaymentAction{Action: centra.ActionExternal}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := newCheckout(t, "https://shop.example.com", onlyPost("/api/checkout/52/payment-result", 200, test.body))
			got, err := c.PaymentResult(t.Context(), token, url.Values{})
			if err != nil {
				t.Fatal(err)
			}
			test.want.Session = "new"
			if diff := cmp.Diff(&centra.Order{Session: "new", Next: &test.want}, got, unexported); diff != "" {
				t.Errorf("order (-want +got):\n%s", diff)
			}
			if text, err := json.Marshal(got); err != nil || strings.Contains(string(text), "null") {
				t.Errorf("as JSON it is %s, %v", text, err)
			}
			if string(got.Next.Raw()) != test.body {
				t.Errorf("raw %s", got.Next.Raw())
			}
		})
	}
}

// What was paid is an order, whatever else the answer holds.
func TestOrderBesideWhatIsNoItems(t *testing.T) {
	for _, body := range []string{
		`{"order":"61","items":"3"}`, `{"order":"61","items":[null]}`, `{"items":3,"order":{"order":"61"}}`, `{"order":{"items":true,"order":"61"}}`,
	} {
		rec := record(t, answer(200, body))
		order, err := newCheckout(t, rec.URL).PaymentResult(t.Context(), token, url.Values{})
		if err != nil {
			t.Errorf("%s: %v", body, err)
		} else if order.Order != "61" || len(order.Items) != 0 {
			t.Errorf("%s: order %q of %d items", body, order.Order, len(order.Items))
		}
	}
}

// A success that names no order is an error, whatever stands in its place.
func TestOrderMissing(t *testing.T) {
	for _, order := range []string{
		`null`, `[]`, `{}`, `false`, `true`, `""`, `[{"order":"61"}]`, `{"order":null}`, `{"order":[]}`, `{"order":true}`, `{"order":{"order":"61"}}`,
	} {
		t.Run(order, func(t *testing.T) {
			mock := httpmock.NewMockTransport()
			mock.RegisterNoResponder(httpmock.NewStringResponder(200, `{"token":"new","action":"success","order":`+order+`,"items":[{}]}`))
			for name, c := range map[string]api{
				"checkout": newCheckout(t, "https://shop.example.com", centra.WithTransport(mock)),
				"shop":     newShop(t, "https://shop.example.com", centra.WithTransport(mock)),
			} {
				action, err := c.StartPayment(t.Context(), centra.Session(cartID), centra.Payment{})
				if action != nil {
					t.Errorf("%s: action %v", name, action)
				}
				wantKind(t, err, centra.ErrOutcomeUnknown)
				result, err := c.PaymentResult(t.Context(), centra.Session(cartID), url.Values{})
				if result != nil {
					t.Errorf("%s: order %v", name, result)
				}
				wantKind(t, err, centra.ErrOutcomeUnknown)
			}
		})
	}
}

func TestPaymentResult(t *testing.T) {
	const body = `{"token":"new","order":"1001","items":[{"item":"1-1","product":{"name":"Jacket"}}],"totals":[],"currency":"SEK"}`
	c := newCheckout(t, "https://shop.example.com", onlyPost("/api/checkout/52/payment-result", 200, body))
	got, err := c.PaymentResult(t.Context(), token, url.Values{"a": {"1"}})
	if err != nil {
		t.Fatal(err)
	}
	want := &centra.Order{
		Session: "new", Order: "1001", Currency: "SEK",
		Items: []centra.Item{{Item: "1-1", Product: centra.Product{Name: "Jacket"}}},
	}
	if diff := cmp.Diff(want, got, unexported); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	if string(got.Raw()) != body {
		t.Errorf("raw %s", got.Raw())
	}

	tests := []struct {
		name   string
		status int
		body   string
		kind   []error
	}{
		{"no order", 200, `{"token":"new"}`, []error{centra.ErrOutcomeUnknown}},
		{"an order that is false", 200, `{"order":false}`, []error{centra.ErrOutcomeUnknown}},
		{"a list", 200, `[]`, []error{centra.ErrOutcomeUnknown}},
		{"HTML", 200, `<html>`, []error{centra.ErrOutcomeUnknown}},
		{"not UTF-8", 200, "{\"order\":\"\xff\"}", []error{centra.ErrOutcomeUnknown}},
		{"a payment that failed", 400, `{"errors":{"paymentMethod":"declined"}}`, nil},
		{"a payment that failed with 200", 200, `{"errors":{"paymentMethod":"declined"}}`, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := newCheckout(t, "https://shop.example.com", onlyPost("/api/checkout/52/payment-result", test.status, test.body))
			order, err := c.PaymentResult(t.Context(), token, url.Values{})
			if order != nil {
				t.Errorf("order %v beside an error", order.Order)
			}
			wantKind(t, err, test.kind...)
		})
	}
}
