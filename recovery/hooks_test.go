package recovery_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/recovery"
)

func TestAllow(t *testing.T) {
	allow := func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Authorization") == "" {
			http.Error(w, "slow down", http.StatusTooManyRequests)
			return false
		}
		return true
	}
	api := &fakeAPI{t: t}
	s := newShop(t, recovery.Config{API: api, Allow: allow})
	b := newBrowser(t, s)
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		shows(t, b.do(method, linkedPath), 429, "slow down")
		if got := s.last(t).Code; got != recovery.Refused {
			t.Errorf("%s: outcome %q", method, got)
		}
	}
	api.attach = attaches
	redirectsTo(t, b.do(http.MethodGet, linkedPath, "Authorization: x"), "/checkout")
}

// A login's cookie may be as strict as the session's, so the page that asks
// comes before the host is.
func TestAllowIsAskedAfterThePage(t *testing.T) {
	s := newShop(t, recovery.Config{
		API: &fakeAPI{t: t}, Visitors: visitors(t, session.Cookie{Strict: true}), Confirm: recovery.Always,
		Allow: func(http.ResponseWriter, *http.Request) bool { t.Error("Allow was asked"); return false },
	})
	shows(t, get(newBrowser(t, s), linkedPath), 200, `<form method="post">`)
}

// With an Owner the cart is looked at in a session of its own before the
// visitor's is touched.
func TestOwner(t *testing.T) {
	for _, api := range apis {
		for _, tt := range []struct {
			name  string
			own   []string
			visit func(*browser, string) *http.Response
			owner bool
			want  recovery.Code
			calls map[string]int
		}{
			{"theirs, no session", nil, get, true, recovery.Recovered, map[string]int{"checkout": 1, "shop": 1, "storefront": 1}},
			{"theirs, own session", []string{}, get, true, recovery.Recovered, map[string]int{"checkout": 3, "shop": 2, "storefront": 3}},
			{"theirs, other cart", []string{"2-2"}, post, true, recovery.Recovered, map[string]int{"checkout": 3, "shop": 1, "storefront": 3}},
			{"another's, no session", nil, get, false, recovery.Refused, map[string]int{"checkout": 1, "shop": 1, "storefront": 1}},
			{"another's, own session", []string{}, get, false, recovery.Refused, map[string]int{"checkout": 2, "shop": 2, "storefront": 2}},
			{"another's, other cart", []string{"2-2"}, post, false, recovery.Refused, map[string]int{"checkout": 1, "shop": 1, "storefront": 1}},
		} {
			t.Run(api.name+", "+tt.name, func(t *testing.T) {
				server := centratest.NewServer(t, centratest.WithoutSocket())
				s := newShop(t, recovery.Config{
					API: api.client(t, server),
					Owner: func(_ *http.Request, sel *centra.Selection) bool {
						if len(sel.Items) != 1 || sel.Items[0].Item != "1-1" {
							t.Errorf("Owner was shown %v", sel.Items)
						}
						return tt.owner
					},
				})
				b := newBrowser(t, s)
				if tt.own != nil {
					b.have(api.session(server.NewCart(tt.own...)))
				}
				before := b.session()
				own := api.selection(server, before)
				_, linked := server.NewCart("1-1")
				resp := tt.visit(b, "/abandoned-cart/"+linked)
				if got := s.last(t).Code; got != tt.want {
					t.Errorf("outcome %q, want %q", got, tt.want)
				}
				if got := len(server.Requests()); got != tt.calls[api.name] {
					t.Errorf("%d calls, want %d", got, tt.calls[api.name])
				}
				if tt.owner {
					redirectsTo(t, resp, "/checkout")
					if api.selection(server, b.session()) != linked {
						t.Error("the visitor has not got their cart")
					}
					if api.name == "checkout" && before != "" && b.session() != before {
						t.Error("the visitor's session was replaced by the one for looking")
					}
					return
				}
				redirectsTo(t, resp, "/no-such-cart")
				if b.session() != before || api.selection(server, before) != own {
					t.Error("the visitor's session or cart has changed")
				}
			})
		}
	}
}

// failingStore works, except for what is set.
type failingStore struct {
	session.Cookie
	load, save error
}

func (s failingStore) Load(r *http.Request) (centra.Session, error) {
	if s.load != nil {
		return "", s.load
	}
	return s.Cookie.Load(r)
}

func (s failingStore) Save(w http.ResponseWriter, r *http.Request, v centra.Session) error {
	if s.save != nil {
		return s.save
	}
	return s.Cookie.Save(w, r, v)
}

