package centratest_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/google/go-cmp/cmp"
)

const pay = `{"paymentMethod":"dummy","paymentReturnPage":"https://shop.test/return?lang=sv"}`

func TestPaidOrderSendsNoMail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := centratest.NewServer(t, centratest.WithoutSocket())
		token, selection := server.NewCart("1-1")
		visitor := &shopper{server: server, token: token}
		visitor.do(t, "PUT", "/payment-fields", optIn)
		time.Sleep(10 * time.Minute)

		_, body := visitor.do(t, "POST", "/payment", pay)
		if body["action"] != "redirect" {
			t.Fatalf("POST payment answered %v, want a redirect", body)
		}
		back, err := url.Parse(body["url"].(string))
		if err != nil {
			t.Fatal(err)
		}
		if back.Host != "shop.test" || back.Query().Get("lang") != "sv" || back.Query().Get("centraPaymentMethod") != "dummy" {
			t.Errorf("redirect leads to %v", back)
		}
		result := `{"paymentMethodFields":{"lang":"sv","paymentRef":"` + back.Query().Get("paymentRef") + `"}}`
		status, order := visitor.do(t, "POST", "/payment-result", result)
		if number := dig(t, order, "order", "order"); status != http.StatusOK || number != "1001" {
			t.Fatalf("payment-result: status %d, order %v", status, number)
		}
		if !server.Cart(selection).Completed {
			t.Error("the cart is not completed")
		}
		if _, again := visitor.do(t, "POST", "/payment-result", result); dig(t, again, "order", "order") != "1001" {
			t.Errorf("the second payment-result answered order %v, want the same", again["order"])
		}
		if _, body := visitor.do(t, "GET", "/selection", ""); len(dig(t, body, "selection", "items").([]any)) != 0 {
			t.Error("the session did not get an empty cart after its order")
		}
		time.Sleep(2 * time.Hour)
		if mails := server.Outbox(); len(mails) != 0 {
			t.Errorf("%d mails for a paid order", len(mails))
		}
	})
}

func TestPaymentActions(t *testing.T) {
	for _, row := range []struct {
		method, action, has string
		completed           bool
	}{
		{centratest.DummyMethod, "redirect", "url", false},
		{centratest.KlarnaMethod, "form", "formHtml", false},
		{centratest.FormMethod, "form", "formFields", false},
		{centratest.JavaScriptMethod, "javascript", "code", false},
		{centratest.SuccessMethod, "success", "order", true},
		{centratest.FailedMethod, "failed", "token", false},
	} {
		t.Run(row.method, func(t *testing.T) {
			server := centratest.NewServer(t, centratest.WithoutSocket())
			token, selection := server.NewCart("1-1")
			visitor := &shopper{server: server, token: token}
			status, body := visitor.do(t, "POST", "/payment", strings.Replace(pay, "dummy", row.method, 1))
			if status != http.StatusOK || body["action"] != row.action || body[row.has] == nil {
				t.Errorf("status %d, action %v, %s present: %t", status, body["action"], row.has, body[row.has] != nil)
			}
			if completed := server.Cart(selection).Completed; completed != row.completed {
				t.Errorf("completed: %t, want %t", completed, row.completed)
			}
		})
	}
}

func TestRefusedPayments(t *testing.T) {
	for _, row := range []struct {
		name, path, body, field string
		items                   []string
	}{
		{"no items", "/payment", pay, "selection", nil},
		{"unknown method", "/payment", `{"paymentMethod":"cash"}`, "paymentMethod", []string{"1-1"}},
		{"no return page", "/payment", `{}`, "paymentReturnPage", []string{"1-1"}},
		{"not JSON", "/payment", `paymentMethod=dummy`, "body", []string{"1-1"}},
		{"result without payment", "/payment-result", `{"paymentMethodFields":{"paymentRef":"guessed"}}`, "paymentMethodFields", []string{"1-1"}},
		{"result without fields", "/payment-result", `{}`, "paymentMethodFields", []string{"1-1"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			server := centratest.NewServer(t, centratest.WithoutSocket())
			token, selection := server.NewCart(row.items...)
			visitor := &shopper{server: server, token: token}
			status, body := visitor.do(t, "POST", row.path, row.body)
			if status != http.StatusBadRequest || dig(t, body, "errors", row.field) == nil {
				t.Errorf("status %d, body %v; want 400 with an error for %s", status, body, row.field)
			}
			if server.Cart(selection).Completed {
				t.Error("the cart is completed")
			}
		})
	}
}

