package browsertest

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

const captureBody = `{"email":"anna@example.com","additionalFields":{"suspendIgnore":1}}`

// times tells how often the callback got a body.
func (shop *fakeShop) times(body string) int {
	n := 0
	for _, post := range shop.got() {
		if post.Body == body {
			n++
		}
	}
	return n
}

// kept is what the tab keeps for another try.
func (tab *tab) kept() string {
	return eval[string](tab, `JSON.stringify(Object.entries(sessionStorage))`)
}

// A deploy that drops connections costs no capture: an event while the shop is away
// arrives when it is back.
func TestShopAway(t *testing.T) {
	t.Parallel()
	const outage = 20 * time.Second
	for name, meanwhile := range map[string]func(shop *fakeShop, tab *tab){
		"on the same page": func(shop *fakeShop, tab *tab) {
			time.Sleep(outage)
			shop.restart()
			tab.wait(`heard.length > 1`)
			if got := eval[string](tab, `heard[1].name`); got != "centra:selection" {
				t.Errorf("the page heard %s, want centra:selection", got)
			}
			if got := eval[int](tab, `resumes.length`); got != 1 {
				t.Errorf("%d resumes of one event", got)
			}
		},
		"after a navigation within the shop": func(shop *fakeShop, tab *tab) {
			time.Sleep(outage)
			shop.restart()
			tab.open(shop.URL + "/?next")
			tab.wait(`heard.length`)
		},
		"after an error page of the browser": func(shop *fakeShop, tab *tab) {
			tab.run(`location.href = "/?away"`)
			time.Sleep(outage)
			shop.restart()
			tab.open(shop.URL + "/?next")
			tab.wait(`heard.length`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shop, tab := newFakeShop(t), newTab(t)
			tab.expect("Failed to load resource")
			tab.open(shop.URL)
			shop.stop()
			tab.run(`fire(` + captureBody + `)`)
			tab.wait(`resumes.length`)
			if got := eval[string](tab, `JSON.stringify(heard.map((h) => h.detail))`); got !=
				`[{"status":0,"code":"network","message":"Callback: network","willRetry":true}]` {
				t.Errorf("the page heard %s, want that it will be tried again", got)
			}
			meanwhile(shop, tab)
			// What a page sends while it goes has no answer: the next page repeats it.
			if got := shop.times(captureBody); got < 1 || got > 2 {
				t.Errorf("the capture arrived %d times", got)
			}
			if got := tab.kept(); got != `[]` {
				t.Errorf("still kept: %s", got)
			}
		})
	}
}

// The checkout is not the only page that tries again, and Retry-After counts there.
func TestTriedAgainByTheNextPage(t *testing.T) {
	t.Parallel()
	shop, tab := newFakeShop(t), newTab(t)
	tab.expect("Failed to load resource")
	shop.answer = func(w http.ResponseWriter, _ *http.Request, n int) {
		if n == 1 {
			w.Header().Set("Retry-After", "4")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		answerSelection(w, n)
	}
	tab.open(shop.URL)
	tab.run(`fire(` + captureBody + `)`)
	tab.wait(`resumes.length`)
	tab.open(shop.URL + "/?next")
	tab.wait(`heard.length`)
	posts := shop.got()
	if len(posts) != 2 || posts[1].Body != captureBody {
		t.Fatalf("the callback got %+v, want the capture twice", posts)
	}
	if got := posts[1].At.Sub(posts[0].At); got < 4*time.Second {
		t.Errorf("again after %v, want what Retry-After says", got)
	}
	if got := eval[int](tab, `resumes.length`); got != 0 {
		t.Errorf("%d resumes on a page without an event", got)
	}
}

// What the shopper typed after the failure wins, and is sent once.
func TestRetryOvertaken(t *testing.T) {
	t.Parallel()
	shop, tab := newFakeShop(t), newTab(t)
	tab.expect("Failed to load resource")
	shop.answer = func(w http.ResponseWriter, _ *http.Request, n int) {
		if n == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		answerSelection(w, n)
	}
	tab.open(shop.URL)
	tab.run(`fire({address: {email: "old@example.com"}})`)
	tab.wait(`heard.length`)
	tab.run(`fire({email: "new@example.com"})`)
	tab.wait(`heard.length === 2`)
	time.Sleep(3 * time.Second)
	if got := len(shop.got()); got != 2 {
		t.Errorf("%d posts, want two: the old address is not sent again", got)
	}
}

// A tab that another one opened has a copy of what was kept.
func TestRetryInTwoTabs(t *testing.T) {
	t.Parallel()
	shop, tab := newFakeShop(t), newTab(t)
	tab.expect("Failed to load resource")
	away := true
	shop.answer = func(w http.ResponseWriter, r *http.Request, n int) {
		if away && strings.Contains(r.Header.Get("Referer"), "first") {
			away = false
			w.Header().Set("Retry-After", "3")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		answerSelection(w, n)
	}
	tab.open(shop.URL + "/?first")
	tab.run(`fire({email: "old@example.com"})`)
	tab.wait(`heard.length`)
	tab.run(`window.other = open("/?second")`)
	tab.wait(`other.CentraCartAbandonment`)
	if !eval[bool](tab, `other.sessionStorage.length === 1`) {
		t.Error("the other tab has no copy: this test shows nothing")
	}
	tab.run(`other.fire({email: "new@example.com"})`)
	tab.wait(`other.heard.length`)
	time.Sleep(5 * time.Second)
	var got []string
	for _, post := range shop.got() {
		got = append(got, post.Body)
	}
	if want := `{"email":"old@example.com"} {"email":"new@example.com"}`; strings.Join(got, " ") != want {
		t.Errorf("the callback got %s, want %s", got, want)
	}
}

// Storage is not there in every browser.
func TestWithoutStorage(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]string{
		"forbidden": `for (const area of ["sessionStorage", "localStorage"])
			Object.defineProperty(window, area, { get() { throw new DOMException("no", "SecurityError"); } })`,
		"full":    `Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError"); }`,
		"spoiled": `sessionStorage.setItem("centra-cart-abandonment", "{"); localStorage.setItem("centra-cart-abandonment", "x")`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shop, tab := newFakeShop(t), newTab(t)
			tab.expect("Failed to load resource")
			shop.body = script(spoil) + embedded()
			shop.answer = func(w http.ResponseWriter, _ *http.Request, n int) {
				if n == 1 {
					w.WriteHeader(http.StatusServiceUnavailable)
					return
				}
				answerSelection(w, n)
			}
			tab.open(shop.URL)
			tab.run(`fire(` + captureBody + `)`)
			tab.wait(`heard.length === 2`)
			if got := eval[string](tab, `heard[1].name + resumes.length`); got != "centra:selection1" {
				t.Errorf("got %s, want centra:selection and one resume", got)
			}
		})
	}
}
