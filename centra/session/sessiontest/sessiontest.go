// Package sessiontest proves a host's own [session.Store], as testing/fstest does
// a file system:
//
//	func TestStore(t *testing.T) {
//		sessiontest.Run(t, func(t *testing.T) (session.Store, func(http.Handler) http.Handler) {
//			sessions := scs.New()
//			return shop.Store{Sessions: sessions}, sessions.LoadAndSave
//		})
//	}
//
// [RunTurns] does the same for [session.Turns].
package sessiontest

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
)

// Run tests that a store keeps sessions as [session.Store] demands. newStore
// returns a store to be tested, which no visitor has used yet, and the
// middleware that it needs around a handler, or nil if it needs none.
//
// The visitors' requests come in process from https://example.com, each visitor
// with a cookie jar, and may be concurrent; run the test with -race.
//
// [WithBrokenBackend] and [WithOtherWrite] test what needs a hand of the host's.
func Run(t *testing.T, newStore NewStore, opts ...Option) {
	t.Helper()
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	if o.brokenBackend != nil {
		t.Run("a backend that fails on save", func(t *testing.T) {
			if err := reportsFailure(newHost(t, o.brokenBackend)); err != nil {
				t.Error(err)
			}
		})
	}
	if o.otherWrite != nil {
		t.Run("a write of another value that brings an old session back", func(t *testing.T) {
			if err := findsNewest(newHost(t, newStore), o.otherWrite); err != nil {
				t.Error(err)
			}
		})
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.run(newHost(t, newStore)); err != nil {
				t.Error(err)
			}
		})
	}
}

// Values as Centra gives them out: tokens of the Checkout API in their two
// shapes, a selection ID, and every character that an ID may have.
const (
	first  centra.Session = "esf1p3tgchfg5ggtpqdpgqjtt6"
	second centra.Session = "f611707b97e18a902270223b79f743c2"
)

var values = []centra.Session{
	first,
	second,
	"abeb59928306768d255e21920f9087a4",
	"0",
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-",
	centra.Session(strings.Repeat("x", 128)),
}

var tests = []struct {
	name string
	run  func(host) error
}{
	{"a new visitor has no session", func(h host) error {
		return h.visitor().has("")
	}},
	{"a saved session is loaded", func(h host) error {
		for _, value := range values {
			v := h.visitor()
			if err := v.saves(value); err != nil {
				return err
			}
			// Twice: loading must not use it up.
			if err := errors.Join(v.has(value), v.has(value)); err != nil {
				return err
			}
		}
		return nil
	}},
	{"a later request's session replaces it", func(h host) error {
		v := h.visitor()
		return errors.Join(v.saves(first), v.saves(second), v.has(second))
	}},
	{"the last save of a request counts", func(h host) error {
		v := h.visitor()
		return errors.Join(v.saves(second, first), v.has(first), v.saves(first, second, second), v.has(second))
	}},
	{"saving the same session again keeps it", func(h host) error {
		v := h.visitor()
		return errors.Join(v.saves(first), v.saves(first), v.has(first))
	}},
	{`"" forgets the session`, func(h host) error {
		v := h.visitor()
		return errors.Join(v.saves(first), v.saves(""), v.has(""))
	}},
	{`"" forgets what the same request saved`, func(h host) error {
		v := h.visitor()
		return errors.Join(v.saves(first, ""), v.has(""))
	}},
	{"forgetting nothing is no error", func(h host) error {
		v := h.visitor()
		return errors.Join(v.saves(""), v.has(""))
	}},
	{"a session can follow a forgotten one", func(h host) error {
		v := h.visitor()
		return errors.Join(v.saves(first), v.saves(""), v.saves(second), v.has(second))
	}},
	{"visitors do not mix", func(h host) error {
		a, b, c := h.visitor(), h.visitor(), h.visitor()
		return errors.Join(a.saves(first), b.saves(second), a.has(first), b.has(second), c.has(""),
			a.saves(""), a.has(""), b.has(second))
	}},
	{"the host's answer is left alone", func(h host) error {
		return h.visitor().sends(http.MethodPost, func(store session.Store, w http.ResponseWriter, r *http.Request) error {
			w.Header().Set("X-Host", "its own")
			http.SetCookie(w, &http.Cookie{Name: "host", Value: "its-own", Path: "/"})
			return store.Save(w, r, first)
		}, func(resp *http.Response) error {
			hosts := 0
			for _, cookie := range resp.Cookies() {
				if cookie.Name == "host" && cookie.Value == "its-own" {
					hosts++
				}
			}
			if resp.StatusCode != http.StatusTeapot || resp.Header.Get("X-Host") != "its own" || hosts != 1 {
				return errors.New("store.Save changed the status, a header or a cookie of the host's, or answered the request")
			}
			return nil
		})
	}},
	{"a response that cannot be written breaks nothing", func(h host) error {
		v := h.visitor()
		if err := v.saves(first); err != nil {
			return err
		}
		r := v.request(http.MethodPost)
		var panicked any
		h.middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer func() { panicked = recover() }()
			_ = h.store.Save(w, r, second)
			w.WriteHeader(http.StatusOK)
			_, _ = w.Write([]byte("x"))
		})).ServeHTTP(brokenResponse{make(http.Header)}, r)
		if panicked != nil {
			return fmt.Errorf("store.Save panicked where the visitor was gone: %T", panicked)
		}
		// The visitor has either; a store on the server's side has the new one.
		if err := v.has(second); err == nil {
			return nil
		}
		return v.has(first)
	}},
	{"a cookie that cannot be read any more is no session, and no error", func(h host) error {
		v := h.visitor()
		if err := v.saves(first); err != nil {
			return err
		}
		// As after a change of the host's keys, or half a value of an old release.
		var spoiled []*http.Cookie
		for _, cookie := range v.jar.Cookies(site) {
			spoiled = append(spoiled, &http.Cookie{Name: cookie.Name, Value: "spoiled%%" + cookie.Value[len(cookie.Value)/2:], Path: "/", Secure: true})
		}
		v.jar.SetCookies(site, spoiled)
		got, err := v.loads()
		if err == nil && got == first {
			err = errors.New("store.Load returned the session of a cookie that is spoiled")
		}
		return errors.Join(err, v.saves(second), v.has(second))
	}},
	{"concurrent visitors", func(h host) error {
		return concurrently(20, func(i int) error {
			v, value := h.visitor(), centra.Session(fmt.Sprintf("session-%d", i))
			for range 5 {
				if err := errors.Join(v.saves(value), v.has(value)); err != nil {
					return err
				}
			}
			return nil
		})
	}},
	{"concurrent requests of one visitor", func(h host) error {
		v := h.visitor()
		if err := v.saves(first); err != nil {
			return err
		}
		err := concurrently(20, func(i int) error {
			if i%2 == 0 {
				return v.saves(second)
			}
			got, err := v.loads()
			if err == nil && got != first && got != second {
				err = fmt.Errorf("store.Load returned %v while another request saved, neither the session before nor the one after", got)
			}
			return err
		})
		return errors.Join(err, v.has(second))
	}},
}

