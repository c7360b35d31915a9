package recovery_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/recovery"
)

func TestPaths(t *testing.T) {
	for _, tt := range []struct {
		name, link, pattern, disallow string
		serves                        []string // with linkedID in place of ID
		passes                        []string
	}{
		{
			name: "documented", link: cartLink, pattern: "/abandoned-cart/{selection}", disallow: "/abandoned-cart/",
			serves: []string{"/abandoned-cart/ID", "/abandoned-cart/ID/", "/abandoned-cart/ID?utm_source=x", "/%61bandoned-cart/ID"},
			passes: []string{"/", "/abandoned-cart", "/abandoned-cart/", "/abandoned-cart//", "/abandoned-cart/ID/x", "/abandoned-cart/ID//",
				"/sv/abandoned-cart/ID", "/abandoned-carts/ID", "/Abandoned-Cart/ID", "//abandoned-cart/ID", "/abandoned-cart//ID",
				"/abandoned-cart%2FID", "/x?/abandoned-cart/ID"},
		},
		{
			name: "segments on both sides", link: "https://example.com/sv/cart/{selection}/restore",
			pattern: "/sv/cart/{selection}/restore", disallow: "/sv/cart/*/restore",
			serves: []string{"/sv/cart/ID/restore", "/sv/cart/ID/restore/"},
			passes: []string{"/sv/cart/ID", "/sv/cart/ID/", "/sv/cart/ID/restored", "/sv/cart/restore", "/en/cart/ID/restore", "/sv/cart//restore"},
		},
		{
			name: "segments after only", link: "https://example.com/{selection}/cart", pattern: "/{selection}/cart", disallow: "/*/cart",
			serves: []string{"/ID/cart"}, passes: []string{"/ID", "/cart", "//cart"},
		},
		{
			name: "trailing slash", link: "https://example.com/cart/{selection}/", pattern: "/cart/{selection}/{$}", disallow: "/cart/",
			serves: []string{"/cart/ID/", "/cart/ID"}, passes: []string{"/cart/ID/x"},
		},
		{
			name: "letters beyond ASCII, campaign parameters", link: "https://example.com/övergiven/{selection}?utm_source=rule",
			pattern: "/%C3%B6vergiven/{selection}", disallow: "/%C3%B6vergiven/",
			serves: []string{"/%C3%B6vergiven/ID", "/%c3%b6vergiven/ID"}, passes: []string{"/vergiven/ID", "/%F6vergiven/ID"},
		},
		{
			name: "another port", link: "https://example.com:8443/c/{selection}#top", pattern: "/c/{selection}", disallow: "/c/",
			serves: []string{"/c/ID"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newShop(t, recovery.Config{API: &fakeAPI{t: t, attach: attaches}, CartLink: tt.link})
			if got := s.Pattern(); got != tt.pattern {
				t.Errorf("pattern %q, want %q", got, tt.pattern)
			}
			if got, want := s.RobotsTxt(), "User-agent: *\nDisallow: "+tt.disallow+"\n"; got != want {
				t.Errorf("robots.txt %q, want %q", got, want)
			}
			rest := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
			wrapped := s.Wrap(rest)
			mux := http.NewServeMux()
			mux.Handle(s.Pattern(), s)
			for _, path := range tt.serves {
				path = strings.ReplaceAll(path, "ID", linkedID)
				if got := get(newBrowser(t, wrapped), path).StatusCode; got != http.StatusSeeOther {
					t.Errorf("%s: wrapped: %d, want 303", path, got)
				}
				if _, slash := strings.CutSuffix(path, "/"); slash == strings.HasSuffix(tt.link, "/") {
					if got := get(newBrowser(t, mux), path).StatusCode; got != http.StatusSeeOther {
						t.Errorf("%s: mux: %d, want 303", path, got)
					}
				}
			}
			for _, path := range tt.passes {
				path = strings.ReplaceAll(path, "ID", linkedID)
				if got := get(newBrowser(t, wrapped), path).StatusCode; got != http.StatusTeapot {
					t.Errorf("%s: wrapped: %d, want it left to the shop", path, got)
				}
			}
		})
	}
}

// Neither Host nor X-Forwarded-* decide anything.
func TestAnyHost(t *testing.T) {
	s := newShop(t, recovery.Config{API: &fakeAPI{t: t, attach: attaches}})
	r := httptest.NewRequest(http.MethodGet, linkedPath, nil)
	r.Host = "evil.example"
	for _, name := range []string{"X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Prefix", "X-Original-URL", "X-Rewrite-URL", "Forwarded"} {
		r.Header.Set(name, "host=evil.example")
	}
	w := httptest.NewRecorder()
	s.Wrap(http.NotFoundHandler()).ServeHTTP(w, r)
	redirectsTo(t, w.Result(), "/checkout")
}

