package session_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/centra-go/cartabandonment/centra/session"
)

// shop is a Centra without a socket, and a client of it.
type shop struct {
	*centratest.Server
	client *centra.CheckoutAPI
}

func openShop(t *testing.T, opts ...centra.Option) shop {
	t.Helper()
	server := centratest.NewServer(t, centratest.WithoutSocket())
	opts = append([]centra.Option{centra.WithTransport(server.Transport())}, opts...)
	client, err := centra.NewCheckoutAPI(server.CheckoutURL(), opts...)
	if err != nil {
		t.Fatal(err)
	}
	return shop{server, client}
}

// openExpired opens a shop in which somebody holds a session that Centra does not
// know any more.
func openExpired(t *testing.T) (s shop, v *session.Visitors, dead centra.Session) {
	t.Helper()
	s, v = openShop(t), newVisitors(t, session.Cookie{})
	token, _ := s.NewCart("1-1")
	s.ExpireToken(token)
	return s, v, centra.Session(token)
}

// call is what a shop does for a visitor.
type call func(context.Context, centra.Session) (centra.Session, error)

func (s shop) page(ctx context.Context, now centra.Session) (centra.Session, error) {
	cart, err := s.client.Selection(ctx, now)
	if err != nil {
		return "", err
	}
	return cart.Session, nil
}

func (s shop) add(ctx context.Context, now centra.Session) (centra.Session, error) {
	return s.client.Do(ctx, now, http.MethodPost, "/items/1-1", nil, nil)
}

func (s shop) capture(ctx context.Context, now centra.Session) (centra.Session, error) {
	cart, err := s.client.UpdateFields(ctx, now, centra.Fields{Email: "test@example.com", CartAbandonmentEmail: centra.Yes})
	if err != nil {
		return "", err
	}
	return cart.Session, nil
}

// products asks for what is nobody's, beside whatever the visitor has.
func (s shop) products(ctx context.Context, _ centra.Session) (centra.Session, error) {
	return s.client.Do(ctx, centra.NoSession, http.MethodGet, "/products", nil, new(json.RawMessage))
}

// visit makes a call for a browser that brings a session, and returns the one that
// the browser has afterwards.
func visit(t *testing.T, v *session.Visitors, brings centra.Session, do call) centra.Session {
	t.Helper()
	w := httptest.NewRecorder()
	if err := v.Do(w, request(t, brings), do); err != nil {
		t.Errorf("the call failed: %v", err)
	}
	switch set := setSession(w.Header()); set {
	case "-":
		return brings
	default:
		return centra.Session(set)
	}
}

// Rule 5: a session that only takes the place of a dead one is not kept. Centra
// answers a dead one with 200 and a new, empty cart.
func TestDoOfAnExpiredSession(t *testing.T) {
	tests := []struct {
		name  string
		calls func(shop) []call
	}{
		{"a page", func(s shop) []call { return []call{s.page} }},
		{"an event", func(s shop) []call { return []call{s.capture} }},
		{"an event and a page", func(s shop) []call { return []call{s.capture, s.page, s.capture} }},
		{"a call of the host's own", func(s shop) []call {
			return []call{func(ctx context.Context, now centra.Session) (centra.Session, error) {
				return s.client.Do(ctx, now, http.MethodGet, "/selection", nil, nil)
			}}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, v, dead := openExpired(t)
				for _, do := range tt.calls(s) {
					if has := visit(t, v, dead, do); has != dead {
						t.Fatal("a browser was given a session that only took the place of its own")
					}
				}
				// A browser that still brings it seconds later has nothing better.
				time.Sleep(4 * time.Second)
				heals := visit(t, v, dead, tt.calls(s)[0])
				if heals == dead || s.SelectionOf(string(heals)) == "" {
					t.Error("the visitor never gets a session that works")
				}
			})
		})
	}
}

