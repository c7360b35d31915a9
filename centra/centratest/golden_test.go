package centratest_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/centra-go/cartabandonment/centra/centratest"
)

// The answers in testdata are written by hand, after the examples of Centra's
// documentation. What they fix is the keys and the kind of each value; the
// values themselves are examples. "@file" stands for the content of a file.

// goldenCall is a call that both APIs have: below the base URL in the Checkout
// API, below /selections/{selection} in the Shop API.
type goldenCall struct{ method, path, body string }

const (
	fullAddress = `{"email":"shopper@example.com","firstName":"Sam","lastName":"Lund","address1":"Storgatan 1",` +
		`"zipCode":"211 42","city":"Malmö","country":"SE","phoneNumber":"0701234567"}`
	fullFields = `{"email":"shopper@example.com","cartAbandonmentEmail":true,"address":` + fullAddress + `,"shippingAddress":` + fullAddress + `}`
)

func payWith(method string) goldenCall {
	return goldenCall{"POST", "/payment", `{"paymentMethod":"` + method + `","paymentReturnPage":"https://shop.test/return"}`}
}

func resultOf(fields string) goldenCall {
	return goldenCall{"POST", "/payment-result", `{"paymentMethodFields":` + fields + `}`}
}

const paid = `{"paymentRef":"{ref}","details":{"MD":"x"}}`

