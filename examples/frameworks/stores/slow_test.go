package stores_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/gorilla/sessions"

	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/centra/session/sessiontest"
	"github.com/centra-go/cartabandonment/examples/frameworks/stores"
)

// A slow page of the shop's own, which changes the visitor's session too, ends
// after another request has brought a new Centra session. The old one must not
// come back with it: after a day nobody remembers what took its place.
func TestSlowRequestBringsNothingBack(t *testing.T) {
	withSCS := func(idle time.Duration) (sessiontest.NewStore, func(http.ResponseWriter, *http.Request)) {
		manager := scs.New()
		manager.IdleTimeout = idle
		return func(*testing.T) (session.Store, func(http.Handler) http.Handler) {
				return stores.NewSCS(manager), manager.LoadAndSave
			}, func(_ http.ResponseWriter, r *http.Request) {
				manager.Put(r.Context(), "language", "sv")
			}
	}
	scsStore, scsWrite := withSCS(0)
	idleStore, idleWrite := withSCS(time.Hour)
	files := sessions.NewFilesystemStore(t.TempDir(), sessionKey)
	for name, tt := range map[string]struct {
		newStore sessiontest.NewStore
		write    func(http.ResponseWriter, *http.Request)
	}{
		"scs":                   {scsStore, scsWrite},
		"scs with idle timeout": {idleStore, idleWrite},
		"fiber":                 {inFiber(nil), func(http.ResponseWriter, *http.Request) {}}, // writes always
		"gorilla": {func(*testing.T) (session.Store, func(http.Handler) http.Handler) {
			return stores.Gorilla{Store: files, Name: "centra"}, nil
		}, func(w http.ResponseWriter, r *http.Request) {
			shop, _ := files.Get(r, "shop")
			shop.Values["language"] = "sv"
			_ = shop.Save(r, w)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			store, middleware := tt.newStore(t)
			jar, _ := cookiejar.New(nil) // fails for no options
			site := &url.URL{Scheme: "https", Host: "example.com", Path: "/"}
			serve := func(handle http.HandlerFunc) {
				r, w := httptest.NewRequest(http.MethodGet, site.String(), nil), httptest.NewRecorder()
				for _, cookie := range jar.Cookies(site) {
					r.AddCookie(cookie)
				}
				var h http.Handler = handle
				if middleware != nil {
					h = middleware(handle)
				}
				h.ServeHTTP(w, r)
				jar.SetCookies(site, w.Result().Cookies())
			}
			serve(func(w http.ResponseWriter, r *http.Request) { _ = store.Save(w, r, "token-1") })
			serve(func(w http.ResponseWriter, r *http.Request) {
				serve(func(w http.ResponseWriter, r *http.Request) { _ = store.Save(w, r, "token-2") })
				tt.write(w, r)
			})
			serve(func(_ http.ResponseWriter, r *http.Request) {
				if s, err := store.Load(r); s != "token-2" || err != nil {
					t.Errorf("%q, %v; want token-2", string(s), err)
				}
			})
		})
	}
}