// Two browsers with one dead session never see each other's carts once a page has
// shown that it is dead.
func TestDoKeepsHoldersOfAnExpiredSessionApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, v, dead := openExpired(t)
		visit(t, v, dead, s.page)
		one, two := visit(t, v, dead, s.add), visit(t, v, dead, s.add)
		carts := []string{s.SelectionOf(string(one)), s.SelectionOf(string(two))}
		if one == dead || two == dead || carts[0] == "" || carts[0] == carts[1] {
			t.Errorf("carts %q of sessions %v and %v", carts, one, two)
		}
	})
}

// Nor is a straggler given the newest session that is known where that is dead.
func TestDoOfAStragglerWhoseCartIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t)
		v := newVisitors(t, session.Cookie{})
		token, _ := s.NewCart("1-1")
		s.RotateTokens(1)
		newest := visit(t, v, centra.Session(token), s.page)
		s.RotateTokens(0)
		s.ExpireToken(string(newest))
		has := visit(t, v, centra.Session(token), func(ctx context.Context, now centra.Session) (centra.Session, error) {
			_, err := s.page(ctx, now)
			return "", err
		})
		if has != centra.Session(token) {
			t.Error("a dead session was put over what the browser has")
		}
	})
}

// A session that took another's place with everything in the cart is kept, and
// found by those who bring the old one.
func TestDoFollowsARotatedSession(t *testing.T) {
	tests := []struct {
		name  string
		first func(shop) call
	}{
		{"a page", func(s shop) call { return s.page }},
		{"an event", func(s shop) call { return s.capture }},
		{"a call of the host's own", func(s shop) call { return s.add }},
		{"an event that is repeated", func(s shop) call {
			return func(ctx context.Context, now centra.Session) (centra.Session, error) {
				s.FailNext(centratest.StatusFault(503, nil).Rotating())
				return s.capture(ctx, now)
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := openShop(t)
				s.RotateTokens(1)
				v := newVisitors(t, session.Cookie{})
				token, id := s.NewCart("1-1")
				has := visit(t, v, centra.Session(token), tt.first(s))
				if has == centra.Session(token) || s.SelectionOf(string(has)) != id {
					t.Fatal("the browser has another session than that of its cart")
				}
				straggler := visit(t, v, centra.Session(token), s.page)
				if s.SelectionOf(string(straggler)) != id {
					t.Error("who brings the old session is not led to the cart")
				}
			})
		})
	}
}

// A session that a call begins anew, beside the one that the visitor brings, is kept,
// and no other who brings that one is led to it.
func TestDoThatStartsAnew(t *testing.T) {
	tests := map[string]func(shop) call{
		"with an item": func(s shop) call {
			return func(ctx context.Context, _ centra.Session) (centra.Session, error) { return s.add(ctx, "") }
		},
		"and then an item": func(s shop) call {
			return func(ctx context.Context, _ centra.Session) (centra.Session, error) {
				now, err := s.page(ctx, "")
				if err != nil {
					return "", err
				}
				return s.add(ctx, now)
			}
		},
	}
	for name, anew := range tests {
		for _, known := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, known to have expired: %v", name, known), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s, v, dead := openExpired(t)
					if known {
						visit(t, v, dead, s.page)
					}
					one := visit(t, v, dead, anew(s))
					if one == dead || s.SelectionOf(string(one)) == "" {
						t.Error("the new session is not kept")
					}
					if two := visit(t, v, dead, s.page); two == one {
						t.Error("two browsers have one cart")
					}
				})
			})
		}
	}
}

// With nothing in its cart it is no better than one that Centra starts by itself. The
// Storefront API says that a session has expired.
func TestDoThatStartsAnewForAnExpiredSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, v, dead := openExpired(t)
		client, err := centra.NewStorefrontAPI(s.StorefrontURL(), centratest.SessionModeToken, centra.WithTransport(s.Transport()))
		if err != nil {
			t.Fatal(err)
		}
		event := func(ctx context.Context, now centra.Session) (centra.Session, error) {
			if _, err := client.UpdateFields(ctx, now, centra.Fields{Email: "test@example.com"}); !errors.Is(err, centra.ErrSelectionNotFound) {
				t.Errorf("the session has not expired: %v", err)
			}
			cart, err := client.Selection(ctx, "")
			if err != nil {
				return "", err
			}
			return cart.Session, nil
		}
		if has := visit(t, v, dead, event); has != dead {
			t.Error("an empty cart was put over what the browser may have")
		}
		time.Sleep(4 * time.Second)
		if has := visit(t, v, dead, event); has == dead {
			t.Error("the visitor never gets a session that works")
		}
	})
}

