package browsertest

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The widget gets back the very value of its event, objects by identity.
func TestResumeValue(t *testing.T) {
	t.Parallel()
	shop, tab := newFakeShop(t), newTab(t)
	tab.open(shop.URL)
	events := 0
	for name, detail := range map[string]string{
		"true":                 `{email: "a@example.com", additionalFields: {suspendIgnore: true}}`,
		"false":                `{additionalFields: {suspendIgnore: false}}`,
		"string":               `{additionalFields: {suspendIgnore: "ingrid"}}`,
		"empty string":         `{additionalFields: {suspendIgnore: ""}}`,
		"array":                `{additionalFields: {suspendIgnore: ["a"]}}`,
		"object":               `{additionalFields: {suspendIgnore: {ingrid: {deep: [1]}}}}`,
		"zero":                 `{additionalFields: {suspendIgnore: 0}}`,
		"null":                 `{additionalFields: {suspendIgnore: null}}`,
		"absent":               `{additionalFields: {}}`,
		"no additionalFields":  `{email: "a@example.com"}`,
		"additionalFields []":  `{additionalFields: []}`,
		"no detail":            `null`,
		"wrapped":              `{detail: {email: "a@example.com", additionalFields: {suspendIgnore: "x"}}}`,
		"wrapped, value apart": `{detail: {email: "a@example.com"}, additionalFields: {suspendIgnore: "x"}}`,
	} {
		tab.run(`resumes.length = 0; window.detail = ` + detail + `; fire(detail)`)
		tab.wait(`resumes.length`)
		const same = `resumes.length === 1 && resumes[0].args.length === 1 && Object.is(resumes[0].args[0],
			(detail?.additionalFields ?? detail?.detail?.additionalFields)?.suspendIgnore)`
		if !eval[bool](tab, same) {
			t.Errorf("%s: resumes = %s", name, eval[string](tab, `JSON.stringify(resumes)`))
		}
		events++
	}
	posts := shop.got()
	if len(posts) != events || posts[0].ContentType != "application/json" {
		t.Errorf("the callback got %+v, want %d posts of JSON", posts, events)
	}
}

// What some integrations wrap once more arrives as everybody else's.
func TestWrappedDetail(t *testing.T) {
	t.Parallel()
	shop, tab := newFakeShop(t), newTab(t)
	tab.open(shop.URL)
	const want = `{"additionalFields":{"suspendIgnore":1},"email":"a@example.com"}`
	for name, row := range map[string]struct{ detail, want string }{
		"plain":              {`{email: "a@example.com", detail: "2nd floor"}`, `{"email":"a@example.com","detail":"2nd floor"}`},
		"plain, with object": {`{email: "a@example.com", detail: {a: 1}}`, `{"email":"a@example.com","detail":{"a":1}}`},
		"wrapped":            {`{detail: {additionalFields: {suspendIgnore: 1}, email: "a@example.com"}}`, want},
		"value apart":        {`{detail: {email: "a@example.com"}, additionalFields: {suspendIgnore: 1}}`, want},
		"with others":        {`{detail: {email: "a@example.com"}, type: "change"}`, `{"detail":{"email":"a@example.com"},"type":"change"}`},
	} {
		tab.run(`resumes.length = 0; fire(` + row.detail + `)`)
		tab.wait(`resumes.length`)
		posts := shop.got()
		if got := posts[len(posts)-1].Body; got != row.want {
			t.Errorf("%s: the callback got %s, want %s", name, got, row.want)
		}
	}
}

