package browsertest

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra/centratest"
)

// countResumes has the page keep what its CentraCheckout is told.
const countResumes = `window.resumes = [];
	CentraCheckout.resume = (value) => resumes.push({ value, at: performance.now() });
	window.fire = (detail) => document.dispatchEvent(new CustomEvent("centra_checkout_callback", { detail }));`

// widgetCheckout opens a checkout whose Centra the test sees into, with a widget
// of which only the events are there.
func widgetCheckout(t *testing.T) (*tab, *centratest.Server) {
	t.Helper()
	shop, server := newShopWithCentra(t, centratest.WithPaymentMethod(centratest.KlarnaMethod))
	tab := newTab(t)
	shop.filled(tab)
	tab.run(countResumes)
	return tab, server
}

// 30 events in one burst, through page, shop and Centra.
func TestWebshopBurst(t *testing.T) {
	t.Parallel()
	for name, detail := range map[string]string{
		"one kind":      `{n: i, email: "a@example.com"}`,
		"30 of a kind":  `{n: i, ["field" + i]: i}`,
		"with the same": `{event: "change" + i % 3, n: i}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tab, server := widgetCheckout(t)
			server.SetLatency(20 * time.Millisecond)
			tab.run(`for (let i = 0; i < 30; i++) fire({...` + detail + `, additionalFields: {suspendIgnore: i}})`)
			tab.wait(`resumes.length >= 30`)
			values := eval[[]float64](tab, `resumes.map((r) => r.value).sort((a, b) => a - b)`)
			if diff := cmp.Diff(counted(30), values); diff != "" {
				t.Errorf("resumes, sorted (-want +got):\n%s", diff)
			}
			selection := updates(server)[0].Selection
			eventually(t, "the last state wins", func() bool { return server.Cart(selection).Fields["n"] == 29.0 })
			if got := server.MaxConcurrent(selection); got != 1 {
				t.Errorf("%d updates of the selection at once", got)
			}
		})
	}
}

// Nothing of what was typed is lost with the tab.
func TestWebshopTabClosed(t *testing.T) {
	t.Parallel()
	arrives := func(t *testing.T, server *centratest.Server) {
		t.Helper()
		eventually(t, "the PUT with the address", func() bool {
			puts := updates(server)
			if len(puts) == 0 {
				return false
			}
			cart := server.Cart(puts[len(puts)-1].Selection)
			return cart.Email == "anna@example.com" && cart.CartAbandonmentEmail == true && !cart.MailDue.IsZero()
		})
	}
	t.Run("typed", func(t *testing.T) {
		t.Parallel()
		shop, server := newShopWithCentra(t)
		tab := newTab(t)
		shop.filled(tab)
		tab.wait(`window.CentraCartAbandonment`)
		tab.click("#reminder")
		tab.focus("#email")
		tab.keys("anna@example.com")
		tab.close()
		arrives(t, server)
	})
	t.Run("widget", func(t *testing.T) {
		t.Parallel()
		tab, server := widgetCheckout(t)
		server.SetLatency(200 * time.Millisecond)
		tab.run(`fire({event: "load"}); fire({email: "anna@example.com"})`)
		tab.close()
		arrives(t, server)
	})
}

// However Centra fails, the page says so, the widget goes on, and so does the
// shop when Centra is back.
func TestWebshopWithFailingCentra(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]centratest.Fault{
		"HTML 502":     centratest.HTMLFault(http.StatusBadGateway),
		"HTML 200":     centratest.HTMLFault(http.StatusOK),
		"reset":        centratest.ResetFault(),
		"cut short":    centratest.TruncatedFault(),
		"a list":       centratest.ListFault(),
		"rate limited": centratest.RetryAfterFault(http.StatusTooManyRequests, "3600"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tab, server := widgetCheckout(t)
			tab.expect("Failed to load resource")
			server.SetFault(fault)
			tab.run(`fire({email: "anna@example.com", additionalFields: {suspendIgnore: 1}})`)
			tab.wait(`resumes.length`)
			tab.reads("Your details could not be saved")
			server.ClearFault()
			tab.run(`fire({email: "anna@example.com", additionalFields: {suspendIgnore: 2}})`)
			tab.wait(`resumes.length === 2`)
			tab.reads("Saved.")
			if got := eval[string](tab, `resumes.map((r) => r.value).join()`); got != "1,2" {
				t.Errorf("resumed %s, want 1,2", got)
			}
		})
	}
}

// 20 s or never: the widget is free before its own 10 s have passed.
func TestWebshopWithSlowCentra(t *testing.T) {
	t.Parallel()
	for name, slow := range map[string]func(*centratest.Server){
		"20 s":  func(s *centratest.Server) { s.SetLatency(20 * time.Second) },
		"never": func(s *centratest.Server) { s.SetFault(centratest.HangFault()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tab, server := widgetCheckout(t)
			tab.expect("Failed to load resource")
			slow(server)
			tab.run(`window.fired = performance.now(); fire({email: "anna@example.com", additionalFields: {suspendIgnore: 1}})`)
			tab.wait(`resumes.length`)
			if got := eval[float64](tab, `resumes[0].at - fired`); got > 9900 {
				t.Errorf("resumed after %.0f ms, want less than 10 s", got)
			}
			tab.reads("Your details could not be saved")
			server.SetLatency(0)
			server.ClearFault()
			tab.run(`fire({email: "anna@example.com", additionalFields: {suspendIgnore: 2}})`)
			tab.wait(`resumes.length === 2`)
			tab.reads("Saved.")
		})
	}
}

// The same as the shopper sees it, in the simulated widget.
func TestWidgetWithSlowCentra(t *testing.T) {
	t.Parallel()
	shop := newWebshop(t)
	tab := newTab(t)
	tab.expect("Failed to load resource")
	shop.filled(tab)
	tab.fill("anna@example.com")
	tab.run(`window.changes = [];
		new MutationObserver(() => changes.push({
			locked: widget.contentDocument.body.hasAttribute("data-locked"), at: performance.now(),
		})).observe(widget.contentDocument.body, { attributeFilter: ["data-locked"] })`)
	shop.post(t, "/demo/trouble", url.Values{"do": {"slow"}, "page": {"/static/style.css"}})
	tab.run(inFrame(`document.querySelector("#continue").click()`))
	tab.wait(inFrame(`document.body.hasAttribute("data-locked")`))
	tab.wait(inFrame(`!document.body.hasAttribute("data-locked")`))
	if got := eval[float64](tab, `changes.at(-1).at - changes[0].at`); got > 9900 {
		t.Errorf("the widget was locked for %.0f ms, want less than 10 s", got)
	}
	if got := eval[string](tab, inFrame(`document.querySelector("#status").textContent`)); got != "Delivered to your address. You can pay, or leave and see what happens." {
		t.Errorf("the widget says %q, want that it was resumed", got)
	}
	tab.reads("Your details could not be saved")
	shop.post(t, "/demo/trouble", url.Values{"do": {"slow"}})
	tab.run(inFrame(`document.querySelector("#continue").click()`))
	tab.reads("Saved.")
}

// With no Centra at all the pages come, say so, and lose nothing.
func TestWebshopWithoutCentra(t *testing.T) {
	t.Parallel()
	server := centratest.NewServer(t, centratest.WithPaymentMethod(centratest.KlarnaMethod))
	listen := func(address string) (string, func()) {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		s := &http.Server{Handler: server.Handler(), ReadHeaderTimeout: time.Minute}
		go func() { _ = s.Serve(listener) }()
		return listener.Addr().String(), func() { _ = s.Close() }
	}
	address, stop := listen("127.0.0.1:0")
	shop := newWebshop(t, "-centra", fmt.Sprintf("http://%s/api/checkout", address))
	tab := newTab(t)
	tab.expect("Failed to load resource")
	shop.filled(tab)
	tab.run(countResumes)
	stop()
	tab.run(`fire({email: "anna@example.com", additionalFields: {suspendIgnore: 1}})`)
	tab.wait(`resumes.length`)
	tab.reads("You can go on")
	tab.open(shop.URL + "/checkout")
	tab.reads("Your cart cannot be shown")
	tab.open(shop.URL)
	tab.reads("The products may be out of date.")
	tab.reads("Merino Beanie") // as it last was
	tab.open(shop.URL + "/abandoned-cart/abeb59928306768d255e21920f9087a4")
	tab.reads("Your cart is still there, but we cannot open it just now.")

	_, stop = listen(address)
	defer stop()
	tab.open(shop.URL + "/checkout")
	tab.reads("Merino Beanie")
	tab.run(countResumes + `fire({email: "anna@example.com", additionalFields: {suspendIgnore: 2}})`)
	tab.wait(`resumes.length`)
	tab.reads("Saved.")
}
