package checkoutscript_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/checkoutscript"
)

// A handler is never alone: what else the shop does for the same cart at the same
// moment goes through the same Visitors. Here tokens rotate with every answer and
// the old ones are dead at once.

// serverStore keeps sessions in the server, by the cookie "visitor".
type serverStore struct {
	mu       sync.Mutex
	sessions map[string]centra.Session
}

func (s *serverStore) Load(r *http.Request) (centra.Session, error) {
	cookie, err := r.Cookie("visitor")
	if err != nil {
		return "", nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions[cookie.Value], nil
}

func (s *serverStore) Save(_ http.ResponseWriter, r *http.Request, to centra.Session) error {
	cookie, err := r.Cookie("visitor")
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions[cookie.Value] = to
	return nil
}

// neighbourhood is a shop with pages, and browsers that use them.
type neighbourhood struct {
	*testing.T
	*shop
	api    string
	server *serverStore // nil: the session is in the cookie
}

func newNeighbourhood(t *testing.T, api, store string) *neighbourhood {
	n := &neighbourhood{T: t, api: api}
	n.shop = everyAPI[api](t, nil)
	if store == "server" {
		n.server = &serverStore{sessions: map[string]centra.Session{}}
		n.store = n.server
		n.shop = n.open(t, n.client, func(c *checkoutscript.Config) {
			c.Filter = func(*http.Request, *centra.Fields) {}
		})
	}
	n.centra.SetLatency(100 * time.Millisecond)
	n.centra.RotateTokens(1)
	return n
}

// browser keeps cookies as browsers do: the answer that arrives last counts.
type browser struct {
	*neighbourhood
	name string
	mu   sync.Mutex
	jar  string
}

func (n *neighbourhood) browser(name, has string) *browser {
	b := &browser{neighbourhood: n, name: name, jar: has}
	if n.server != nil && has != "" {
		n.server.sessions[name] = centra.Session(has)
	}
	return b
}

// selection is the cart that it leads to, by what the turns know, too.
func (b *browser) selection() (selection string) {
	err := b.visitors.Do(httptest.NewRecorder(), b.request(b.Context(), "/"),
		func(_ context.Context, s centra.Session) (centra.Session, error) {
			if selection = string(s); b.api != "Shop API" {
				selection = b.centra.SelectionOf(string(s))
			}
			return "", nil
		})
	if err != nil {
		b.Error(err)
	}
	return selection
}

func (b *browser) request(ctx context.Context, path string) *http.Request {
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, path, nil)
	r.AddCookie(&http.Cookie{Name: "visitor", Value: b.name})
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.server == nil && b.jar != "" {
		r.AddCookie(&http.Cookie{Name: cookieName, Value: b.jar})
	}
	return r
}

// receives lets an answer arrive.
func (b *browser) receives(w *httptest.ResponseRecorder) {
	for _, cookie := range w.Result().Cookies() {
		if cookie.Name == cookieName {
			b.mu.Lock()
			b.jar = cookie.Value
			b.mu.Unlock()
		}
	}
}

// act is something that a browser asks for; it returns the answer, not yet arrived.
type act func(context.Context, *browser) *httptest.ResponseRecorder

func event(email string) act {
	return func(ctx context.Context, b *browser) *httptest.ResponseRecorder {
		r := post(jsonType, `{"email": "`+email+`"}`)
		r.Header["Cookie"] = b.request(ctx, "/").Header["Cookie"]
		w := httptest.NewRecorder()
		b.ServeHTTP(w, r.WithContext(ctx))
		if w.Code != http.StatusOK && ctx.Err() == nil {
			b.Errorf("an event was answered %d %s", w.Code, w.Body)
		}
		return w
	}
}

// page reads the cart as a checkout page does.
func page(ctx context.Context, b *browser) *httptest.ResponseRecorder {
	return b.calls(ctx, func(ctx context.Context, s centra.Session) (centra.Session, error) {
		cart, err := b.client.Selection(ctx, s)
		if err != nil {
			return "", err
		}
		return cart.Session, nil
	})
}

// item puts something into the cart.
func item(ctx context.Context, b *browser) *httptest.ResponseRecorder {
	return b.calls(ctx, func(ctx context.Context, s centra.Session) (centra.Session, error) {
		var cart centra.Selection
		prefix := ""
		switch b.api {
		case "Storefront API":
			const add = `mutation addItem($item: String!) { addItem(item: $item) { ...answered } }`
			return b.client.Do(ctx, s, http.MethodPost, add, map[string]any{"item": "2-1"}, &cart)
		case "Shop API":
			if s == "" {
				var err error
				if s, err = b.client.Do(ctx, "", http.MethodPost, "/selections", nil, &cart); err != nil {
					return "", err
				}
			}
			prefix = "/selections/" + string(s)
		}
		return b.client.Do(ctx, s, http.MethodPost, prefix+"/items/2-1", nil, &cart)
	})
}

