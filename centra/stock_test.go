package centra_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jarcoal/httpmock"

	"github.com/centra-go/cartabandonment/centra"
)

// everyCall are the calls that Centra can answer with a 410.
var everyCall = map[string]func(context.Context, api, centra.Session) error{
	"Selection":       readSelection,
	"AttachSelection": attachSelection,
	"UpdateFields":    updateFields,
	"StartPayment":    startPayment,
	"PaymentResult":   paymentResult,
	"Do":              addItem,
	"Do with a cart to decode into": func(ctx context.Context, c api, s centra.Session) error {
		_, err := c.Do(ctx, s, http.MethodPut, "/lines/1/quantity/3", nil, new(centra.Selection))
		return err
	},
}

// A 410 that says what is unavailable is about the stock, whatever was called and
// wherever the cart stands in it.
func TestOutOfStock(t *testing.T) {
	items := []centra.UnavailableItem{
		{Item: "4-5", Product: "4", OriginalQuantity: 11, Unavailable: 6, Available: 5},
		{Item: "1-1", Product: "1", OriginalQuantity: 5, Unavailable: 5},
	}
	cart := func(s centra.Session, id centra.SelectionID, location centra.Location) *centra.Selection {
		return &centra.Selection{
			Session: s, ID: id, Currency: "SEK", PaymentMethod: "adyen-256", Location: location,
			Items:  []centra.Item{{Item: "4-5", Quantity: 5, Product: centra.Product{Product: "4", Name: "Test Product"}}},
			Totals: centra.Totals{GrandTotalPrice: "500.00 SEK", GrandTotalPriceAsNumber: 500, TotalQuantity: 5},
		}
	}
	cancellation := &centra.Cancellation{GrandTotalPrice: "200.00 SEK", GrandTotalPriceAsNumber: 200, Currency: "SEK"}
	shopSession, rotated := centra.Session(cartID), centra.Session("f611707b97e18a902270223b79f743c2")
	nested, flat := golden(t, "checkout_stock.json"), golden(t, "shop_stock.json")
	tests := []struct {
		name, body string
		shop       bool
		want       centra.OutOfStockError
		session    centra.Session
	}{
		{"checkout", nested, false,
			centra.OutOfStockError{Items: items, Selection: cart(rotated, "", centra.Location{Country: "SE", CountryName: "Sweden"})}, rotated},
		{"shop", flat, true,
			centra.OutOfStockError{Items: items, Selection: cart(shopSession, cartID, centra.Location{Country: "SE"})}, shopSession},
		{"nested in the Shop API", strings.Replace(nested, `"selection": {`, `"selection": {"selection": "`+string(cartID)+`",`, 1), true,
			centra.OutOfStockError{Items: items, Selection: cart(shopSession, cartID, centra.Location{Country: "SE", CountryName: "Sweden"})}, shopSession},
		{"cancelled, checkout", golden(t, "result_stock.json"), false, centra.OutOfStockError{Items: items, Cancellation: cancellation}, token},
		{"cancelled, shop", golden(t, "result_stock.json"), true, centra.OutOfStockError{Items: items, Cancellation: cancellation}, shopSession},
		{"no selection: null", strings.Replace(golden(t, "result_stock.json"), "{", `{"selection":null,`, 1), false,
			centra.OutOfStockError{Items: items, Cancellation: cancellation}, token},
		{"no selection: an ID alone", strings.Replace(golden(t, "result_stock.json"), "{", `{"selection":"`+string(cartID)+`",`, 1), true,
			centra.OutOfStockError{Items: items, Cancellation: cancellation}, shopSession},
		{"nothing listed", `{"errors":{"stock":"unavailable items"}}`, false, centra.OutOfStockError{}, token},
	}
	for _, test := range tests {
		for name, call := range everyCall {
			for _, opts := range [][]centra.Option{nil, {centra.WithoutRaw()}} {
				t.Run(test.name+", "+name, func(t *testing.T) {
					mock := httpmock.NewMockTransport()
					mock.RegisterNoResponder(httpmock.NewStringResponder(410, test.body))
					opts := append([]centra.Option{centra.WithTransport(mock)}, opts...)
					var c api = newCheckout(t, "https://shop.example.com", opts...)
					session := token
					if test.shop {
						c, session = newShop(t, "https://shop.example.com", opts...), shopSession
					}
					err := call(t.Context(), c, session)
					var got *centra.OutOfStockError
					if !errors.As(err, &got) {
						t.Fatalf("%v is no *OutOfStockError", err)
					}
					if diff := cmp.Diff(test.want.Items, got.Items); diff != "" {
						t.Errorf("items (-want +got):\n%s", diff)
					}
					if diff := cmp.Diff(test.want.Selection, got.Selection, unexported); diff != "" {
						t.Errorf("cart (-want +got):\n%s", diff)
					}
					if diff := cmp.Diff(test.want.Cancellation, got.Cancellation); diff != "" {
						t.Errorf("cancellation (-want +got):\n%s", diff)
					}
					if got.Selection != nil {
						if raw := string(got.Selection.Raw()); raw != test.body && len(opts) == 1 || raw != "" && len(opts) == 2 {
							t.Errorf("raw %s", raw)
						}
					}
					wantKind(t, err) // it is no other failure: above all, the cart is there
					e := asError(t, err)
					if e.StatusCode != 410 || e.Session != test.session || e.Attempts != 1 || e.Fields["stock"] != "unavailable items" {
						t.Errorf("status %d, session %v, %d attempts, fields %v", e.StatusCode, e.Session, e.Attempts, e.Fields)
					}
				})
			}
		}
	}
}