func TestOutOfStock(t *testing.T) {
	server := centratest.NewServer(t, centratest.WithoutSocket())
	token, selection := server.NewCart("1-1", "2-1", "2-1", "2-1", "3-1")
	server.SetStock("2-1", 1)
	server.SetStock("3-1", 0)
	visitor := &shopper{server: server, token: token}
	status, body := visitor.do(t, "POST", "/payment", pay)
	if status != http.StatusGone || body["errors"] == nil || body["token"] == nil {
		t.Fatalf("status %d, want 410 with errors and a token", status)
	}
	wantGone := []any{
		map[string]any{"item": "2-1", "product": "2", "originalQuantity": 3.0, "unavailable": 2.0, "available": 1.0},
		map[string]any{"item": "3-1", "product": "3", "originalQuantity": 1.0, "unavailable": 1.0, "available": 0.0},
	}
	if diff := cmp.Diff(any(wantGone), body["unavailable"]); diff != "" {
		t.Errorf("unavailable (-want +got):\n%s", diff)
	}
	if items := dig(t, body, "selection", "items").([]any); len(items) != 2 {
		t.Errorf("the answer's selection has %d lines, want the 2 that can be sold", len(items))
	}
	want := []centratest.CartItem{{Item: "1-1", Quantity: 1}, {Item: "2-1", Quantity: 1}}
	if diff := cmp.Diff(want, server.Cart(selection).Items); diff != "" {
		t.Errorf("the cart afterwards (-want +got):\n%s", diff)
	}
	if status, _ := visitor.do(t, "POST", "/payment", strings.Replace(pay, "dummy", centratest.SuccessMethod, 1)); status != http.StatusOK {
		t.Errorf("paying for the rest: status %d", status)
	}
	if status, _ := visitor.do(t, "POST", "/items/2-1", ""); status != http.StatusBadRequest {
		t.Errorf("adding the item that the order took: status %d, want 400", status)
	}
}

func TestNothingChangesDuringPaymentResult(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := centratest.NewServer(t, centratest.WithoutSocket())
		token, _ := server.NewCart("1-1")
		payer, other := &shopper{server: server, token: token}, &shopper{server: server, token: token}
		server.SetLatency(time.Second)
		go payer.do(t, "POST", "/payment-result", `{}`)
		synctest.Wait()
		if status, _ := other.do(t, "PUT", "/payment-fields", optIn); status != http.StatusConflict {
			t.Errorf("a PUT during payment-result: status %d, want 409", status)
		}
		time.Sleep(time.Second)
		if status, _ := other.do(t, "PUT", "/payment-fields", optIn); status != http.StatusOK {
			t.Errorf("a PUT afterwards: status %d, want 200", status)
		}
	})
}

func TestReturnVariablesHaveToBeNested(t *testing.T) {
	server := centratest.NewServer(t, centratest.WithoutSocket())
	token, _ := server.NewCart("1-1")
	visitor := &shopper{server: server, token: token}
	_, body := visitor.do(t, "POST", "/payment", pay)
	back, err := url.Parse(body["url"].(string))
	if err != nil || back.Query().Get("details[MD]") == "" {
		t.Fatalf("the return page gets no bracketed variable: %v", err)
	}
	ref := back.Query().Get("paymentRef")
	flat := `{"paymentMethodFields":{"paymentRef":"` + ref + `","details[MD]":"` + ref + `"}}`
	if status, _ := visitor.do(t, "POST", "/payment-result", flat); status != http.StatusBadRequest {
		t.Errorf("with brackets in a name: status %d, want 400", status)
	}
	nested := `{"paymentMethodFields":{"paymentRef":"` + ref + `","details":{"MD":"` + ref + `"}}}`
	if status, _ := visitor.do(t, "POST", "/payment-result", nested); status != http.StatusOK {
		t.Errorf("nested: status %d, want 200", status)
	}
}
