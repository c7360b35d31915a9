package centra_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra"
)

func golden(tb testing.TB, name string) string {
	tb.Helper()
	body, err := os.ReadFile("testdata/" + name)
	if err != nil {
		tb.Fatal(err)
	}
	return string(body)
}

var (
	jacket = centra.Item{
		Item: "1-10", Line: "0416151f70083fe08677a929394a0351", SKU: "JK-001S", EAN: "7350000000001", Size: "S", Quantity: 2,
		PriceEach: "315.00 SEK", PriceEachAsNumber: 315, TotalPrice: "630.00 SEK", TotalPriceAsNumber: 630,
		TotalPriceBeforeDiscount: "630.00 SEK", TaxPercent: 25,
		Product: centra.Product{
			Product: "1", Name: "Shell Jacket", URI: "women/jackets/shell-jacket", VariantName: "Navy", BrandName: "North & Co",
			Image: "https://shop.centra.com/client/dynamic/images/1_7c2f9d31aa-original.jpg",
		},
	}
	woolCap = centra.Item{
		Item: "2-11", Line: "d3a2c1b08f7e6d5c4b3a291807f6e5d4", SKU: "JK-002One Size", Size: "One Size", Quantity: 1,
		PriceEach: "99.5.00 SEK", PriceEachAsNumber: 99.5, TotalPrice: "99.5.00 SEK", TotalPriceAsNumber: 99.5,
		TotalPriceBeforeDiscount: "99.5.00 SEK", TaxPercent: 25,
		Product: centra.Product{
			Product: "2", Name: "Wool Cap", URI: "accessories/wool-cap", VariantName: "Ljung", BrandName: "Ömsom",
			Image: "https://shop.centra.com/client/dynamic/images/2_7c2f9d31aa-original.jpg",
		},
	}
	boot = centra.Item{
		Item: "5-14", Line: "90817263544536271809f0e1d2c3b4a5", SKU: "JK-00542", EAN: "7350000000005", Size: "42", Quantity: 10,
		PriceEach: "1200.00 SEK", PriceEachAsNumber: 1200, TotalPrice: "12000.00 SEK", TotalPriceAsNumber: 12000,
		TotalPriceBeforeDiscount: "12000.00 SEK", TaxPercent: 25,
		Product: centra.Product{
			Product: "5", Name: `Rain Boot 5/8" “Storm”`, URI: `shoes/rain-boot-5/8"-“storm”`, VariantName: "Svart", BrandName: "North & Co",
			Image: "https://shop.centra.com/client/dynamic/images/5_7c2f9d31aa-original.jpg",
		},
	}
	kronor       = centra.CurrencyFormat{Currency: "SEK", Name: "SEK", Suffix: " SEK", DecimalPoint: ".", DecimalDigits: 2}
	pluginFields = json.RawMessage(`{"klarna":{"htmlSnippet":"\u003cdiv id=\"klarna-checkout-container\"\u003e\u003c\/div\u003e",` +
		`"status":"checkout_incomplete"}}`)
	paymentMethods = []centra.PaymentMethod{
		{PaymentMethod: "klarna", Name: "Klarna Checkout", Type: "klarna_checkout_v3", SupportsInitiateOnly: true, ProvidesAddress: true},
		{PaymentMethod: "adyen", Name: "Card", Type: "adyen_drop_in", SupportsInitiateOnly: true},
		{PaymentMethod: "gift", Name: "Gift card / presentkort", Type: "internal", SupportsInitiateOnly: true},
	}
	shippingMethods = []centra.ShippingMethod{
		{ShippingMethod: "std", Name: "Standard 2/3 days", Price: "0.00 SEK"},
		{ShippingMethod: "exp", Name: "Express", Price: "79.00 SEK", PriceAsNumber: 79},
	}
	countries = []centra.Country{
		{Country: "SE", Name: "Sweden", EU: true, Currency: "SEK"},
		{Country: "NO", Name: "Norway", Currency: "SEK"},
		{Country: "DK", Name: "Denmark", EU: true, Currency: "SEK"},
		{Country: "FI", Name: "Finland", EU: true, Currency: "SEK"},
		{Country: "DE", Name: "Germany", EU: true, Currency: "SEK"},
		{Country: "FR", Name: "France", EU: true, Currency: "SEK"},
		{Country: "CI", Name: "Côte d’Ivoire", Currency: "SEK"},
		{Country: "US", Name: "United States", Currency: "SEK", States: []centra.State{
			{State: "AL", Name: "Alabama"}, {State: "AK", Name: "Alaska"}, {State: "AZ", Name: "Arizona"}, {State: "CA", Name: "California"},
			{State: "NY", Name: "New York"}, {State: "TX", Name: "Texas"}, {State: "WA", Name: "Washington"},
		}},
	}
)

