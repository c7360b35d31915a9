package centratest_test

import (
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/google/go-cmp/cmp"
)

const (
	startPayment = `mutation($in: PaymentInstructionsInput!) { paymentInstructions(input: $in) {
		action { __typename action
			... on RedirectPaymentAction { url } ... on FormPaymentAction { formType html formFields }
			... on JavascriptPaymentAction { formType script formFields } ... on SuccessPaymentAction { order { id number } } }
		selection { id }` + refusals + ` } }`
	payResult = `mutation($f: Map!) { paymentResult(paymentMethodFields: $f) {
		__typename type selection { id lines { id } }` + refusals + ` ... on PaymentResultSuccessPayload { order { number } } } }`
)

// paymentBy pays with the method of that number, which counts from 1.
func paymentBy(method int, email string) map[string]any {
	return map[string]any{"in": map[string]any{
		"paymentReturnPage": "https://shop.test/return", "paymentFailedPage": "https://shop.test/failed", "termsAndConditions": true,
		"shippingAddress": swedish(email), "paymentMethod": method,
	}}
}

// methodNumbers are the numbers of the payment methods by their URI.
func methodNumbers(t *testing.T, visitor *graphqlShopper) map[string]int {
	t.Helper()
	selection := visitor.data(t, `{ selection { checkout { paymentMethods { id uri } } } }`, nil)
	numbers := make(map[string]int)
	for _, method := range dig(t, selection, "checkout", "paymentMethods").([]any) {
		m := method.(map[string]any)
		numbers[m["uri"].(string)] = int(m["id"].(float64))
	}
	return numbers
}

func TestStorefrontFlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := centratest.NewServer(t, centratest.WithoutSocket(), centratest.WithCartLink("https://shop.test/cart/{selection}"))
		first := newGraphQLShopper(server)
		first.data(t, addItem, map[string]any{"i": "1-1", "n": 2})
		tellsWidget(t, first)
		says(true)(t, first)
		id := server.SelectionOf(first.token)
		time.Sleep(time.Hour)
		mails := server.Outbox()
		if len(mails) != 1 || mails[0].Link != "https://shop.test/cart/"+id {
			t.Fatalf("mails %v", mails)
		}

		second := newGraphQLShopper(server)
		payload := second.data(t, setSelection, map[string]any{"id": id})
		want := map[string]any{"id": id, "lines": []any{map[string]any{"item": map[string]any{"id": "1-1"}}}}
		if diff := cmp.Diff(any(want), payload["selection"]); diff != "" {
			t.Errorf("recovered cart (-want +got):\n%s", diff)
		}
		says(true)(t, second) // the countdown starts again
		paying := second.data(t, startPayment, paymentBy(1, "sam@example.com"))
		back, err := url.Parse(dig(t, paying, "action", "url").(string))
		if err != nil || dig(t, paying, "action", "__typename") != "RedirectPaymentAction" {
			t.Fatalf("action %v, %v", paying["action"], err)
		}
		result := second.data(t, payResult, map[string]any{"f": map[string]any{"paymentRef": back.Query().Get("paymentRef")}})
		if result["type"] != "SUCCESS" || dig(t, result, "order", "number") != 1001.0 || dig(t, result, "selection", "id") != nil {
			t.Errorf("payment result %v", result)
		}
		if order := second.data(t, `{ order { number lines { name } shippingAddress { email } } }`, nil); order["number"] != 1001.0 {
			t.Errorf("the session's latest order is %v", order)
		}
		time.Sleep(2 * time.Hour)
		if mails := server.Outbox(); len(mails) != 1 {
			t.Errorf("%d mails, want no second one", len(mails))
		}
	})
}

func TestStorefrontPaymentActions(t *testing.T) {
	for _, row := range []struct {
		method, action string
		has            string // in the action
		refused        bool
	}{
		{centratest.DummyMethod, "RedirectPaymentAction", "url", false},
		{centratest.KlarnaMethod, "FormPaymentAction", "html", false},
		{centratest.FormMethod, "FormPaymentAction", "formFields", false},
		{centratest.JavaScriptMethod, "JavascriptPaymentAction", "script", false},
		{centratest.SuccessMethod, "SuccessPaymentAction", "order", false},
		{centratest.FailedMethod, "", "", true},
		{centratest.DeclinedMethod, "", "", true},
		{centratest.ExternalMethod, "", "", true},
	} {
		t.Run(row.method, func(t *testing.T) {
			server := centratest.NewServer(t, centratest.WithoutSocket())
			token, selection := server.NewStorefrontCart("1-1")
			visitor := &graphqlShopper{server: server, token: token}
			payload := visitor.data(t, startPayment, paymentBy(methodNumbers(t, visitor)[row.method], "sam@example.com"))
			if refused := len(payload["userErrors"].([]any)) > 0; refused != row.refused {
				t.Errorf("userErrors %v", payload["userErrors"])
			}
			if row.action == "" {
				if payload["action"] != nil {
					t.Errorf("action %v, want none", payload["action"])
				}
				return
			}
			action := payload["action"].(map[string]any)
			if action["__typename"] != row.action || action[row.has] == nil {
				t.Errorf("action %v, want %s with %s", action, row.action, row.has)
			}
			if completed := server.Cart(selection).Completed; completed != (row.method == centratest.SuccessMethod) {
				t.Errorf("completed: %t", completed)
			}
		})
	}
}

