package browsertest

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"
)

// leave lists the ways in which a page goes away right after its events.
var leave = map[string]func(tab *tab, shop *fakeShop){
	"tab closed":  func(tab *tab, shop *fakeShop) { tab.close() },
	"link":        func(tab *tab, shop *fakeShop) { tab.run(`location.href = "/elsewhere"`) },
	"other site":  func(tab *tab, shop *fakeShop) { tab.open("about:blank") },
	"page reload": func(tab *tab, shop *fakeShop) { tab.run(`location.reload()`) },
}

// The shopper who leaves is the one whom all this is about.
func TestLeave(t *testing.T) {
	t.Parallel()
	for name, leave := range leave {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shop, tab := newFakeShop(t), newTab(t)
			// Long enough for the first to be in flight when the page goes.
			shop.answer = slowly(500 * time.Millisecond)
			tab.open(shop.URL)
			tab.run(`fire({email: "a@example.com"}); fire({zip: 1}); fire({city: "x"})`)
			leave(tab, shop)
			shop.waitPosts(t, 3)

			want := []string{`{"city":"x"}`, `{"email":"a@example.com"}`, `{"zip":1}`}
			if diff := cmp.Diff(want, sortedBodies(shop)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if slices.ContainsFunc(shop.got(), func(p post) bool { return p.Aborted }) {
				t.Errorf("the browser gave up a post: %+v", shop.got())
			}
		})
	}
}

// No time at all between the events and the end of the tab: its opener, which
// shares its thread, closes it in the same task.
func TestClosedAtOnce(t *testing.T) {
	t.Parallel()
	shop, tab := newFakeShop(t), newTab(t)
	shop.answer = slowly(500 * time.Millisecond)
	tab.open(shop.URL + "/elsewhere")
	tab.run(`window.checkout = open("/")`)
	tab.wait(`checkout.CentraCheckout`)
	tab.run(`checkout.fire({email: "a@example.com"}); checkout.fire({zip: 1}); checkout.close()`)
	tab.wait(`checkout.closed`)
	shop.waitPosts(t, 2)
	if diff := cmp.Diff([]string{`{"email":"a@example.com"}`, `{"zip":1}`}, sortedBodies(shop)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if slices.ContainsFunc(shop.got(), func(p post) bool { return p.Aborted }) {
		t.Errorf("the browser gave up a post: %+v", shop.got())
	}
}

// An event of the widget's own farewell is sent as well.
func TestEventWhileLeaving(t *testing.T) {
	t.Parallel()
	shop, tab := newFakeShop(t), newTab(t)
	shop.answer = slowly(300 * time.Millisecond)
	tab.open(shop.URL)
	tab.run(`addEventListener("pagehide", () => fire({last: true})); fire({first: true})`)
	tab.close()
	shop.waitPosts(t, 2)
}

// More than browsers allow to be in flight: the newest are what survives.
func TestLeaveOverBudget(t *testing.T) {
	t.Parallel()
	shop, tab := newFakeShop(t), newTab(t)
	shop.answer = slowly(300 * time.Millisecond)
	tab.open(shop.URL)
	tab.run(`for (let i = 0; i < 10; i++) fire({n: i, ["field" + i]: "x".repeat(12000)})`)
	tab.close()
	eventually(t, "the newest arrive", func() bool {
		var arrived []int
		for _, post := range shop.got() {
			var n int
			if _, err := fmt.Sscanf(post.Body, `{"n":%d`, &n); err == nil {
				arrived = append(arrived, n)
			}
		}
		// The first, in flight already, has its share of the budget; three more fit.
		return slices.Contains(arrived, 0) && slices.Contains(arrived, 9) &&
			slices.Contains(arrived, 8) && slices.Contains(arrived, 7)
	})
}

// A body over the budget of keepalive is sent without.
func TestLargeEvent(t *testing.T) {
	t.Parallel()
	shop, tab := newFakeShop(t), newTab(t)
	tab.open(shop.URL)
	tab.run(`fire({email: "a@example.com", padding: "å".repeat(40000)})`)
	tab.wait(`heard.length`)
	if got := eval[string](tab, `heard[0].name`); got != "centra:selection" {
		t.Errorf("the page heard %s, want centra:selection", got)
	}
}

// The budget is given back: many events one after the other exceed it in sum.
func TestManyEvents(t *testing.T) {
	t.Parallel()
	shop, tab := newFakeShop(t), newTab(t)
	shop.answer = func(w http.ResponseWriter, r *http.Request, n int) {
		if n <= 12 {
			answerSelection(w, n)
			return
		}
		slowly(500*time.Millisecond)(w, r, n)
	}
	tab.open(shop.URL)
	tab.run(`for (let i = 0; i < 12; i++) fire({["field" + i]: "x".repeat(20000)})`)
	tab.wait(`resumes.length === 12`)
	if got := eval[int](tab, `heard.filter((h) => h.name === "centra:selection").length`); got != 12 {
		t.Errorf("%d selections of 12 events", got)
	}
	// And still goes with keepalive.
	tab.run(`fire({last: "x".repeat(20000)})`)
	tab.close()
	shop.waitPosts(t, 13)
	if shop.got()[12].Aborted {
		t.Error("the browser gave up the last post")
	}
}

// A page that comes back from the back/forward cache goes on.
func TestBackForwardCache(t *testing.T) {
	t.Parallel()
	shop, tab := newFakeShop(t), newTab(t)
	shop.answer = func(w http.ResponseWriter, r *http.Request, n int) {
		if n <= 2 {
			slowly(300*time.Millisecond)(w, r, n)
			return
		}
		answerSelection(w, n)
	}
	tab.open(shop.URL)
	tab.run(`addEventListener("pageshow", (e) => (window.restored = e.persisted));
		fire({n: 1}); fire({m: 2})`)
	tab.open(shop.URL + "/elsewhere")
	shop.waitPosts(t, 2)
	tab.do("back", chromedp.Evaluate[chromedp.Void](`history.back()`))
	tab.wait(`window.restored`)
	tab.wait(`resumes.length === 2`)

	tab.run(`fire({n: 3}); fire({n: 4}); fire({n: 5})`)
	tab.wait(`resumes.length === 5`)
	want := []string{`{"m":2}`, `{"n":1}`, `{"n":3}`, `{"n":5}`}
	if diff := cmp.Diff(want, sortedBodies(shop)); diff != "" {
		t.Errorf("one at a time again, and replacing (-want +got):\n%s", diff)
	}
}

// sortedBodies returns what came, when the order is the network's.
func sortedBodies(shop *fakeShop) []string {
	var bodies []string
	for _, post := range shop.got() {
		bodies = append(bodies, post.Body)
	}
	slices.Sort(bodies)
	return bodies
}
