package centra_test

import (
	"encoding/json"
	"errors"
	"net/url"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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
