package recovery_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/centra-go/cartabandonment/recovery"
)

// These rows run against a simulated Centra, with both APIs: the visitor opens
// the link of the cart "linked".
func TestVisitor(t *testing.T) {
	const keep, take = false, true
	for _, tt := range []struct {
		name    string
		confirm recovery.Confirm
		own     []string // what the visitor's cart holds; nil: no session
		before  func(server *centratest.Server, linked string)
		visit   func(b *browser, link string) *http.Response
		want    recovery.Code
		status  int
		place   string // Location
		cart    bool   // keep or take
	}{
		{name: "without a session", want: recovery.Recovered, status: 303, place: "/checkout", cart: take},
		{name: "with an empty cart", own: []string{}, want: recovery.Recovered, status: 303, place: "/checkout", cart: take},
		{name: "with another cart is asked", own: []string{"2-2"}, want: recovery.Asked, status: 200, cart: keep},
		{
			name: "with another cart says yes", own: []string{"2-2"}, visit: post,
			want: recovery.Recovered, status: 303, place: "/checkout", cart: take,
		},
		{
			name: "with another cart is not asked when Never", own: []string{"2-2"}, confirm: recovery.Never,
			want: recovery.Recovered, status: 303, place: "/checkout", cart: take,
		},
		{name: "without a session is asked when Always", confirm: recovery.Always, want: recovery.Asked, status: 200, cart: keep},
		{
			name: "says yes when Always", confirm: recovery.Always, visit: post,
			want: recovery.Recovered, status: 303, place: "/checkout", cart: take,
		},
		{
			name: "opens a link twice", visit: twice,
			want: recovery.AlreadyCurrent, status: 303, place: "/checkout", cart: take,
		},
		{
			name: "opens a link twice after having been asked", own: []string{"2-2"},
			visit: func(b *browser, link string) *http.Response { post(b, link); return get(b, link) },
			want:  recovery.AlreadyCurrent, status: 303, place: "/checkout", cart: take,
		},
		{
			name: "says yes twice", own: []string{"2-2"},
			visit: func(b *browser, link string) *http.Response { post(b, link); return post(b, link) },
			want:  "", status: 303, place: "/checkout", cart: take,
		},
		{
			name: "opens the link of an ordered cart", before: (*centratest.Server).CompleteCart,
			want: recovery.NotFound, status: 303, place: "/no-such-cart", cart: keep,
		},
		{
			name: "opens the link of an ordered cart with an own, empty cart", own: []string{}, before: (*centratest.Server).CompleteCart,
			want: recovery.NotFound, status: 303, place: "/no-such-cart", cart: keep,
		},
		{
			name: "says yes to an ordered cart", own: []string{"2-2"}, before: (*centratest.Server).CompleteCart, visit: post,
			want: recovery.NotFound, status: 303, place: "/no-such-cart", cart: keep,
		},
		{
			name: "opens a link that Centra never gave out", own: []string{},
			visit: func(b *browser, _ string) *http.Response { return get(b, linkedPath) },
			want:  recovery.NotFound, status: 303, place: "/no-such-cart", cart: keep,
		},
		{
			name: "comes while Centra is down",
			before: func(server *centratest.Server, _ string) {
				server.SetFault(centratest.StatusFault(503, map[string]string{"centra": "down"}))
			},
			want: recovery.Unavailable, status: 503, cart: keep,
		},
		{
			name: "comes while the cart is being paid", own: []string{"2-2"}, visit: post,
			before: func(server *centratest.Server, _ string) {
				server.SetFault(centratest.StatusFault(409, map[string]string{"selection": "in payment"}))
			},
			want: recovery.Unavailable, status: 503, cart: keep,
		},
		{
			name: "with a cart comes while Centra is down", own: []string{"2-2"},
			before: func(server *centratest.Server, _ string) { server.SetFault(centratest.HTMLFault(502)) },
			want:   recovery.Unavailable, status: 503, cart: keep,
		},
		{
			name: "says yes while Centra is down", own: []string{"2-2"}, visit: post,
			before: func(server *centratest.Server, _ string) { server.SetFault(centratest.HTMLFault(502)) },
			want:   recovery.Unavailable, status: 503, cart: keep,
		},
		{
			name: "gets a proxy's page with 200", own: []string{},
			before: func(server *centratest.Server, _ string) { server.SetFault(centratest.HTMLFault(200)) },
			want:   recovery.Unavailable, status: 503, cart: keep,
		},
		{
			name: "gets [] for a cart", own: []string{},
			before: func(server *centratest.Server, _ string) { server.SetFault(centratest.ListFault()) },
			want:   recovery.Unavailable, status: 503, cart: keep,
		},
		{
			name:   "without a session gets a proxy's page with 200",
			before: func(server *centratest.Server, _ string) { server.SetFault(centratest.HTMLFault(200)) },
			want:   recovery.Unavailable, status: 503, cart: keep,
		},
		{
			name:   "without a session gets half a cart",
			before: func(server *centratest.Server, _ string) { server.SetFault(centratest.TruncatedFault()) },
			want:   recovery.Unavailable, status: 503, cart: keep,
		},
		{
			name:   "without a session is one too many",
			before: func(server *centratest.Server, _ string) { server.SetFault(centratest.RetryAfterFault(429, "7")) },
			want:   recovery.Unavailable, status: 503, cart: keep,
		},
		{
			name: "of a shop whose secret is refused", own: []string{},
			before: func(server *centratest.Server, _ string) {
				server.SetFault(centratest.StatusFault(401, map[string]string{"authorization": "wrong"}))
			},
			want: recovery.Misconfigured, status: 503, cart: keep,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, api := range apis {
				t.Run(api.name, func(t *testing.T) {
					server := centratest.NewServer(t, centratest.WithoutSocket())
					s := newShop(t, recovery.Config{
						API:     api.client(t, server, centra.WithRetry(centra.Retry{})),
						Confirm: tt.confirm,
					})
					b := newBrowser(t, s)
					if tt.own != nil {
						b.have(api.session(server.NewCart(tt.own...)))
					}
					_, linked := server.NewCart("1-1", "1-1")
					before := b.session()
					ownCart := api.selection(server, before)
					if tt.before != nil {
						tt.before(server, linked)
					}
					visit := tt.visit
					if visit == nil {
						visit = get
					}

					resp := visit(b, "/abandoned-cart/"+linked)

					if event := s.last(t); tt.want != "" && event.Code != tt.want {
						t.Errorf("outcome %q (%v), want %q", event.Code, event.Err, tt.want)
					}
					if place := resp.Header.Get("Location"); resp.StatusCode != tt.status || place != tt.place {
						t.Errorf("got %d to %q, want %d to %q", resp.StatusCode, place, tt.status, tt.place)
					}
					switch got := api.selection(server, b.session()); {
					case tt.cart == take && got != linked:
						t.Error("the visitor does not have the link's cart")
					case tt.cart == keep && (b.session() != before || got != ownCart):
						t.Error("the visitor's session or cart has changed")
					}
				})
			}
		})
	}
}