// An error about the stock is one, in whatever words.
func TestOutOfStockInOtherWords(t *testing.T) {
	for _, stock := range []string{`""`, `null`, `["unavailable items"]`, `{"1-1":"unavailable"}`, `true`} {
		mock := httpmock.NewMockTransport()
		mock.RegisterNoResponder(httpmock.NewStringResponder(410, `{"errors":{"stock":`+stock+`}}`))
		_, err := newCheckout(t, "https://shop.example.com", centra.WithTransport(mock)).StartPayment(t.Context(), token, centra.Payment{})
		var outOfStock *centra.OutOfStockError
		if !errors.As(err, &outOfStock) || errors.Is(err, centra.ErrSelectionNotFound) {
			t.Errorf("%s: %v", stock, err)
		}
	}
}

// Any other 410 says that there is no cart, where the endpoint is about one.
func TestGoneIsNotOutOfStock(t *testing.T) {
	tests := []struct {
		name, body string
		kind       error
	}{
		{"nothing", ``, centra.ErrSelectionNotFound},
		{"space", " \n", centra.ErrSelectionNotFound},
		{"an object", `{}`, centra.ErrSelectionNotFound},
		{"errors", `{"errors":{"selection":"gone"}}`, centra.ErrSelectionNotFound},
		{"nothing unavailable", `{"unavailable":[],"selection":{"items":[]}}`, centra.ErrSelectionNotFound},
		{"HTML", `<html>gone</html>`, centra.ErrInvalidResponse},
		{"truncated", `{"unavailable":[{"item":"1-1"}],"selection":{"items":[`, centra.ErrInvalidResponse},
	}
	for _, test := range tests {
		for name, call := range everyCall {
			if strings.HasPrefix(name, "Do") {
				continue // may be about anything
			}
			t.Run(test.name+", "+name, func(t *testing.T) {
				mock := httpmock.NewMockTransport()
				mock.RegisterNoResponder(httpmock.NewStringResponder(410, test.body))
				c := newCheckout(t, "https://shop.example.com", centra.WithTransport(mock))
				err := call(t.Context(), c, token)
				wantKind(t, err, test.kind)
				var outOfStock *centra.OutOfStockError
				if errors.As(err, &outOfStock) {
					t.Errorf("%v is an *OutOfStockError", err)
				}
			})
		}
	}
}

// In the Shop API nobody gets another's cart, not even beside an error.
func TestOutOfStockOfAnotherCart(t *testing.T) {
	mock := httpmock.NewMockTransport()
	mock.RegisterNoResponder(httpmock.NewStringResponder(410, golden(t, "shop_stock.json")))
	_, err := newShop(t, "https://shop.example.com", centra.WithTransport(mock)).PaymentResult(t.Context(), "another", url.Values{})
	var e *centra.OutOfStockError
	if !errors.As(err, &e) || e.Selection != nil || len(e.Items) != 2 {
		t.Errorf("%v with the cart %v", err, e.Selection)
	}
}

// A host's own API makes these errors too.
func TestOutOfStockErrorOfAHost(t *testing.T) {
	own := &centra.OutOfStockError{Items: make([]centra.UnavailableItem, 2)}
	if got := fmt.Sprintf("%v %+v %#v", own, own, *own); got != strings.TrimSpace(strings.Repeat("centra: 2 items out of stock ", 3)) {
		t.Error(got)
	}
	if errors.Unwrap(own) != nil {
		t.Error("unwraps to a nil *Error")
	}
	own.Err = &centra.Error{Kind: centra.ErrUnavailable, Op: "POST /payment"}
	if got := own.Error(); got != "centra: POST /payment: 2 items out of stock" || !errors.Is(own, centra.ErrUnavailable) {
		t.Error(got)
	}
}