func TestAnswersAreShapedLikeCentras(t *testing.T) {
	for _, row := range []struct {
		name    string
		options []centratest.Option
		stock   []int // of item 1-1, before the last call
		before  []goldenCall
		call    goldenCall

		checkout       string // golden file; empty: the API has no such call
		checkoutStatus int    // 0: 200
		shop           string
		shopStatus     int
	}{
		{name: "add an item", call: goldenCall{"POST", "/items/1-1", ""}, checkout: "selection", shop: "line", shopStatus: 201},
		{name: "add two", call: goldenCall{"POST", "/items/1-1/quantity/2", ""}, checkout: "selection", shop: "line", shopStatus: 201},
		{name: "change a line", call: goldenCall{"PUT", "/lines/{line}/quantity/2", ""}, checkout: "selection", shop: "line"},
		{
			name: "remove a line", before: []goldenCall{{"POST", "/items/2-1", ""}}, call: goldenCall{"DELETE", "/lines/{line}", ""},
			checkout: "selection", shop: "line",
		},
		{name: "choose a payment method", call: goldenCall{"PUT", "/payment-methods/dummy-form", ""}, checkout: "selection", shop: "selection"},
		{name: "choose Klarna", call: goldenCall{"PUT", "/payment-methods/klarna-checkout-v3", ""}, checkout: "selection-klarna", shop: "selection-klarna"},
		{name: "choose a shipping method", call: goldenCall{"PUT", "/shipping-methods/express", ""}, checkout: "selection", shop: "selection"},
		{name: "choose a country", call: goldenCall{"PUT", "/countries/DE", ""}, checkout: "selection", shop: "selection"},
		{name: "choose a language", call: goldenCall{"PUT", "/languages/en", ""}, checkout: "selection", shop: "selection"},
		{
			name: "remove a voucher", before: []goldenCall{{"POST", "/vouchers", `{"voucher":"TWICE"}`}}, call: goldenCall{"DELETE", "/vouchers/TWICE", ""},
			checkout: "selection", shop: "selection",
		},
		{name: "add a voucher", call: goldenCall{"POST", "/vouchers", `{"voucher":"TWICE"}`}, checkout: "selection", shop: "selection", shopStatus: 201},
		{name: "read the cart", call: goldenCall{"GET", "/selection", ""}, checkout: "selection", shop: "selection"},
		{name: "store fields", call: goldenCall{"PUT", "/payment-fields", fullFields}, checkout: "selection", shop: "selection"},
		{name: "attach the cart", call: goldenCall{"PUT", "/selection/{selection}", ""}, checkout: "selection"},

		{name: "pay by redirect", call: payWith("dummy"), checkout: "redirect", shop: "redirect"},
		{name: "pay by form", call: payWith("dummy-form"), checkout: "form", shop: "form"},
		{name: "pay in Klarna's widget", call: payWith("klarna-checkout-v3"), checkout: "widget", shop: "widget"},
		{name: "pay by script", call: payWith("dummy-javascript"), checkout: "javascript", shop: "javascript"},
		{name: "pay elsewhere", call: payWith("external-payment"), checkout: "external", shop: "external"},
		{name: "pay at once", call: payWith("dummy-success"), checkout: "success", shop: "success", shopStatus: 201},
		{name: "payment that fails", call: payWith("dummy-failed"), checkout: "failed", shop: "failed"},
		{name: "payment that is declined", call: payWith("dummy-declined"), checkout: "declined", checkoutStatus: 412, shop: "declined", shopStatus: 412},

		{name: "result of a payment", before: []goldenCall{payWith("dummy")}, call: resultOf(paid), checkout: "order", shop: "order", shopStatus: 201},
		{
			name: "result of a payment elsewhere", before: []goldenCall{payWith("external-payment")},
			call:     resultOf(`{"selection":"{selection}","success":true}`),
			checkout: "order", checkoutStatus: 201, shop: "order", shopStatus: 201,
		},
		{
			name: "refused elsewhere", before: []goldenCall{payWith("external-payment")},
			call:     resultOf(`{"selection":"{selection}","success":false}`),
			checkout: "declined", checkoutStatus: 412, shop: "declined", shopStatus: 412,
		},
		{
			name: "result that is cancelled", before: []goldenCall{payWith("dummy")}, call: resultOf(`{"paymentRef":"{ref}","cancelled":"1"}`),
			checkout: "cancelled", checkoutStatus: 412, shop: "cancelled", shopStatus: 412,
		},
		{
			name: "result that asks again", before: []goldenCall{payWith("dummy-retry")}, call: resultOf(paid),
			checkout: "redirect-again", shop: "redirect-again",
		},
		{
			name: "result of Klarna Payments", before: []goldenCall{payWith("klarna-payments")}, call: resultOf(paid),
			checkout: "order-klarna-payments",
		},

		{
			name: "sold out at the payment", stock: []int{1}, before: []goldenCall{{"POST", "/items/1-1/quantity/4", ""}}, call: payWith("dummy"),
			checkout: "unavailable", checkoutStatus: 410, shop: "unavailable", shopStatus: 410,
		},
		{
			name: "sold out without a selection", options: []centratest.Option{centratest.WithSelectionlessStock()}, stock: []int{0},
			call: payWith("dummy"), checkout: "unavailable-only", checkoutStatus: 410, shop: "unavailable-only", shopStatus: 410,
		},
		{
			name: "sold out at the result", options: []centratest.Option{centratest.WithOversellingPrevention()}, stock: []int{1},
			before: []goldenCall{{"POST", "/items/1-1/quantity/4", ""}, payWith("dummy")}, call: resultOf(paid),
			checkout: "cancellation", checkoutStatus: 410, shop: "cancellation", shopStatus: 410,
		},
		{
			name: "add more than there is", options: []centratest.Option{centratest.WithOversellingPrevention()}, stock: []int{2},
			call: goldenCall{"POST", "/items/1-1/quantity/4", ""}, checkout: "partly-available", shop: "partly-available",
		},
		{
			name: "add what is sold out", options: []centratest.Option{centratest.WithOversellingPrevention()}, stock: []int{1},
			call:     goldenCall{"POST", "/items/1-1", ""},
			checkout: "unavailable", checkoutStatus: 410, shop: "unavailable", shopStatus: 410,
		},
		{
			name: "ask for more of a line", options: []centratest.Option{centratest.WithOversellingPrevention()}, stock: []int{2},
			call: goldenCall{"PUT", "/lines/{line}/quantity/4", ""}, checkout: "partly-available", shop: "partly-available",
		},

		{name: "an error", call: goldenCall{"POST", "/items/9-9", ""}, checkout: "error", checkoutStatus: 404, shop: "error", shopStatus: 404},
	} {
		t.Run(row.name, func(t *testing.T) {
			if row.checkout != "" {
				t.Run("checkout", func(t *testing.T) {
					caller := newGoldenCaller(t, centratest.CheckoutAPI, row.options...)
					caller.run(t, row.stock, row.before, row.call, row.checkout, row.checkoutStatus)
				})
			}
			if row.shop != "" {
				t.Run("shop", func(t *testing.T) {
					caller := newGoldenCaller(t, centratest.ShopAPI, row.options...)
					caller.run(t, row.stock, row.before, row.call, row.shop, row.shopStatus)
				})
			}
		})
	}
}