func (b *browser) calls(ctx context.Context, call func(context.Context, centra.Session) (centra.Session, error)) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	if err := b.visitors.Do(w, b.request(ctx, "/"), call); err != nil && ctx.Err() == nil {
		b.Errorf("a page: %v", err)
	}
	return w
}

// together asks for all at once, one after the other, and lets the answers arrive
// in the order in which they are made, or backwards.
func (b *browser) together(backwards bool, acts ...act) {
	answers := make([]*httptest.ResponseRecorder, len(acts))
	var all sync.WaitGroup
	for i, act := range acts {
		all.Go(func() { answers[i] = act(b.Context(), b) })
		time.Sleep(time.Millisecond)
	}
	all.Wait()
	if backwards {
		slices.Reverse(answers)
	}
	for _, w := range answers {
		b.receives(w)
	}
}

// leaves asks, and is gone before the answer has arrived.
func (b *browser) leaves(act act) {
	ctx, leave := context.WithCancel(b.Context())
	time.AfterFunc(50*time.Millisecond, leave)
	act(ctx, b)
}

func TestNeighbours(t *testing.T) {
	scenes := map[string]func(b *browser, backwards bool){
		"events beside pages": func(b *browser, backwards bool) {
			for range 3 {
				b.together(backwards, event("a@b.se"), page, event("a@b.se"), page, page, event("a@b.se"), event("a@b.se"))
			}
		},
		"two tabs": func(b *browser, backwards bool) {
			for range 3 {
				var tabs sync.WaitGroup
				for range 2 {
					tabs.Go(func() { b.together(backwards, page, event("a@b.se"), event("a@b.se")) })
				}
				tabs.Wait()
			}
		},
		"items beside events": func(b *browser, backwards bool) {
			b.together(backwards, item, event("a@b.se"), item, event("a@b.se"), page)
		},
		"a double click": func(b *browser, backwards bool) {
			b.together(backwards, item, item)
			b.together(backwards, page, event("a@b.se"))
		},
		"a double event": func(b *browser, backwards bool) { b.together(backwards, event("a@b.se"), event("a@b.se")) },
		"an answer of yesterday": func(b *browser, backwards bool) {
			old := page(b.Context(), b)
			b.together(backwards, page, page)
			b.receives(old)
			b.together(backwards, event("a@b.se"), page)
		},
		"a browser that leaves": func(b *browser, backwards bool) {
			for range 3 {
				b.leaves(page)
				b.leaves(event("a@b.se"))
				b.leaves(item)
				b.together(backwards, event("a@b.se"), page)
			}
		},
	}
	for api := range everyAPI {
		for _, store := range []string{"cookie", "server"} {
			for scene, play := range scenes {
				for _, backwards := range []bool{false, true} {
					t.Run(fmt.Sprintf("%s, %s, %s, backwards: %t", api, store, scene, backwards), func(t *testing.T) {
						for range 4 {
							synctest.Test(t, func(t *testing.T) {
								n := newNeighbourhood(t, api, store)
								b := n.browser("anna", n.token)
								play(b, backwards)
								synctest.Wait()
								b.together(false, event("last@b.se"))
								b.check("last@b.se")
							})
						}
					})
				}
			}
		}
	}
}

// check reports a cart that was lost, a capture that went astray, and calls that
// raced.
func (b *browser) check(email string) {
	b.Helper()
	time.Sleep(time.Minute)
	if b.selection() != b.shop.selection {
		b.Error("the cart is lost")
	}
	if got := b.centra.Cart(b.shop.selection).Email; got != email {
		b.Errorf("the cart has the address %q, want %q", got, email)
	}
	for _, request := range b.centra.Requests() {
		if request.Selection != b.shop.selection {
			b.Errorf("%s %s reached another cart", request.Method, request.Path)
		}
	}
	if n := b.centra.MaxConcurrent(b.shop.selection); n != 1 {
		b.Errorf("%d calls at once", n)
	}
}