func TestStorefrontPaymentRefused(t *testing.T) {
	t.Run("result", func(t *testing.T) {
		server := centratest.NewServer(t, centratest.WithoutSocket())
		token, selection := server.NewStorefrontCart("1-1")
		visitor := &graphqlShopper{server: server, token: token}
		result := visitor.data(t, payResult, map[string]any{"f": map[string]any{"paymentRef": "guess"}})
		if result["type"] != "FAILED" || len(result["userErrors"].([]any)) != 1 || dig(t, result, "selection", "id") != selection {
			t.Errorf("payment result %v", result)
		}
	})
	t.Run("terms", func(t *testing.T) {
		server := centratest.NewServer(t, centratest.WithoutSocket())
		token, _ := server.NewStorefrontCart("1-1")
		visitor := &graphqlShopper{server: server, token: token}
		input := paymentBy(1, "sam@example.com")
		input["in"].(map[string]any)["termsAndConditions"] = false
		if payload := visitor.data(t, startPayment, input); payload["action"] != nil || len(payload["userErrors"].([]any)) != 1 {
			t.Errorf("payload %v", payload)
		}
	})
	t.Run("stock", func(t *testing.T) {
		server := centratest.NewServer(t, centratest.WithoutSocket())
		token, _ := server.NewStorefrontCart("1-1", "2-1", "2-1", "2-1")
		server.SetStock("2-1", 1)
		visitor := &graphqlShopper{server: server, token: token}
		payload := visitor.data(t, `mutation($in: PaymentInstructionsInput!) { paymentInstructions(input: $in) { action { action } selection { lines { quantity } }
			userErrors { __typename message ... on UnavailableItem { originalQuantity availableQuantity unavailableQuantity item { id } displayItem { id } } } } }`,
			paymentBy(1, "sam@example.com"))
		want := []any{map[string]any{
			"__typename": "UnavailableItem", "message": "unavailable items", "originalQuantity": 3.0, "availableQuantity": 1.0, "unavailableQuantity": 2.0,
			"item": map[string]any{"id": "2-1"}, "displayItem": map[string]any{"id": 2.0},
		}}
		if diff := cmp.Diff(any(want), payload["userErrors"]); diff != "" {
			t.Errorf("userErrors (-want +got):\n%s", diff)
		}
		lines := []any{map[string]any{"quantity": 1.0}, map[string]any{"quantity": 1.0}}
		if diff := cmp.Diff(any(lines), dig(t, payload, "selection", "lines")); diff != "" || payload["action"] != nil {
			t.Errorf("what is left (-want +got):\n%s", diff)
		}
	})
}

func TestStorefrontRefusals(t *testing.T) {
	for _, row := range []struct {
		name, query string
		variables   map[string]any
		path        []any
	}{
		{"unknown item", addItem, map[string]any{"i": "9-9"}, []any{"item"}},
		{"unknown line", `mutation { deleteLine(lineId: "x") { userErrors { path } } }`, nil, []any{"line"}},
		{"unknown line to change", `mutation { updateLine(lineId: "x", quantity: 2) { userErrors { path } } }`, nil, []any{"line"}},
		{"unknown payment method", `mutation { setPaymentMethod(id: 99) { userErrors { path } } }`, nil, []any{"paymentMethod"}},
		{"unknown shipping method", `mutation { setShippingMethod(id: 0) { userErrors { path } } }`, nil, []any{"shippingMethod"}},
		{"unknown country", `mutation { setCountryState(countryCode: "XX") { userErrors { path } } }`, nil, []any{"country"}},
		{"unknown state", `mutation { setCountryState(countryCode: "US", stateCode: "XX") { userErrors { path } } }`, nil, []any{"state"}},
		{"unknown language", `mutation { setLanguage(code: "xx") { userErrors { path } } }`, nil, []any{"language"}},
		{"unknown voucher", `mutation { addVoucher(code: "x") { userErrors { path } } }`, nil, []any{"voucher"}},
		{"no voucher to remove", `mutation { removeVoucher(code: "x") { userErrors { path } } }`, nil, []any{"voucher"}},
		{
			"unknown country of an address", setAddress, map[string]any{"a": map[string]any{"country": "swe", "email": "a@example.com"}, "yes": true},
			[]any{"shippingAddress", "country"},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			server := centratest.NewServer(t, centratest.WithoutSocket())
			token, selection := server.NewStorefrontCart("1-1")
			before := server.Cart(selection)
			payload := (&graphqlShopper{server: server, token: token}).data(t, row.query, row.variables)
			refused, _ := payload["userErrors"].([]any)
			if len(refused) != 1 {
				t.Fatalf("userErrors %v, want one", payload["userErrors"])
			}
			if diff := cmp.Diff(any(row.path), dig(t, refused[0].(map[string]any), "path")); diff != "" {
				t.Errorf("path (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before, server.Cart(selection)); diff != "" {
				t.Errorf("a refused request changed the cart (-before +after):\n%s", diff)
			}
		})
	}
}