// A store may well quote the session in its errors.
var errStore = errors.New("redis: GET sessions:canary4711: connection refused")

func TestStoreThatFails(t *testing.T) {
	rotates := func(context.Context, centra.Session) (*centra.Selection, error) { return attached("rotated"), nil }
	for _, tt := range []struct {
		name  string
		store failingStore
		own   string
		api   *fakeAPI
		visit func(*browser, string) *http.Response
		calls int
	}{
		{name: "on load", store: failingStore{load: errStore}, own: "own", api: new(fakeAPI), visit: get},
		{name: "on load of the answer", store: failingStore{load: errStore}, own: "own", api: new(fakeAPI), visit: post},
		{name: "on save", store: failingStore{save: errStore}, api: &fakeAPI{attach: attaches}, visit: get, calls: 1},
		{name: "on save of a rotated token", store: failingStore{save: errStore}, own: "own", api: &fakeAPI{selection: rotates}, visit: get, calls: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			log, logger := newLog()
			tt.api.t = t
			s := newShop(t, recovery.Config{API: tt.api, Visitors: visitors(t, tt.store), Logger: logger})
			b := newBrowser(t, s)
			b.have(tt.own)
			shows(t, tt.visit(b, linkedPath), 503, "Nothing has changed")
			if b.session() != tt.own {
				t.Error("the visitor's session has changed")
			}
			if event := s.last(t); event.Code != recovery.Unavailable || !errors.Is(event.Err, errStore) {
				t.Errorf("got %+v", event)
			}
			if len(tt.api.calls) != tt.calls {
				t.Errorf("calls %q", tt.api.calls)
			}
			if !strings.Contains(log.String(), "level=WARN") || !strings.Contains(log.String(), "session: the store failed") {
				t.Errorf("log: %s", log)
			}
			if said := log.String() + fmt.Sprintf("%v %+v %#v %s", s.last(t).Err, s.last(t).Err, s.last(t).Err, s.last(t).Err); strings.Contains(said, "canary4711") {
				t.Errorf("what the store said of the session leaked: %s", said)
			}
		})
	}
}

// A tossed cookie: nobody knows which one is the visitor's, so neither is
// replaced.
func TestSessionCookieTwice(t *testing.T) {
	s := newShop(t, recovery.Config{API: &fakeAPI{t: t}})
	resp := newBrowser(t, s).do(http.MethodGet, linkedPath, "Cookie: "+sessionCookie+"=a; "+sessionCookie+"=b")
	shows(t, resp, 503, "Nothing has changed")
	if len(resp.Cookies()) > 0 {
		t.Errorf("cookies were set: %v", resp.Cookies())
	}
}

// A tossed cookie of the handler's own decides nothing unless it is right.
func TestRecoveredCookieTossed(t *testing.T) {
	api := &fakeAPI{t: t, attach: attaches, selection: func(_ context.Context, s centra.Session) (*centra.Selection, error) {
		return attached(s), nil
	}}
	s := newShop(t, recovery.Config{API: api})
	b := newBrowser(t, s)
	get(b, linkedPath)
	resp := b.do(http.MethodGet, linkedPath, "Cookie: "+markCookie+"=0123456789abcdef0123456789abcdef")
	redirectsTo(t, resp, "/checkout")
	other := newBrowser(t, s)
	other.have("own")
	shows(t, other.do(http.MethodGet, linkedPath, "Cookie: "+markCookie+"="), 200, `<form method="post">`)
}

// A Strict host sees the visitor's session only when the button is pressed.
func TestStrictHost(t *testing.T) {
	server := centratest.NewServer(t, centratest.WithoutSocket())
	s := newShop(t, recovery.Config{API: apis[0].client(t, server), Visitors: visitors(t, session.Cookie{Strict: true}), Confirm: recovery.Always})
	fromMail := newBrowser(t, s) // the jar without the cookie that the browser withholds
	_, linked := server.NewCart("1-1")
	resp := get(fromMail, "/abandoned-cart/"+linked)
	shows(t, resp, 200, `<form method="post">`)
	if len(resp.Cookies()) > 0 || len(server.Requests()) > 0 {
		t.Error("the page that asks has already done something")
	}
	onSite := newBrowser(t, s)
	token, _ := server.NewCart("2-2")
	onSite.have(token)
	redirectsTo(t, post(onSite, "/abandoned-cart/"+linked), "/checkout")
	if onSite.session() != token || server.SelectionOf(token) != linked {
		t.Error("the cart is not in the visitor's own session")
	}
}

