package centra_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra"
)

// goldenCart is what both carts in testdata have in common.
func goldenCart() centra.Selection {
	return centra.Selection{
		Items: []centra.Item{{
			Item: "2-1", Line: "58a93367d233f53587c7ec38b70c3473", SKU: "p1v1", Quantity: 2, Comment: "As a gift",
			PriceEach: "80.00\u00a0SEK", PriceEachAsNumber: 80, TotalPrice: "160.00\u00a0SEK", TotalPriceAsNumber: 160,
			PriceEachBeforeDiscount: "99.99\u00a0SEK", PriceEachBeforeDiscountAsNumber: 99.99, AnyDiscount: true, TaxPercent: 25,
			ProductURL: "https://example.com/products/ett",
			Product:    centra.Product{Product: "2", Name: "√Ett", BrandName: "North & Co"},
		}},
		Currency: "SEK", Language: "sv",
		PaymentMethod: "klarna-checkout", PaymentMethodName: "Klarna Checkout",
		ShippingMethod: "standard", ShippingMethodName: "Standard",
		Discounts: centra.Discounts{
			AnyDiscount: true, Discount: "-59.98\u00a0SEK", DiscountAsNumber: -59.98,
			AutomaticDiscounts: []centra.AutomaticDiscount{{Name: "Two for less", PriceOff: "-39.98\u00a0SEK", PriceOffAsNumber: -39.98}},
			Vouchers: []centra.Voucher{
				{Voucher: "summer", Type: "code", Description: "Summer", PriceOff: "-20.00\u00a0SEK", PriceOffAsNumber: -20},
			},
		},
		Totals: centra.Totals{
			ItemsTotalPrice: "160.00\u00a0SEK", ItemsTotalPriceAsNumber: 160, TotalDiscountPrice: "-20.00\u00a0SEK", TotalDiscountPriceAsNumber: -20,
			ShippingPrice: "49.00\u00a0SEK", ShippingPriceAsNumber: 49, HandlingCostPrice: "19.00\u00a0SEK", HandlingCostPriceAsNumber: 19,
			TotalQuantity: 2,
		},
		Comment:        "Ring twice",
		Address:        centra.Address{Email: "test@example.com", FirstName: "Åsa", Newsletter: centra.No, Country: "SE"},
		PluginFields:   json.RawMessage(`{"ingrid":{"snippet":"\u003cdiv\u003e\u003c\/div\u003e","error":null}}`),
		CheckoutScript: `load("a");</b>`,
	}
}

func goldenShopCart() centra.Selection {
	want := goldenCart()
	want.Session, want.ID = centra.Session(cartID), cartID
	want.Location.Country = "SE"
	want.PaymentMethods = []centra.PaymentMethod{
		{PaymentMethod: "klarna-checkout", Name: "Klarna Checkout", ProvidesAddress: true},
		{PaymentMethod: "invoice", Name: "På räkning", HandlingCost: "19.00\u00a0SEK", HandlingCostAsNumber: 19},
	}
	want.ShippingMethods = []centra.ShippingMethod{
		{ShippingMethod: "standard", Name: "Standard", Price: "49.00\u00a0SEK", PriceAsNumber: 49},
		{ShippingMethod: "pickup", Name: "Pick up"},
	}
	want.Totals.TaxAdded, want.Totals.TaxAddedAsNumber, want.Totals.TaxPercent = "10.50\u00a0SEK", 10.5, 25
	want.Totals.GrandTotalPrice, want.Totals.GrandTotalPriceAsNumber = "218.50\u00a0SEK", 218.5
	want.Totals.GrandTotalPriceTax, want.Totals.GrandTotalPriceTaxAsNumber = "43.70\u00a0SEK", 43.7
	return want
}

