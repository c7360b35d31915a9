// Package flow walks shoppers through a host, the same way whatever it is made
// with: a cart, the widget's events, the mail, its link in other browsers, a
// payment, and the link once more. Centra gives out a new token with every answer.
package flow

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
)

// Serve serves a host on the listener until the test is over. What it returns
// puts another process of the host in its place, which remembers no visitor; nil
// for a host whose sessions are in its memory.
type Serve func(t *testing.T, api *centra.CheckoutAPI, origin string, l net.Listener) (restart func())

// Handler serves what newHost returns with net/http.
func Handler(newHost func(api *centra.CheckoutAPI, origin string) http.Handler) Serve {
	return func(t *testing.T, api *centra.CheckoutAPI, origin string, l net.Listener) func() {
		var process atomic.Value
		restart := func() { process.Store(http.HandlerFunc(newHost(api, origin).ServeHTTP)) }
		restart()
		server := &http.Server{ReadHeaderTimeout: 5 * time.Second, Handler: http.HandlerFunc(
			func(w http.ResponseWriter, r *http.Request) { process.Load().(http.Handler).ServeHTTP(w, r) })}
		go func() { _ = server.Serve(l) }()
		t.Cleanup(func() { _ = server.Close() })
		return restart
	}
}

// InMemory is Handler for a host whose sessions are in its memory.
func InMemory(newHost func(api *centra.CheckoutAPI, origin string) http.Handler) Serve {
	return func(t *testing.T, api *centra.CheckoutAPI, origin string, l net.Listener) func() {
		Handler(newHost)(t, api, origin, l)
		return nil
	}
}

// host is a host under test, with the Centra that it speaks to.
type host struct {
	*testing.T
	centra *centratest.Server
	origin string
	shop   string // its address, with the path that it is below

	restart func()
}

// restarts is a deploy: the new process knows only what the old one has kept in
// its sessions and in browsers.
func (h *host) restarts() {
	if h.restart != nil {
		h.restart()
	}
}

// Run walks through a host whose shop is below the path prefix, "" for the root.
func Run(t *testing.T, prefix string, serve Serve) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	origin := "http://" + l.Addr().String()
	h := &host{T: t, origin: origin, shop: origin + prefix}
	h.centra = centratest.NewServer(t, centratest.WithoutSocket(), centratest.WithAttachNeedsSecret(),
		centratest.WithPaymentMethod(centratest.KlarnaMethod), centratest.WithMailInterval(time.Second),
		centratest.WithCartLink(h.shop+"/abandoned-cart/{selection}"))
	h.centra.RotateTokens(1)
	api, err := centra.NewCheckoutAPI(h.centra.CheckoutURL(), centra.WithSecret(centratest.Secret),
		centra.WithTransport(h.centra.Transport()))
	if err != nil {
		t.Fatal(err)
	}
	h.restart = serve(t, api, origin, l)

	laptop := h.browser()
	h.fillsCart(laptop)
	h.sendsEvents(laptop)
	h.sendsManyAtOnce(laptop)
	link := h.mail()
	h.refusesOtherSites(laptop, link)
	phone := h.browser()
	h.isNoPerson(phone, link)
	h.opensLink(phone, link)
	h.asksWhoHasAnotherCart(link)
	h.pays(phone)
	h.deadLink(link)
	h.sentNoSecretForBrowsers()
}

func (h *host) fillsCart(b *browser) {
	b.post("/cart/items/1-1", nil).is(http.StatusOK).holds("1 items")
	// A failure brings a new token too, and the framework's error page does not lose it.
	b.post("/cart/items/no-such-item", nil).is(http.StatusServiceUnavailable)
	h.restarts()
	page := b.get("/checkout").is(http.StatusOK).holds("1 items", "window.CentraCheckout")
	_, src, _ := strings.Cut(page.body, `src="`)
	src, _, _ = strings.Cut(src, `"`)
	b.open(h.origin + src).is(http.StatusOK).holds("centra_checkout_callback")
}

func (h *host) sendsEvents(b *browser) {
	b.post("/centra/callback", url.Values{"email": {"kim@example.com"}, "additionalFields[suspendIgnore]": {"true"}}).
		is(http.StatusOK).holds(`"suspendIgnore":true`, `"selection":{`)
	h.capturedIs("kim@example.com")
	h.restarts()
	b.sendJSON("/centra/callback", `{"email": "kim@example.org", "additionalFields": {"suspendIgnore": ["x"]}}`).
		is(http.StatusOK).holds(`"suspendIgnore":["x"]`, `"selection":{`)
	h.capturedIs("kim@example.org")
}

func (h *host) capturedIs(email string) {
	h.Helper()
	cart := h.centra.Carts()[0]
	if diff := cmp.Diff([]any{email, any(true)}, []any{cart.Email, cart.CartAbandonmentEmail}); diff != "" {
		h.Errorf("what Centra knows (-want +got):\n%s", diff)
	}
}

