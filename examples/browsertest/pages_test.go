package browsertest

import (
	_ "embed"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// A state is a page of the webshop that a shopper comes to see.
type state struct {
	name string
	// reach opens it in a new tab of a new shop.
	reach func(t *testing.T, shop *webshop, tab *tab)
	// shows is an expression that is true when it is there.
	shows string
}

var states = []state{
	{"shop", func(_ *testing.T, shop *webshop, tab *tab) {
		tab.open(shop.URL)
		tab.click(`form[action="/cart/items/3-1"] button`)
		tab.arrive("?added=")
	}, `document.querySelectorAll(".product").length === 6 && document.body.innerText.includes("is in your cart.")`},
	{"checkout-widget", func(_ *testing.T, shop *webshop, tab *tab) {
		shop.filled(tab)
		tab.fill("anna@example.com")
	}, `document.querySelector("#grand-total") && widget.contentDocument.querySelector("#email").value`},
	{"checkout-form", func(_ *testing.T, shop *webshop, tab *tab) {
		shop.filled(tab)
		shop.withoutWidget(tab)
		tab.click("#reminder")
		tab.focus("#email")
		tab.keys("anna@example.com" + kb.Tab)
		tab.reads("Saved. If you leave now")
	}, `document.querySelector("#email").value === "anna@example.com"`},
	{"timeline", func(_ *testing.T, shop *webshop, tab *tab) {
		shop.filled(tab)
		tab.order("anna@example.com")
		tab.happened("The countdown runs")
		tab.reads("Saved.")
		tab.run(`scrollTo(0, 0)`)
	}, `!document.querySelector("#countdown").hidden`},
	{"inbox", func(t *testing.T, shop *webshop, tab *tab) {
		shop.mailed(t, tab)
	}, `document.querySelector(".mails .mail")`},
	{"conflict", func(t *testing.T, shop *webshop, tab *tab) {
		shop.conflict(t, tab)
	}, `document.querySelector("h1").textContent === "Which cart do you want?"`},
	{"out-of-stock", func(_ *testing.T, shop *webshop, tab *tab) {
		shop.filled(tab)
		tab.open(shop.URL)
		tab.click(`form[action="/cart/items/4-1"] button`)
		tab.arrive("?added=")
		tab.open(shop.URL + "/checkout")
		shop.withoutWidget(tab)
		tab.details()
		tab.click("#details button")
		tab.wait(`document.querySelector("#pay")`)
		tab.run(`document.querySelector('button[value="sell-out"]').click()`) // wherever it has moved to meanwhile
		tab.happened("Sold the last ones")
		tab.wait(`document.querySelector("#pay")`)
		tab.click("#pay button")
		tab.reads("Somebody was faster.")
	}, `document.querySelector(".notice.warn").innerText.includes("Merino Beanie is sold out.") &&
		document.querySelector("#cart-items").innerText.includes("Enamel Mug")`},
	{"dead-link", func(_ *testing.T, shop *webshop, tab *tab) {
		tab.open(shop.URL + "/abandoned-cart/abeb59928306768d255e21920f9087a4")
	}, `document.querySelector(".notice.warn").innerText.includes("That cart is no longer there.")`},
	{"order", func(_ *testing.T, shop *webshop, tab *tab) {
		shop.filled(tab)
		shop.withoutWidget(tab)
		tab.details()
		tab.click("#details button")
		tab.wait(`document.querySelector("#pay")`)
		tab.click("#pay button")
		tab.reads("is paid")
	}, `document.querySelector("#order")`},
	{"centra-down", func(t *testing.T, shop *webshop, tab *tab) {
		tab.expect("Failed to load resource")
		shop.filled(tab)
		shop.post(t, "/demo/trouble", url.Values{"do": {"down"}})
		tab.open(shop.URL + "/checkout")
	}, `document.querySelector(".notice.warn").innerText.includes("Your cart cannot be shown")`},
	{"not-found", func(_ *testing.T, shop *webshop, tab *tab) {
		tab.expect("Failed to load resource")
		tab.open(shop.URL + "/nothing")
	}, `document.querySelector("h1").textContent === "Page not found"`},
}

// details fills the shop's own form in.
func (tab *tab) details() {
	tab.t.Helper()
	tab.run(`for (const [id, value] of Object.entries({email: "anna@example.com", firstName: "Anna", lastName: "Berg",
		address1: "Storgatan 1", zipCode: "111 22", city: "Stockholm"})) document.getElementById(id).value = value`)
}

// mailed leaves a cart behind and opens the inbox with its mail.
func (shop *webshop) mailed(t *testing.T, tab *tab) {
	t.Helper()
	shop.filled(tab)
	tab.order("anna@example.com")
	tab.happened("is sent")
	tab.open(shop.URL + "/inbox")
	tab.reads("anna@example.com")
}

// conflict opens the mail's link where another cart is, in a new tab.
func (shop *webshop) conflict(t *testing.T, tab *tab) {
	t.Helper()
	first := newTab(t)
	shop.mailed(t, first)
	tab.open(shop.URL)
	tab.click(`form[action="/cart/items/5-1"] button`)
	tab.arrive("?added=")
	tab.open(shop.URL + "/inbox")
	tab.click(".mail a.button")
	tab.arrive("/abandoned-cart/")
}

func (s state) flags() []string {
	switch s.name {
	case "inbox", "conflict":
		return []string{"-interval", "300ms"}
	}
	return nil
}

//go:embed audit.js
var audit string

// Every page, on a desk and on a phone, by day and by night: what a machine can
// say of its accessibility.
func TestPages(t *testing.T) {
	t.Parallel()
	for _, state := range states {
		t.Run(state.name, func(t *testing.T) {
			t.Parallel()
			shop := newWebshop(t, state.flags()...)
			tab := newTab(t)
			state.reach(t, shop, tab)
			tab.wait(state.shows)
			for _, media := range []struct {
				name   string
				width  int64
				scheme string
				motion string
			}{
				{"desk", 1280, "light", "no-preference"},
				{"desk, dark", 1280, "dark", "no-preference"},
				{"phone", 360, "light", "reduce"},
				{"phone, dark", 360, "dark", "reduce"},
				{"tablet", 768, "light", "reduce"},
			} {
				tab.media(media.width, 900, media.scheme, media.motion)
				for _, problem := range slices.Concat(eval[[]string](tab, audit), tab.axe()) {
					t.Errorf("%s: %s", media.name, problem)
				}
			}
			tab.media(1280, 900, "light", "reduce")
			tab.checkTabOrder()
		})
	}
}

// axe is what the tool of that name finds, at every level and with its best
// practices.
func (tab *tab) axe() []string {
	tab.t.Helper()
	tab.do("axe", chromedp.Evaluate[chromedp.Void](fromNPM(tab.t).axe+"\nundefined"))
	return eval[[]string](tab, `axe.run(document, {resultTypes: ["violations"], iframes: false, rules: {
		"color-contrast-enhanced": {enabled: true}, "target-size": {enabled: true}, "label-content-name-mismatch": {enabled: true},
	}}).then(({violations}) => violations.flatMap(({id, help, nodes}) =>
		nodes.map((node) => id + ": " + help + ": " + node.html.slice(0, 120) + (node.any[0] ? " (" + node.any[0].message + ")" : ""))))`)
}

func (tab *tab) media(width, height int64, scheme, motion string) {
	tab.t.Helper()
	tab.do("resizing", chromedp.EmulateViewport(width, height))
	_, err := chromedp.Call(tab.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: motion},
	}})
	if err != nil {
		tab.t.Fatal(err)
	}
}

