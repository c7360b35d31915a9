package recovery_test

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/recovery"
)

// host is a shop around the handler: its own pages, events and payments speak to
// Centra for the visitor through the same Visitors.
type host struct {
	t        *testing.T
	server   *centratest.Server
	apiName  string
	api      centra.API
	visitors *session.Visitors
	links    *shop
	mux      *http.ServeMux

	mu     sync.Mutex
	orders []bool // what Ordered said
	guests int    // visitors so far
}

// setting is one of the ways in which a shop can be built.
type setting struct {
	name  string
	api   int // in apis
	store func() session.Store
}

func settings() []setting {
	cookie := func() session.Store { return session.Cookie{} }
	server := func() session.Store { return &serverStore{sessions: map[string]centra.Session{}} }
	return []setting{
		{"Checkout API, cookie", 0, cookie},
		{"Checkout API, server-side sessions", 0, server},
		{"Shop API, cookie", 1, cookie},
		{"Shop API, server-side sessions", 1, server},
		{"Storefront API, cookie", 2, cookie},
		{"Storefront API, server-side sessions", 2, server},
	}
}

// everywhere runs test in every setting, in virtual time. Where tokens rotate they
// do with every answer, and the old one is dead at once.
func everywhere(t *testing.T, c recovery.Config, test func(t *testing.T, h *host)) {
	for _, set := range settings() {
		for _, rotate := range []int{0, 1} {
			name := set.name
			if rotate > 0 {
				if set.api == 1 {
					continue
				}
				name += ", tokens rotate"
			}
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					h := newHost(t, set, c)
					h.server.RotateTokens(rotate)
					test(t, h)
					time.Sleep(time.Minute) // whatever was given up is over
					h.server.Close()
				})
			})
		}
	}
}

func newHost(t *testing.T, set setting, c recovery.Config) *host {
	h := &host{t: t, server: centratest.NewServer(t, centratest.WithoutSocket()), apiName: apis[set.api].name}
	h.api = apis[set.api].client(t, h.server)
	h.visitors = visitors(t, set.store())
	h.open(c)
	return h
}

// again is another process of the same shop: it shares turns and sessions with h.
func (h *host) again(v *session.Visitors, c recovery.Config) *host {
	other := &host{t: h.t, server: h.server, apiName: h.apiName, api: h.api, visitors: v}
	other.open(c)
	return other
}

func (h *host) open(c recovery.Config) {
	c.API, c.Visitors = h.api, h.visitors
	h.links = newShop(h.t, c)
	h.mux = http.NewServeMux()
	h.mux.Handle(h.links.Pattern(), h.links)
	h.mux.HandleFunc("GET /checkout", h.call(func(ctx context.Context, s centra.Session) (centra.Session, error) {
		if s == "" {
			return "", nil
		}
		sel, err := h.api.Selection(ctx, s)
		if err != nil {
			return "", err
		}
		return sel.Session, nil
	}))
	h.mux.HandleFunc("POST /event", h.call(func(ctx context.Context, s centra.Session) (centra.Session, error) {
		sel, err := h.api.UpdateFields(ctx, s, centra.Fields{Email: "kim@example.com", CartAbandonmentEmail: centra.Yes})
		if err != nil {
			return "", err
		}
		return sel.Session, nil
	}))
	h.mux.HandleFunc("POST /items/{item}", func(w http.ResponseWriter, r *http.Request) {
		h.call(func(ctx context.Context, s centra.Session) (centra.Session, error) {
			var cart centra.Selection
			path := "/items/" + r.PathValue("item")
			if h.apiName == "storefront" {
				const document = `mutation addItem($item: String!) { addItem(item: $item) { ...answered } }`
				return h.api.Do(ctx, s, http.MethodPost, document, map[string]string{"item": r.PathValue("item")}, &cart)
			}
			if h.apiName == "shop" {
				if s == "" {
					var made centra.Selection
					var err error
					if s, err = h.api.Do(ctx, "", http.MethodPost, "/selections", nil, &made); err != nil {
						return "", err
					}
				}
				path = "/selections/" + string(s) + path
			}
			return h.api.Do(ctx, s, http.MethodPost, path, nil, &cart)
		})(w, r)
	})
	h.mux.HandleFunc("POST /pay", h.pay)
}

