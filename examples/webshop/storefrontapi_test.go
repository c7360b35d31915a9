package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra/centratest"
)

// What a widget or a form says goes to Centra with the shopper's own answer; the
// default there would opt everybody in.
func TestStorefrontCaptures(t *testing.T) {
	const form = "email=canary%40example.com&firstName=Kim&country=SE"
	for name, row := range map[string]struct {
		path, body string
		declined   bool // before
		fields     []string
		optIn      bool
	}{
		"a widget's event":                {"/centra/callback", jQueryEvent, false, []string{"handleWidgetEvent", "setAddress"}, true},
		"an event, the reminder declined": {"/centra/callback", jQueryEvent, true, []string{"handleWidgetEvent", "setAddress"}, false},
		"the form, ticked":                {"/checkout", form + "&reminder=no&reminder=yes", false, []string{"setAddress"}, true},
		"the form, not ticked":            {"/checkout", form + "&reminder=no", false, []string{"setAddress"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			shop := open(t, "storefront")
			v := shop.visitor(t)
			v.add("1-1")
			if row.declined {
				v.post("/reminder", "reminder=no").want(t, http.StatusSeeOther)
			}
			v.post(row.path, row.body)
			captures := shop.captures()
			sent := captures[len(captures)-1]
			if diff := cmp.Diff(row.fields, sent.Fields); diff != "" {
				t.Errorf("fields of the mutation (-want +got):\n%s", diff)
			}
			if sent.Variables["optIn"] != row.optIn {
				t.Errorf("sendCartAbandonmentEmail = %v, want %t", sent.Variables["optIn"], row.optIn)
			}
		})
	}
}

// Reading checkout makes Centra call shipping and tax services: only a checkout
// is worth that.
func TestStorefrontAsksForACheckoutAtTheCheckoutOnly(t *testing.T) {
	shop := open(t, "storefront")
	v := shop.visitor(t)
	v.add("1-1")
	v.get("/")
	v.get("/cart.json")
	v.get("/inbox")
	for _, r := range shop.centra.Requests() {
		if r.AsksCheckout {
			t.Errorf("%s asks for checkout where none is shown", r.Operation)
		}
	}
	v.get("/checkout")
	if r := shop.centra.Requests(); !r[len(r)-1].AsksCheckout {
		t.Error("the checkout does not ask for checkout")
	}
}

func TestAnotherStorefrontAPI(t *testing.T) {
	elsewhere := centratest.NewServer(t, centratest.WithSessionModeToken("canary-secret"))
	shop := start(t, options{api: "storefront", secret: "canary-secret", interval: interval, centra: elsewhere.StorefrontURL()})
	v := shop.visitor(t)
	v.get("/").want(t, http.StatusOK)
	v.add("1-1")
	v.post("/centra/callback", jQueryEvent).want(t, http.StatusOK)
	v.wantItems("1-1")
	if p := v.pay().want(t, http.StatusOK); !strings.Contains(p.Body, "1001") {
		t.Error("the page after the payment does not name the order")
	}
}

// Tokens that rotate with every answer are followed everywhere, also while nothing is
// in the cart and after an order. No call is ever made with a dead one.
func TestStorefrontFollowsEveryToken(t *testing.T) {
	shop := open(t, "storefront")
	shop.centra.RotateTokens(1)
	v := shop.visitor(t)
	steps := []struct {
		name string
		do   func() page
	}{
		{"an item", func() page { return v.post("/cart/items/1-1", "") }},
		{"an event", func() page { return v.post("/centra/callback", jQueryEvent) }},
		{"the method", func() page { return v.post("/payment-method", "method="+shop.method(centratest.SuccessMethod)) }},
		{"the form", func() page { return v.post("/checkout", "email=canary%40example.com&country=SE") }},
		{"the reminder", func() page { return v.post("/reminder", "reminder=no") }},
		{"an order", func() page { return v.pay() }},
		{"the shop window", func() page { return v.get("/") }},
		{"an empty checkout", func() page { return v.get("/checkout") }},
		{"an event for an empty cart", func() page { return v.post("/centra/callback", jQueryEvent) }},
		{"the reminder for an empty cart", func() page { return v.post("/reminder", "reminder=yes") }},
		{"a dead link", func() page { return v.get("/abandoned-cart/0123456789abcdef0123456789abcdef") }},
		{"nothing to pay", func() page { return v.pay() }},
		{"another item", func() page { return v.post("/cart/items/2-1", "") }},
	}
	for _, step := range steps {
		before := len(shop.centra.Requests())
		answer := step.do()
		for _, r := range shop.centra.Requests()[before:] {
			switch plugins := r.Header.Get("Authorization") == "Bearer "+shop.secret; {
			case plugins && before > 0:
				t.Errorf("%s (%d): %s started another session", step.name, answer.Status, r.Operation)
			case !plugins && r.Selection == "":
				t.Errorf("%s (%d): %s was asked with a dead token", step.name, answer.Status, r.Operation)
			}
		}
	}
	v.wantItems("2-1")
}