// Nor is one led to the cart of a session that came with a refusal, and in which the
// same call has put something then.
func TestDoOfAnExpiredSessionThatIsRefusedFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, v, dead := openExpired(t)
		both := func(ctx context.Context, now centra.Session) (centra.Session, error) {
			s.FailNext(centratest.StatusFault(400, map[string]string{"item": "no"}))
			now, err := s.add(ctx, now)
			if err == nil {
				t.Error("the first item was not refused")
			}
			return s.add(ctx, now)
		}
		one := visit(t, v, dead, both)
		two := visit(t, v, dead, s.page)
		if s.SelectionOf(string(one)) == "" || one == two {
			t.Errorf("sessions %v and %v", one, two)
		}
	})
}

// A shopper who takes the last item out of a cart that the same call has shown has
// emptied it: the token that rotated meanwhile is theirs.
func TestDoOfACartThatIsEmptied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t)
		s.RotateTokens(1)
		v := newVisitors(t, session.Cookie{})
		token, id := s.NewCart("1-1")
		has := visit(t, v, centra.Session(token), func(ctx context.Context, now centra.Session) (centra.Session, error) {
			cart, err := s.client.Selection(ctx, now)
			if err != nil {
				return "", err
			}
			s.RotateTokens(0)
			return s.client.Do(ctx, cart.Session, http.MethodDelete, "/lines/"+cart.Items[0].Line, nil, nil)
		})
		if s.SelectionOf(string(has)) != id {
			t.Error("the browser has another session than that of its cart")
		}
	})
}

// What is asked for without a session leaves the visitor's alone.
func TestDoWithoutASessionKeepsTheVisitors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t)
		v := newVisitors(t, session.Cookie{})
		token, _ := s.NewCart("1-1")
		if has := visit(t, v, centra.Session(token), s.products); has != centra.Session(token) {
			t.Error("the visitor's session is another one")
		}
	})
}

// A host that watches its calls does not keep the visitor's from being seen.
func TestDoOfAHostThatWatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t)
		v := newVisitors(t, session.Cookie{})
		token, _ := s.NewCart("1-1")
		s.ExpireToken(token)
		var got []centra.Call
		has := visit(t, v, centra.Session(token), func(ctx context.Context, now centra.Session) (centra.Session, error) {
			return s.page(centra.WatchCalls(ctx, func(c centra.Call) { got = append(got, c) }), now)
		})
		if has != centra.Session(token) {
			t.Error("a session was kept that only took the place of a dead one")
		}
		want := []centra.Call{{API: "checkout", Op: "GET /selection", StatusCode: 200, Attempts: 1, Session: centra.SessionReplaced, Cart: centra.CartEmpty}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})
}

// A Centra that answers with another protocol and then says nothing more does not
// keep the visitor's turn.
func TestDoOfAnUpgrade(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
					_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
					_, _ = io.Copy(io.Discard, conn)
				}
			}()
		}
	}()
	client, err := centra.NewCheckoutAPI("http://" + listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s := shop{client: client}
	v := newVisitors(t, session.Cookie{})
	begin := time.Now()
	for range 3 {
		err := v.Do(httptest.NewRecorder(), request(t, "s"), s.page)
		if !errors.Is(err, centra.ErrInvalidResponse) {
			t.Errorf("error %v", err)
		}
	}
	if took := time.Since(begin); took > 3*time.Second {
		t.Errorf("three calls took %v", took)
	}
}