func goldenCheckoutCart() centra.Selection {
	want := goldenCart()
	want.Session = token
	want.Items[0].Product.URI, want.Items[0].Product.VariantName = "men/ett", "Navy"
	want.Items[0].Product.Image = "https://example.com/images/ett.jpg"
	want.VATExempt, want.LoggedIn = true, true
	want.CurrencyFormat = centra.CurrencyFormat{
		Currency: "SEK", Name: "SEK", Suffix: " SEK", DecimalPoint: ".", DecimalDigits: 2, ThousandsSeparator: " ",
	}
	want.PaymentMethods = []centra.PaymentMethod{
		{PaymentMethod: "klarna-checkout", Name: "Klarna Checkout", Type: "klarna_checkout_v3", HandlingCost: "0.00\u00a0SEK", ProvidesAddress: true},
		{PaymentMethod: "invoice", Name: "På räkning", HandlingCost: "19.00\u00a0SEK", HandlingCostAsNumber: 19, SupportsInitiateOnly: true},
	}
	want.ShippingMethods = []centra.ShippingMethod{{ShippingMethod: "standard", Name: "Standard", Price: "49.00\u00a0SEK", PriceAsNumber: 49}}
	want.Countries = []centra.Country{
		{Country: "SE", Name: "Sweden", EU: true, Currency: "SEK", Language: "sv"},
		{Country: "US", Name: "United States", Currency: "USD", Language: "en", States: []centra.State{{State: "CA", Name: "California"}}},
	}
	want.Location = centra.Location{Country: "US", CountryName: "United States", State: "CA", StateName: "California"}
	want.Totals.TaxDeducted, want.Totals.TaxDeductedAsNumber = "-41.60\u00a0SEK", -41.6
	want.Totals.GrandTotalPrice, want.Totals.GrandTotalPriceAsNumber = "166.40\u00a0SEK", 166.4
	want.Totals.GrandTotalPriceTax = "0.00\u00a0SEK"
	return want
}

// The two shapes that a cart has, from every call that answers one, with 200 and
// with 201.
func TestCartShapes(t *testing.T) {
	calls := map[string]func(context.Context, api, centra.Session) (*centra.Selection, error){
		"Selection": func(ctx context.Context, c api, s centra.Session) (*centra.Selection, error) {
			return c.Selection(ctx, s)
		},
		"AttachSelection": func(ctx context.Context, c api, _ centra.Session) (*centra.Selection, error) {
			return c.AttachSelection(ctx, "another", cartID)
		},
		"UpdateFields": func(ctx context.Context, c api, s centra.Session) (*centra.Selection, error) {
			return c.UpdateFields(ctx, s, centra.Fields{})
		},
		"Do": func(ctx context.Context, c api, s centra.Session) (*centra.Selection, error) {
			sel := new(centra.Selection)
			_, err := c.Do(ctx, s, http.MethodPost, "/items/2-1", nil, sel)
			return sel, err
		},
		"Do without a session": func(ctx context.Context, c api, _ centra.Session) (*centra.Selection, error) {
			sel := new(centra.Selection)
			s, err := c.Do(ctx, "", http.MethodPost, "/selections", nil, sel)
			if s != sel.Session {
				err = errors.Join(err, errors.New("Do returns another session than the cart has"))
			}
			return sel, err
		},
	}
	shapes := []struct {
		name, body string
		shop       bool
		want       centra.Selection
	}{
		{"shop", golden(t, "shop_cart.json"), true, goldenShopCart()},
		{"checkout", golden(t, "checkout_cart.json"), false, goldenCheckoutCart()},
	}
	for _, shape := range shapes {
		for name, call := range calls {
			for _, status := range []int{200, 201} {
				t.Run(shape.name+" "+name+" "+http.StatusText(status), func(t *testing.T) {
					rec := record(t, answer(status, shape.body))
					var c api = newCheckout(t, rec.URL)
					session := token
					if shape.shop {
						c, session = newShop(t, rec.URL), centra.Session(cartID)
					}
					got, err := call(t.Context(), c, session)
					if err != nil {
						t.Fatal(err)
					}
					if diff := cmp.Diff(&shape.want, got, unexported); diff != "" {
						t.Errorf("cart (-want +got):\n%s", diff)
					}
				})
			}
		}
	}
}

