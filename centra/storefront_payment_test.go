package centra_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra"
)

var storefrontPayment = centra.Payment{
	Fields:     centra.Fields{Address: &centra.Address{Country: "SE"}},
	ReturnPage: "https://example.com/a", FailedPage: "https://example.com/b", TermsAndConditions: true,
}

func instructions(action, userErrors string) string {
	return `{"data":{"paymentInstructions":{"__typename":"PaymentInstructionsPayload","action":` + action + `,"selection":` + storedCart +
		`,"userErrors":[` + userErrors + `]}},` + withToken + `}`
}

func TestStorefrontStartPayment(t *testing.T) {
	const refused = `{"__typename":"UserErrorBase","message":"No","path":["paymentMethod"]}`
	const soldOut = `{"__typename":"UnavailableItem","message":"x","item":{"id":"2-1"}}`
	tests := []struct {
		name string
		body string
		want *centra.PaymentAction // nil: an error
		kind error
	}{
		{"redirect", instructions(`{"__typename":"RedirectPaymentAction","url":"https:\/\/pay.example.com\/1"}`, ""),
			&centra.PaymentAction{Action: centra.ActionRedirect, URL: "https://pay.example.com/1"}, nil},
		{"form", instructions(`{"__typename":"FormPaymentAction","formType":"x","html":"<form>","formFields":{"a":{"b":[1,"2"]}}}`, ""),
			&centra.PaymentAction{Action: centra.ActionForm, FormType: "x", FormHTML: "<form>", FormFields: json.RawMessage(`{"a":{"b":[1,"2"]}}`)}, nil},
		{"script", instructions(`{"__typename":"JavascriptPaymentAction","formType":"x","script":"run()","formFields":null}`, ""),
			&centra.PaymentAction{Action: centra.ActionJavaScript, FormType: "x", Code: "run()"}, nil},
		{"success", instructions(`{"__typename":"SuccessPaymentAction","order":{"id":"e1","number":1001}}`, ""),
			&centra.PaymentAction{Action: centra.ActionSuccess, Order: &centra.Order{Order: "1001", Session: newToken}}, nil},
		{"success beside refusals", instructions(`{"__typename":"SuccessPaymentAction","order":{"number":"1001"}}`, refused),
			&centra.PaymentAction{Action: centra.ActionSuccess, Order: &centra.Order{Order: "1001", Session: newToken}}, nil},
		{"success beside errors", strings.Replace(instructions(`{"__typename":"SuccessPaymentAction","order":{"number":1001,"lines":[null]}}`, ""),
			"{", `{"errors":[{"message":"Product is gone","path":["paymentInstructions","action","order","lines",0]}],`, 1),
			&centra.PaymentAction{Action: centra.ActionSuccess, Order: &centra.Order{Order: "1001", Session: newToken}}, nil},
		{"no action, refused", instructions("null", refused), nil, nil},
		{"an action beside refusals", instructions(`{"__typename":"RedirectPaymentAction","url":"x"}`, refused), nil, nil},
		{"sold out", instructions("null", soldOut), nil, nil},
		{"no action and no reason", instructions("null", ""), nil, centra.ErrOutcomeUnknown},
		{"an action of tomorrow", instructions(`{"__typename":"TomorrowsAction"}`, ""), nil, centra.ErrOutcomeUnknown},
		{"success without an order", instructions(`{"__typename":"SuccessPaymentAction","order":null}`, ""), nil, centra.ErrOutcomeUnknown},
		{"success without a number", instructions(`{"__typename":"SuccessPaymentAction","order":{"id":"e1"}}`, ""), nil, centra.ErrOutcomeUnknown},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := storefrontServer(t, map[string][]string{"paymentInstructions": {test.body}})
			got, err := newStorefront(t, g.URL, centra.WithPartialAddress()).StartPayment(t.Context(), token, storefrontPayment)
			if test.want == nil {
				e := asError(t, err)
				if !errors.Is(e.Kind, test.kind) || e.Session != newToken || got != nil {
					t.Errorf("action %v, error %v of kind %v, session %q", got, err, e.Kind, string(e.Session))
				}
				if _, is := as[*centra.OutOfStockError](err); is != (test.name == "sold out") {
					t.Errorf("out of stock is %v", is)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			test.want.Session = newToken
			if order := test.want.Order; order != nil {
				order.Items = []centra.Item{}
				order.Discounts = centra.Discounts{AutomaticDiscounts: []centra.AutomaticDiscount{}, Vouchers: []centra.Voucher{}}
			}
			if diff := cmp.Diff(test.want, got, unexported); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if string(got.Raw()) != test.body {
				t.Errorf("raw %s", got.Raw())
			}
		})
	}
}