// controls is an expression for all that Tab has to reach, frames included.
const controls = `(() => {
	const within = (doc) => [...doc.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0'], iframe")]
		.filter((e) => !e.disabled && !e.closest("[inert]") && e.type !== "hidden" && e.checkVisibility())
		.flatMap((e) => (e.contentDocument ? within(e.contentDocument) : [e]));
	return within(document);
})()`

// checkTabOrder goes through the page by Tab.
func (tab *tab) checkTabOrder() {
	tab.t.Helper()
	tab.run(`document.activeElement.blur(); window.reached = new Set(); window.hidden = [];
		getSelection().removeAllRanges()`)
	count := eval[int](tab, controls+`.length`)
	for range count + 6 {
		tab.keys(kb.Tab)
		tab.run(`{
			const e = ` + focused + `;
			const { outlineStyle, outlineWidth, boxShadow } = e.ownerDocument.defaultView.getComputedStyle(e);
			if (e !== document.body && (outlineStyle === "none" || parseFloat(outlineWidth) < 1) && boxShadow === "none") window.hidden.push(e.outerHTML.slice(0, 90));
			reached.add(e);
		}`)
	}
	missed := eval[[]string](tab, controls+`.filter((e) => !reached.has(e)).map((e) => e.outerHTML.slice(0, 90))`)
	if len(missed) > 0 {
		tab.t.Errorf("Tab does not reach\n%s", strings.Join(missed, "\n"))
	}
	if unseen := eval[[]string](tab, `window.hidden`); len(unseen) > 0 {
		tab.t.Errorf("the focus does not show on\n%s", strings.Join(unseen, "\n"))
	}
}