func TestOtherAnswersOfTheShopAPI(t *testing.T) {
	caller := newGoldenCaller(t, centratest.ShopAPI)
	for _, row := range []struct {
		name, method, path, body string
		golden                   string
		status                   int
	}{
		{"make a selection", "POST", "/selections", `{"country":"SE"}`, "shop/empty", 201},
		{"unknown fields", "POST", "/selections", `{"country":"xx","hello":"world"}`, "shop/unknown-fields", 400},
		{"the other spelling", "GET", "/selection/" + caller.selection, "", "shop/selection", 200},
		{"products", "GET", "/products", "", "both/products", 200},
	} {
		t.Run(row.name, func(t *testing.T) {
			status, body := shopCall(t, caller.server, row.method, row.path, row.body)
			compareWithGolden(t, row.golden, row.status, status, body)
		})
	}
	t.Run("payment result outside the selection", func(t *testing.T) {
		caller.do(t, payWith("dummy"))
		status, body := shopCall(t, caller.server, "POST", "/selections/payment-result", caller.fill(resultOf(paid).body))
		compareWithGolden(t, "shop/order", 201, status, body)
	})
}

func TestOtherAnswersOfTheCheckoutAPI(t *testing.T) {
	caller := newGoldenCaller(t, centratest.CheckoutAPI)
	status, body := caller.visitor.do(t, "GET", "/products", "")
	compareWithGolden(t, "checkout/products", 200, status, body)
	status, body = caller.visitor.do(t, "POST", "/products", "{}")
	compareWithGolden(t, "checkout/products", 200, status, body)
}

// goldenCaller has a cart with one of item 1-1, an address and a voucher.
type goldenCaller struct {
	server    *centratest.Server
	api       centratest.API
	visitor   *shopper
	selection string
	line      string
	ref       string
}

func newGoldenCaller(t *testing.T, api centratest.API, options ...centratest.Option) *goldenCaller {
	t.Helper()
	server := centratest.NewServer(t, append([]centratest.Option{
		centratest.WithoutSocket(),
		centratest.WithProducts(
			centratest.Product{
				Item: "1-1", ID: "1", Name: "Merino Beanie", URI: "merino-beanie", SKU: "BEANIE", Size: "One size", Price: 49900,
				Brand: "Fjord", Image: "https://images.test/beanie.jpg",
			},
			centratest.Product{
				Item: "2-1", ID: "1", Name: "Merino Beanie", SKU: "BEANIE-L", Size: "L", Price: 49900, PriceBefore: 59900,
				Brand: "Fjord", Image: "https://images.test/beanie.jpg",
			},
		),
		centratest.WithVouchers(centratest.Voucher{Code: "WELCOME10", Percent: 10}, centratest.Voucher{Code: "TWICE", Percent: 5}),
	}, options...)...)
	token, selection := server.NewCart()
	caller := &goldenCaller{server: server, api: api, visitor: &shopper{server: server, token: token}, selection: selection}
	for _, call := range []goldenCall{
		{"POST", "/items/1-1", ""}, {"PUT", "/payment-fields", fullFields}, {"POST", "/vouchers", `{"voucher":"WELCOME10"}`},
	} {
		if status, body := caller.do(t, call); status >= 400 {
			t.Fatalf("%s: status %d, %v", call.path, status, body["errors"])
		}
	}
	return caller
}

func (c *goldenCaller) do(t *testing.T, call goldenCall) (status int, body map[string]any) {
	t.Helper()
	path := c.fill(call.path)
	if c.api == centratest.CheckoutAPI {
		status, body = c.visitor.do(t, call.method, path, c.fill(call.body))
	} else {
		path = strings.Replace(path, "/payment-fields", "/checkout-fields", 1)
		path = "/selections/" + c.selection + strings.TrimSuffix(path, "/selection")
		status, body = shopCall(t, c.server, call.method, path, c.fill(call.body))
	}
	cart := body
	if nested, ok := body["selection"].(map[string]any); ok {
		cart = nested
	}
	if items, ok := cart["items"].([]any); ok && len(items) > 0 {
		c.line = dig(t, items[len(items)-1].(map[string]any), "line").(string)
	}
	if id, ok := body["orderId"].(string); ok {
		c.ref = id
	} else if form, ok := body["formHtml"].(string); ok {
		_, c.ref, _ = strings.Cut(form, `name="paymentRef" value="`)
		c.ref, _, _ = strings.Cut(c.ref, `"`)
	}
	return status, body
}