func concurrently(n int, do func(i int) error) error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = do(i) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// host is a web server with the store under test.
type host struct {
	store      session.Store
	middleware func(http.Handler) http.Handler
}

func newHost(t *testing.T, newStore NewStore) host {
	store, middleware := newStore(t)
	if middleware == nil {
		middleware = func(next http.Handler) http.Handler { return next }
	}
	return host{store, middleware}
}

var site = &url.URL{Scheme: "https", Host: "example.com", Path: "/"}

// visitor is a browser with a cookie jar of its own.
type visitor struct {
	host
	jar http.CookieJar
}

func (h host) visitor() visitor {
	jar, _ := cookiejar.New(nil) // fails for no options
	return visitor{h, jar}
}

func (v visitor) request(method string) *http.Request {
	r := httptest.NewRequest(method, site.String(), nil)
	for _, cookie := range v.jar.Cookies(site) {
		r.AddCookie(cookie)
	}
	return r
}

type action func(session.Store, http.ResponseWriter, *http.Request) error

// sends makes a request, during which the host does something with the store.
func (v visitor) sends(method string, do action, check func(*http.Response) error) error {
	w := httptest.NewRecorder()
	err := errors.New("the middleware did not call the handler")
	v.middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err = do(v.store, w, r); err == nil {
			w.WriteHeader(http.StatusTeapot)
		}
	})).ServeHTTP(w, v.request(method))
	resp := w.Result()
	v.jar.SetCookies(site, resp.Cookies())
	set := make(map[string]bool)
	for _, cookie := range resp.Cookies() {
		if set[cookie.Name] && err == nil {
			err = fmt.Errorf("the cookie %q was set twice in one response", cookie.Name)
		}
		set[cookie.Name] = true
	}
	if err == nil && check != nil {
		err = check(resp)
	}
	return err
}

func (v visitor) saves(sessions ...centra.Session) error {
	return v.sends(http.MethodPost, func(store session.Store, w http.ResponseWriter, r *http.Request) error {
		for _, s := range sessions {
			if err := store.Save(w, r, s); err != nil {
				return fmt.Errorf("store.Save of %v failed: %w", s, err)
			}
		}
		return nil
	}, nil)
}

func (v visitor) loads() (got centra.Session, err error) {
	err = v.sends(http.MethodGet, func(store session.Store, _ http.ResponseWriter, r *http.Request) error {
		var err error
		if got, err = store.Load(r); err != nil {
			return fmt.Errorf("store.Load failed: %w", err)
		}
		return nil
	}, nil)
	return got, err
}

func (v visitor) has(want centra.Session) error {
	got, err := v.loads()
	if err == nil && got != want {
		err = fmt.Errorf("store.Load returned %v, want %v", got, want)
	}
	return err
}

// brokenResponse belongs to a visitor who has left.
type brokenResponse struct{ header http.Header }

func (w brokenResponse) Header() http.Header     { return w.header }
func (brokenResponse) WriteHeader(int)           {}
func (brokenResponse) Write([]byte) (int, error) { return 0, errors.New("the connection is closed") }