// Whatever comes of an event, the page is told once, the widget is resumed once,
// and the next event works.
func TestResumeWhatever(t *testing.T) {
	t.Parallel()
	hangUp := func(w http.ResponseWriter, _ *http.Request, _ int) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			conn.Close()
		}
	}
	answer := func(status int, contentType, body string) func(http.ResponseWriter, *http.Request, int) {
		return func(w http.ResponseWriter, _ *http.Request, _ int) {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	const failed = "Failed to load resource" // the browser's own note of it
	for name, row := range map[string]struct {
		answer  func(http.ResponseWriter, *http.Request, int)
		heard   string
		problem string
	}{
		"success": {nil, `{"name":"centra:selection","detail":{"answer":1},"resumes":0}`, ""},
		"error status": {
			answer(502, "application/json", `{"suspendIgnore": true, "error": {"code": "centra_unavailable", "message": "Try again."}}`),
			`{"name":"centra:error","detail":{"status":502,"code":"centra_unavailable","message":"Try again.","willRetry":true},"resumes":0}`, failed,
		},
		"error status with the selection": {
			answer(409, "application/json", `{"suspendIgnore": true, "selection": {"answer": 1}, "error": {"code": "conflict", "message": "Changed."}}`),
			`{"name":"centra:error","detail":{"status":409,"code":"conflict","message":"Changed.","willRetry":false},"resumes":0}`, failed,
		},
		"error status, HTML": {
			answer(502, "text/html", `<h1>Bad gateway</h1>`),
			`{"name":"centra:error","detail":{"status":502,"code":"invalid_response","message":"Callback: invalid_response","willRetry":true},"resumes":0}`, failed,
		},
		"HTML with 200": {
			answer(200, "text/html", `<h1>Log in</h1>`),
			`{"name":"centra:error","detail":{"status":200,"code":"invalid_response","message":"Callback: invalid_response","willRetry":false},"resumes":0}`, "",
		},
		"null with 200": {
			answer(200, "application/json", `null`),
			`{"name":"centra:error","detail":{"status":200,"code":"invalid_response","message":"Callback: invalid_response","willRetry":false},"resumes":0}`, "",
		},
		"network failure": {
			hangUp,
			`{"name":"centra:error","detail":{"status":0,"code":"network","message":"Callback: network","willRetry":true},"resumes":0}`, failed,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shop, tab := newFakeShop(t), newTab(t)
			if row.problem != "" {
				tab.expect(row.problem)
			}
			// Not the first answer only: Chromium itself repeats a post when a reused
			// connection is closed on it.
			var recovered atomic.Bool
			shop.answer = func(w http.ResponseWriter, r *http.Request, n int) {
				if recovered.Load() || row.answer == nil {
					answerSelection(w, n)
					return
				}
				row.answer(w, r, n)
			}
			tab.open(shop.URL)
			tab.run(`fire({email: "a@example.com", additionalFields: {suspendIgnore: 1}})`)
			tab.wait(`resumes.length`)
			if got := eval[string](tab, `JSON.stringify({...heard[0], at: undefined})`); got != row.heard {
				t.Errorf("the page heard %s, want %s", got, row.heard)
			}
			recovered.Store(true)
			tab.run(`fire({email: "a@example.com", additionalFields: {suspendIgnore: 2}})`)
			tab.wait(`resumes.length === 2`)
			// What will be sent again was overtaken by this one.
			if got := eval[string](tab, `heard.map((h) => h.name).slice(1).join()`); got != "centra:selection" {
				t.Errorf("after the next event the page heard %q, want one centra:selection", got)
			}
			if got := eval[string](tab, `resumes.map((r) => r.args[0]).join()`); got != "1,2" {
				t.Errorf("resumed %s, want 1,2", got)
			}
		})
	}
}

// An answer that takes too long, or never comes, leaves nothing locked: Klarna's
// own 10 s count from the event, also for one that has to wait for another.
func TestResumeInTime(t *testing.T) {
	t.Parallel()
	for name, delay := range map[string]time.Duration{"20 s": 20 * time.Second, "never": time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shop, tab := newFakeShop(t), newTab(t)
			tab.expect("Failed to load resource")
			shop.answer = func(w http.ResponseWriter, r *http.Request, n int) {
				if n <= 2 {
					slowly(delay)(w, r, n)
					return
				}
				answerSelection(w, n)
			}
			tab.open(shop.URL)
			tab.run(`window.fired = performance.now();
				for (const i of [1, 2, 3]) fire({["field" + i]: i, additionalFields: {suspendIgnore: i}})`)
			tab.wait(`resumes.length === 3`)
			if got := eval[float64](tab, `Math.max(...resumes.map((r) => r.at)) - fired`); got < 8000 || got > 9900 {
				t.Errorf("resumed %.0f ms after the event, want between 8000 and 9900", got)
			}
			if got := len(shop.got()); got > 2 {
				t.Errorf("%d posts, while the first two have no answer", got)
			}

			// The third is sent in the end, and then what had no answer: nothing is lost.
			tab.wait(`heard.filter((h) => h.name === "centra:selection").length === 3`)
			const want = "centra:error timeout true,centra:error timeout true,centra:error timeout true"
			if got := eval[string](tab, `heard.slice(0, 3).map((h) =>
				h.name + " " + h.detail.code + " " + h.detail.willRetry).join()`); got != want {
				t.Errorf("the page heard %q, want %q", got, want)
			}
			bodies := `{"field1":1,"additionalFields":{"suspendIgnore":1}} {"field2":2,"additionalFields":{"suspendIgnore":2}} ` +
				`{"field3":3,"additionalFields":{"suspendIgnore":3}} {"field1":1,"additionalFields":{"suspendIgnore":1}} ` +
				`{"field2":2,"additionalFields":{"suspendIgnore":2}}`
			var got []string
			for _, post := range shop.got() {
				got = append(got, post.Body)
			}
			if diff := cmp.Diff(bodies, strings.Join(got, " ")); diff != "" {
				t.Errorf("posts (-want +got):\n%s", diff)
			}

			tab.run(`fire({next: 4, additionalFields: {suspendIgnore: 4}})`)
			tab.wait(`resumes.length > 3`)
			if got := eval[string](tab, `heard.at(-1).name`); got != "centra:selection" {
				t.Errorf("after the next event the page heard %s, want centra:selection", got)
			}
			if got := eval[string](tab, `resumes.map((r) => r.args[0]).join()`); got != "1,2,3,4" {
				t.Errorf("resumed %s, want 1,2,3,4", got)
			}
		})
	}
}

