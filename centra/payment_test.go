package centra_test

import (
	"encoding/json"
	"strings"
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

// formFields cuts what must reach the page as it is out of a golden body.
func formFields(t *testing.T, name string) json.RawMessage {
	t.Helper()
	_, rest, _ := strings.Cut(golden(t, name), `"formFields": `)
	fields, _, found := strings.Cut(rest, "\n  },")
	if !found {
		t.Fatalf("%s has no formFields", name)
	}
	return json.RawMessage(fields + "\n  }")
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
		{"form of nested fields", golden(t, "payment_form.json"),
			centra.PaymentAction{
				Action: centra.ActionForm, FormHTML: `<div id="adyen-drop-in-container"></div>`, FormType: "adyen-drop-in",
				FormURL: "https://pay.example.com/form", FormFields: formFields(t, "payment_form.json"),
			}},
		{"external", `{"token":"new","action":"external"}`, centra.PaymentAction{Action: centra.ActionExternal}},
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
			if strings.Contains(test.body, "f611707b97e18a902270223b79f743c2") {
				test.want.Session = "f611707b97e18a902270223b79f743c2"
			}
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
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := newCheckout(t, "https://shop.example.com", onlyPost("/api/checkout/52/payment", test.status, test.body))
			action, err := c.StartPayment(t.Context(), token, centra.Payment{})
			if action != nil {
				t.Errorf("action %+v beside an error", action.Action)
			}
			wantKind(t, err, test.kind...)
		})
	}
}
