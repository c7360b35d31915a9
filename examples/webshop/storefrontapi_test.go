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