func (c *goldenCaller) fill(text string) string {
	return strings.NewReplacer("{line}", c.line, "{selection}", c.selection, "{ref}", c.ref).Replace(text)
}

func (c *goldenCaller) run(t *testing.T, stock []int, before []goldenCall, call goldenCall, golden string, wantStatus int) {
	t.Helper()
	for _, earlier := range before {
		if status, body := c.do(t, earlier); status >= 400 {
			t.Fatalf("%s: status %d, %v", earlier.path, status, body["errors"])
		}
	}
	for _, level := range stock {
		c.server.SetStock("1-1", level)
	}
	status, body := c.do(t, call)
	if wantStatus == 0 {
		wantStatus = http.StatusOK
	}
	compareWithGolden(t, string(c.api)+"/"+golden, wantStatus, status, body)
}

func compareWithGolden(t *testing.T, golden string, wantStatus, status int, body map[string]any) {
	t.Helper()
	if status != wantStatus {
		t.Errorf("status %d, want %d", status, wantStatus)
	}
	for _, difference := range shapeDifferences("", readGolden(t, golden+".json"), body) {
		t.Error(difference)
	}
}

func readGolden(t *testing.T, name string) any {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	var golden any
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return fillGolden(t, golden)
}

// fillGolden replaces "@file" by the file, and merges the one of a key "@".
func fillGolden(t *testing.T, golden any) any {
	t.Helper()
	switch golden := golden.(type) {
	case string:
		if file, ok := strings.CutPrefix(golden, "@"); ok {
			return readGolden(t, file)
		}
	case []any:
		for i := range golden {
			golden[i] = fillGolden(t, golden[i])
		}
	case map[string]any:
		base := map[string]any{}
		if file, ok := golden["@"].(string); ok {
			base = readGolden(t, file).(map[string]any)
			delete(golden, "@")
		}
		for key, value := range golden {
			base[key] = fillGolden(t, value)
		}
		return base
	}
	return golden
}

// shapeDifferences compares keys and kinds. Each element of a list has to be
// shaped like one of the golden elements; an empty golden list has to be empty.
func shapeDifferences(path string, want, got any) []string {
	if kind(want) != kind(got) {
		return []string{fmt.Sprintf("%s is %s, want %s", path, kind(got), kind(want))}
	}
	var differences []string
	switch want := want.(type) {
	case map[string]any:
		object := got.(map[string]any)
		keys := slices.Sorted(maps.Keys(want))
		for _, key := range keys {
			value, ok := object[key]
			if !ok {
				differences = append(differences, fmt.Sprintf("%s.%s is missing", path, key))
				continue
			}
			differences = append(differences, shapeDifferences(path+"."+key, want[key], value)...)
		}
		for _, key := range slices.Sorted(maps.Keys(object)) {
			if _, ok := want[key]; !ok {
				differences = append(differences, fmt.Sprintf("%s.%s should not be there", path, key))
			}
		}
	case []any:
		if len(want) == 0 && len(got.([]any)) > 0 {
			return []string{path + " should be empty"}
		}
		if len(want) > 0 && len(got.([]any)) == 0 {
			return []string{path + " should not be empty"}
		}
		for i, element := range got.([]any) {
			differences = append(differences, elementDifferences(fmt.Sprintf("%s[%d]", path, i), want, element)...)
		}
	}
	return differences
}

func elementDifferences(path string, want []any, got any) []string {
	var first []string
	for i, candidate := range want {
		differences := shapeDifferences(path, candidate, got)
		if len(differences) == 0 {
			return nil
		}
		if i == 0 {
			first = differences
		}
	}
	return first
}

func kind(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case float64:
		return "a number"
	case string:
		return "text"
	case []any:
		return "a list"
	default:
		return "an object"
	}
}
