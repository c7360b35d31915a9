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
	withdrawn := func(email string) map[string]any {
		return map[string]any{"email": email, "cartAbandonmentWithdrawn": true}
	}
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
		"consent withdrawn before": {agreedCheckbox, func(tab *tab) {
			tab.click("#consent")
			tab.click("#consent")
			tab.focus("#email")
			tab.keys("anna@example.com\t")
		}, nil},
		"consent withdrawn after": {agreedCheckbox, func(tab *tab) {
			tab.click("#consent")
			tab.focus("#email")
			tab.keys("anna@example.com\t")
			tab.wait(`heard.length`)
			tab.click("#consent")
		}, []any{address("anna@example.com"), withdrawn("anna@example.com")}},
		"consent withdrawn and given": {agreedCheckbox, func(tab *tab) {
			tab.click("#consent")
			tab.focus("#email")
			tab.keys("anna@example.com\t")
			tab.wait(`heard.length`)
			tab.click("#consent")
			tab.wait(`heard.some((h) => h.name === "centra:withdrawn")`)
			tab.click("#consent")
		}, []any{address("anna@example.com"), withdrawn("anna@example.com"), address("anna@example.com")}},
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

// What failed is tried again once, whatever the shopper does meanwhile.
func TestWatchTriesAgain(t *testing.T) {
	t.Parallel()
	shop, tab := newFakeShop(t), newTab(t)
	tab.expect("Failed to load resource")
	shop.body = watching(`{consent: () => true}`)
	shop.answer = func(w http.ResponseWriter, r *http.Request, n int) {
		if n == 1 {
			w.Header().Set("Retry-After", "2")
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
	time.Sleep(3 * time.Second)
	want := []any{map[string]any{"email": "anna@example.com"}, map[string]any{"email": "anna@example.com"}}
	if diff := cmp.Diff(want, shop.bodies(t)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// One change of the field is one post, though the page goes at once.
func TestChangedAndLeft(t *testing.T) {
	t.Parallel()
	for name, leave := range leave {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shop, tab := newFakeShop(t), newTab(t)
			shop.body = watching(`{consent: () => true}`)
			shop.answer = slowly(300 * time.Millisecond)
			tab.open(shop.URL)
			tab.focus("#email")
			tab.keys("anna@example.com\t")
			leave(tab, shop)
			time.Sleep(2 * time.Second)
			if diff := cmp.Diff([]any{map[string]any{"email": "anna@example.com"}}, shop.bodies(t)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Who takes the consent back and leaves is heard.
func TestWithdrawnAndLeft(t *testing.T) {
	t.Parallel()
	shop, tab := newFakeShop(t), newTab(t)
	shop.body = watching(agreedCheckbox)
	tab.open(shop.URL)
	tab.click("#consent")
	tab.focus("#email")
	tab.keys("anna@example.com\t")
	tab.wait(`heard.length`)
	tab.click("#consent")
	tab.close()
	shop.waitPosts(t, 2)
	if got := shop.got()[1].Body; got != `{"email":"anna@example.com","cartAbandonmentWithdrawn":true}` {
		t.Errorf("the callback got %s, want the withdrawal", got)
	}
}

// A withdrawal does not need a selection for an answer, drops what was kept of an
// earlier address, and is itself tried again, from the next page too.
func TestWithdraw(t *testing.T) {
	t.Parallel()
	shop, tab := newFakeShop(t), newTab(t)
	tab.expect("Failed to load resource")
	shop.answer = func(w http.ResponseWriter, _ *http.Request, n int) {
		if n <= 2 {
			w.Header().Set("Retry-After", "2")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{}`))
	}
	tab.open(shop.URL)
	tab.run(`fire({email: "anna@example.com"})`)
	tab.wait(`heard.length`)
	if got := eval[bool](tab, `CentraCartAbandonment.withdraw()`); got {
		t.Error("withdraw says that Centra knows, while the shop has answered 503")
	}
	tab.open(shop.URL + "/?next")
	tab.wait(`heard.length`)
	if got := eval[string](tab, `heard.map((h) => h.name).join()`); got != "centra:withdrawn" {
		t.Errorf("the next page heard %s, want centra:withdrawn", got)
	}
	const capture = `{"email":"anna@example.com"}`
	const withdrawal = `{"email":"anna@example.com","cartAbandonmentWithdrawn":true}`
	var got []string
	for _, post := range shop.got() {
		got = append(got, post.Body)
	}
	if diff := cmp.Diff([]string{capture, withdrawal, withdrawal}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !eval[bool](tab, `CentraCartAbandonment.withdraw()`) {
		t.Error("withdraw says that Centra does not know")
	}
}
