package centra_test

import (
	"net/url"
	"runtime"
	"strings"
	"testing"

	"github.com/centra-go/cartabandonment/centra"
)

// list repeats an element.
func list(element string, n int) string {
	return "[" + strings.TrimSuffix(strings.Repeat(element+",", n), ",") + "]"
}

// A body of a few bytes an element must not become some hundred bytes of memory
// for each: eight megabytes would be two gigabytes.
func TestElementsAreBounded(t *testing.T) {
	const most = 10_000
	tests := []struct {
		name string
		body func(n int) string
	}{
		{"items", func(n int) string { return `{"selection":{"items":` + list("{}", n) + `}}` }},
		{"items of a flat cart", func(n int) string { return `{"selection":"` + string(cartID) + `","items":` + list("{}", n) + `}` }},
		{"countries", func(n int) string { return `{"selection":{},"countries":` + list("{}", n) + `}` }},
		{"states of several countries", func(n int) string {
			return `{"selection":{},"countries":` + list(`{"states":`+list("{}", n/10-1)+`}`, 10) + `}`
		}},
		{"payment methods", func(n int) string { return `{"selection":{},"paymentMethods":` + list("{}", n) + `}` }},
		{"shipping methods", func(n int) string { return `{"selection":{},"shippingMethods":` + list("{}", n) + `}` }},
		{"vouchers", func(n int) string { return `{"selection":{"discounts":{"vouchers":` + list("{}", n) + `}}}` }},
		{"discounts", func(n int) string { return `{"selection":{"discounts":{"automaticDiscounts":` + list("{}", n) + `}}}` }},
		{"messages", func(n int) string { return `{"selection":{},"messages":` + list(`""`, n) + `}` }},
		{"an object that stands for a list", func(n int) string {
			return `{"selection":{"items":{` + strings.TrimSuffix(strings.Repeat(`"0":{},`, n), ",") + `}}}`
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rec := record(t, answer(200, test.body(most)))
			c := newCheckout(t, rec.URL)
			if _, err := c.Selection(t.Context(), token); err != nil {
				t.Fatalf("%d: %v", most, err)
			}
			rec.Config.Handler = answer(200, test.body(most+10))
			_, err := c.Selection(t.Context(), token)
			wantKind(t, err, centra.ErrInvalidResponse)
		})
	}
	t.Run("what nobody keeps", func(t *testing.T) {
		if _, err := decodeSelection(`{"selection":{"x":` + list("{}", 20*most) + `}}`); err != nil {
			t.Error(err)
		}
	})
	t.Run("items of an order", func(t *testing.T) {
		c := newCheckout(t, "https://shop.example.com", onlyPost("/api/checkout/52/payment-result", 200, `{"order":{"order":"1","items":`+list("{}", most+1)+`}}`))
		_, err := c.PaymentResult(t.Context(), token, url.Values{})
		wantKind(t, err, centra.ErrOutcomeUnknown)
	})
	t.Run("items of a 410", func(t *testing.T) {
		c := newCheckout(t, "https://shop.example.com", onlyPost("/api/checkout/52/payment", 410, `{"unavailable":`+list("{}", most+1)+`}`))
		_, err := c.StartPayment(t.Context(), token, centra.Payment{})
		wantKind(t, err, centra.ErrInvalidResponse)
	})
}

// The whole of what a body costs, where it is as large as a body may be.
func TestHugeListsCostNoMemory(t *testing.T) {
	body := `{"selection":{"items":` + list("{}", 8<<20/3-20) + `}}`
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := decodeSelection(body)
	runtime.ReadMemStats(&after)
	if err == nil {
		t.Error("accepted")
	}
	if cost := after.TotalAlloc - before.TotalAlloc; cost > 64<<20 {
		t.Errorf("%d MB allocated for a body of %d", cost>>20, len(body)>>20)
	}
}
