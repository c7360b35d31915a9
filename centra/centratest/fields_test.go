package centratest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/google/go-cmp/cmp"
)

func TestSettings(t *testing.T) {
	for _, row := range []struct {
		name, path string
		answered   []string // where the answer shows it
		want       string
	}{
		{"payment method", "/payment-methods/dummy-form", []string{"selection", "paymentMethod"}, "dummy-form"},
		{"shipping method", "/shipping-methods/express", []string{"selection", "shippingMethod"}, "express"},
		{"country", "/countries/DE", []string{"location", "country"}, "DE"},
		{"language", "/languages/en", []string{"selection", "language"}, "en"},
	} {
		t.Run(row.name, func(t *testing.T) {
			visitor := &shopper{server: centratest.NewServer(t, centratest.WithoutSocket())}
			if status, body := visitor.do(t, "PUT", row.path, ""); status != http.StatusOK || dig(t, body, row.answered...) != row.want {
				t.Errorf("status %d, %v = %v; want 200 and %s", status, row.answered, dig(t, body, row.answered...), row.want)
			}
			unknown := row.path[:strings.LastIndex(row.path, "/")] + "/unknown"
			if status, body := visitor.do(t, "PUT", unknown, ""); status != http.StatusBadRequest || body["errors"] == nil {
				t.Errorf("unknown value: status %d, want 400 with errors", status)
			}
			if _, body := visitor.do(t, "GET", "/selection", ""); dig(t, body, row.answered...) != row.want {
				t.Errorf("after a refused change: %v, want %s", dig(t, body, row.answered...), row.want)
			}
		})
	}
}

func TestRefusedChanges(t *testing.T) {
	for _, row := range []struct {
		name, method, path, body, field string
		status                          int
	}{
		{"unknown item", "POST", "/items/9-9", "", "item", 404},
		{"zero items", "POST", "/items/1-1/quantity/0", "", "quantity", 400},
		{"more than there are", "POST", "/items/2-1/quantity/4", "", "item", 400},
		{"unknown line", "PUT", "/lines/none/quantity/1", "", "line", 404},
		{"quantity is no number", "PUT", "/lines/none/quantity/one", "", "quantity", 400},
		{"unknown line to remove", "DELETE", "/lines/none", "", "line", 404},
		{"fields as a form", "PUT", "/payment-fields", "email=shopper%40example.com", "body", 400},
		{"fields as a list", "PUT", "/payment-fields", `["email"]`, "body", 400},
		{"fields with an unknown method", "PUT", "/payment-fields", `{"paymentMethod":"cash","email":"shopper@example.com"}`, "paymentMethod", 400},
	} {
		t.Run(row.name, func(t *testing.T) {
			server := centratest.NewServer(t, centratest.WithoutSocket())
			token, selection := server.NewCart("1-1")
			server.SetStock("2-1", 3)
			before := server.Cart(selection)
			visitor := &shopper{server: server, token: token}
			status, body := visitor.do(t, row.method, row.path, row.body)
			if status != row.status || dig(t, body, "errors", row.field) == nil {
				t.Errorf("status %d, errors %v; want %d for %s", status, body["errors"], row.status, row.field)
			}
			if diff := cmp.Diff(before, server.Cart(selection)); diff != "" {
				t.Errorf("a refused request changed the cart (-before +after):\n%s", diff)
			}
		})
	}
}

func TestFieldsAddUp(t *testing.T) {
	server := centratest.NewServer(t, centratest.WithoutSocket())
	token, selection := server.NewCart("1-1")
	visitor := &shopper{server: server, token: token}
	visitor.do(t, "PUT", "/payment-fields", `{"address":{"firstName":"Sam","city":"Malmö"},"consents":["a"]}`)
	visitor.do(t, "PUT", "/payment-fields", `{"address":{"city":"Lund"},"shippingAddress":{"city":"Ystad"},"cartAbandonmentEmail":"true"}`)
	_, body := visitor.do(t, "PUT", "/payment-fields", `[]`)
	got := server.Cart(selection)
	if diff := cmp.Diff(map[string]any{"firstName": "Sam", "city": "Lund"}, got.Address); diff != "" {
		t.Errorf("address (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]any{"consents": []any{"a"}}, got.Fields); diff != "" {
		t.Errorf("other fields (-want +got):\n%s", diff)
	}
	if got.CartAbandonmentEmail != "true" {
		t.Errorf("cartAbandonmentEmail is %#v, want the text that was sent", got.CartAbandonmentEmail)
	}
	if city := dig(t, body, "selection", "shippingAddress", "city"); city != "Ystad" {
		t.Errorf("the answer ships to %v, want Ystad", city)
	}
}

func TestProductsUpToALimit(t *testing.T) {
	server := centratest.NewServer(t, centratest.WithoutSocket(), centratest.WithProducts(
		centratest.Product{Item: "1-1", ID: "1"}, centratest.Product{Item: "2-1", ID: "2"}, centratest.Product{Item: "1-2", ID: "1"},
	))
	_, body := (&shopper{server: server}).do(t, "POST", "/products", `{"limit":1}`)
	var items []any
	for _, product := range body["products"].([]any) {
		for _, item := range dig(t, product.(map[string]any), "items").([]any) {
			items = append(items, dig(t, item.(map[string]any), "item"))
		}
	}
	if diff := cmp.Diff([]any{"1-1", "1-2"}, items); diff != "" {
		t.Errorf("items of one product (-want +got):\n%s", diff)
	}
}

func TestProductsShowWhatIsSoldOut(t *testing.T) {
	server := centratest.NewServer(t, centratest.WithoutSocket())
	server.SetStock("2-1", 0)
	_, body := (&shopper{server: server}).do(t, "GET", "/products", "")
	stock := make(map[any]any)
	for _, product := range body["products"].([]any) {
		for _, item := range dig(t, product.(map[string]any), "items").([]any) {
			stock[dig(t, item.(map[string]any), "item")] = dig(t, item.(map[string]any), "stock")
		}
	}
	want := make(map[any]any)
	for _, product := range server.Products() {
		want[product.Item] = "yes"
	}
	want["2-1"] = "no"
	if diff := cmp.Diff(want, stock); diff != "" {
		t.Errorf("stock by item (-want +got):\n%s", diff)
	}
}
