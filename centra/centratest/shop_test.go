package centratest_test

import (
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/google/go-cmp/cmp"
)

func TestShopAPIFlow(t *testing.T) {
	server := centratest.NewServer(t, centratest.WithPaymentMethod(centratest.KlarnaMethod))
	status, body := shopCall(t, server, "POST", "/selections", "")
	if status != http.StatusCreated || body["token"] != nil {
		t.Fatalf("POST selections: status %d, token %v; want 201 and none", status, body["token"])
	}
	id := body["selection"].(string)
	if script, _ := body["centraCheckoutScript"].(string); script != centratest.CheckoutScript() {
		t.Error("no centraCheckoutScript at the top level")
	}
	shopCall(t, server, "POST", "/selections/"+id+"/items/1-1", "")
	shopCall(t, server, "PUT", "/selections/"+id+"/checkout-fields", `{"email":"shopper@example.com","address":{"firstName":"Sam","country":"NO"},"comment":"x"}`)
	for _, path := range []string{"/selections/", "/selection/"} {
		_, body := shopCall(t, server, "GET", path+id, "")
		if name := dig(t, body, "address", "firstName"); name != "Sam" {
			t.Errorf("GET %s: first name %v, want Sam", path, name)
		}
		if country := body["country"]; country != "NO" {
			t.Errorf("GET %s: country %v, want NO", path, country)
		}
	}
	got := server.Cart(id)
	if diff := cmp.Diff(map[string]any{"comment": "x"}, got.Fields); diff != "" {
		t.Errorf("other fields (-want +got):\n%s", diff)
	}
	if got.Email != "shopper@example.com" || got.Sessions != 0 {
		t.Errorf("e-mail stored: %t, sessions: %d", got.Email != "", got.Sessions)
	}
	_, order := shopCall(t, server, "POST", "/selections/"+id+"/payment", `{"paymentMethod":"dummy-success"}`)
	if order["action"] != "success" || order["order"] != "1001" {
		t.Errorf("payment answered action %v, order %v", order["action"], order["order"])
	}
	if status, body := shopCall(t, server, "GET", "/selections/"+id, ""); status != http.StatusNotFound || dig(t, body, "errors", "selection") == nil {
		t.Errorf("an ordered selection: status %d, want 404", status)
	}
}

func TestShopAPIResultTwice(t *testing.T) {
	server := centratest.NewServer(t, centratest.WithoutSocket())
	_, id := server.NewCart("1-1")
	_, body := shopCall(t, server, "POST", "/selections/"+id+"/payment", `{"paymentMethod":"dummy-form","paymentReturnPage":"https://shop.test/"}`)
	ref := dig(t, body, "formFields", "paymentRef").(string)
	for i, path := range []string{"/selections/" + id + "/payment-result", "/selections/" + id + "/payment-result", "/selections/payment-result"} {
		status, body := shopCall(t, server, "POST", path, `{"paymentMethodFields":{"paymentRef":"`+ref+`"}}`)
		if want := []int{201, 200, 200}[i]; status != want || body["order"] != "1001" {
			t.Errorf("%d: status %d, order %v; want %d and 1001", i, status, body["order"], want)
		}
	}
}

func TestShopAPIAccess(t *testing.T) {
	server := centratest.NewServer(t, centratest.WithoutSocket())
	_, id := server.NewCart("1-1")
	for _, row := range []struct {
		name   string
		header http.Header
	}{
		{"no secret", nil},
		{"wrong secret", http.Header{"Api-Authorization": {"guess"}}},
		{"secret in the Checkout API's header", http.Header{"Authorization": {"Bearer " + centratest.Secret}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			status, body := send(t, server.Client(), "GET", server.ShopURL()+"/selections/"+id, "", row.header, "")
			if status != http.StatusUnauthorized || body["selection"] != nil {
				t.Errorf("status %d, want 401 without a selection", status)
			}
		})
	}
}

func TestBothAPIsShareCarts(t *testing.T) {
	server := centratest.NewServer(t, centratest.WithoutSocket())
	token, id := server.NewCart("1-1")
	visitor := &shopper{server: server, token: token}
	shopCall(t, server, "POST", "/selections/"+id+"/items/1-1", "")
	_, body := visitor.do(t, "GET", "/selection", "")
	lines := dig(t, body, "selection", "items").([]any)
	line := dig(t, lines[0].(map[string]any), "line").(string)
	if quantity := dig(t, lines[0].(map[string]any), "quantity"); quantity != 2.0 {
		t.Errorf("quantity %v, want 2", quantity)
	}
	visitor.do(t, "PUT", "/lines/"+line+"/quantity/5", "")
	if diff := cmp.Diff([]centratest.CartItem{{Item: "1-1", Quantity: 5}}, server.Cart(id).Items); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
	visitor.do(t, "DELETE", "/lines/"+line, "")
	if items := server.Cart(id).Items; len(items) != 0 {
		t.Errorf("items left: %v", items)
	}
}

func TestShopAPIRefusesUnknownFields(t *testing.T) {
	for _, row := range []struct {
		name, fields string
		options      []centratest.Option
		refused      []string
	}{
		{"at the top level", `{"email":"a@example.com","hello":"world"}`, nil, []string{"hello"}},
		{"within the address", `{"address":{"email":"a@example.com","hello":"world"}}`, nil, []string{"hello"}},
		{"several", `{"hello":"world","shippingAddress":{"cartAbandonmentEmail":true}}`, nil, []string{"cartAbandonmentEmail", "hello"}},
		{"none", `{"email":"a@example.com","cartAbandonmentEmail":true,"address":{"newsletter":false}}`, nil, nil},
		{
			"the e-mail address where it does not count", `{"email":"a@example.com"}`,
			[]centratest.Option{centratest.WithEmailAt(centratest.InShippingAddress)}, []string{"email"},
		},
		{
			"the opt-in where it does not count", `{"address":{"cartAbandonmentEmail":true}}`,
			[]centratest.Option{centratest.WithOptInAt(centratest.TopLevel)}, []string{"cartAbandonmentEmail"},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			server := centratest.NewServer(t, append(row.options, centratest.WithoutSocket())...)
			_, id := server.NewCart("1-1")
			before := server.Cart(id)
			status, body := shopCall(t, server, "PUT", "/selections/"+id+"/checkout-fields", row.fields)
			if (status == http.StatusBadRequest) != (row.refused != nil) {
				t.Errorf("status %d", status)
			}
			errors, _ := body["errors"].(map[string]any)
			if diff := cmp.Diff(row.refused, slices.Sorted(maps.Keys(errors))); diff != "" {
				t.Errorf("refused fields (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before, server.Cart(id)); row.refused != nil && diff != "" {
				t.Errorf("a refused request changed the cart (-before +after):\n%s", diff)
			}
		})
	}
}
