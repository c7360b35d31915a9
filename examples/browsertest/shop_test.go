package browsertest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/checkoutscript"
)

// A fakeShop is the least of a shop that a listener needs: a checkout page with
// a strict Content-Security-Policy, and a callback that records what it gets.
type fakeShop struct {
	*httptest.Server

	t *testing.T

	// body is the page's, {nonce} being the nonce of its policy.
	body string
	// greet, if set, runs before the page is written, for instance to set a cookie.
	greet func(w http.ResponseWriter, r *http.Request)
	// answer writes the n-th answer of the callback, from 1. Without one it is
	// {"selection": {"answer": n}}.
	answer func(w http.ResponseWriter, r *http.Request, n int)

	mu      sync.Mutex
	posts   []post
	serving int
}

// A post is what the callback got, in order of arrival.
type post struct {
	Body        string
	ContentType string
	At          time.Time
	Overlaps    bool // arrived while another was being answered
	Aborted     bool // given up by the browser before it was answered
}

const nonce = "r4nd0mR4nd0m"

// script wraps code in a tag with the page's nonce.
func script(code string) string { return `<script nonce="{nonce}">` + code + `</script>` }

// recorder keeps what the listener does to the page: heard holds its events,
// resumes the calls of the fake CheckoutScript. fire dispatches a widget event.
const recorder = `
	window.heard = [];
	window.resumes = [];
	for (const name of ["centra:selection", "centra:accepted", "centra:withdrawn", "centra:error"])
		document.addEventListener(name, ({ detail }) =>
			heard.push({ name, detail, at: performance.now(), resumes: resumes.length }));
	window.fire = (detail) =>
		document.dispatchEvent(new CustomEvent("centra_checkout_callback", { detail }));`

// fakeCheckoutScript stands for centraCheckoutScript.
const fakeCheckoutScript = `
	window.CentraCheckout = {
		suspend() {},
		resume(...args) { resumes.push({ args, at: performance.now() }); },
	};`

// pageScripts serves listener.js and writes its tag. Its callback stays unused
// where the fake shop has its own.
var pageScripts = newPageScripts()

func newPageScripts() *checkoutscript.Handler {
	var config checkoutscript.Config
	var errs [3]error
	config.API, errs[0] = centra.NewCheckoutAPI("http://centra.invalid")
	config.Visitors, errs[1] = session.NewVisitors(session.Cookie{})
	config.Consent = checkoutscript.AssumeConsent
	handler, err := checkoutscript.New(config)
	if err = errors.Join(errs[0], errs[1], err); err != nil {
		panic(err)
	}
	return handler
}

const (
	callbackPath = "/centra/callback"
	listenerPath = "/centra/listener.js"
)

// embedded is a page as Embed makes it.
func embedded() string {
	selection := &centra.Selection{CheckoutScript: fakeCheckoutScript}
	return script(recorder) + string(pageScripts.Embed(selection, nonce))
}

func newFakeShop(t *testing.T) *fakeShop {
	shop := &fakeShop{t: t, body: embedded()}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", shop.page)
	mux.HandleFunc("GET /elsewhere", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, `<!doctype html><html lang="en"><title>Elsewhere</title>`)
	})
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("POST "+callbackPath, shop.callback)
	mux.Handle(listenerPath, pageScripts)
	shop.Server = httptest.NewServer(mux)
	t.Cleanup(shop.stop)
	return shop
}

// stop takes the shop away, as a deploy that drops its connections does. A callback
// that never answers is not waited for.
func (shop *fakeShop) stop() {
	shop.CloseClientConnections()
	shop.Close()
}

// restart brings a stopped shop back, at the same address.
func (shop *fakeShop) restart() {
	shop.t.Helper()
	server := httptest.NewUnstartedServer(shop.Config.Handler)
	listener, err := net.Listen("tcp", shop.Listener.Addr().String())
	if err != nil {
		shop.t.Fatal(err)
	}
	server.Listener.Close()
	server.Listener = listener
	server.Start()
	shop.Server = server
}

func (shop *fakeShop) page(w http.ResponseWriter, r *http.Request) {
	if shop.greet != nil {
		shop.greet(w, r)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'nonce-"+nonce+"'; "+
		"connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
	before, after, streamed := strings.Cut(strings.ReplaceAll(shop.body, "{nonce}", nonce), "{pause}")
	fmt.Fprint(w, `<!doctype html><html lang="en"><title>Checkout</title><body>`, before)
	if streamed {
		_ = http.NewResponseController(w).Flush()
		time.Sleep(time.Second)
	}
	fmt.Fprint(w, after)
}

func (shop *fakeShop) callback(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the browser gave up before it had sent all
	}
	shop.mu.Lock()
	shop.posts = append(shop.posts, post{
		Body: string(body), ContentType: r.Header.Get("Content-Type"), At: time.Now(), Overlaps: shop.serving > 0,
	})
	n := len(shop.posts)
	shop.serving++
	shop.mu.Unlock()

	// Before the answer is complete at the browser, which may send the next at once.
	defer func() {
		shop.mu.Lock()
		defer shop.mu.Unlock()
		shop.serving--
		shop.posts[n-1].Aborted = r.Context().Err() != nil
	}()
	if shop.answer != nil {
		r.Body = io.NopCloser(bytes.NewReader(body))
		shop.answer(w, r, n)
		return
	}
	answerSelection(w, n)
}

// answerSelection answers as checkoutscript.Handler does.
func answerSelection(w http.ResponseWriter, n int) {
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"suspendIgnore": true, "selection": {"answer": %d}}`, n)
}

// slowly answers after d, unless the browser gives up.
func slowly(d time.Duration) func(http.ResponseWriter, *http.Request, int) {
	return func(w http.ResponseWriter, r *http.Request, n int) {
		select {
		case <-time.After(d):
			answerSelection(w, n)
		case <-r.Context().Done():
		}
	}
}

// got returns what the callback got so far.
func (shop *fakeShop) got() []post {
	shop.mu.Lock()
	defer shop.mu.Unlock()
	return slices.Clone(shop.posts)
}

// bodies returns what the callback got as decoded JSON.
func (shop *fakeShop) bodies(t *testing.T) []any {
	t.Helper()
	var bodies []any
	for _, post := range shop.got() {
		var body any
		if err := json.Unmarshal([]byte(post.Body), &body); err != nil {
			t.Fatalf("the callback got %q: %v", post.Body, err)
		}
		bodies = append(bodies, body)
	}
	return bodies
}

// waitPosts waits until the callback has got n events, and answered them.
func (shop *fakeShop) waitPosts(t *testing.T, n int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d posts at the callback", n), func() bool {
		shop.mu.Lock()
		defer shop.mu.Unlock()
		return len(shop.posts) >= n && shop.serving == 0
	})
}
