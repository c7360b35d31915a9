package recovery_test

import (
	"net/http"
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
			name:   "gets a proxy's page with 404",
			before: func(server *centratest.Server, _ string) { server.SetFault(centratest.HTMLFault(404)) },
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
