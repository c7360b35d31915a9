package centra_test

import (
	"encoding/json"
	"errors"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jarcoal/httpmock"

	"github.com/centra-go/cartabandonment/centra"
)

// unexported compares what a host can see; that no list is nil has its own test.
var unexported = cmp.Options{
	cmpopts.IgnoreUnexported(centra.Selection{}, centra.PaymentAction{}, centra.Order{}),
	cmpopts.EquateEmpty(),
}

// onlyPost is a Centra that knows one endpoint.
func onlyPost(path string, status int, body string) centra.Option {
	mock := httpmock.NewMockTransport()
	mock.RegisterResponder("POST", "https://shop.example.com"+path, httpmock.NewStringResponder(status, body))
	return centra.WithTransport(mock)
}

func TestPaymentActions(t *testing.T) {
	tests := []struct {
		name string
		body string
		want centra.PaymentAction
	}{
		{"redirect", `{"token":"new","action":"redirect","url":"https:\/\/pay.example.com\/?a=1\u0026b=2"}`,
			centra.PaymentAction{Action: centra.ActionRedirect, URL: "https://pay.example.com/?a=1&b=2"}},
		{"form of HTML", `{"token":"new","action":"form","formHtml":"<form>\u00e5<\/form>","formType":"stripe","formFields":[]}`,
			centra.PaymentAction{Action: centra.ActionForm, FormHTML: "<form>å</form>", FormType: "stripe", FormFields: json.RawMessage("[]")}},
		{"form of fields", `{"token":"new","action":"form","formHtml":false,"formType":"adyen","formFields":{"amount":630,"live":true,"note":null}}`,
			centra.PaymentAction{Action: centra.ActionForm, FormType: "adyen", FormFields: json.RawMessage(`{"amount":630,"live":true,"note":null}`)}},
		{"javascript", `{"token":"new","action":"javascript","code":"pay(\"1\");"}`,
			centra.PaymentAction{Action: centra.ActionJavaScript, Code: `pay("1");`}},
		{"success", `{"token":"new","action":"success","order":1001,"currency":"SEK","totals":{"grandTotalPriceAsNumber":"630"},
				"items":[{"item":"1-1","quantity":"2"}]}`,
			centra.PaymentAction{Action: centra.ActionSuccess, Order: &centra.Order{
				Session: "new", Order: "1001", Currency: "SEK", Totals: centra.Totals{GrandTotalPriceAsNumber: 630},
				Items: []centra.Item{{Item: "1-1", Quantity: 2}},
			}}},
		{"failed", `{"token":"new","action":"failed","order":"1001"}`, centra.PaymentAction{Action: centra.ActionFailed}},
		{"one that is not known yet", `{"token":"new","action":"wallet","sdk":{}}`, centra.PaymentAction{Action: "wallet"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.want.Session = "new"
			for _, opts := range [][]centra.Option{nil, {centra.WithoutRaw()}} {
				opts = append(opts, onlyPost("/api/checkout/52/payment", 200, test.body))
				got, err := newCheckout(t, "https://shop.example.com", opts...).StartPayment(t.Context(), token, centra.Payment{})
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(&test.want, got, unexported); diff != "" {
					t.Errorf("action (-want +got):\n%s", diff)
				}
				wantRaw := test.body
				if len(opts) == 2 {
					wantRaw = ""
				}
				if string(got.Raw()) != wantRaw {
					t.Errorf("raw %s, want %s", got.Raw(), wantRaw)
				}
				if got.Order != nil && string(got.Order.Raw()) != wantRaw {
					t.Errorf("the order's raw %s, want %s", got.Order.Raw(), wantRaw)
				}
			}
		})
	}
}

