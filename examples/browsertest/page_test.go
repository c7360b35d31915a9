package browsertest

import (
	"net/http"
	"strings"
	"testing"

	"github.com/centra-go/cartabandonment/centra"
)

// However a page embeds the two scripts, an event posts once and resumes once,
// under a policy that allows nothing without a nonce.
func TestEmbedding(t *testing.T) {
	t.Parallel()
	listener := func(attributes string) string {
		return `<script src="` + listenerPath + `" nonce="{nonce}" ` + attributes + `></script>`
	}
	checkout := script(fakeCheckoutScript)
	for name, body := range map[string]string{
		"Embed":                        embedded(),
		"before CheckoutScript":        script(recorder) + listener("") + checkout,
		"after CheckoutScript":         script(recorder) + checkout + listener(""),
		"deferred":                     script(recorder) + listener("defer") + checkout,
		"async":                        script(recorder) + checkout + listener("async"),
		"as a module":                  script(recorder) + checkout + listener(`type="module"`),
		"twice":                        script(recorder) + listener("") + checkout + listener(""),
		"twice, Embed and by hand":     embedded() + listener("defer"),
		"with an endpoint of its page": script(recorder) + checkout + listener(`data-endpoint="/centra/callback?page=1"`),
		"script that ends its own tag": script(recorder) + string(pageScripts.Embed(&centra.Selection{
			CheckoutScript: `window.tag = "</script><b id=broken>" + "<!-- <script>";` + fakeCheckoutScript,
		}, nonce)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shop, tab := newFakeShop(t), newTab(t)
			shop.body = body
			tab.open(shop.URL)
			tab.run(`fire({email: "a@example.com", additionalFields: {suspendIgnore: true}})`)
			tab.wait(`resumes.length`)
			tab.run(`fire({email: "b@example.com", additionalFields: {suspendIgnore: true}})`)
			tab.wait(`resumes.length > 1`)
			if got := eval[int](tab, `resumes.length`); got != 2 {
				t.Errorf("%d resumes of 2 events", got)
			}
			if got := len(shop.got()); got != 2 {
				t.Errorf("%d posts of 2 events", got)
			}
			if eval[bool](tab, `document.getElementById("broken") !== null`) {
				t.Error("CheckoutScript became markup")
			}
			if got := eval[string](tab, `String(window.tag)`); got != "undefined" && got != "</script><b id=broken><!-- <script>" {
				t.Errorf("CheckoutScript's own string became %q", got)
			}
		})
	}
}

// One market's pages may have another callback than the file was served with.
func TestEndpointOfThePage(t *testing.T) {
	t.Parallel()
	shop, tab := newFakeShop(t), newTab(t)
	tab.expect("Failed to load resource")
	shop.body = strings.Replace(embedded(), "<script src=", `<script data-endpoint="/se/callback" src=`, 1)
	tab.open(shop.URL)
	tab.run(`fire({email: "a@example.com"})`)
	tab.wait(`heard.length`)
	if got := eval[int](tab, `heard[0].detail.status`); got != http.StatusNotFound || len(shop.got()) != 0 {
		t.Errorf("status %d and %d posts, want the 404 of /se/callback and none", got, len(shop.got()))
	}
}

// CheckoutScript may dispatch while the rest of the page still loads.
func TestEventWhileLoading(t *testing.T) {
	t.Parallel()
	shop, tab := newFakeShop(t), newTab(t)
	shop.body = embedded() + script(`fire({email: "a@example.com"})`) + "{pause}<p>The rest</p>"
	tab.open(shop.URL)
	tab.wait(`resumes.length`)
	if got := len(shop.got()); got != 1 {
		t.Errorf("%d posts of 1 event", got)
	}
}