// paymentInstructions knows nothing of consent, so it is stored before.
func TestStorefrontPaymentConsent(t *testing.T) {
	redirect := instructions(`{"__typename":"RedirectPaymentAction","url":"x"}`, "")
	tests := []struct {
		name       string
		choice     centra.Choice
		setAddress string
		ops, want  string
	}{
		{"yes, with a token that rotates", centra.Yes, strings.TrimSuffix(changed("setAddress", storedCart), "}") + `,"extensions":{"token":"third"}}`,
			"mutation setAddress, mutation paymentInstructions", "true"},
		{"yes", centra.Yes, changed("setAddress", storedCart), "mutation setAddress, mutation paymentInstructions", "true"},
		{"no", centra.No, changed("setAddress", storedCart), "mutation setAddress, mutation paymentInstructions", "false"},
		{"not asked", centra.NotSent, "", "mutation paymentInstructions", ""},
		{"refused", centra.Yes, refusing("setAddress", `{"message":"x","path":["a"]}`), "mutation setAddress", "true"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			answers := map[string][]string{"paymentInstructions": {redirect}}
			if test.setAddress != "" {
				answers["setAddress"] = []string{test.setAddress}
			}
			g := storefrontServer(t, answers)
			payment := storefrontPayment
			payment.CartAbandonmentEmail = test.choice
			_, err := newStorefront(t, g.URL, centra.WithPartialAddress()).StartPayment(t.Context(), token, payment)
			if (err != nil) != (test.name == "refused") {
				t.Error(err)
			}
			if got := g.ops(t); got != test.ops {
				t.Errorf("asked %s, want %s", got, test.ops)
			}
			all := g.asked(t)
			if last := all[len(all)-1].Token; (last == "third") != strings.Contains(test.name, "rotates") {
				t.Errorf("the last call has the token %q", last)
			}
			if test.want != "" {
				sameJSON(t, `{"shipping":{"country":"SE"},"optIn":`+test.want+`}`, g.variables(t, "mutation setAddress"))
			}
		})
	}
	t.Run("a method that is no number changes nothing", func(t *testing.T) {
		g := storefrontServer(t, nil)
		payment := storefrontPayment
		payment.CartAbandonmentEmail, payment.PaymentMethod = centra.Yes, "klarna"
		_, err := newStorefront(t, g.URL, centra.WithPartialAddress()).StartPayment(t.Context(), token, payment)
		if asError(t, err).Attempts != 0 || len(g.sent()) > 0 {
			t.Errorf("error %v after %d calls", err, len(g.sent()))
		}
	})
}

// Neither half of a payment is ever sent twice, whatever its answer.
func TestStorefrontPaymentsAreSentOnce(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"503": answer(503, ""), "429": answer(429, ""), "HTML": answer(200, "<html>"), "an error": answer(200, failing("null", "Internal server error", "x")),
		"expired": answer(200, unauthorized), "no answer": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			rec := record(t, handler)
			rec.Config.ErrorLog = silent
			c := newStorefront(t, rec.URL, quickRetries(), centra.WithPartialAddress())
			if _, err := c.StartPayment(t.Context(), token, storefrontPayment); err == nil || len(rec.sent()) != 1 {
				t.Errorf("StartPayment: %v, sent %d times", err, len(rec.sent()))
			}
			if _, err := c.PaymentResult(t.Context(), token, nil); err == nil || len(rec.sent()) != 2 {
				t.Errorf("PaymentResult: %v, sent %d times", err, len(rec.sent())-1)
			}
		})
	}
}

