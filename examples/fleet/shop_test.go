package main

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/centra-go/cartabandonment/centra/centratest"
)

// The whole flow, with tokens that rotate with every answer: an address is
// captured, the link of the mail brings the cart to another browser, and the order
// counts as recovered.
func TestTheWholeFlow(t *testing.T) {
	t.Parallel()
	server := startRedis(t)
	tests := []struct {
		api    string
		centra func(*centratest.Server) string
		secret string
	}{
		{"checkout", (*centratest.Server).CheckoutURL, secret},
		{"shop", (*centratest.Server).ShopURL, secret},
		{"storefront", (*centratest.Server).StorefrontURL, modeToken},
	}
	for _, tt := range tests {
		t.Run(tt.api, func(t *testing.T) {
			t.Parallel()
			c := centratest.NewServer(t, centratest.WithSecret(secret), centratest.WithSessionModeToken(modeToken))
			c.RotateTokens(1)
			shop := startShop(t, c, server.addr, "-queue", queueFile(t),
				"-api", tt.api, "-centra", tt.centra(c), "-secret", tt.secret)
			kim, other := shop.browser(), shop.browser()

			if a := kim.get("/cart.json"); a.status != http.StatusOK || !strings.Contains(a.body, `"items":[]`) {
				t.Errorf("an empty cart is answered %d: %s", a.status, a.body)
			}
			kim.fill()
			if a := kim.get("/checkout"); a.status != http.StatusOK || !strings.Contains(a.body, "/centra/listener.js") {
				t.Errorf("the checkout is answered %d: %s", a.status, a.body)
			}
			if a := kim.event("kim" + mailDomain); a.status != http.StatusOK || !strings.Contains(a.body, `"suspendIgnore":true`) {
				t.Errorf("an event is answered %d: %s", a.status, a.body)
			}
			cart := c.Carts()[0]
			if cart.OptedIn != "kim"+mailDomain {
				t.Fatalf("Centra may remind %q", cart.OptedIn)
			}

			a := other.get("/abandoned-cart/" + cart.Selection + "?utm_source=mail")
			if a.status != http.StatusSeeOther || a.location != "/checkout?utm_source=mail" {
				t.Errorf("the link is answered %d, to %q", a.status, a.location)
			}
			if a := other.get("/cart.json"); !strings.Contains(a.body, `"item":"1-1"`) {
				t.Errorf("the recovered cart is answered %d: %s", a.status, a.body)
			}
			a = other.post("/pay", url.Values{})
			if a.status == http.StatusSeeOther { // to the payment provider and back
				a = other.get(a.location)
			}
			order := c.Cart(cart.Selection).Order
			if order == "" || !strings.Contains(a.body, `id="order">`+order+"<") {
				t.Fatalf("the payment is answered %d, order %q: %s", a.status, order, a.body)
			}
			if a := other.get("/checkout"); !strings.Contains(a.body, order) {
				t.Error("the shop does not remember the order")
			}
			if a := shop.browser().get("/abandoned-cart/" + cart.Selection); a.location != "/checkout?cart=gone" {
				t.Errorf("the link of an ordered cart is answered %d, to %q", a.status, a.location)
			}

			metrics := shop.browser().get("/metrics").body
			for _, want := range []string{
				"\ncentra_carts_captured_total 1", "\ncentra_carts_recovered_total 1", "\ncentra_orders_recovered_total 1",
				`centra_turn_wait_seconds_count{centra_turn="shared"}`, "\ncentra_captures_waiting 0",
				`route="/abandoned-cart/{selection}",status="303"`, "\ngo_goroutines",
			} {
				if !strings.Contains(metrics, want) {
					t.Errorf("the metrics lack %s", want)
				}
			}
			mustNotLeak(t, c, "the metrics", metrics)
		})
	}
}

// Two clicks are one order, and the shop shows it to who comes back.
func TestADoubleClickPaysOnce(t *testing.T) {
	t.Parallel()
	c := centratest.NewServer(t, centratest.WithPaymentMethod(centratest.SuccessMethod))
	c.RotateTokens(1)
	shop := startShop(t, c, startRedis(t).addr, "-queue", queueFile(t))
	kim := shop.browser()
	kim.fill()
	var clicks sync.WaitGroup
	for range 2 {
		clicks.Go(func() { kim.post("/pay", nil) })
	}
	clicks.Wait()
	orders := ordersOf(c)
	if len(orders) != 1 {
		t.Fatalf("%d orders, want 1", len(orders))
	}
	if a := kim.get("/checkout"); !strings.Contains(a.body, orders[0]) {
		t.Errorf("the checkout does not show the order: %s", a.body)
	}
}

func ordersOf(c *centratest.Server) (orders []string) {
	for _, cart := range c.Carts() {
		if cart.Order != "" {
			orders = append(orders, cart.Order)
		}
	}
	return orders
}

func TestPages(t *testing.T) {
	t.Parallel()
	c := centratest.NewServer(t)
	shop := startShop(t, c, startRedis(t).addr, "-queue", queueFile(t))
	full := shop.browser()
	full.fill()
	tests := []struct {
		name   string
		answer answer
		status int
		body   string
	}{
		{"health", shop.browser().get("/healthz"), http.StatusOK, `"status":"ok"`},
		{"the listener", shop.browser().get("/centra/listener.js"), http.StatusOK, "CentraCartAbandonment"},
		{"robots", shop.browser().get("/robots.txt"), http.StatusOK, "Disallow: /abandoned-cart/"},
		{"an event without a cart", shop.browser().event("kim" + mailDomain), http.StatusConflict, "no_session"},
		{"an empty checkout", shop.browser().get("/checkout"), http.StatusOK, "Your cart is empty."},
		{"a dead link", shop.browser().get("/checkout?cart=gone"), http.StatusOK, "no longer there"},
		{"paying for nothing", shop.browser().post("/pay", nil), http.StatusConflict, "nothing in your cart"},
		{"an unknown item", full.post("/cart/items/9-9", nil), http.StatusUnprocessableEntity, "not accepted"},
		{"a form that is too large", full.post(returnPath, url.Values{"a": {strings.Repeat("a", 65<<10)}}),
			http.StatusBadGateway, "went wrong"},
		{"another route", shop.browser().get("/wp-login.php"), http.StatusNotFound, ""},
	}
	for _, tt := range tests {
		if tt.answer.status != tt.status || !strings.Contains(tt.answer.body, tt.body) {
			t.Errorf("%s is answered %d, want %d with %q: %.300s", tt.name, tt.answer.status, tt.status, tt.body, tt.answer.body)
		}
	}
}

// A post that another site caused reaches none of the shop's own routes.
func TestOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	c := centratest.NewServer(t)
	shop := startShop(t, c, startRedis(t).addr, "-queue", queueFile(t))
	for _, path := range []string{"/cart/items/1-1", "/pay", "/centra/callback"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, shop.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Sec-Fetch-Site", "cross-site")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusForbidden {
			t.Errorf("POST %s from another site is answered %d", path, resp.StatusCode)
		}
	}
	if n := len(c.Requests()); n > 0 {
		t.Errorf("%d calls to Centra", n)
	}
}
