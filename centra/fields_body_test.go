package centra_test

import (
	"strings"
	"testing"

	"github.com/centra-go/cartabandonment/centra"
)

// Where the e-mail address stands is the shop's choice, in every call that sends
// it. The consent has its own place.
func TestEmailPlaces(t *testing.T) {
	fields := centra.Fields{
		Email: "a@example.com", CartAbandonmentEmail: centra.Yes,
		ShippingAddress: &centra.Address{City: "Malmö"},
		Extra:           map[string]any{"email": "x@example.com", "address": map[string]any{"email": "x@example.com", "careOf": "kept"}},
	}
	tests := []struct {
		name string
		opts []centra.Option
		want string
	}{
		{"as documented", nil,
			`{"email":"a@example.com","cartAbandonmentEmail":true,"address":{"email":"x@example.com","careOf":"kept"},"shippingAddress":{"city":"Malmö"}}`},
		{"top level", []centra.Option{centra.WithEmailIn(centra.TopLevel)},
			`{"email":"a@example.com","cartAbandonmentEmail":true,"address":{"email":"x@example.com","careOf":"kept"},"shippingAddress":{"city":"Malmö"}}`},
		{"address alone", []centra.Option{centra.WithEmailIn(centra.InAddress)},
			`{"cartAbandonmentEmail":true,"address":{"email":"a@example.com","careOf":"kept"},"shippingAddress":{"city":"Malmö"}}`},
		{"shipping address alone", []centra.Option{centra.WithEmailIn(centra.InShippingAddress)},
			`{"cartAbandonmentEmail":true,"address":{"email":"x@example.com","careOf":"kept"},"shippingAddress":{"city":"Malmö","email":"a@example.com"}}`},
		{"both addresses", []centra.Option{centra.WithEmailIn(centra.InShippingAddress, centra.InAddress)},
			`{"cartAbandonmentEmail":true,"address":{"email":"a@example.com","careOf":"kept"},"shippingAddress":{"city":"Malmö","email":"a@example.com"}}`},
		{"everywhere", []centra.Option{centra.WithEmailIn(centra.TopLevel, centra.InAddress, centra.InShippingAddress)},
			`{"email":"a@example.com","cartAbandonmentEmail":true,"address":{"email":"a@example.com","careOf":"kept"},
				"shippingAddress":{"city":"Malmö","email":"a@example.com"}}`},
		{"the last option counts", []centra.Option{centra.WithEmailIn(centra.InAddress), centra.WithEmailIn(centra.InShippingAddress)},
			`{"cartAbandonmentEmail":true,"address":{"email":"x@example.com","careOf":"kept"},"shippingAddress":{"city":"Malmö","email":"a@example.com"}}`},
		{"shipping address, and both fields in the address", []centra.Option{centra.WithEmailIn(centra.InShippingAddress), centra.WithFieldsInAddress()},
			`{"cartAbandonmentEmail":true,"address":{"email":"a@example.com","cartAbandonmentEmail":true,"careOf":"kept"},
				"shippingAddress":{"city":"Malmö","email":"a@example.com"}}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rec := record(t, answer(200, fitsAll))
			for client, s := range map[api]centra.Session{
				newCheckout(t, rec.URL, test.opts...): token,
				newShop(t, rec.URL, test.opts...):     centra.Session(cartID),
			} {
				if _, err := client.UpdateFields(t.Context(), s, fields); err != nil {
					t.Fatal(err)
				}
				if _, err := client.StartPayment(t.Context(), s, centra.Payment{Fields: fields, ReturnPage: "https://example.com/back"}); err != nil {
					t.Fatal(err)
				}
			}
			for _, sent := range rec.sent() {
				sameJSON(t, test.want, strings.Replace(sent.Body, `"paymentReturnPage":"https://example.com/back",`, "", 1))
			}
			if n := len(rec.sent()); n != 4 {
				t.Errorf("%d requests", n)
			}
		})
	}

	t.Run("without an address to be put into", func(t *testing.T) {
		rec := record(t, answer(200, fitsAll))
		c := newCheckout(t, rec.URL, centra.WithEmailIn(centra.InShippingAddress))
		if _, err := c.UpdateFields(t.Context(), token, centra.Fields{Email: "a@example.com", CartAbandonmentEmail: centra.Yes}); err != nil {
			t.Fatal(err)
		}
		sameJSON(t, `{"cartAbandonmentEmail":true,"shippingAddress":{"email":"a@example.com"}}`, rec.only(t).Body)
	})
	t.Run("no e-mail address to be placed", func(t *testing.T) {
		rec := record(t, answer(200, fitsAll))
		c := newCheckout(t, rec.URL, centra.WithEmailIn(centra.InShippingAddress, centra.InAddress))
		if _, err := c.UpdateFields(t.Context(), token, centra.Fields{PaymentMethod: "klarna"}); err != nil {
			t.Fatal(err)
		}
		sameJSON(t, `{"paymentMethod":"klarna"}`, rec.only(t).Body)
	})
	t.Run("half an e-mail address where none may stand", func(t *testing.T) {
		half := centra.Fields{Extra: map[string]any{"email": "a@", "additionalFields": true}}
		for place, want := range map[centra.EmailPlace]string{
			centra.TopLevel: `{"email":"a@","additionalFields":true}`, centra.InShippingAddress: `{"additionalFields":true}`,
		} {
			rec := record(t, answer(200, fitsAll))
			c := newShop(t, rec.URL, centra.WithEmailIn(place))
			if _, err := c.UpdateFields(t.Context(), centra.Session(cartID), half); err != nil {
				t.Fatal(err)
			}
			sameJSON(t, want, rec.only(t).Body)
		}
	})
	for name, opt := range map[string]centra.Option{"no place": centra.WithEmailIn(), "a place that is none": centra.WithEmailIn(centra.TopLevel, 64)} {
		if _, err := centra.NewCheckoutAPI("https://shop.example.com", opt); err == nil || !strings.Contains(err.Error(), "WithEmailIn") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