var malformed = []string{
	"..%2f..", "..", ".", "%2e%2e", "..%5c..", "%00", linkedID + "%00", linkedID + "%0d%0aSet-Cookie:%20a=b", "%0A",
	linkedID + "%20", linkedID + "%2520", "%2561", "%61beb59928306768d255e21920f9087a4", linkedID + ".", linkedID + ";a=b",
	strings.Repeat("a", 500), strings.Repeat("a", 129), "åäö", "%C3%A5", "аbeb", "１２３", "%ff%fe", "a%2Fb", "a:b", "a@b", "*", "{selection}",
	"%7Bselection%7D", "a%3Fb", "a%23b", "a+b", "~", "a,b", "'", "\"", "<script>",
}

// A malformed ID is a dead link, by whatever way it comes, and not a call.
func TestMalformedID(t *testing.T) {
	for _, id := range malformed {
		t.Run(id, func(t *testing.T) {
			s := newShop(t, recovery.Config{API: &fakeAPI{t: t}, Visitors: visitors(t, unusedStore{t})})
			for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodHead} {
				for name, handler := range map[string]http.Handler{"bare": s, "wrapped": s.Wrap(unreachable(t))} {
					r := &http.Request{Method: method, URL: requestURL(t, "/abandoned-cart/"+id), Header: http.Header{}, Host: "example.com"}
					w := httptest.NewRecorder()
					handler.ServeHTTP(w, r)
					if got := s.last(t).Code; got != recovery.Malformed {
						t.Errorf("%s %s: outcome %q", method, name, got)
					}
					redirectsTo(t, w.Result(), "/no-such-cart")
				}
			}
		})
	}
}

// requestURL reads a path as a server does.
func requestURL(t *testing.T, path string) *url.URL {
	t.Helper()
	u, err := url.ParseRequestURI(path)
	if err != nil {
		t.Skip("net/http refuses the request")
	}
	return u
}

type unusedStore struct{ t testing.TB }

func (s unusedStore) Load(*http.Request) (centra.Session, error) {
	s.t.Error("the session was loaded")
	return "", nil
}

func (s unusedStore) Save(http.ResponseWriter, *http.Request, centra.Session) error {
	s.t.Error("the session was saved")
	return nil
}

func unreachable(t testing.TB) http.Handler {
	return http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the request was left to the shop") })
}

// Behind http.StripPrefix, which sub-routers use too, the handler gets the end
// of the path.
func TestStripPrefix(t *testing.T) {
	const link = "https://example.com/sv/shop/cart/{selection}/restore"
	for _, tt := range []struct {
		name, link, strip, path string
		status                  int
	}{
		{"nothing", link, "", "/sv/shop/cart/ID/restore", 303},
		{"the first segment", link, "/sv", "/sv/shop/cart/ID/restore", 303},
		{"a segment with its slash", link, "/sv/", "/sv/shop/cart/ID/restore", 303},
		{"two segments", link, "/sv/shop", "/sv/shop/cart/ID/restore", 303},
		{"all that stands before the ID", link, "/sv/shop/cart", "/sv/shop/cart/ID/restore", 303},
		{"all that stands before the ID, with its slash", link, "/sv/shop/cart/", "/sv/shop/cart/ID/restore", 303},
		{"and one slash at the end", link, "/sv/shop/cart", "/sv/shop/cart/ID/restore/", 303},
		{"of the documented link", cartLink, "/abandoned-cart", linkedPath, 303},
		{"of the documented link, with its slash", cartLink, "/abandoned-cart/", linkedPath, 303},
		{"escaped letters", "https://example.com/övergiven/korg/{selection}", "/övergiven", "/%C3%B6vergiven/korg/ID", 303},
		{"another place", link, "/app", "/app/shop/cart/ID/restore", 303},

		{"what stands behind the ID is another", link, "/sv", "/sv/shop/cart/ID/open", 404},
		{"what stands behind the ID is missing", link, "/sv", "/sv/shop/cart/ID", 404},
		{"another segment before it", link, "/sv", "/sv/shop/korg/ID/restore", 404},
		{"a segment too many", link, "", "/app/sv/shop/cart/ID/restore", 404},
		{"part of a segment", link, "/sv/sh", "/sv/shop/cart/ID/restore", 404},
		{"the ID too", cartLink, linkedPath, linkedPath, 404},
	} {
		t.Run(tt.name, func(t *testing.T) {
			log, logger := newLog()
			api := &fakeAPI{t: t, attach: attaches}
			s := newShop(t, recovery.Config{API: api, CartLink: tt.link, Logger: logger})
			path := strings.ReplaceAll(tt.path, "ID", linkedID)
			resp := get(newBrowser(t, http.StripPrefix(tt.strip, s)), path)
			if tt.status == 303 {
				redirectsTo(t, resp, "/checkout")
				if want := "attach " + linkedID + " to "; !slices.Equal(api.calls, []string{want}) {
					t.Errorf("calls %q, want %q", api.calls, want)
				}
				return
			}
			shows(t, resp, 404, "no such page")
			if got := s.last(t); got.Code != recovery.Misconfigured || got.Err == nil {
				t.Errorf("got %+v", got)
			}
			if text := log.String(); !strings.Contains(text, "mount it at") || strings.Contains(text, linkedID) {
				t.Errorf("log: %s", text)
			}
		})
	}
}

