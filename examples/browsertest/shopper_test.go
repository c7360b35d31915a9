package browsertest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// focused is an expression for the element that has the focus, in frames too.
const focused = `(() => {
	let e = document.activeElement;
	while (e?.contentDocument) e = e.contentDocument.activeElement;
	return e;
})()`

// name is what a screen reader would call the focused element, more or less.
const name = `((e) => (e.getAttribute("aria-label") ?? e.labels?.[0]?.textContent ?? e.textContent).trim())(` + focused + `)`

// tabTo goes to the control of that name, as those do who use no mouse.
func (tab *tab) tabTo(want string) {
	tab.t.Helper()
	var passed []string
	for range 60 {
		tab.keys(kb.Tab)
		got := eval[string](tab, name)
		if strings.HasPrefix(got, want) {
			return
		}
		passed = append(passed, got)
	}
	tab.t.Fatalf("no way by Tab to %q: %q", want, passed)
}

// enter goes to the control and presses Enter on it.
func (tab *tab) enter(control string) {
	tab.t.Helper()
	tab.tabTo(control)
	tab.keys(kb.Enter)
}

// write goes to the field and types.
func (tab *tab) write(field, text string) {
	tab.t.Helper()
	tab.tabTo(field)
	tab.keys(text)
}

// titles are what the timeline says from the first entry on.
func (tab *tab) titles() []string {
	tab.t.Helper()
	titles := eval[[]string](tab, `[...document.querySelectorAll("#entries .title")].map((e) => e.textContent)`)
	slices.Reverse(titles)
	return titles
}

// follows reports whether the texts of want come one after the other in got,
// among others.
func follows(got []string, want ...string) bool {
	for _, g := range got {
		if len(want) > 0 && g == want[0] {
			want = want[1:]
		}
	}
	return len(want) == 0
}

// inFrame is an expression within the widget.
func inFrame(expression string) string {
	return `(({ document }) => ` + expression + `)(window.widget.contentWindow)`
}

// withEachAPI opens a shop on each of Centra's APIs. Widget and form say the same to
// all of them: the operations are those that bring it to Centra.
func withEachAPI(t *testing.T, interval string, walk func(t *testing.T, shop *webshop, ops operations)) {
	t.Helper()
	t.Parallel()
	for api, ops := range map[string]operations{
		"checkout":   {"Checkout API", "PUT /payment-fields", "PUT /payment-fields"},
		"shop":       {"Shop API", "PUT /selections/{selection}/checkout-fields", "PUT /selections/{selection}/checkout-fields"},
		"storefront": {"Storefront API", "mutation handleWidgetEventAndSetAddress", "mutation setAddress"},
	} {
		t.Run(api, func(t *testing.T) {
			t.Parallel()
			walk(t, newWebshop(t, "-api", api, "-interval", interval), ops)
		})
	}
}

type operations struct{ api, event, form string }

// goesBy waits until the timeline has the call, and looks at what the page says of
// itself.
func (tab *tab) goesBy(api, operation string) {
	tab.t.Helper()
	tab.happened(operation)
	if got := eval[string](tab, `document.querySelector("footer").innerText`); !strings.Contains(got, "by the "+api) {
		tab.t.Errorf("the page says %q, want the %s", got, api)
	}
}

// The whole way with Klarna's widget and no mouse: an address left, a mail, the
// cart in another browser, and an order.
func TestShopperWithWidget(t *testing.T) { withEachAPI(t, "1s", shopWithWidget) }