// Only what says that the cart is gone makes a dead link. Any other refusal may
// be over in a moment, and the visitor keeps what they have.
func TestRefusedByCentra(t *testing.T) {
	for _, api := range apis {
		for _, status := range []int{400, 401, 402, 403, 404, 405, 408, 409, 410, 412, 418, 422, 423, 425, 429, 451, 500, 502, 503, 504, 599} {
			server := centratest.NewServer(t, centratest.WithoutSocket())
			server.SetFault(centratest.StatusFault(status, map[string]string{"market": "other"}))
			// The Storefront API is one endpoint, whose status says nothing of a cart.
			gone := (status == 404 || status == 410) && api.name != "storefront"
			s := newShop(t, recovery.Config{API: api.client(t, server, centra.WithRetry(centra.Retry{}))})
			for _, own := range []string{"", "own"} {
				b := newBrowser(t, s)
				b.have(own)
				resp := post(b, linkedPath)
				if gone {
					redirectsTo(t, resp, "/no-such-cart")
				} else {
					shows(t, resp, 503, "Nothing has changed")
				}
				if got := s.last(t); (got.Code == recovery.NotFound) != gone || got.Err == nil {
					t.Errorf("%s, %d: got %+v", api.name, status, got)
				}
				if own == "" && b.session() != "" {
					t.Errorf("%s, %d: the visitor was given an empty cart", api.name, status)
				}
			}
		}
	}
}

// The two APIs that only look alike: in the Shop API the session of a failed
// attach is the link's ID, and must not become the visitor's.
func TestFailedAttachDoesNotChangeTheSession(t *testing.T) {
	for _, status := range []int{404, 429, 500, 401} {
		server := centratest.NewServer(t, centratest.WithoutSocket())
		s := newShop(t, recovery.Config{API: apis[1].client(t, server, centra.WithRetry(centra.Retry{}))})
		b := newBrowser(t, s)
		_, own := server.NewCart("2-2")
		b.have(own)
		server.SetFault(centratest.StatusFault(status, map[string]string{"a": "b"}))
		if post(b, linkedPath); b.session() != own {
			t.Errorf("%d: the visitor's session has changed", status)
		}
	}
}

// The client has said it, and nobody else says it again.
func TestMisconfigured(t *testing.T) {
	log, logger := newLog()
	server := centratest.NewServer(t, centratest.WithoutSocket(), centratest.WithSecret("another"))
	s := newShop(t, recovery.Config{API: apis[0].client(t, server, centra.WithLogger(logger)), Logger: logger})
	shows(t, get(newBrowser(t, s), linkedPath), 503, "Nothing has changed")
	if got := s.last(t); got.Code != recovery.Misconfigured || !errors.Is(got.Err, centra.ErrUnauthorized) {
		t.Errorf("got %+v", got)
	}
	if lines := warnings(log); len(lines) != 1 || !strings.Contains(lines[0], "unauthorized") {
		t.Errorf("log: %s", log)
	}
}

// Every request is told of once.
func TestObserveOnce(t *testing.T) {
	s := newShop(t, recovery.Config{API: &fakeAPI{t: t, attach: attaches}, Visitors: visitors(t, emptyStore{})})
	b := newBrowser(t, s)
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut} {
		b.do(method, linkedPath)
	}
	var got []recovery.Code
	for _, event := range s.outcomes {
		got = append(got, event.Code)
	}
	want := []recovery.Code{recovery.Recovered, recovery.NotAPerson, recovery.Recovered, recovery.MethodNotAllowed}
	if !slices.Equal(got, want) {
		t.Errorf("outcomes %q, want %q", got, want)
	}
}

// Observe comes when the visitor has the answer, so that a slow one keeps nobody
// waiting.
func TestObserveComesAfterTheAnswer(t *testing.T) {
	observing, answered := make(chan struct{}), make(chan struct{})
	h, err := recovery.New(recovery.Config{
		API: &fakeAPI{t: t, attach: attaches}, Visitors: visitors(t, session.Cookie{}), CartLink: cartLink, Checkout: "/checkout",
		Observe: func(context.Context, recovery.Outcome) { close(observing); <-answered },
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h)
	defer server.Close()
	defer close(answered)
	client := server.Client()
	client.Timeout = 10 * time.Second
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.Get(server.URL + linkedPath)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	redirectsTo(t, resp, "/checkout")
	<-observing
}