func TestStorefrontChanges(t *testing.T) {
	server := centratest.NewServer(t, centratest.WithoutSocket())
	visitor := newGraphQLShopper(server)
	added := visitor.data(t, addItem, map[string]any{"i": "2-1"})
	line := dig(t, added, "line", "id").(string)
	visitor.data(t, `mutation($l: String!) { updateLine(lineId: $l, quantity: 3) { selection { id } } }`, map[string]any{"l": line})
	visitor.data(t, `mutation($l: String!) { updateLine(lineId: $l) { selection { id } } }`, map[string]any{"l": line})
	visitor.data(t, `mutation { setLanguage(code: "en") { session { language { code } } } }`, nil)
	visitor.data(t, `mutation { setCountryState(countryCode: "US", stateCode: "CA") { selection { id } } }`, nil)
	visitor.data(t, `mutation { setShippingMethod(id: 2) { selection { id } } }`, nil)
	visitor.data(t, `mutation { setPaymentMethod(id: 2) { selection { id } } }`, nil)
	got := server.Cart(server.SelectionOf(visitor.token))
	if got.Language != "en" || got.Country != "US" || got.ShippingMethod != "express" || got.PaymentMethod != centratest.KlarnaMethod {
		t.Errorf("language %s, country %s, methods %s and %s", got.Language, got.Country, got.ShippingMethod, got.PaymentMethod)
	}
	if diff := cmp.Diff([]centratest.CartItem{{Item: "2-1", Quantity: 3}}, got.Items); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
	session := visitor.data(t, `{ session { country { code name } countryState { code } language { code } } }`, nil)
	want := map[string]any{
		"country": map[string]any{"code": "US", "name": "United States"}, "countryState": map[string]any{"code": "CA"}, "language": map[string]any{"code": "en"},
	}
	if diff := cmp.Diff(want, session); diff != "" {
		t.Errorf("session (-want +got):\n%s", diff)
	}
	visitor.data(t, `mutation($l: String!) { deleteLine(lineId: $l) { selection { id } } }`, map[string]any{"l": line})
	if selection := visitor.data(t, `{ selection { id } }`, nil); selection["id"] != nil {
		t.Error("an emptied cart shows an ID")
	}
}

func TestStorefrontAnswersAreShapedLikeTheSchema(t *testing.T) {
	const everything = `{ selection { __typename id comment language { code name default }
		grandTotal { ...money currency { id code name prefix suffix decimalPoint decimalDigits denominator } }
		discounts { __typename name value { ...money } ... on CodeVoucher { code } }
		lines { __typename id name productVariantName size quantity productNumber comment brand { id name uri } item { id sku name }
			displayItem { id name uri media { id altText source(sizeName: "thumb") { url mimeType } } } hasDiscount taxPercent
			unitPrice { ...money } unitOriginalPrice { ...money } lineValue { ...money } originalLineValue(includingTax: false) { ...money } }
		checkout { checkoutScript hasSeparateBillingAddress shippingAddress { email country { code name isEU shipTo states { code name } } state { code } }
			separateBillingAddress { email } paymentMethod { ...method } paymentMethods { ...method }
			shippingMethod { id name comment selected price { ...money } } shippingMethods { id } totals { __typename type price { ...money } }
			widgets { __typename kind ... on IngridWidget { snippet sessionId reload deliveryOptionsAvailable }
				... on KlarnaCheckoutWidget { replaceSnippet } } }
	} }
	fragment money on MonetaryValue { value formattedValue }
	fragment method on PaymentMethod { id uri name kind active addressAfterPayment initiateOnlySupported handlingCost { ...money } }`
	server := centratest.NewServer(t, centratest.WithoutSocket(), centratest.WithIngrid(), centratest.WithPaymentMethod(centratest.KlarnaMethod),
		centratest.WithProducts(centratest.Product{
			Item: "1-1", ID: "1", Name: "Merino Beanie", URI: "merino-beanie", SKU: "BEANIE", Size: "M", Price: 49900, PriceBefore: 59900,
			Brand: "Fjord", Image: "https://images.test/beanie.jpg",
		}))
	token, _ := server.NewStorefrontCart("1-1")
	visitor := &graphqlShopper{server: server, token: token}
	visitor.data(t, setAddress, map[string]any{
		"a": map[string]any{"country": "US", "state": "CA", "email": "sam@example.com"}, "b": swedish("bill@example.com"), "yes": true,
	})
	visitor.data(t, `mutation { addVoucher(code: "WELCOME10") { userErrors { message } } }`, nil)
	status, answer := visitor.do(t, everything, nil)
	compareWithGolden(t, "storefront/selection", http.StatusOK, status, answer)
	status, answer = visitor.do(t, `mutation { setSelection(id: "none") { __typename selection { id }`+refusals+` } }`, nil)
	compareWithGolden(t, "storefront/refused", http.StatusOK, status, answer)
	visitor.token = "none"
	status, answer = visitor.do(t, everything, nil)
	compareWithGolden(t, "storefront/unauthorized", http.StatusOK, status, answer)
}
