package browsertest

import (
	"net/http"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"
)

// form is a checkout without a widget. {options} are watch's.
const form = `<form>
	<label>E-mail <input id="email" type="email"></label>
	<label>Name <input id="name"></label>
	<label><input id="consent" type="checkbox"> Remind me</label>
</form>`

func watching(options string) string {
	return embedded() + form + script(`CentraCartAbandonment.watch(document.querySelector("#email"), `+options+`)`)
}

// keys types into what has the focus, as a shopper does.
func (tab *tab) keys(keys string) { tab.do("typing", chromedp.KeyEvent(keys)) }

func (tab *tab) focus(id string) { tab.run(`document.querySelector("` + id + `").focus()`) }

func (tab *tab) click(id string) {
	tab.do("clicking "+id, chromedp.Click(chromedp.CSS(id)))
}

const agreedCheckbox = `{consent: document.querySelector("#consent")}`

func TestWatch(t *testing.T) {
	t.Parallel()
	address := func(email string) map[string]any { return map[string]any{"email": email} }
	for name, row := range map[string]struct {
		options string
		shopper func(tab *tab)
		want    []any
	}{
		"consent, then address": {agreedCheckbox, func(tab *tab) {
			tab.click("#consent")
			tab.focus("#email")
			tab.keys("anna@example.com\t")
		}, []any{address("anna@example.com")}},
		"address, then consent": {agreedCheckbox, func(tab *tab) {
			tab.focus("#email")
			tab.keys("anna@example.com\t")
			tab.click("#consent")
		}, []any{address("anna@example.com")}},
		"text field": {`{consent: () => true}`, func(tab *tab) {
			tab.run(`document.querySelector("#email").type = "text"`)
			tab.focus("#email")
			tab.keys(" anna@example.com \t")
		}, []any{address("anna@example.com")}},
		"no consent": {agreedCheckbox, func(tab *tab) {
			tab.focus("#email")
			tab.keys("anna@example.com\tAnna\t")
		}, nil},
		"consent withdrawn": {agreedCheckbox, func(tab *tab) {
			tab.click("#consent")
			tab.click("#consent")
			tab.focus("#email")
			tab.keys("anna@example.com\t")
		}, nil},
		"consent as a function": {`{consent: () => document.querySelector("#name").value === "yes"}`, func(tab *tab) {
			tab.focus("#email")
			tab.keys("anna@example.com\tyes\t")
		}, []any{address("anna@example.com")}},
		"a promise is not consent": {`{consent: async () => false}`, func(tab *tab) {
			tab.focus("#email")
			tab.keys("anna@example.com\t")
		}, nil},
		"fields of the page": {`{consent: () => true, fields: {reminderConsent: "2026-01"}}`, func(tab *tab) {
			tab.focus("#email")
			tab.keys("anna@example.com\t")
		}, []any{map[string]any{"email": "anna@example.com", "reminderConsent": "2026-01"}}},
		"not an address": {`{consent: () => true}`, func(tab *tab) {
			tab.focus("#email")
			tab.keys("anna@\t")
		}, nil},
		"unchanged": {`{consent: () => true}`, func(tab *tab) {
			tab.focus("#email")
			tab.keys("anna@example.com\tAnna\t")
			tab.click("#consent")
		}, []any{address("anna@example.com")}},
		"corrected": {`{consent: () => true}`, func(tab *tab) {
			tab.focus("#email")
			tab.keys("anna@example.co\t")
			tab.wait(`heard.length`)
			tab.run(`document.querySelector("#email").select()`)
			tab.focus("#email")
			tab.keys("anna@example.com\t")
		}, []any{address("anna@example.co"), address("anna@example.com")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shop, tab := newFakeShop(t), newTab(t)
			shop.body = watching(row.options)
			tab.open(shop.URL)
			row.shopper(tab)
			// The queue is in order: what watch captured arrives before this.
			tab.run(`fire({end: true})`)
			tab.wait(`resumes.length`)
			if diff := cmp.Diff(append(row.want, map[string]any{"end": true}), shop.bodies(t)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// The shopper types an address and closes the tab, the field still in focus.
func TestTypedThenLeft(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		options string
		want    []any
	}{
		"with consent":    {`{consent: () => true}`, []any{map[string]any{"n": 1.0}, map[string]any{"email": "anna@example.com"}}},
		"without consent": {`{consent: () => false}`, []any{map[string]any{"n": 1.0}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shop, tab := newFakeShop(t), newTab(t)
			shop.body = watching(row.options)
			shop.answer = slowly(500 * time.Millisecond)
			tab.open(shop.URL)
			tab.focus("#email")
			tab.keys("anna@example.com")
			tab.run(`fire({n: 1})`) // in flight when the tab goes
			tab.close()
			shop.waitPosts(t, len(row.want))
			if diff := cmp.Diff(row.want, shop.bodies(t)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// capture shares queue and endpoint with the widget, and always comes to an end.
func TestCapture(t *testing.T) {
	t.Parallel()
	shop, tab := newFakeShop(t), newTab(t)
	tab.expect("Failed to load resource")
	shop.answer = func(w http.ResponseWriter, r *http.Request, n int) {
		if n == 3 {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		slowly(50*time.Millisecond)(w, r, n)
	}
	tab.open(shop.URL)
	got := eval[string](tab, `(fire({widget: 1}),
		CentraCartAbandonment.capture({email: "anna@example.com"}).then(JSON.stringify))`)
	if got != `{"answer":2}` {
		t.Errorf("capture came to %s, want the selection of the second answer", got)
	}
	if got := eval[string](tab, `CentraCartAbandonment.capture({email: "b@example.com"}).then(String)`); got != "undefined" {
		t.Errorf("a failed capture came to %s, want undefined", got)
	}
	if got := eval[string](tab, `heard.map((h) => h.name).join()`); got != "centra:selection,centra:selection,centra:error" {
		t.Errorf("the page heard %s", got)
	}
	if got := eval[int](tab, `resumes.length`); got != 1 {
		t.Errorf("%d resumes, want the widget's one", got)
	}
	if posts := shop.got(); len(posts) != 3 || posts[1].Overlaps {
		t.Errorf("the callback got %+v, want three posts that do not overlap", posts)
	}
}

// What failed is tried again when the shopper goes on.
func TestWatchTriesAgain(t *testing.T) {
	t.Parallel()
	shop, tab := newFakeShop(t), newTab(t)
	tab.expect("Failed to load resource")
	shop.body = watching(`{consent: () => true}`)
	shop.answer = func(w http.ResponseWriter, r *http.Request, n int) {
		if n == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		answerSelection(w, n)
	}
	tab.open(shop.URL)
	tab.focus("#email")
	tab.keys("anna@example.com\t")
	tab.wait(`heard.length === 1`)
	tab.keys("Anna\t")
	tab.wait(`heard.length === 2`)
	want := []any{map[string]any{"email": "anna@example.com"}, map[string]any{"email": "anna@example.com"}}
	if diff := cmp.Diff(want, shop.bodies(t)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
