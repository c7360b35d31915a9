package recovery_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"
	"unsafe"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/recovery"
)

// An order counts as recovered if the visitor pays for the cart that the link
// brought, whatever happens to their session until then.
func TestOrdered(t *testing.T) {
	for _, tt := range []struct {
		name  string
		own   []string
		visit func(h *host, b *browser, linked string)
		want  []bool
	}{
		{"recovered", nil, func(_ *host, b *browser, linked string) {
			get(b, "/abandoned-cart/"+linked)
			b.do(http.MethodPost, "/pay")
		}, []bool{true}},
		{"recovered in place of another cart", []string{"2-2"}, func(_ *host, b *browser, linked string) {
			get(b, "/abandoned-cart/"+linked)
			post(b, "/abandoned-cart/"+linked)
			b.do(http.MethodPost, "/pay")
		}, []bool{true}},
		{"recovered, and days of shopping", nil, func(_ *host, b *browser, linked string) {
			get(b, "/abandoned-cart/"+linked)
			for range 5 {
				b.do(http.MethodGet, "/checkout")
				b.do(http.MethodPost, "/event")
				b.do(http.MethodPost, "/items/2-1")
				time.Sleep(24 * time.Hour)
			}
			b.do(http.MethodPost, "/pay")
		}, []bool{true}},
		{"recovered and opened again", nil, func(_ *host, b *browser, linked string) {
			get(b, "/abandoned-cart/"+linked)
			get(b, "/abandoned-cart/"+linked)
			b.do(http.MethodPost, "/pay")
		}, []bool{true}},
		{"a second order", nil, func(_ *host, b *browser, linked string) {
			get(b, "/abandoned-cart/"+linked)
			b.do(http.MethodPost, "/pay")
			b.do(http.MethodPost, "/items/2-1")
			b.do(http.MethodPost, "/pay")
		}, []bool{true, false}},
		{"a second recovery", nil, func(h *host, b *browser, linked string) {
			get(b, "/abandoned-cart/"+linked)
			b.do(http.MethodPost, "/pay")
			_, another := h.server.NewCart("2-2")
			get(b, "/abandoned-cart/"+another)
			b.do(http.MethodPost, "/pay")
		}, []bool{true, true}},
		{"never clicked", []string{"2-2"}, func(_ *host, b *browser, _ string) {
			b.do(http.MethodPost, "/pay")
		}, []bool{false}},
		{"clicked, asked, and kept their own", []string{"2-2"}, func(_ *host, b *browser, linked string) {
			get(b, "/abandoned-cart/"+linked)
			b.do(http.MethodGet, "/checkout")
			b.do(http.MethodPost, "/pay")
		}, []bool{false}},
		{"a dead link", []string{"2-2"}, func(_ *host, b *browser, _ string) {
			get(b, "/abandoned-cart/nonsense")
			post(b, "/abandoned-cart/nonsense")
			b.do(http.MethodPost, "/pay")
		}, []bool{false}},
		{"led there without a click", []string{"2-2"}, func(_ *host, b *browser, linked string) {
			b.do(http.MethodGet, "/abandoned-cart/"+linked, "Sec-Fetch-Site: cross-site")
			b.do(http.MethodGet, "/abandoned-cart/"+linked, "Sec-Purpose: prefetch")
			b.do(http.MethodHead, "/abandoned-cart/"+linked)
			b.do(http.MethodPost, "/pay")
		}, []bool{false}},
		{"recovered, and then another cart chosen", nil, func(h *host, b *browser, linked string) {
			get(b, "/abandoned-cart/"+linked)
			_, another := h.server.NewCart("2-2")
			get(b, "/abandoned-cart/"+another)  // asked
			post(b, "/abandoned-cart/"+another) // yes
			b.do(http.MethodPost, "/pay")
		}, []bool{true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			everywhere(t, recovery.Config{}, func(t *testing.T, h *host) {
				b := h.visitor(tt.own...)
				_, linked := h.server.NewCart("1-1")
				tt.visit(h, b, linked)
				if !slices.Equal(h.orders, tt.want) {
					t.Errorf("recovered orders %v, want %v", h.orders, tt.want)
				}
				told := 0
				for _, o := range h.links.outcomes {
					if o.Code == recovery.Recovered && o.Currency != "SEK" {
						t.Errorf("Observe was told %+v of a cart in SEK", o)
					}
					if o.Code != recovery.OrderRecovered {
						continue
					}
					told++
					if o.Value <= 0 || o.Currency != "SEK" || o.Err != nil {
						t.Errorf("Observe was told %+v", o)
					}
				}
				want := len(slices.DeleteFunc(slices.Clone(tt.want), func(recovered bool) bool { return !recovered }))
				if told != want {
					t.Errorf("Observe was told of %d orders, want %d", told, want)
				}
				if h.orders[len(h.orders)-1] && b.cookie(markCookie) != "" {
					t.Error("the recovery is not forgotten")
				}
			})
		})
	}
}