// The payloads have every habit of PHP: [] for objects, false for strings, text
// for numbers and numbers for text, escaped slashes, a list with gaps as an
// object, nulls and properties that nobody announced.
func TestSelectionGolden(t *testing.T) {
	tests := []struct {
		name   string
		shop   bool
		body   string
		want   centra.Selection
		script string // how the script begins and ends
	}{
		{"checkout", false, golden(t, "checkout.json"), centra.Selection{
			Session:  "f611707b97e18a902270223b79f743c2",
			Items:    []centra.Item{jacket, woolCap, boot},
			Currency: "SEK", Language: "sv", PaymentMethod: "klarna", ShippingMethod: "std", LoggedIn: true,
			CurrencyFormat: kronor, PluginFields: pluginFields,
			PaymentMethods: paymentMethods, ShippingMethods: shippingMethods, Countries: countries,
			Location: centra.Location{Country: "SE", CountryName: "Sweden"},
			Totals: centra.Totals{
				ItemsTotalPrice: "12729.50 SEK", ItemsTotalPriceAsNumber: 12729.5, ShippingPrice: "79.00 SEK", ShippingPriceAsNumber: 79,
				HandlingCostPrice: "0.00 SEK", TaxPercent: 25, GrandTotalPrice: "12808.50 SEK", GrandTotalPriceAsNumber: 12808.5,
				GrandTotalPriceTax: "2561.70 SEK", GrandTotalPriceTaxAsNumber: 2561.7, TotalQuantity: 13,
			},
			Address: centra.Address{
				Email: "test@example.com", Newsletter: centra.No, FirstName: "Åsa", LastName: "O'Brien", Address1: "Storgatan 1/B",
				ZipCode: "11122", City: "Malmö 🚢", Country: "SE", PhoneNumber: "+46 70 123 45 67", HouseNumber: "7", HouseExtension: "b",
			},
		}, "(function(){\n  \"use strict\";"},
		{"shop, nested", true, golden(t, "shop.json"), centra.Selection{
			Session:         centra.Session(cartID),
			ID:              cartID,
			Items:           []centra.Item{jacket, woolCap},
			Currency:        "SEK",
			CurrencyFormat:  kronor,
			Language:        "sv",
			PluginFields:    pluginFields,
			PaymentMethods:  paymentMethods,
			ShippingMethods: shippingMethods,
			Countries:       countries,
			ShippingAddress: centra.Address{FirstName: "Kim", Country: "NO", ZipCode: "0150"},
		}, "(function(){\n  \"use strict\";"},
	}
	for _, test := range tests {
		for name, opts := range map[string][]centra.Option{"": nil, " without raw": {centra.WithoutRaw()}} {
			t.Run(test.name+name, func(t *testing.T) {
				rec := record(t, answer(200, test.body))
				var c api = newCheckout(t, rec.URL, opts...)
				session := token
				if test.shop {
					c, session = newShop(t, rec.URL, opts...), centra.Session(cartID)
				}
				got, err := c.Selection(t.Context(), session)
				if err != nil {
					t.Fatal(err)
				}
				// The next calls use the same buffers: what was returned must be a copy.
				for range 3 {
					rec.Config.Handler = answer(200, strings.Repeat(" ", 40<<10)+`{"selection":{"currency":"`+strings.Repeat("X", 40<<10)+`"}}`)
					if _, err := c.Selection(t.Context(), session); err != nil {
						t.Fatal(err)
					}
				}
				script := got.CheckoutScript
				if !strings.HasPrefix(script, test.script) || !strings.HasSuffix(script, "};\n}());") || strings.Contains(script, `<\/`) {
					t.Errorf("script %q", script)
				}
				got.CheckoutScript = ""
				if diff := cmp.Diff(&test.want, got, unexported); diff != "" {
					t.Errorf("selection (-want +got):\n%s", diff)
				}
				want := test.body
				if opts != nil {
					want = ""
				}
				if string(got.Raw()) != want {
					t.Errorf("%d bytes of raw, want %d", len(got.Raw()), len(want))
				}
			})
		}
	}
}

// decodeSelection decodes like a host that stored a body.
func decodeSelection(body string) (*centra.Selection, error) {
	var sel centra.Selection
	err := sel.UnmarshalJSON([]byte(body))
	return &sel, err
}

// A page may have a selection: no session, no script, and lists that are lists.
func TestSelectionForThePage(t *testing.T) {
	sel, err := decodeSelection(golden(t, "checkout.json"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(sel)
	if err != nil {
		t.Fatal(err)
	}
	for _, unwanted := range []string{"f611707b97e18a902270223b79f743c2", "use strict"} {
		if strings.Contains(string(text), unwanted) {
			t.Errorf("%q is in %s", unwanted, text)
		}
	}
	empty, err := decodeSelection(`{"selection":[]}`)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := json.Marshal(empty); err != nil || !strings.Contains(string(text), `"items":[]`) {
		t.Errorf("an empty cart: %s, %v", text, err)
	}
	var again centra.Selection
	if err := json.Unmarshal(fmt.Appendf(nil, `{"selection":%s}`, text), &again); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sel.Items, again.Items); diff != "" {
		t.Errorf("items on their way through a page (-want +got):\n%s", diff)
	}
}

// What the Checkout API's answers tell of the session that was sent.
func TestSelectionReplaces(t *testing.T) {
	one := []centra.Item{{}}
	tests := []struct {
		name string
		sent centra.Session
		sel  centra.Selection
		want bool
	}{
		{"another, with nothing in its cart", "s", centra.Selection{Session: "t"}, true},
		{"another, with the cart", "s", centra.Selection{Session: "t", Items: one}, false},
		{"the same", "s", centra.Selection{Session: "s"}, false},
		{"the first", "", centra.Selection{Session: "t"}, false},
	}
	for _, tt := range tests {
		if got := tt.sel.Replaces(tt.sent); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

// Raw is the caller's own copy.
func TestRawIsACopy(t *testing.T) {
	sel, err := decodeSelection(emptyCart)
	if err != nil {
		t.Fatal(err)
	}
	clear(sel.Raw())
	if string(sel.Raw()) != emptyCart {
		t.Errorf("raw %q", sel.Raw())
	}
	if raw := new(centra.Selection).Raw(); raw != nil {
		t.Errorf("raw of no answer: %q", raw)
	}
}
