package centra_test

import (
	"encoding/json"
	"errors"
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

func TestSelectionTolerates(t *testing.T) {
	item := func(name, value string) string { return `{"selection":{"items":[{"` + name + `":` + value + `}]}}` }
	total := func(value string) string {
		return `{"selection":{"totals":{"grandTotalPriceAsNumber":` + value + `,"totalQuantity":` + value + `}}}`
	}
	items := func(want ...centra.Item) centra.Selection {
		return centra.Selection{Items: append([]centra.Item{}, want...)}
	}
	totals := func(price float64, quantity int) centra.Selection {
		return centra.Selection{Items: []centra.Item{}, Totals: centra.Totals{GrandTotalPriceAsNumber: price, TotalQuantity: quantity}}
	}
	tests := []struct {
		name, body string
		want       centra.Selection
	}{
		{"an empty selection", `{"selection":{}}`, items()},
		{"an empty selection of PHP", `{"selection":[]}`, items()},
		{"space everywhere", " \t\r\n{ \"selection\" : { \"items\" : [ { } , { } ] } } \n", items(centra.Item{}, centra.Item{})},
		{"items: []", `{"selection":{"items":[]}}`, items()},
		{"items: {}", `{"selection":{"items":{}}}`, items()},
		{"items: null", `{"selection":{"items":null}}`, items()},
		{"items: false", `{"selection":{"items":false}}`, items()},
		{"items with a gap", `{"selection":{"items":{"0":{"item":"a"},"2":{"item":"b"}}}}`, items(centra.Item{Item: "a"}, centra.Item{Item: "b"})},
		{"escaped keys", `{"sel\u0065ction":{"\u0069tems":[{"\u0069tem":"a"}]}}`, items(centra.Item{Item: "a"})},
		{"the last of two keys", `{"selection":{"items":[{},{}]},"selection":{"items":[{}]}}`, items(centra.Item{})},
		{"names are case-sensitive", `{"selection":{"Items":[{}],"ITEMS":[{}]}}`, items()},
		{"a product that is []", item("product", `[]`), items(centra.Item{})},
		{"a product that is a list", item("product", `[{"name":"x"}]`), items(centra.Item{})},

		{"text: a number", item("item", `1`), items(centra.Item{Item: "1"})},
		{"text: a number keeps its digits", item("ean", `12345678901234567890.10`), items(centra.Item{EAN: "12345678901234567890.10"})},
		{"text: true", item("item", `true`), items(centra.Item{Item: "true"})},
		{"text: false", item("item", `false`), items(centra.Item{})},
		{"text: null", item("item", `null`), items(centra.Item{})},
		{"text: []", item("item", `[]`), items(centra.Item{})},
		{"text: {}", item("item", `{"a":[1]}`), items(centra.Item{})},
		{"text: escapes", item("item", `"\"\\\/\b\f\n\r\t\u00e5\u00E5\ud83d\udea2"`), items(centra.Item{Item: "\"\\/\b\f\n\r\tåå🚢"})},
		{"text: half a surrogate pair", item("item", `"a\ud83db"`), items(centra.Item{Item: "a\ufffdb"})},
		{"text: half a pair at the end", item("item", `"\ud83d"`), items(centra.Item{Item: "\ufffd"})},
		{"text: half a pair before an escape", item("item", `"\ud83d\n"`), items(centra.Item{Item: "\ufffd\n"})},
		{"text: two first halves", item("item", `"\ud83d\ud83d\udea2"`), items(centra.Item{Item: "\ufffd🚢"})},
		{"text: the second half first", item("item", `"\udea2\ud83d"`), items(centra.Item{Item: "\ufffd\ufffd"})},
		{"text: NUL", item("item", `"\u0000"`), items(centra.Item{Item: "\x00"})},
		{"text: DEL and U+2028", item("item", "\"\x7f\u2028\""), items(centra.Item{Item: "\x7f\u2028"})},

		{"number", total(`630`), totals(630, 630)},
		{"number: text", total(`"630"`), totals(630, 630)},
		{"number: text with decimals", total(`"630.00"`), totals(630, 630)},
		{"number: an exponent", total(`6.3E+2`), totals(630, 630)},
		{"number: negative", total(`-1`), totals(-1, -1)},
		{"number: false", total(`false`), totals(0, 0)},
		{"number: null", total(`null`), totals(0, 0)},
		{"number: []", total(`[]`), totals(0, 0)},
		{"number: {}", total(`{"630":630}`), totals(0, 0)},
		{"number: empty text", total(`""`), totals(0, 0)},
		{"number: other text", total(`"630 SEK"`), totals(0, 0)},
		{"number: too large", total(`1e400`), totals(0, 0)},
		{"number: text that Go takes for a number", total(`"NaN"`), totals(0, 0)},
		{"number: infinite text", total(`"Infinity"`), totals(0, 0)},
		{"number: beyond an int", total(`1e300`), totals(1e300, 0)},

		{"newsletter: 1", `{"selection":{"address":{"newsletter":1}}}`, centra.Selection{Items: []centra.Item{}, Address: centra.Address{Newsletter: centra.Yes}}},
		{"newsletter: text", `{"selection":{"address":{"newsletter":"1"}}}`, centra.Selection{Items: []centra.Item{}, Address: centra.Address{Newsletter: centra.Yes}}},
		{"newsletter: 0", `{"selection":{"address":{"newsletter":0}}}`, centra.Selection{Items: []centra.Item{}, Address: centra.Address{Newsletter: centra.No}}},
		{"newsletter: null", `{"selection":{"address":{"newsletter":null}}}`, items()},
		{"logged in: true", `{"selection":[],"loggedIn":true}`, centra.Selection{Items: []centra.Item{}, LoggedIn: true}},
		{"logged in: a customer", `{"selection":[],"loggedIn":{"email":"a@example.com"}}`, centra.Selection{Items: []centra.Item{}, LoggedIn: true}},
		{"logged in: []", `{"selection":[],"loggedIn":[]}`, items()},
		{"logged in: false", `{"selection":[],"loggedIn":false}`, items()},
		{"logged in: null", `{"selection":[],"loggedIn":null}`, items()},
		{"no errors", `{"selection":[],"errors":[]}`, items()},
		{"errors: null", `{"selection":[],"errors":null}`, items()},
		{"the ID as id", `{"selection":{"id":"abc"}}`, centra.Selection{Session: "abc", ID: "abc", Items: []centra.Item{}}},
		{"200 levels of what nobody knows", `{"selection":{"x":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}}`, items()},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := decodeSelection(test.body)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&test.want, got, unexported); diff != "" {
				t.Errorf("selection (-want +got):\n%s", diff)
			}
			if got.Empty() != (len(test.want.Items) == 0) {
				t.Errorf("Empty is %v with %d items", got.Empty(), len(got.Items))
			}
			if _, err := json.Marshal(got); err != nil {
				t.Errorf("a page cannot have it: %v", err)
			}
		})
	}
}