func shopWithWidget(t *testing.T, shop *webshop, ops operations) {
	tab := newTab(t)
	tab.open(shop.URL)
	tab.enter("Add Merino Beanie to the cart")
	tab.arrive("?added=")
	tab.reads("Merino Beanie is in your cart.")
	tab.enter("Go to the checkout")
	tab.arrive("/checkout")
	tab.wait(inFrame(`document.readyState === "complete"`))
	tab.write("E-mail", "anna@example.com")
	tab.write("First name", "Anna")
	tab.write("Last name", "Berg")
	tab.write("Postal code", "111 22")
	tab.enter("Continue")
	tab.wait(inFrame(`document.querySelector("#status").textContent.includes("You can pay")`))
	if got := eval[string](tab, name); got != "Pay with Klarna" {
		t.Errorf("after the details the focus is on %q", got)
	}
	tab.reads("Saved. If you leave now, we remind you once by e-mail.")
	tab.goesBy(ops.api, ops.event)
	tab.happened("is sent")
	tab.wait(`document.querySelector("#mail-count").textContent === "1"`)
	if want := []string{
		"A cart is created", "The cart changes", "A checkout event arrives", "The details are sent", "orderCreated",
		"The countdown runs", "“Cart abandoned” is sent",
	}; !follows(tab.titles(), want...) {
		t.Errorf("the timeline says %q, want %q in this order", tab.titles(), want)
	}

	other := newTab(t)
	other.open(shop.URL + "/inbox")
	other.reads("anna@example.com")
	other.enter("Back to my cart")
	other.arrive("/checkout")
	other.reads("Merino Beanie")
	other.wait(inFrame(`document.readyState === "complete"`))
	other.write("E-mail", "anna@example.com")
	other.write("First name", "Anna")
	other.write("Last name", "Berg")
	other.write("Postal code", "111 22")
	other.enter("Continue")
	other.wait(inFrame(`!document.querySelector("#pay").disabled`))
	other.keys(kb.Enter) // the focus has gone to the button
	other.reads("is paid")
	other.happened("orderCompleted")
	if want := []string{
		"“Cart abandoned” is sent", "The cart is recovered", "A payment is started", "The payment’s result is handed on", "orderCompleted",
	}; !follows(other.titles(), want...) {
		t.Errorf("the timeline says %q, want %q in this order", other.titles(), want)
	}
}

// The same without a widget.
func TestShopperWithoutWidget(t *testing.T) { withEachAPI(t, "1s", shopWithoutWidget) }

func shopWithoutWidget(t *testing.T, shop *webshop, ops operations) {
	tab := newTab(t)
	tab.open(shop.URL)
	tab.enter("Add size M of Linen Shirt to the cart")
	tab.arrive("?added=")
	tab.enter("Go to the checkout")
	tab.arrive("/checkout")
	tab.enter("Without a widget")
	tab.wait(`document.querySelector("#details")`)
	tab.write("E-mail", "anna@example.com")
	tab.write("First name", "Anna")
	tab.write("Last name", "Berg")
	tab.write("Street and number", "Storgatan 1")
	tab.write("Postal code", "111 22")
	tab.write("City", "Stockholm")
	tab.tabTo("Yes, remind me once")
	tab.keys(" ")
	tab.reads("Saved. If you leave now, we remind you once by e-mail.") // captured on the tick already
	tab.enter("Save and continue")
	tab.reads("Your details are saved.")
	tab.goesBy(ops.api, ops.form)
	if got := eval[string](tab, `document.querySelector("#email").value + document.querySelector("#reminder").checked`); got != "anna@example.comtrue" {
		t.Errorf("the form has forgotten: %s", got)
	}
	tab.happened("is sent")
	tab.enter("Pay 1")
	tab.reads("is paid")
	tab.happened("orderCompleted")
	if want := []string{
		"A checkout event arrives", "The details are sent", "orderCreated", "The countdown runs",
		"The checkout form arrives", "The details are sent", "“Cart abandoned” is sent", "orderCompleted",
	}; !follows(tab.titles(), want...) {
		t.Errorf("the timeline says %q, want %q in this order", tab.titles(), want)
	}
	tab.open(shop.URL + "/checkout")
	tab.reads("Your cart is empty.")
}