// The visitor with another cart decides on the page that asks, whichever API says
// which cart it is.
func TestConflictPage(t *testing.T) {
	withEachAPI(t, "300ms", func(t *testing.T, shop *webshop, _ operations) {
		for name, row := range map[string]struct{ button, has, hasNot string }{
			"replace": {"button", "Merino Beanie", "Wool Blanket"},
			"keep":    {"a.choice", "Wool Blanket", "Merino Beanie"},
		} {
			t.Run(name, func(t *testing.T) {
				tab := newTab(t)
				shop.conflict(t, tab)
				tab.click(row.button)
				tab.arrive("/checkout")
				cart := eval[string](tab, `document.querySelector("#cart-items").innerText`)
				if !strings.Contains(cart, row.has) || strings.Contains(cart, row.hasNot) {
					t.Errorf("the cart holds %q, want %s", cart, row.has)
				}
			})
		}
	})
}

// What TestPages can find.
func TestAudit(t *testing.T) {
	t.Parallel()
	tab := newTab(t)
	tab.open("about:blank")
	for want, body := range map[string]string{
		"":                         `<p>All is well</p><label>Name <input></label><svg aria-hidden="true"></svg>`,
		"has no name: <input":      `<p>Name <input></p>`,
		"has no name: <button":     `<button><svg aria-hidden="true"></svg></button>`,
		"picture without a name":   `<svg></svg>`,
		"contrast 2.85 of":         `<p style="color: #999">grey</p>`,
		"contrast 1.01 of":         `<div style="background: rgb(0 0 0 / 50%)"><p style="color: rgb(127 127 127)">grey on grey</p></div>`,
		"scrolls sideways":         `<p style="width: 3000px">wide</p>`,
		"moves: <p":                `<p style="transition: opacity 1s">slow</p>`,
		"two elements have the ID": `<p id="a">one</p><p id="a">two</p>`,
		"not one h1":               `<h1>another</h1>`,
		"no title":                 `<script>document.title = ""</script>`,
	} {
		tab.media(1280, 800, "light", "reduce")
		tab.run(fmt.Sprintf(`document.open(); document.write(%q); document.close()`,
			`<!doctype html><html lang="en"><title>T</title><meta name="viewport" content="width=device-width"><h1>T</h1>`+body))
		got := eval[[]string](tab, audit)
		if want == "" && len(got) > 0 || want != "" && (len(got) != 1 || !strings.Contains(got[0], want)) {
			t.Errorf("%s: the audit finds %q, want %q", body, got, want)
		}
	}
}

// A mail that is in the list already is no news.
func TestInboxCountsOnce(t *testing.T) {
	t.Parallel()
	shop := newWebshop(t, "-interval", "1s") // longer than the widget's burst: one mail
	tab := newTab(t)
	shop.mailed(t, tab)
	tab.happened("is sent")
	const said = `[document.querySelector("#mail-count").textContent, document.querySelectorAll(".mails .mail").length,
		document.querySelector("#mails-live").innerText].join()`
	if got := eval[string](tab, said); got != "1,1," {
		t.Errorf("number in the menu, mails, news: %s, want 1 mail that is no news", got)
	}
}
