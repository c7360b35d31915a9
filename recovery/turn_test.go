package recovery_test

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/recovery"
)

// A session that Centra knows no longer is a visitor without a cart. The link's is
// theirs alone: whoever else holds the same dead session is not led to it.
func TestExpiredSession(t *testing.T) {
	for _, i := range []int{0, 2} { // the Shop API has no sessions
		api := apis[i]
		for name, visit := range map[string]func(*browser, string) *http.Response{"get": get, "post": post} {
			t.Run(api.name+", "+name, func(t *testing.T) {
				server := centratest.NewServer(t, centratest.WithoutSocket())
				v := visitors(t, session.Cookie{})
				s := newShop(t, recovery.Config{API: api.client(t, server), Visitors: v})
				b := newBrowser(t, s)
				token, _ := server.NewCart("2-2")
				_, linked := server.NewCart("1-1")
				b.have(token)
				server.ExpireToken(token)
				redirectsTo(t, visit(b, "/abandoned-cart/"+linked), "/checkout")
				if server.SelectionOf(b.session()) != linked {
					t.Error("the visitor does not have the link's cart")
				}
				err := v.DoSession(t.Context(), centra.Session(token), func(_ context.Context, s centra.Session) (centra.Session, error) {
					if string(s) != token {
						t.Error("another holder of the dead session is led to the cart")
					}
					return "", nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// A session of another kind, as after a change from the Checkout API to the Shop
// API, names no cart: the visitor has nothing to lose.
func TestSessionThatCentraCannotHaveGiven(t *testing.T) {
	for _, api := range apis {
		for _, visit := range []func(*browser, string) *http.Response{get, post} {
			server := centratest.NewServer(t, centratest.WithoutSocket())
			s := newShop(t, recovery.Config{API: api.client(t, server), Visitors: visitors(t, fixedSession("not a\x7fsession"))})
			b := newBrowser(t, s)
			_, linked := server.NewCart("1-1")
			if resp := visit(b, "/abandoned-cart/"+linked); s.last(t).Code != recovery.Recovered {
				t.Errorf("%s: got %d, outcome %q", api.name, resp.StatusCode, s.last(t).Code)
			}
		}
	}
}

type fixedSession centra.Session

func (s fixedSession) Load(*http.Request) (centra.Session, error) { return centra.Session(s), nil }
func (fixedSession) Save(http.ResponseWriter, *http.Request, centra.Session) error {
	return nil
}

// beforeAttach calls a function before it attaches a cart.
type beforeAttach struct {
	recovery.API
	do func()
}

func (a beforeAttach) AttachSelection(ctx context.Context, s centra.Session, id centra.SelectionID) (*centra.Selection, error) {
	a.do()
	return a.API.AttachSelection(ctx, s, id)
}

// Whatever the outcome, the visitor has the latest token afterwards.
func TestRotatedToken(t *testing.T) {
	refused := map[string]string{"selection": "no"}
	for _, tt := range []struct {
		name   string
		own    []string
		visit  func(*browser, string) *http.Response
		read   []centratest.Fault
		attach []centratest.Fault
		want   recovery.Code
		rotate int
	}{
		{name: "read and attach", own: []string{}, visit: get, rotate: 1, want: recovery.Recovered},
		{name: "asked", own: []string{"2-2"}, visit: get, rotate: 1, want: recovery.Asked},
		{name: "yes", own: []string{"2-2"}, visit: post, rotate: 1, want: recovery.Recovered},
		{
			name: "read fails", own: []string{"2-2"}, visit: get, want: recovery.Unavailable,
			read: []centratest.Fault{centratest.StatusFault(503, refused).Rotating()},
		},
		{
			name: "attach fails", own: []string{"2-2"}, visit: post, want: recovery.Unavailable,
			attach: []centratest.Fault{centratest.StatusFault(503, refused).Rotating()},
		},
		{
			name: "no such cart", own: []string{"2-2"}, visit: post, want: recovery.NotFound,
			attach: []centratest.Fault{centratest.StatusFault(404, refused).Rotating()},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := centratest.NewServer(t, centratest.WithoutSocket())
			api := beforeAttach{apis[0].client(t, server, centra.WithRetry(centra.Retry{})), func() { server.FailNext(tt.attach...) }}
			s := newShop(t, recovery.Config{API: api})
			b := newBrowser(t, s)
			token, own := server.NewCart(tt.own...)
			b.have(token)
			_, linked := server.NewCart("1-1")
			server.RotateTokens(tt.rotate)
			server.FailNext(tt.read...)
			tt.visit(b, "/abandoned-cart/"+linked)
			if event := s.last(t); event.Code != tt.want {
				t.Fatalf("outcome %q (%v), want %q", event.Code, event.Err, tt.want)
			}
			want := own
			if tt.want == recovery.Recovered {
				want = linked
			}
			if b.session() == token || server.SelectionOf(b.session()) != want {
				t.Error("the visitor has not got the token that works")
			}
		})
	}
}

// A session that only took the place of an expired one is left to the shop's own calls,
// also where its token was rotated by an attach that failed.
func TestRotatedTokenOfAnExpiredSession(t *testing.T) {
	for _, api := range apis {
		if api.name == "shop" { // where sessions do not change
			continue
		}
		t.Run(api.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := centratest.NewServer(t, centratest.WithoutSocket())
				fails := func() { server.FailNext(centratest.StatusFault(503, map[string]string{"request": "no"}).Rotating()) }
				s := newShop(t, recovery.Config{API: beforeAttach{api.client(t, server, centra.WithRetry(centra.Retry{})), fails}})
				b := newBrowser(t, s)
				dead, _ := server.NewCart("2-2")
				server.ExpireToken(dead)
				b.have(dead)
				_, linked := server.NewCart("1-1")
				for range 2 {
					post(b, "/abandoned-cart/"+linked)
					if got := s.last(t).Code; got != recovery.Unavailable || b.session() != dead {
						t.Errorf("outcome %q, or the browser has another session", got)
					}
					time.Sleep(4 * time.Second)
				}
			})
		})
	}
}

// A link that is opened again after the token was rotated elsewhere asks at
// worst; what must not happen is a silent change.
func TestLinkOpenedAgainAfterRotationElsewhere(t *testing.T) {
	server := centratest.NewServer(t, centratest.WithoutSocket())
	api := apis[0].client(t, server)
	s := newShop(t, recovery.Config{API: api})
	b := newBrowser(t, s)
	_, linked := server.NewCart("1-1")
	get(b, "/abandoned-cart/"+linked)
	server.RotateNext()
	sel, err := api.Selection(t.Context(), centra.Session(b.session()))
	if err != nil {
		t.Fatal(err)
	}
	b.have(string(sel.Session))
	get(b, "/abandoned-cart/"+linked)
	if got := s.last(t).Code; got != recovery.Asked {
		t.Errorf("outcome %q, want %q", got, recovery.Asked)
	}
}

// The cookie that remembers the recovered cart belongs to one session: with
// another cart in a later session the visitor is asked.
func TestRecoveredCookieBelongsToOneSession(t *testing.T) {
	server := centratest.NewServer(t, centratest.WithoutSocket())
	s := newShop(t, recovery.Config{API: apis[0].client(t, server)})
	b := newBrowser(t, s)
	_, linked := server.NewCart("1-1")
	get(b, "/abandoned-cart/"+linked)
	later, _ := server.NewCart("2-2")
	b.have(later)
	shows(t, get(b, "/abandoned-cart/"+linked), 200, `<form method="post">`)
	if b.session() != later {
		t.Error("the visitor's later session is gone")
	}
}

// A link of another cart is another link, in the same session too.
func TestTwoLinksInOneSession(t *testing.T) {
	for _, api := range apis {
		server := centratest.NewServer(t, centratest.WithoutSocket())
		s := newShop(t, recovery.Config{API: api.client(t, server)})
		b := newBrowser(t, s)
		_, one := server.NewCart("1-1")
		_, other := server.NewCart("2-2")
		get(b, "/abandoned-cart/"+one)
		get(b, "/abandoned-cart/"+other)
		if got := s.last(t).Code; got != recovery.Asked || api.selection(server, b.session()) != one {
			t.Errorf("%s: outcome %q, or the first cart is gone", api.name, got)
		}
	}
}

// A token that is rotated while the link is opened again is remembered with it.
func TestLinkOpenedAgainWhileTheTokenRotates(t *testing.T) {
	server := centratest.NewServer(t, centratest.WithoutSocket())
	s := newShop(t, recovery.Config{API: apis[0].client(t, server)})
	b := newBrowser(t, s)
	_, linked := server.NewCart("1-1")
	get(b, "/abandoned-cart/"+linked)
	for range 3 {
		before := b.session()
		server.RotateNext()
		get(b, "/abandoned-cart/"+linked)
		if got := s.last(t).Code; got != recovery.AlreadyCurrent || b.session() == before {
			t.Fatalf("outcome %q, want %q with a new token", got, recovery.AlreadyCurrent)
		}
	}
}

func TestTwoVisitorsWithOneLink(t *testing.T) {
	for _, api := range apis {
		t.Run(api.name, func(t *testing.T) {
			server := centratest.NewServer(t, centratest.WithoutSocket())
			s := newShop(t, recovery.Config{API: api.client(t, server)})
			_, linked := server.NewCart("1-1")
			first, second := newBrowser(t, s), newBrowser(t, s)
			get(first, "/abandoned-cart/"+linked)
			get(second, "/abandoned-cart/"+linked)
			for i, b := range []*browser{first, second} {
				if api.selection(server, b.session()) != linked {
					t.Errorf("visitor %d does not have the cart", i)
				}
			}
			if api.name == "checkout" && first.session() == second.session() {
				t.Error("two visitors share a session token")
			}
		})
	}
}

// The visitor's secrets travel as they should: the token of the session, the
// shop's secret, and no call more than needed.
func TestCalls(t *testing.T) {
	for _, tt := range []struct {
		name  string
		api   int
		own   []string
		visit func(*browser, string) *http.Response
		want  []string // {own} and {linked} stand for the IDs
	}{
		{"checkout, no session", 0, nil, get, []string{"PUT /selection/{linked}"}},
		{"checkout, empty cart", 0, []string{}, get, []string{"GET /selection", "PUT /selection/{linked}"}},
		{"checkout, other cart", 0, []string{"2-2"}, get, []string{"GET /selection"}},
		{"checkout, yes", 0, []string{"2-2"}, post, []string{"GET /selection", "PUT /selection/{linked}"}},
		{"shop, no session", 1, nil, get, []string{"GET /selections/{linked}"}},
		{"shop, other cart", 1, []string{"2-2"}, get, []string{"GET /selections/{own}", "GET /selections/{linked}"}},
		{"shop, yes", 1, []string{"2-2"}, post, []string{"GET /selections/{own}", "GET /selections/{linked}"}},
		{"shop, twice", 1, nil, twice, []string{"GET /selections/{linked}", "GET /selections/{linked}"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := centratest.NewServer(t, centratest.WithoutSocket())
			api := apis[tt.api]
			b := newBrowser(t, newShop(t, recovery.Config{API: api.client(t, server)}))
			token, own := server.NewCart(tt.own...)
			if tt.own != nil {
				b.have(api.session(token, own))
			} else {
				token = ""
			}
			_, linked := server.NewCart("1-1")
			tt.visit(b, "/abandoned-cart/"+linked)
			var got []string
			for _, r := range server.Requests() {
				path := r.Path
				switch {
				case path == "/selection/"+linked, path == "/selections/"+linked:
					path = path[:len(path)-len(linked)] + "{linked}"
				case path == "/selections/"+own:
					path = "/selections/{own}"
				}
				got = append(got, r.Method+" "+path)
				if tt.api == 0 && (r.Header.Get("API-Token") != token || r.Header.Get("Authorization") == "") {
					t.Errorf("%s: wrong token or no secret", path)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("calls %q, want %q", got, tt.want)
			}
		})
	}
}