// Who does not want a reminder gets none.
func TestShopperDeclines(t *testing.T) {
	t.Parallel()
	shop := newWebshop(t, "-interval", "200ms")
	tab := newTab(t)
	shop.filled(tab)
	tab.wait(inFrame(`document.readyState === "complete"`))
	tab.click("#reminder")
	tab.reads("We will not remind you.")
	tab.order("anna@example.com")
	tab.reads("Saved. You will not get a reminder.")
	tab.happened("cartAbandonmentEmail was false")
	if slices.Contains(tab.titles(), "orderCreated") {
		t.Error("the mailer was told all the same")
	}
}

// order fills the widget in and continues.
func (tab *tab) order(email string) {
	tab.t.Helper()
	tab.fill(email)
	tab.run(inFrame(`document.querySelector("#continue").click()`))
}

func (tab *tab) fill(email string) {
	tab.t.Helper()
	tab.wait(inFrame(`document.readyState === "complete"`))
	tab.run(inFrame(fmt.Sprintf(`(() => {
		for (const [id, value] of Object.entries({email: %q, firstName: "Anna", lastName: "Berg", zipCode: "111 22"}))
			document.getElementById(id).value = value;
	})()`, email)))
}

// doubleClick clicks twice on one place, as fast as it goes.
func (tab *tab) doubleClick(selector string) {
	tab.t.Helper()
	tab.run("document.querySelector(`" + selector + "`).scrollIntoView({ block: \"center\" })")
	at := eval[[]float64](tab, "(({ x, y, width, height }) => [x + width / 2, y + height / 2])(document.querySelector(`"+selector+"`).getBoundingClientRect())")
	tab.do("double click on "+selector, chromedp.MouseClickXY(at[0], at[1]), chromedp.MouseClickXY(at[0], at[1], chromedp.ClickCount(2)))
}

// Two clicks are one thing in the cart, and one order.
func TestDoubleClicks(t *testing.T) {
	t.Parallel()
	shop := newWebshop(t)
	tab := newTab(t)
	tab.open(shop.URL)
	tab.doubleClick(`form[action="/cart/items/1-1"] button`)
	tab.arrive("?added=")
	tab.open(shop.URL + "/checkout")
	if got := eval[string](tab, `document.querySelector("#cart-count").textContent`); got != "1" {
		t.Errorf("%s in the cart after a double click on Add, want 1", got)
	}
	shop.withoutWidget(tab)
	tab.details()
	tab.doubleClick("#details button")
	tab.wait(`document.querySelector("#pay button")`)
	tab.doubleClick("#pay button")
	tab.reads("is paid")
	tab.happened("orderCompleted")
	orders := 0
	for _, title := range tab.titles() {
		if title == "orderCompleted" {
			orders++
		}
	}
	if orders != 1 {
		t.Errorf("%d orders", orders)
	}
}

// A page that comes back shows what is, not what was.
func TestWebshopFromBackForwardCache(t *testing.T) {
	t.Parallel()
	shop := newWebshop(t)
	tab := newTab(t)
	shop.filled(tab)
	tab.run(`addEventListener("pageshow", (e) => sessionStorage.restored = e.persisted)`)
	shop.withoutWidget(tab)
	tab.details()
	tab.click("#details button")
	tab.wait(`document.querySelector("#pay")`)
	tab.run(`addEventListener("pageshow", (e) => sessionStorage.restored = e.persisted)`)
	tab.click("#pay button")
	tab.reads("is paid")
	tab.do("back", chromedp.Evaluate[chromedp.Void](`history.back()`))
	tab.reads("Your cart is empty.")
	if got := eval[string](tab, `sessionStorage.restored`); got != "true" {
		t.Errorf("the page came from the back/forward cache: %s; this test is about the one that did", got)
	}
	tab.wait(`document.querySelector("#live").textContent === "live"`)
	tab.open(shop.URL)
	tab.click(`form[action="/cart/items/4-1"] button`)
	tab.arrive("?added=")
	tab.do("back", chromedp.Evaluate[chromedp.Void](`history.back()`))
	tab.wait(`!location.search && document.querySelector("#cart-count").textContent === "1"`)
	if eval[bool](tab, `[...document.querySelectorAll("button")].some((b) => b.disabled)`) {
		t.Error("a button cannot be pressed any more")
	}
}
