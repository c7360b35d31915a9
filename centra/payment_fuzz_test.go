package centra_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/centra-go/cartabandonment/centra"
)

// FuzzPayment gives any body as the answer to a payment and to its result, with
// any status: there is an order, an action or an error, and never two of them or
// none.
func FuzzPayment(f *testing.F) {
	for _, body := range []string{
		`{"token":"a","order":{"order":"61","items":[{"item":"1-1"}],"address":{"email":"a"},"paymentMethodData":{"a":[]}},"items":[]}`,
		`{"order":61,"items":{"1":{}},"totals":[],"message":"Thank you"}`, `{"action":"success","order":{"order":"61"}}`,
		`{"action":"redirect","url":"https:\/\/example.com"}`, `{"action":"form","formFields":{"a":{"b":[1]}},"formUrl":"x","code":1}`,
		`{"action":"success"}`, `{"order":[]}`, `{"order":null}`, `{"errors":{"stock":"unavailable items"},"unavailable":[{"item":"1-1"}],
			"cancellation":{"grandTotalPriceAsNumber":"200"},"selection":"abc","items":[]}`,
		`{"errors":{"paymentMethod":"failed"},"messages":["a"],"message":"a","code":"A"}`, `[]`, `<html>`, ``,
	} {
		for _, status := range []int{200, 201, 410, 412, 500} {
			f.Add(status, []byte(body))
		}
	}
	var status int
	var body []byte
	client, err := centra.NewCheckoutAPI("https://shop.example.com/api/checkout", over(func(*http.Request) (*http.Response, error) {
		answered := httptest.NewRecorder()
		answered.Code = status
		_, _ = answered.Body.Write(body)
		return answered.Result(), nil
	}))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s int, b []byte) {
		if s < 200 || s > 599 {
			return
		}
		status, body = s, b
		action, err := client.StartPayment(t.Context(), "token", centra.Payment{})
		switch {
		case (action == nil) == (err == nil):
			t.Fatalf("action %v, error %v", action, err)
		case err != nil:
			wantError(t, err)
		case s >= 300 || !json.Valid(b):
			t.Fatalf("status %d: %s became %v", s, b, action)
		case action.Action == "", (action.Action == centra.ActionSuccess) != (action.Order != nil), action.Order != nil && action.Order.Order == "":
			t.Fatalf("%s became %v", b, action)
		}
		order, err := client.PaymentResult(t.Context(), "token", url.Values{})
		switch {
		case (order == nil) == (err == nil):
			t.Fatalf("order %v, error %v", order, err)
		case err != nil:
			wantError(t, err)
		case s >= 300 || !json.Valid(b):
			t.Fatalf("status %d: %s became %v", s, b, order)
		case (order.Order == "") == (order.Next == nil):
			t.Fatalf("%s became %v", b, order)
		}
		// Both endpoints read the same body alike.
		if action != nil && action.Order != nil && (order == nil || order.Order != action.Order.Order) {
			t.Fatalf("the order %s of %s is no result: %v", action.Order.Order, b, order)
		}
	})
}

func wantError(t *testing.T, err error) {
	t.Helper()
	if e := asError(t, err); e.Attempts != 1 || e.Session == "" {
		t.Fatalf("%d attempts, session %v: %v", e.Attempts, e.Session, err)
	}
}