func get(b *browser, link string) *http.Response { return b.do(http.MethodGet, link) }

func post(b *browser, link string) *http.Response {
	return b.do(http.MethodPost, link, "Sec-Fetch-Site: same-origin")
}

func twice(b *browser, link string) *http.Response { get(b, link); return get(b, link) }

// A session that the Checkout API knows no longer is a visitor without a cart.
func TestExpiredSession(t *testing.T) {
	server := centratest.NewServer(t, centratest.WithoutSocket())
	s := newShop(t, recovery.Config{API: apis[0].client(t, server)})
	b := newBrowser(t, s)
	token, _ := server.NewCart("2-2")
	_, linked := server.NewCart("1-1")
	b.have(token)
	server.ExpireToken(token)
	redirectsTo(t, get(b, "/abandoned-cart/"+linked), "/checkout")
	if server.SelectionOf(b.session()) != linked {
		t.Error("the visitor does not have the link's cart")
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

// Whatever the outcome, the visitor has the latest token afterwards.
func TestRotatedToken(t *testing.T) {
	refused := map[string]string{"selection": "no"}
	for _, tt := range []struct {
		name   string
		own    []string
		visit  func(*browser, string) *http.Response
		fault  []centratest.Fault
		want   recovery.Code
		rotate int
	}{
		{name: "read and attach", own: []string{}, visit: get, rotate: 1, want: recovery.Recovered},
		{name: "asked", own: []string{"2-2"}, visit: get, rotate: 1, want: recovery.Asked},
		{name: "yes", own: []string{"2-2"}, visit: post, rotate: 1, want: recovery.Recovered},
		{
			name: "read fails", own: []string{"2-2"}, visit: get, want: recovery.Unavailable,
			fault: []centratest.Fault{centratest.StatusFault(503, refused).Rotating()},
		},
		{
			name: "attach fails", own: []string{"2-2"}, visit: post, want: recovery.Unavailable,
			fault: []centratest.Fault{centratest.StatusFault(503, refused).Rotating()},
		},
		{
			name: "no such cart", own: []string{"2-2"}, visit: post, want: recovery.NotFound,
			fault: []centratest.Fault{centratest.StatusFault(404, refused).Rotating()},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := centratest.NewServer(t, centratest.WithoutSocket())
			s := newShop(t, recovery.Config{API: apis[0].client(t, server, centra.WithRetry(centra.Retry{}))})
			b := newBrowser(t, s)
			token, own := server.NewCart(tt.own...)
			b.have(token)
			_, linked := server.NewCart("1-1")
			server.RotateTokens(tt.rotate)
			server.FailNext(tt.fault...)
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
		{"checkout, yes", 0, []string{"2-2"}, post, []string{"PUT /selection/{linked}"}},
		{"shop, no session", 1, nil, get, []string{"GET /selections/{linked}"}},
		{"shop, other cart", 1, []string{"2-2"}, get, []string{"GET /selections/{own}", "GET /selections/{linked}"}},
		{"shop, yes", 1, []string{"2-2"}, post, []string{"GET /selections/{linked}"}},
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