func TestStorefrontPaymentResult(t *testing.T) {
	g := storefrontServer(t, map[string][]string{"paymentResult": {golden(t, "storefront/result.json")}})
	var told centra.Call
	ctx := centra.WatchCalls(t.Context(), func(c centra.Call) { told = c })
	got, err := newStorefront(t, g.URL).PaymentResult(ctx, token, url.Values{"a[b]": {"1"}})
	if err != nil {
		t.Fatal(err)
	}
	want := &centra.Order{
		Session: newToken, Order: "1001", Status: "PENDING", Date: "2026-03-31T14:42:11+02:00", Currency: "SEK",
		AffiliateHTML: `<img src="https://example.com/pixel">`,
		Items: []centra.Item{{
			Item: "2-1", Line: "l1", SKU: "CAP", Size: "M", Quantity: 2, PriceEach: "315.00 SEK", PriceEachAsNumber: 315,
			TotalPrice: "630.00 SEK", TotalPriceAsNumber: 630, Product: centra.Product{Product: "2", Name: "Cap", URI: "cap"},
		}},
		Totals: centra.Totals{
			ItemsTotalPrice: "630.00 SEK", ItemsTotalPriceAsNumber: 630, GrandTotalPrice: "679.00 SEK", GrandTotalPriceAsNumber: 679,
		},
		Discounts:       centra.Discounts{AutomaticDiscounts: []centra.AutomaticDiscount{}, Vouchers: []centra.Voucher{}},
		ShippingAddress: centra.Address{Email: "test@example.com", FirstName: "Test", Country: "SE"},
		Address:         centra.Address{Email: "test@example.com", Company: "Example AB", Country: "SE"},
	}
	if diff := cmp.Diff(want, got, unexported); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	sameJSON(t, `{"fields":{"a":{"b":"1"}}}`, g.variables(t, "mutation paymentResult"))
	// The empty cart after an order is no sign of an expired session.
	if told.Session != centra.SessionRotated || told.Cart != centra.CartUnknown {
		t.Errorf("told %+v", told)
	}
}

func TestStorefrontPaymentResults(t *testing.T) {
	result := func(kind, userErrors, order string) string {
		return `{"data":{"paymentResult":{"type":"` + kind + `","selection":` + storedCart + `,"userErrors":[` + userErrors + `]` + order + `}}}`
	}
	tests := []struct {
		name, body string
		order      string
		next       centra.Action
		kind       error
	}{
		{"paid", result("SUCCESS", "", `,"order":{"number":7}`), "7", "", nil},
		{"paid, and something to say", result("SUCCESS", `{"message":"x"}`, `,"order":{"number":7}`), "7", "", nil},
		{"paid, beside errors", strings.Replace(result("SUCCESS", "", `,"order":{"number":7,"lines":[null]}`),
			"{", `{"errors":[{"message":"Product is gone","path":["paymentResult","order","lines",0]}],`, 1), "7", "", nil},
		{"failed", result("FAILED", "", ""), "", centra.ActionFailed, nil},
		{"failed for a reason", result("FAILED", `{"message":"Card declined"}`, ""), "", "", nil},
		{"sold out", result("FAILED", `{"__typename":"UnavailableItem","message":"x"}`, ""), "", "", nil},
		{"paid without an order", result("SUCCESS", "", ""), "", "", centra.ErrOutcomeUnknown},
		{"paid without a number", result("SUCCESS", "", `,"order":{"number":null}`), "", "", centra.ErrOutcomeUnknown},
		{"neither", result("TOMORROW", "", ""), "", "", centra.ErrOutcomeUnknown},
		{"an order that nobody says is paid", result("FAILED", "", `,"order":{"number":7}`), "", centra.ActionFailed, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rec := record(t, answer(200, test.body))
			got, err := newStorefront(t, rec.URL).PaymentResult(t.Context(), token, nil)
			if test.order == "" && test.next == "" {
				if e := asError(t, err); !errors.Is(e.Kind, test.kind) || got != nil {
					t.Errorf("order %v, error %v of kind %v", got, err, e.Kind)
				}
				if out, is := as[*centra.OutOfStockError](err); is != (test.name == "sold out") || is && out.Selection == nil {
					t.Errorf("out of stock is %v", is)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			next := centra.Action("")
			if got.Next != nil {
				next = got.Next.Action
			}
			if got.Order != test.order || next != test.next || got.Session != token {
				t.Errorf("order %q, next %q, session %q", got.Order, next, string(got.Session))
			}
		})
	}
}