// CheckoutScript may come after the answer to its event.
func TestResumeWithoutCentraCheckout(t *testing.T) {
	t.Parallel()
	shop, tab := newFakeShop(t), newTab(t)
	tab.open(shop.URL)
	tab.run(`window.later = CentraCheckout; delete window.CentraCheckout;
		fire({additionalFields: {suspendIgnore: "a"}})`)
	tab.wait(`heard.length`)
	tab.run(`fire({additionalFields: {suspendIgnore: "b"}})`)
	tab.wait(`heard.length === 2`)
	tab.run(`window.CentraCheckout = later`)
	tab.wait(`resumes.length === 2`)
	if got := eval[string](tab, `resumes.map((r) => r.args[0]).sort().join()`); got != "a,b" {
		t.Errorf("resumed %s, want a and b", got)
	}
}

// An error in CheckoutScript, or in the page's own listeners, is theirs: it
// shows in the console and stops nothing.
func TestResumeThrows(t *testing.T) {
	t.Parallel()
	shop, tab := newFakeShop(t), newTab(t)
	tab.expect("Error: the widget's")
	tab.expect("Error: the page's")
	tab.open(shop.URL)
	tab.run(`window.real = CentraCheckout.resume;
		CentraCheckout.resume = () => { throw new Error("the widget's"); };
		document.addEventListener("centra:selection", () => { throw new Error("the page's"); });
		fire({n: 1}); fire({m: 2})`)
	tab.wait(`heard.length === 2`)
	if got := eval[string](tab, `heard.map((h) => h.name).join()`); got != "centra:selection,centra:selection" {
		t.Errorf("the page heard %s, want two selections", got)
	}
	tab.run(`CentraCheckout.resume = real; fire({additionalFields: {suspendIgnore: 3}})`)
	tab.wait(`resumes.length`)
	if got := eval[string](tab, `resumes.map((r) => r.args[0]).join()`); got != "3" {
		t.Errorf("resumed %s, want 3", got)
	}
}

// hangingFirst never answers the first post.
func hangingFirst(w http.ResponseWriter, r *http.Request, n int) {
	if n == 1 {
		slowly(time.Hour)(w, r, n)
		return
	}
	answerSelection(w, n)
}

// 202: the shop has it, and Centra gets it later. That is no failure, and there is
// no selection to show.
func TestAccepted(t *testing.T) {
	t.Parallel()
	shop, tab := newFakeShop(t), newTab(t)
	shop.answer = func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusAccepted)
		_, _ = w.Write([]byte(`{"suspendIgnore": 1}`))
	}
	tab.open(shop.URL)
	tab.run(`fire(` + captureBody + `)`)
	tab.wait(`resumes.length`)
	time.Sleep(2 * time.Second)
	if got := eval[string](tab, `heard.map((h) => h.name + h.resumes).join()`); got != "centra:accepted0" {
		t.Errorf("the page heard %s, want centra:accepted alone, before the resume", got)
	}
	if got := len(shop.got()); got != 1 {
		t.Errorf("%d posts, want one", got)
	}
}

// Qliro, Klarna Payments and Ingrid leave in pluginFields what the page has to do
// after every update.
func TestPluginFields(t *testing.T) {
	t.Parallel()
	shop, tab := newFakeShop(t), newTab(t)
	const fields = `{"qliro":{"qliroReplaceSnippet":true,"paymentHTML":"<div id=\"qliro\"><\/div>"},"ingrid":[]}`
	shop.answer = func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"suspendIgnore": 1, "selection": {"pluginFields": ` + fields + `}}`))
	}
	tab.open(shop.URL)
	for n := 1; n <= 2; n++ {
		tab.run(`fire({event: "e"})`)
		tab.wait(fmt.Sprintf(`heard.length === %d`, n))
	}
	if !eval[bool](tab, `heard.every((h) => JSON.stringify(h.detail.pluginFields) === JSON.stringify(`+fields+`))`) {
		t.Errorf("the page heard %s", eval[string](tab, `JSON.stringify(heard)`))
	}
}