// Whatever comes first, the cart is the one that "selection" says it is.
func TestCartShapesInAnyOrder(t *testing.T) {
	for _, name := range []string{"shop_cart.json", "checkout_cart.json"} {
		body := golden(t, name)
		want, err := decodeSelection(body)
		if err != nil {
			t.Fatal(err)
		}
		var members map[string]json.RawMessage
		if err := json.Unmarshal([]byte(body), &members); err != nil {
			t.Fatal(err)
		}
		for last := range members {
			var b strings.Builder
			b.WriteString("{")
			for member, value := range members {
				if member != last {
					b.WriteString(`"` + member + `":` + string(value) + ",")
				}
			}
			b.WriteString(`"` + last + `":` + string(members[last]) + "}")
			got, err := decodeSelection(b.String())
			if err != nil {
				t.Fatalf("%s with %s last: %v", name, last, err)
			}
			if diff := cmp.Diff(want, got, unexported); diff != "" {
				t.Errorf("%s with %s last (-want +got):\n%s", name, last, diff)
			}
		}
	}
}

// What a page shows of a cart adds up.
func TestTotalsAddUp(t *testing.T) {
	for _, name := range []string{"shop_cart.json", "checkout_cart.json", "checkout.json"} {
		sel, err := decodeSelection(golden(t, name))
		if err != nil {
			t.Fatal(err)
		}
		lines := 0.0
		for _, item := range sel.Items {
			lines += item.TotalPriceAsNumber
		}
		sum := sel.Totals
		if lines != sum.ItemsTotalPriceAsNumber {
			t.Errorf("%s: the lines are %v, their total %v", name, lines, sum.ItemsTotalPriceAsNumber)
		}
		parts := sum.ItemsTotalPriceAsNumber + sum.TotalDiscountPriceAsNumber + sum.ShippingPriceAsNumber +
			sum.HandlingCostPriceAsNumber + sum.TaxDeductedAsNumber + sum.TaxAddedAsNumber
		if math.Abs(parts-sum.GrandTotalPriceAsNumber) > 0.001 {
			t.Errorf("%s: the parts are %v, the grand total %v", name, parts, sum.GrandTotalPriceAsNumber)
		}
	}
}