// Events, pages and changes at once, each answered with a new token, and the
// browser sends what it has by then.
func (h *host) sendsManyAtOnce(b *browser) {
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() { b.sendJSON("/centra/callback", `{"email": "kim@example.org"}`).is(http.StatusOK) })
		wg.Go(func() { b.get("/checkout").is(http.StatusOK) })
		wg.Go(func() { b.post("/cart/items/3-1", nil).is(http.StatusOK) })
	}
	wg.Wait()
	cart := h.centra.Carts()[0]
	want := []centratest.CartItem{{Item: "1-1", Quantity: 1}, {Item: "3-1", Quantity: 5}}
	if diff := cmp.Diff(want, cart.Items); diff != "" {
		h.Errorf("the cart (-want +got):\n%s", diff)
	}
	if n := h.centra.MaxConcurrent(cart.Selection); n != 1 || cart.Lost() || len(h.centra.Carts()) != 1 {
		h.Errorf("%d changes of the cart at once, lost: %v, %d carts; want 1, false, 1",
			n, cart.Lost(), len(h.centra.Carts()))
	}
	b.get("/checkout").is(http.StatusOK).holds("2 items")
}

// mail waits for the mail and returns its link.
func (h *host) mail() string {
	for began := time.Now(); time.Since(began) < 10*time.Second; time.Sleep(20 * time.Millisecond) {
		for _, mail := range slices.Backward(h.centra.Outbox()) {
			if mail.To == "kim@example.org" {
				return mail.Link
			}
		}
	}
	h.Fatal("no mail")
	return ""
}

func (h *host) refusesOtherSites(b *browser, link string) {
	b.from("cross-site").post("/centra/callback", url.Values{"email": {"mallory@example.com"}}).
		is(http.StatusForbidden).holds(`"cross_site"`)
	h.capturedIs("kim@example.org")
	other := h.browser()
	other.from("cross-site").post(strings.TrimPrefix(link, h.shop), nil).is(http.StatusForbidden)
	if cart := h.centra.Carts()[0]; cart.Sessions != 1 {
		h.Errorf("%d sessions have the cart, want the shopper's alone", cart.Sessions)
	}
}

// What looks at a link without opening it attaches nothing.
func (h *host) isNoPerson(b *browser, link string) {
	answered := b.send(http.MethodHead, link, "", "").is(http.StatusOK)
	answered.isPrivate()
	if cart := h.centra.Carts()[0]; cart.Sessions != 1 || answered.body != "" {
		h.Errorf("HEAD: %d sessions have the cart, body %q; want the shopper's, and none", cart.Sessions, answered.body)
	}
}

func (h *host) opensLink(b *browser, link string) {
	b.open(link + "?utm_source=rule").is(http.StatusSeeOther).leadsTo("/checkout?utm_source=rule").isPrivate()
	h.restarts()
	b.get("/checkout").is(http.StatusOK).holds("2 items")
	b.open(link).is(http.StatusSeeOther).leadsTo("/checkout") // the same cart: no question
	h.restarts()
	b.get("/checkout").is(http.StatusOK).holds("2 items")
}

func (h *host) asksWhoHasAnotherCart(link string) {
	b := h.browser()
	b.post("/cart/items/2-1", nil).is(http.StatusOK)
	b.open(link).is(http.StatusOK).holds(`method="post"`).isPrivate()
	b.get("/checkout").is(http.StatusOK).holds("1 items")
	b.post(strings.TrimPrefix(link, h.shop), nil).is(http.StatusSeeOther).leadsTo("/checkout")
	h.restarts()
	b.get("/checkout").is(http.StatusOK).holds("2 items")
}

func (h *host) pays(b *browser) {
	b.post("/pay", url.Values{"method": {centratest.SuccessMethod}}).is(http.StatusOK).holds("success")
	if cart := h.centra.Carts()[0]; !cart.Completed {
		h.Error("the cart was not ordered")
	}
	b.get("/checkout").is(http.StatusOK).holds("0 items")
}

// The link of a cart that was ordered, and one that names none.
func (h *host) deadLink(link string) {
	b := h.browser()
	b.open(link).is(http.StatusSeeOther).leadsTo("/checkout?cart=gone").isPrivate()
	b.open(link[:strings.LastIndexByte(link, '/')+1] + "no%20ID").is(http.StatusSeeOther).leadsTo("/checkout?cart=gone")
	b.get("/checkout?cart=gone").is(http.StatusOK)

	b.post("/cart/items/2-1", nil).is(http.StatusOK)
	b.open(link).is(http.StatusOK).holds(`method="post"`)
	b.post(strings.TrimPrefix(link, h.shop), nil).is(http.StatusSeeOther).leadsTo("/checkout?cart=gone").isPrivate()
	b.get("/checkout").is(http.StatusOK).holds("1 items")
}

// What browsers cause has the rights of a browser.
func (h *host) sentNoSecretForBrowsers() {
	for _, r := range h.centra.Requests() {
		attach := r.Method == http.MethodPut && strings.HasPrefix(r.Path, "/selection/")
		if secret := r.Header.Get("Authorization") != ""; secret && !attach && r.Path != "/selection" {
			h.Errorf("%s was sent the secret", r.Path)
		}
	}
}