// Routers match more than the link: letters of another case, a segment too many. Once
// a link has arrived, nothing is wrong with the mount, and nobody need be woken.
func TestPathsBesideTheLink(t *testing.T) {
	log, logger := newLog()
	s := newShop(t, recovery.Config{API: &fakeAPI{t: t, attach: attaches}, Logger: logger})
	b := newBrowser(t, s)
	redirectsTo(t, get(b, linkedPath), "/checkout")
	for _, path := range []string{strings.ToUpper(linkedPath), linkedPath + "/x", "/abandoned-cart//" + linkedID} {
		shows(t, get(b, path), 404, "no such page")
		if got := s.last(t); got.Code != recovery.Malformed || got.Err == nil {
			t.Errorf("%s: got %+v", path, got)
		}
	}
	if log.String() != "" {
		t.Errorf("log: %s", log)
	}
}

// Wrap sees the whole path, and takes nothing else for a cart link.
func TestWrapIsExact(t *testing.T) {
	s := newShop(t, recovery.Config{API: &fakeAPI{t: t}, CartLink: "https://example.com/sv/cart/{selection}"})
	shop := newBrowser(t, s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })))
	for _, path := range []string{"/" + linkedID, "/cart/" + linkedID, "/en/sv/cart/" + linkedID} {
		if got := get(shop, path).StatusCode; got != http.StatusTeapot {
			t.Errorf("%s: %d, want it left to the shop", path, got)
		}
	}
}

var selectionID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

// FuzzCartLink feeds any configuration and any request to the handler: nothing
// panics, and Centra is asked only for an ID that is in the request's path as it
// is, between the segments of the link.
func FuzzCartLink(f *testing.F) {
	for _, link := range []string{cartLink, "https://example.com/sv/cart/{selection}/restore", "https://example.com/{selection}/x/"} {
		for _, id := range malformed {
			f.Add(link, "/abandoned-cart/"+id)
			f.Add(link, "/sv/cart/"+id+"/restore")
		}
		f.Add(link, linkedPath)
		f.Add(link, "/"+linkedID+"/x")
	}
	f.Add("https://example.com/%7Bselection%7D/%2e", "/a/.")
	f.Add("https://example.com/a%2Fb/{selection}", "/a/b/c")
	f.Fuzz(func(t *testing.T, link, path string) {
		api := &fakeAPI{t: t, attach: attaches}
		h, err := recovery.New(recovery.Config{API: api, Visitors: visitors(t, emptyStore{}), CartLink: link, Checkout: "/checkout", InsecurePlainHTTP: true})
		if err != nil {
			return
		}
		http.NewServeMux().Handle(h.Pattern(), h) // panics for a pattern that is none
		u, err := url.ParseRequestURI(path)
		if err != nil || u.Host != "" || u.Opaque != "" {
			return
		}
		r := &http.Request{Method: http.MethodGet, URL: u, Header: http.Header{}}
		w := httptest.NewRecorder()
		h.Wrap(http.NotFoundHandler()).ServeHTTP(w, r)
		asked := len(api.calls) > 0
		if asked != (w.Header().Get("Location") == "/checkout") {
			t.Errorf("calls %q, and sent to %q", api.calls, w.Header().Get("Location"))
		}
		if !asked {
			return
		}
		id := strings.Fields(api.calls[0])[1]
		if !selectionID.MatchString(id) || !strings.Contains(u.EscapedPath()+"/", "/"+id+"/") {
			t.Errorf("Centra was asked for %q", id)
		}
		before, after, _ := strings.Cut(strings.TrimSuffix(h.Pattern(), "/{$}"), "{selection}")
		plain := func(s string) string { s, _ = url.PathUnescape(s); return s }
		if got, want := strings.TrimSuffix(u.Path, "/"), plain(before)+id+plain(after); got != want {
			t.Errorf("%q was served for %q", got, want)
		}
		// Mounted behind any part of it the same ID is found.
		for _, prefix := range []string{"", plain(before), strings.TrimSuffix(plain(before), "/")} {
			api.calls = nil
			http.StripPrefix(prefix, h).ServeHTTP(httptest.NewRecorder(), r.Clone(r.Context()))
			if len(api.calls) != 1 || strings.Fields(api.calls[0])[1] != id {
				t.Errorf("behind %q: calls %q, want %q", prefix, api.calls, id)
			}
		}
	})
}