// The first item beside an event: a visitor without a session, and one whose cart
// is empty.
func TestNeighboursOfTheFirstItem(t *testing.T) {
	for api := range everyAPI {
		for _, store := range []string{"cookie", "server"} {
			for _, backwards := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, %s, backwards: %t", api, store, backwards), func(t *testing.T) {
					for range 4 {
						synctest.Test(t, func(t *testing.T) {
							n := newNeighbourhood(t, api, store)
							n.centra.RotateTokens(0)
							b := n.browser("anna", "")
							noCart := func(_ context.Context, b *browser) *httptest.ResponseRecorder {
								r := post(jsonType, jsonEvent)
								r.Header["Cookie"] = b.request(b.Context(), "/").Header["Cookie"]
								w := httptest.NewRecorder()
								if b.ServeHTTP(w, r); w.Code != http.StatusConflict && w.Code != http.StatusOK {
									t.Errorf("answered %d %s", w.Code, w.Body)
								}
								return w
							}
							b.together(backwards, noCart, item, noCart)
							b.together(backwards, event("a@b.se"), item, page)
							if items := n.centra.Cart(b.selection()).Items; len(items) != 1 || items[0].Quantity != 2 {
								t.Errorf("the cart holds %v, want two of the item", items)
							}
						})
					}
				})
			}
		}
	}
}

// A session that has expired heals by the shop's own next calls, never by an
// event, and two browsers that hold the same dead one stay apart.
func TestNeighboursOfAnExpiredSession(t *testing.T) {
	for _, api := range []string{"Checkout API", "Storefront API"} {
		for _, store := range []string{"cookie", "server"} {
			t.Run(api+", "+store, func(t *testing.T) {
				for range 4 {
					synctest.Test(t, func(t *testing.T) {
						n := newNeighbourhood(t, api, store)
						n.centra.RotateTokens(0)
						n.centra.ExpireToken(n.token)
						both := []*browser{n.browser("anna", n.token), n.browser("bo", n.token)}
						gone := func(_ context.Context, b *browser) *httptest.ResponseRecorder {
							r := post(jsonType, jsonEvent)
							r.Header["Cookie"] = b.request(b.Context(), "/").Header["Cookie"]
							w := httptest.NewRecorder()
							if b.ServeHTTP(w, r); w.Code != http.StatusNotFound || savedSession(w) != "" {
								t.Errorf("an event was answered %d %v %s", w.Code, w.Header(), w.Body)
							}
							return w
						}
						for range 5 {
							for _, b := range both {
								b.together(false, gone, gone)
							}
							time.Sleep(2 * time.Second)
						}
						var carts []string
						for _, b := range both {
							b.together(false, page)
							time.Sleep(4 * time.Second)
							b.together(false, page, page)
							b.together(false, event("a@b.se"), item, event("a@b.se"))
							carts = append(carts, b.selection())
						}
						if carts[0] == "" || carts[0] == carts[1] || carts[0] == n.selection {
							t.Errorf("the browsers have the carts %q", carts)
						}
						for _, cart := range carts {
							if held := n.centra.Cart(cart); len(held.Items) != 1 || held.Email != "a@b.se" {
								t.Errorf("a cart holds %d items and the address %q", len(held.Items), held.Email)
							}
						}
					})
				}
			})
		}
	}
}

// What a host's function asks Centra for by itself is no call for the visitor: an
// expired session that it meets says nothing of theirs.
func TestConsentThatAsksCentra(t *testing.T) {
	for name, open := range everyAPI {
		if name == "Shop API" { // where sessions do not change
			continue
		}
		t.Run(name, func(t *testing.T) {
			var s *shop
			var another string
			s = open(t, func(c *checkoutscript.Config) {
				c.Consent = func(r *http.Request, _ centra.Fields) bool {
					_, err := s.api(t).Selection(r.Context(), centra.Session(another))
					return err == nil
				}
			})
			another, _ = s.centra.NewCart("2-2")
			s.centra.ExpireToken(another)
			s.centra.RotateTokens(1)
			w := s.send(post(jsonType, `{"email":"test@example.com"}`))
			if w.Code != http.StatusOK || s.centra.SelectionOf(savedSession(w)) != s.selection {
				t.Errorf("status %d, and the browser has another session than that of its cart", w.Code)
			}
			straggler := func(_ context.Context, now centra.Session) (centra.Session, error) {
				if s.centra.SelectionOf(string(now)) != s.selection {
					t.Error("who brings the session before is not led to the cart")
				}
				return "", nil
			}
			if err := s.visitors.DoSession(t.Context(), centra.Session(s.token), straggler); err != nil {
				t.Error(err)
			}
		})
	}
}
