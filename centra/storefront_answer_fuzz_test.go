package centra_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/centra-go/cartabandonment/centra"
)

// FuzzStorefrontAnswer lets every method read the same body. What is accepted is
// JSON with data in it, has as many items as encoding/json finds, and never makes
// the plugin's token a visitor's; what is attached is the cart that was asked for.
func FuzzStorefrontAnswer(f *testing.F) {
	for _, body := range []string{
		// No long seeds: the fuzzer would spend its time on making them shorter.
		readCartAnswer(`{"id":"a","language":{"code":"sv"},"grandTotal":{"value":9.5,"formattedValue":"9","currency":{"code":"SEK"}},"lines":[null,` +
			`{"id":"l","quantity":2,"displayItem":{"id":1,"media":[{"source":{"url":"u"}}]},"unitPrice":{"value":1,"formattedValue":"1"}}]}`),
		readCartAnswer(`{"id":"a","lines":[],"checkout":{"checkoutScript":"<\/script>","widgets":[{"kind":"PAYMENT"}],"paymentMethods":[{"id":3}],` +
			`"shippingMethods":null,"totals":[{"type":"SHIPPING","price":{"value":5}}],"separateBillingAddress":{"email":"a","country":{"code":"US"}}}}`),
		`{"data":{"paymentResult":{"type":"SUCCESS","userErrors":[],"order":{"number":1001,"lines":[null],"totals":[]}}},` + withToken + `}`,
		readCartAnswer(storedCart), changed("setSelection", storedCart), changed("setSelection", "null"), unauthorized, started,
		refusing("x", `{"__typename":"UnavailableItem","message":"a","path":["b",0],"item":{"id":"2-1"},"displayItem":null}`),
		failing(`{"selection":`+storedCart+`}`, "x", "selection.lines.0"), failing("null", "Selection not found", "setSelection"),
		entered(storedShipping, "null", "SE"), instructions(`{"__typename":"SuccessPaymentAction","order":{"number":1}}`, ""),
		instructions(`{"__typename":"FormPaymentAction","formFields":{"a":[1]}}`, ""),
		`{"data":{"selection":` + storedCart + `},"extensions":{"token":"` + pluginToken + `"}}`,
		`{"data":{"selection":[]},"errors":null}`, `{"data":[],"errors":{}}`, `{"extensions":[],"data":{"a":{"selection":{"lines":{"0":{}}}}}}`, `null`, `<html>`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		transport := over(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body))}, nil
		})
		c := newStorefront(t, "http://shop.example.com", transport, centra.WithRetry(centra.Retry{}), centra.WithPartialAddress())
		short := newStorefront(t, "http://shop.example.com", transport, centra.WithRetry(centra.Retry{}), centra.WithoutRaw()).AtCheckout()

		sel, err := c.Selection(t.Context(), token)
		checkFuzzed(t, body, err, sel)
		again, errAgain := short.Selection(t.Context(), token)
		if (err == nil) != (errAgain == nil) || err == nil && len(sel.Items) != len(again.Items) {
			t.Fatalf("without raw it is %v, %v; else %v, %v", again, errAgain, sel, err)
		}
		if err == nil {
			if _, err := json.Marshal(sel); err != nil {
				t.Fatalf("a page cannot have it: %v", err)
			}
			checkItems(t, body, sel)
		}
		sel, err = c.UpdateFields(t.Context(), "", centra.Fields{Address: &centra.Address{Country: "SE"}})
		checkFuzzed(t, body, err, sel)
		sel, err = c.AttachSelection(t.Context(), token, storefrontCart)
		checkFuzzed(t, body, err, sel)
		if err == nil && (sel.ID != storefrontCart || sel.Empty()) {
			t.Fatalf("attached %v of %d items", sel.ID, len(sel.Items))
		}
		action, err := c.StartPayment(t.Context(), token, storefrontPayment)
		if err == nil && (action.Action == "" || action.Action == centra.ActionSuccess && action.Order.Order == "") {
			t.Fatalf("action %v", action)
		}
		order, err := c.PaymentResult(t.Context(), token, nil)
		if err == nil && (order.Order == "") == (order.Next == nil) {
			t.Fatalf("order %v", order)
		}
		var data any
		if _, err := c.Do(t.Context(), token, http.MethodPost, "{ x }", nil, &data); err == nil && data == nil {
			t.Fatal("no data, and no error")
		}
	})
}

func checkFuzzed(t *testing.T, body []byte, err error, sel *centra.Selection) {
	t.Helper()
	if (err == nil) == (sel == nil) {
		t.Fatalf("selection %v, error %v", sel, err)
	}
	var session centra.Session
	if err != nil {
		session = asError(t, err).Session
	} else {
		session = sel.Session
		if session == "" {
			t.Fatal("accepted without a session")
		}
		var top struct{ Data map[string]json.RawMessage }
		if err := json.Unmarshal(body, &top); err != nil && !strings.Contains(err.Error(), "cannot unmarshal") {
			t.Fatalf("accepted, but encoding/json says %v", err)
		}
	}
	if string(session) == pluginToken {
		t.Fatal("the plugin's token became a visitor's")
	}
}

// checkItems compares with what encoding/json finds in a body by the book.
func checkItems(t *testing.T, body []byte, sel *centra.Selection) {
	t.Helper()
	var top struct {
		Data map[string]json.RawMessage
	}
	if json.Unmarshal(body, &top) != nil || bytes.Count(body, []byte(`"lines"`)) != 1 || bytes.Count(body, []byte(`"selection"`)) != 1 {
		return
	}
	var cart struct{ Lines []json.RawMessage }
	if json.Unmarshal(top.Data["selection"], &cart) != nil || cart.Lines == nil {
		return
	}
	want := 0
	for _, line := range cart.Lines {
		if string(line) != "null" {
			want++
		}
	}
	if len(sel.Items) != want {
		t.Fatalf("%d items, encoding/json finds %d", len(sel.Items), want)
	}
}