// A body in neither shape is an error, never an empty cart and never another's.
func TestCartShapesRefused(t *testing.T) {
	tests := []struct {
		name, body string
	}{
		{"an ID alone", `{"selection":"` + string(cartID) + `"}`},
		{"an ID that is none", `{"selection":"a b","items":[]}`},
		{"an empty ID", `{"selection":"","items":[]}`},
		{"an ID that is a path", `{"selection":"..\/..","items":[]}`},
		{"a number", `{"selection":5,"items":[]}`},
		{"true", `{"selection":true,"items":[]}`},
		{"a list", `{"selection":["a"],"items":[]}`},
		{"null, and items of nobody", `{"selection":null,"items":[{"item":"1-1"}]}`},
		{"items of nobody, and null", `{"items":[{"item":"1-1"}],"selection":null}`},
		{"both shapes", `{"selection":"` + string(cartID) + `","items":[],"selection":{"items":[]}}`},
		{"both shapes, the other way round", `{"selection":{"items":[]},"items":[],"selection":"` + string(cartID) + `"}`},
		{"a cart without selection", `{"items":[],"totals":{},"location":{}}`},
		{"an order without a number", `{"token":"t","order":{"status":"ok"},"location":{}}`},
		{"an order in a list", `{"token":"t","order":[{"order":"61"}],"location":{}}`},
		{"a flat order", golden(t, "shop_order.json")},
		{"another cart, flat", `{"selection":"ffffffffffffffffffffffffffffffff","items":[]}`},
		{"another cart, nested", `{"selection":{"selection":"ffffffffffffffffffffffffffffffff","items":[]}}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rec := record(t, answer(200, test.body))
			c := newShop(t, rec.URL)
			for name, call := range map[string]func() (*centra.Selection, error){
				"Selection":       func() (*centra.Selection, error) { return c.Selection(t.Context(), centra.Session(cartID)) },
				"AttachSelection": func() (*centra.Selection, error) { return c.AttachSelection(t.Context(), "another", cartID) },
			} {
				sel, err := call()
				if sel != nil {
					t.Errorf("%s: a cart of %d items", name, len(sel.Items))
				}
				wantKind(t, err, centra.ErrInvalidResponse)
			}
		})
	}
}

// Where there is no cart, nothing beside it is one: not its totals, and not
// somebody's address.
func TestCartThatIsNull(t *testing.T) {
	const beside = `"address":{"email":"a@example.com"},"totals":{"grandTotalPrice":"1"},"comment":"a","items":[]`
	for _, body := range []string{
		`{"token":"t","selection":null,` + beside + `,"location":{"country":"SE"}}`,
		`{"token":"t",` + beside + `,"location":{"country":"SE"},"selection":null}`,
		`{"token":"t",` + beside + `,"selection":false,"location":{"country":"SE"}}`,
	} {
		rec := record(t, answer(200, body))
		got, err := newCheckout(t, rec.URL).Selection(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		want := &centra.Selection{Session: "t", Location: centra.Location{Country: "SE"}}
		if diff := cmp.Diff(want, got, unexported); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
	}
}

// A nested cart that shows two IDs is the one that it says it is.
func TestCartWithTwoIDs(t *testing.T) {
	for _, body := range []string{
		`{"selection":{"id":"17","selection":"` + string(cartID) + `","items":[]}}`,
		`{"selection":{"selection":"` + string(cartID) + `","items":[],"id":17}}`,
		`{"selection":{"id":"` + string(cartID) + `","items":[]}}`,
	} {
		rec := record(t, answer(200, body))
		got, err := newShop(t, rec.URL).Selection(t.Context(), centra.Session(cartID))
		if err != nil {
			t.Errorf("%s: %v", body, err)
		} else if got.ID != cartID {
			t.Errorf("%s: another ID", body)
		}
	}
}

// Where the cart was ordered the Checkout API answers the order. Nothing is in the
// cart; what was is not shown as if it could be bought again.
func TestCartThatWasOrdered(t *testing.T) {
	rec := record(t, answer(200, golden(t, "checkout_order.json")))
	got, err := newCheckout(t, rec.URL).Selection(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	want := &centra.Selection{
		Session:   "f611707b97e18a902270223b79f743c2",
		Countries: []centra.Country{{Country: "SE", Name: "Sweden"}}, Location: centra.Location{Country: "SE", CountryName: "Sweden"},
	}
	if diff := cmp.Diff(want, got, unexported); diff != "" {
		t.Errorf("cart (-want +got):\n%s", diff)
	}
}

// A Selection as JSON is read back as the same value, for a page's state or a
// cache.
func TestSelectionThroughJSON(t *testing.T) {
	for _, name := range []string{"shop_cart.json", "checkout_cart.json", "checkout.json", "shop.json"} {
		want, err := decodeSelection(golden(t, name))
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got centra.Selection
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatalf("%s: %v in %s", name, err, text)
		}
		want.Session, want.ID, want.CheckoutScript = "", "", "" // which a page does not get
		if diff := cmp.Diff(*want, got, unexported); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if strings.Contains(string(text), "null,") || strings.Contains(string(text), ":null") && !strings.Contains(string(text), `"error":null`) {
			t.Errorf("%s: a list or text is null in %s", name, text)
		}
	}
}