// call makes a call for the visitor, as the pages of a shop do.
func (h *host) call(call func(context.Context, centra.Session) (centra.Session, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := h.visitors.Do(w, r, call); err != nil {
			w.WriteHeader(http.StatusBadGateway)
		}
	}
}

// pay completes the order of the visitor's cart.
func (h *host) pay(w http.ResponseWriter, r *http.Request) {
	var order *centra.Order
	err := h.visitors.Do(w, r, func(ctx context.Context, s centra.Session) (centra.Session, error) {
		action, err := h.api.StartPayment(ctx, s, centra.Payment{
			Fields:     centra.Fields{Email: "kim@example.com", Address: &centra.Address{Country: "SE"}},
			ReturnPage: "https://example.com/thanks", FailedPage: "https://example.com/checkout", TermsAndConditions: true,
		})
		if err != nil {
			return "", err
		}
		back, err := http.NewRequest(http.MethodGet, action.URL, nil)
		if err != nil {
			return "", err
		}
		if h.apiName != "shop" {
			s = action.Session
		}
		if order, err = h.api.PaymentResult(ctx, s, back.URL.Query()); err != nil {
			return "", err
		}
		if h.apiName == "shop" {
			return centra.NoSession, nil
		}
		return order.Session, nil
	})
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	recovered := h.links.Ordered(w, r, order)
	h.mu.Lock()
	h.orders = append(h.orders, recovered)
	h.mu.Unlock()
}

// visitor is a browser of this shop, with a cart of its own if items are given.
func (h *host) visitor(items ...string) *browser {
	b := newBrowser(h.t, h.mux)
	h.guests++
	b.jar.SetCookies(site, []*http.Cookie{{Name: "visitor", Value: strconv.Itoa(h.guests), Path: "/", Secure: true}})
	for _, item := range items {
		if resp := b.do(http.MethodPost, "/items/"+item); resp.StatusCode != http.StatusOK {
			h.t.Fatalf("adding an item: %d", resp.StatusCode)
		}
	}
	return b
}

// visitorWithNothing is one who has a session, and nothing in its cart.
func (h *host) visitorWithNothing() *browser {
	b := h.visitor()
	s, own := h.server.NewCart()
	if h.apiName == "shop" {
		s = own
	}
	resp := b.answer(h.call(func(context.Context, centra.Session) (centra.Session, error) { return centra.Session(s), nil }))
	if resp.StatusCode != http.StatusOK {
		h.t.Fatalf("the session was not kept: %d", resp.StatusCode)
	}
	return b
}

// forget is the shop giving the visitor's session up.
func (h *host) forget(b *browser) {
	b.answer(h.call(func(context.Context, centra.Session) (centra.Session, error) { return centra.NoSession, nil }))
}

// cart returns the ID of the cart that the shop's pages find for the visitor.
func (h *host) cart(b *browser) string {
	s := h.session(b)
	if h.apiName == "shop" {
		return s
	}
	return h.server.SelectionOf(s)
}

// session returns the session that the shop's pages find for the visitor.
func (h *host) session(b *browser) (session string) {
	r, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, "https://example.com/", nil)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, cookie := range b.jar.Cookies(site) {
		r.AddCookie(cookie)
	}
	w := &discardResponse{header: http.Header{}}
	err = h.visitors.Do(w, r, func(_ context.Context, s centra.Session) (centra.Session, error) {
		session = string(s)
		return "", nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return session
}

// serverStore keeps sessions in the server, by the cookie "visitor".
type serverStore struct {
	mu       sync.Mutex
	sessions map[string]centra.Session
}

func (s *serverStore) key(r *http.Request) (string, error) {
	cookie, err := r.Cookie("visitor")
	if err != nil {
		return "", errors.New("a visitor without a cookie")
	}
	return cookie.Value, nil
}

func (s *serverStore) Load(r *http.Request) (centra.Session, error) {
	key, err := s.key(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions[key], err
}

func (s *serverStore) Save(_ http.ResponseWriter, r *http.Request, to centra.Session) error {
	key, err := s.key(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions[key] = to
	return err
}