func TestSelectionRefuses(t *testing.T) {
	deep := func(n int) string {
		return `{"selection":{"x":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}}`
	}
	tests := []struct {
		name, body string
	}{
		{"nothing", ""},
		{"space", " \n"},
		{"HTML", "<!DOCTYPE html><html><body>502</body></html>"},
		{"HTML behind a cart", `{"selection":{"items":[]}}<html>`},
		{"HTML inside a cart", `{"selection":{"items":[<b>`},
		{"HTML in front of a cart", `<br />{"selection":{"items":[]}}`},
		{"a PHP warning in front of a cart", `Warning: x in y.php on line 3 {"selection":{"items":[]}}`},
		{"two carts", `{"selection":{"items":[]}}{"selection":{"items":[]}}`},
		{"two carts in lines", "{\"selection\":{\"items\":[]}}\n{\"selection\":{\"items\":[]}}"},
		{"a bracket too many", `{"selection":{"items":[]}}}`},
		{"NUL behind a cart", "{\"selection\":{\"items\":[]}}\x00"},
		{"a byte order mark", "\ufeff{\"selection\":{\"items\":[]}}"},
		{"[]", `[]`},
		{"a list of carts", `[{"selection":{"items":[]}}]`},
		{"null", `null`},
		{"true", `true`},
		{"a number", `1`},
		{"a string", `"selection"`},
		{"an empty object", `{}`},
		{"no selection", `{"token":"t","items":[]}`},
		{"a selection elsewhere", `{"x":{"selection":{"items":[]}}}`},
		{"another case", `{"Selection":{"items":[]}}`},
		{"errors", `{"errors":{"selection":"no"},"selection":{"items":[]}}`},
		{"a selection that is text", `{"selection":"abc"}`},
		{"a selection that is a number", `{"selection":1}`},
		{"a selection that is true", `{"selection":true}`},
		{"a selection that is a list", `{"selection":[{"items":[]}]}`},
		{"items as text", `{"selection":{"items":"none"}}`},
		{"items as a number", `{"selection":{"items":3}}`},
		{"items as true", `{"selection":{"items":true}}`},
		{"an item that is text", `{"selection":{"items":["1-1"]}}`},
		{"an item that is null", `{"selection":{"items":[{},null]}}`},
		{"an item that is a list", `{"selection":{"items":[[]]}}`},
		{"a gap of text", `{"selection":{"items":{"0":"1-1"}}}`},
		{"300 levels", deep(300)},
		{"100,000 levels", deep(1e5)},
		{"100,000 objects", strings.Repeat(`{"selection":`, 1e5)},
		{"invalid UTF-8", "{\"selection\":{\"currency\":\"\xff\"}}"},
		{"an overlong encoding", "{\"selection\":{\"currency\":\"\xc0\xaf\"}}"},
		{"a surrogate in UTF-8", "{\"selection\":{\"currency\":\"\xed\xa0\x80\"}}"},
		{"Latin-1 where nobody looks", "{\"selection\":{},\"x\":\"Malm\xf6\"}"},
		{"a line break in a string", "{\"selection\":{\"currency\":\"a\nb\"}}"},
		{"an escape that is none", `{"selection":{"currency":"\x41"}}`},
		{"half an escape", `{"selection":{"currency":"\u12"}}`},
		{"an escape at the end", `{"selection":{"currency":"\`},
		{"single quotes", `{'selection':{}}`},
		{"a bare key", `{selection:{}}`},
		{"a key that is a number", `{1:2,"selection":{}}`},
		{"a comment", `{"selection":{}/* */}`},
		{"a comma before the bracket", `{"selection":{},}`},
		{"a comma before an array's bracket", `{"selection":{"items":[{},]}}`},
		{"a comma first", `{,"selection":{}}`},
		{"two commas", `{"selection":{"items":[{},,{}]}}`},
		{"no comma", `{"selection":{"items":[{}{}]}}`},
		{"no colon", `{"selection"{}}`},
		{"no value", `{"selection":}`},
		{"the wrong bracket", `{"selection":{"items":[}}`},
		{"the other wrong bracket", `{"selection":{"items":{]}}`},
		{"a leading zero", `{"selection":{"x":01}}`},
		{"a plus", `{"selection":{"x":+1}}`},
		{"no digits before the point", `{"selection":{"x":.5}}`},
		{"no digits after the point", `{"selection":{"x":1.}}`},
		{"no exponent", `{"selection":{"x":1e}}`},
		{"only a minus", `{"selection":{"x":-}}`},
		{"hexadecimal", `{"selection":{"x":0x1}}`},
		{"NaN", `{"selection":{"x":NaN}}`},
		{"undefined", `{"selection":{"x":undefined}}`},
		{"Python's True", `{"selection":{"x":True}}`},
		{"a word cut short", `{"selection":{"x":tru}}`},
		{"a word too long", `{"selection":{"x":nullx}}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			sel := centra.Selection{Currency: "untouched"}
			if err := sel.UnmarshalJSON([]byte(test.body)); err == nil {
				t.Errorf("accepted as %d items", len(sel.Items))
			}
			if sel.Currency != "untouched" {
				t.Error("the selection was changed by a body that was refused")
			}
			rec := record(t, answer(200, test.body))
			got, err := newCheckout(t, rec.URL, quickRetries()).Selection(t.Context(), token)
			if got != nil || err == nil {
				t.Fatalf("%v, %v; want an error alone", got, err)
			}
			if test.name != "errors" && !errors.Is(err, centra.ErrInvalidResponse) {
				t.Errorf("%v is no ErrInvalidResponse", err)
			}
			if n := len(rec.sent()); n != 1 {
				t.Errorf("%d requests: what makes no sense is not asked for again", n)
			}
		})
	}
}

// Wherever a body is cut it is an error, never a smaller cart.
func TestSelectionCutAnywhere(t *testing.T) {
	const body = `{"token":"f6","selection":{"items":[{"item":"1-1","quantity":2,"x":[1.5e3,true,null]},{"item":"\u00e5\/"}],` +
		`"totals":{"grandTotalPriceAsNumber":-1.25}},"location":[],"errors":{}}`
	if sel, err := decodeSelection(body); err != nil || len(sel.Items) != 2 {
		t.Fatalf("the whole body: %v", err)
	}
	for i := range len(body) {
		if _, err := decodeSelection(body[:i]); err == nil {
			t.Errorf("accepted: %s", body[:i])
		}
		if _, err := decodeSelection(body[:i] + "<html>"); err == nil {
			t.Errorf("accepted: %s<html>", body[:i])
		}
	}
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
