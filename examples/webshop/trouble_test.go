package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/centra-go/cartabandonment/centra/centratest"
)

// A token that any answer brings is in the visitor's cookie afterwards.
func TestRotatedTokenIsKept(t *testing.T) {
	rotating := centratest.StatusFault(http.StatusBadRequest, map[string]string{"email": "refused"}).Rotating()
	for name, row := range map[string]struct {
		fault bool
		visit func(*visitor) page
		want  int
	}{
		"callback":             {false, func(v *visitor) page { return v.post("/centra/callback", jQueryEvent) }, 200},
		"callback, refused":    {true, func(v *visitor) page { return v.post("/centra/callback", jQueryEvent) }, 422},
		"checkout":             {false, func(v *visitor) page { return v.post("/checkout", "email=canary%40example.com") }, 303},
		"checkout, refused":    {true, func(v *visitor) page { return v.post("/checkout", "email=canary%40example.com") }, 422},
		"cart":                 {false, func(v *visitor) page { return v.get("/cart.json") }, 200},
		"payment, refused":     {true, func(v *visitor) page { return v.post("/pay", "") }, 422},
		"cart change, refused": {true, func(v *visitor) page { return v.post("/cart/items/3-1", "") }, 422},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shop := open(t, "checkout")
			v := shop.visitor(t)
			v.add("1-1")
			before := v.session()
			if row.fault {
				shop.centra.FailNext(rotating)
			} else {
				shop.centra.RotateNext()
			}
			row.visit(v).want(t, row.want)
			after := v.session()
			if after == before {
				t.Fatal("the cookie still has the old token")
			}
			if shop.centra.SelectionOf(after) == "" {
				t.Error("Centra does not know the token in the cookie")
			}
			v.wantItems("1-1")
		})
	}
}

// With Centra down every page answers, the widget is resumed, and nothing that
// the visitor has is lost.
func TestCentraDown(t *testing.T) {
	everyAPI(t, func(t *testing.T, api string) {
		shop := open(t, api)
		v := shop.visitor(t)
		v.add("1-1")
		session := v.session()
		v.post("/demo/trouble", "do=down").want(t, http.StatusSeeOther)
		payment := http.StatusBadGateway // may have been done
		if api == "storefront" {         // which reads what was entered first
			payment = http.StatusServiceUnavailable
		}
		for name, row := range map[string]struct {
			visit func() page
			want  int
		}{
			"home":      {func() page { return v.get("/") }, 200},
			"checkout":  {func() page { return v.get("/checkout") }, 200},
			"cart":      {func() page { return v.get("/cart.json") }, 503},
			"add":       {func() page { return v.post("/cart/items/3-1", "") }, 502}, // may have been done
			"form":      {func() page { return v.post("/checkout", "email=canary%40example.com") }, 503},
			"pay":       {func() page { return v.post("/pay", "") }, payment},
			"cart link": {func() page { return v.post("/abandoned-cart/"+strings.Repeat("0", 32), "") }, 503},
		} {
			t.Run(name, func(t *testing.T) { row.visit().want(t, row.want) })
		}
		p := v.post("/centra/callback", jQueryEvent).want(t, http.StatusServiceUnavailable)
		if !strings.Contains(p.Body, `"suspendIgnore":true`) {
			t.Error("the callback's answer has no suspendIgnore")
		}
		v.post("/demo/trouble", "do=down").want(t, http.StatusSeeOther)
		if v.session() != session {
			t.Error("the session has changed")
		}
		v.wantItems("1-1")
	})
}