func TestPaymentAnswersThatMakeNoSense(t *testing.T) {
	tests := []struct {
		name   string
		status int
		body   string
		kind   []error
	}{
		{"no action", 200, `{"token":"new"}`, []error{centra.ErrOutcomeUnknown}},
		{"an action that is no text", 200, `{"action":[]}`, []error{centra.ErrOutcomeUnknown}},
		{"truncated", 200, `{"action":"success","order":"10`, []error{centra.ErrOutcomeUnknown}},
		{"HTML", 200, `<form action="redirect">`, []error{centra.ErrOutcomeUnknown}},
		{"not UTF-8", 200, "{\"action\":\"redirect\",\"url\":\"\xff\"}", []error{centra.ErrOutcomeUnknown}},
		{"errors with 200", 200, `{"errors":{"termsAndConditions":"required"}}`, nil},
		{"errors", 400, `{"errors":{"termsAndConditions":"required"}}`, nil},
		{"410 without a selection", 410, `{"token":"new","errors":{"selection":"gone"}}`, []error{centra.ErrSelectionNotFound}},
		{"410 with nothing unavailable", 410, `{"unavailable":[],"selection":{"items":[]}}`, []error{centra.ErrSelectionNotFound}},
		{"410 in HTML", 410, `<html>gone</html>`, []error{centra.ErrInvalidResponse}},
		{"410 truncated", 410, `{"unavailable":[{"item":"1-1"}],"selection":{"items":[`, []error{centra.ErrInvalidResponse}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := newCheckout(t, "https://shop.example.com", onlyPost("/api/checkout/52/payment", test.status, test.body))
			action, err := c.StartPayment(t.Context(), token, centra.Payment{})
			if action != nil {
				t.Errorf("action %+v beside an error", action.Action)
			}
			wantKind(t, err, test.kind...)
			var outOfStock *centra.OutOfStockError
			if errors.As(err, &outOfStock) {
				t.Errorf("%v is an *OutOfStockError", err)
			}
		})
	}
}

func TestOutOfStock(t *testing.T) {
	const body = `{"token":"new","errors":{"items":"out of stock"},
		"unavailable":[{"item":"1-1","product":1,"originalQuantity":"3","unavailable":2,"available":1},{"item":"2-7","product":"2","originalQuantity":1,"unavailable":1,"available":0}],
		"selection":{"currency":"SEK","items":[{"item":"1-1","quantity":1}]},"location":{"country":"SE"}}`
	for name, client := range map[string]func(...centra.Option) api{
		"checkout": func(opts ...centra.Option) api {
			return newCheckout(t, "https://shop.example.com", append(opts, onlyPost("/api/checkout/52/payment", 410, body))...)
		},
		"shop": func(opts ...centra.Option) api {
			return newShop(t, "https://shop.example.com", append(opts, onlyPost("/api/shop/selections/"+string(cartID)+"/payment", 410, body))...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			session, id := centra.Session("new"), centra.SelectionID("")
			if name == "shop" {
				session, id = centra.Session(cartID), cartID
			}
			_, err := client().StartPayment(t.Context(), centra.Session(cartID), centra.Payment{})
			var e *centra.OutOfStockError
			if !errors.As(err, &e) {
				t.Fatalf("%v is no *OutOfStockError", err)
			}
			wantItems := []centra.UnavailableItem{
				{Item: "1-1", Product: "1", OriginalQuantity: 3, Unavailable: 2, Available: 1},
				{Item: "2-7", Product: "2", OriginalQuantity: 1, Unavailable: 1},
			}
			if diff := cmp.Diff(wantItems, e.Items); diff != "" {
				t.Errorf("items (-want +got):\n%s", diff)
			}
			wantSelection := &centra.Selection{
				Session: session, ID: id, Currency: "SEK", Items: []centra.Item{{Item: "1-1", Quantity: 1}}, Location: centra.Location{Country: "SE"},
			}
			if diff := cmp.Diff(wantSelection, e.Selection, unexported); diff != "" {
				t.Errorf("selection (-want +got):\n%s", diff)
			}
			if string(e.Selection.Raw()) != body {
				t.Errorf("raw %s", e.Selection.Raw())
			}
			wantKind(t, err) // it is no other failure: above all, the cart is there
			inner := asError(t, err)
			if inner.StatusCode != 410 || inner.Session != session || inner.Attempts != 1 || inner.Fields["items"] != "out of stock" {
				t.Errorf("the call's error: status %d, session %v, %d attempts, fields %v", inner.StatusCode, inner.Session, inner.Attempts, inner.Fields)
			}

			_, err = client(centra.WithoutRaw()).StartPayment(t.Context(), centra.Session(cartID), centra.Payment{})
			if !errors.As(err, &e) || len(e.Selection.Items) != 1 || e.Selection.Raw() != nil {
				t.Errorf("without raw: %v, raw %s", err, e.Selection.Raw())
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
