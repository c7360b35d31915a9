package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The funnel counts people who came back, not clicks, and an order once.
func TestFunnel(t *testing.T) {
	everyAPI(t, func(t *testing.T, api string) {
		shop := open(t, api)
		first, second, third := shop.visitor(t), shop.visitor(t), shop.visitor(t)
		first.add("1-1")
		first.post("/centra/callback", jQueryEvent).want(t, http.StatusOK)
		link := shop.link(t)
		third.add("4-1")
		third.get(link).want(t, http.StatusOK) // is asked, and leaves
		second.get(link).want(t, http.StatusSeeOther)
		second.post("/centra/callback", jQueryEvent).want(t, http.StatusOK)
		second.pay().want(t, http.StatusOK)
		third.post("/centra/callback", jQueryEvent).want(t, http.StatusOK)
		third.pay().want(t, http.StatusOK)
		want := funnelCounts{Captured: 3, Opened: 2, Recovered: 1, Ordered: 1, Value: "499.00 SEK"}
		if diff := cmp.Diff(want, shop.funnel.now()); diff != "" {
			t.Errorf("funnel (-want +got):\n%s", diff)
		}
		if body := first.get("/").Body; !strings.Contains(body, `data-count="value">499.00 SEK<`) {
			t.Error("the page does not show the funnel")
		}
	})
}