// A session that is another's by now says nothing of the cart that was in it.
func TestOrderedAfterTheSessionExpired(t *testing.T) {
	everywhere(t, recovery.Config{}, func(t *testing.T, h *host) {
		if h.apiName == "shop" { // it has no sessions that could expire
			return
		}
		b := h.visitor()
		_, linked := h.server.NewCart("1-1")
		get(b, "/abandoned-cart/"+linked)
		h.server.ExpireToken(h.session(b))
		b.do(http.MethodGet, "/checkout")
		time.Sleep(5 * time.Second)
		b.do(http.MethodPost, "/items/2-2")
		if h.cart(b) == linked {
			t.Fatal("the visitor still has the link's cart")
		}
		if b.do(http.MethodPost, "/pay"); !slices.Equal(h.orders, []bool{false}) {
			t.Errorf("recovered orders %v, want none", h.orders)
		}
	})
}

// The visitor reloads the page after the payment, or two requests bring the
// result: it is one order.
func TestOrderedTwice(t *testing.T) {
	s := newShop(t, recovery.Config{API: &fakeAPI{t: t, attach: attaches}})
	b := newBrowser(t, s)
	get(b, linkedPath)
	order := &centra.Order{Session: "token-of-a-new-session", Order: "61", Totals: centra.Totals{GrandTotalPriceAsNumber: 100}, Currency: "EUR"}
	ordered := func(r *http.Request, o *centra.Order) (bool, *http.Response) {
		w := httptest.NewRecorder()
		return s.Ordered(w, r, o), w.Result()
	}
	request := func(session string) *http.Request {
		r := httptest.NewRequest(http.MethodGet, "https://example.com/thanks", nil)
		r.AddCookie(&http.Cookie{Name: sessionCookie, Value: session})
		r.AddCookie(&http.Cookie{Name: markCookie, Value: b.cookie(markCookie)})
		return r
	}
	for _, tt := range []struct {
		name, session string
		order         *centra.Order
	}{
		{"no order", b.session(), nil},
		{"a redirect", b.session(), &centra.Order{Session: order.Session, Next: &centra.PaymentAction{Action: centra.ActionRedirect}}},
		{"an order in another session", "another", &centra.Order{Order: "61", Session: "another"}},
		{"an order of no session", "another", &centra.Order{Order: "61"}},
	} {
		if recovered, _ := ordered(request(tt.session), tt.order); recovered {
			t.Errorf("%s counts as recovered", tt.name)
		}
	}
	r := request(b.session())
	recovered, resp := ordered(r, order)
	if cookies := resp.Cookies(); !recovered || len(cookies) != 1 || cookies[0].Name != markCookie || cookies[0].MaxAge >= 0 {
		t.Errorf("recovered %v, cookies %v", recovered, cookies)
	}
	if again, _ := ordered(r, order); again {
		t.Error("the same order counts twice")
	}
	if got := s.last(t); got.Value != 100 || got.Currency != "EUR" || got.Code != recovery.OrderRecovered {
		t.Errorf("Observe was told %+v", got)
	}
	if again, _ := ordered(httptest.NewRequest(http.MethodGet, "https://example.com/thanks", nil), order); again {
		t.Error("an order without the cookie counts")
	}
}

// A shop may give the session up with the order: the one that the request brought
// is enough.
func TestOrderedInASessionThatIsGivenUp(t *testing.T) {
	s := newShop(t, recovery.Config{API: &fakeAPI{t: t, attach: attaches}})
	b := newBrowser(t, s)
	get(b, linkedPath)
	var recovered bool
	b.answer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recovered = s.Ordered(w, r, &centra.Order{Session: "rotated with the order", Order: "61"})
	}))
	if !recovered {
		t.Error("the order does not count as recovered")
	}
}

// A payment that is not over yet forgets nothing.
func TestOrderedInTheEnd(t *testing.T) {
	everywhere(t, recovery.Config{}, func(t *testing.T, h *host) {
		b := h.visitor()
		_, linked := h.server.NewCart("1-1")
		get(b, "/abandoned-cart/"+linked)
		resp := b.answer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_ = h.visitors.Do(w, r, func(_ context.Context, s centra.Session) (centra.Session, error) {
				h.links.Ordered(w, r, &centra.Order{Session: s, Next: &centra.PaymentAction{Action: centra.ActionFailed}})
				return "", nil
			})
		}))
		if len(resp.Cookies()) > 0 {
			t.Errorf("cookies %v", resp.Cookies())
		}
		if b.do(http.MethodPost, "/pay"); !slices.Equal(h.orders, []bool{true}) {
			t.Errorf("recovered orders %v, want one", h.orders)
		}
	})
}

// Some servers, such as fasthttp, use a request's memory again for the next one. What
// is remembered of an order is not in it.
func TestOrderedKeepsNothingOfTheRequest(t *testing.T) {
	s := newShop(t, recovery.Config{API: &fakeAPI{t: t, attach: attaches}})
	b := newBrowser(t, s)
	get(b, linkedPath)
	cookies := sessionCookie + "=" + b.session() + "; " + markCookie + "=" + b.cookie(markCookie)
	ordered := func(cookies string) bool {
		r := httptest.NewRequest(http.MethodGet, "https://example.com/thanks", nil)
		r.Header["Cookie"] = []string{cookies}
		return s.Ordered(httptest.NewRecorder(), r, &centra.Order{Session: centra.Session(b.session()), Order: "61"})
	}
	memory := []byte(cookies)
	if !ordered(unsafe.String(&memory[0], len(memory))) {
		t.Error("the order is not known to come from a recovered cart")
	}
	clear(memory)
	if ordered(cookies) {
		t.Error("the order counts twice")
	}
}
