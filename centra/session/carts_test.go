package session_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/centra-go/cartabandonment/centra/session"
)

func (s shop) addTwo(ctx context.Context, now centra.Session) (centra.Session, error) {
	return s.client.Do(ctx, now, http.MethodPost, "/items/1-1/quantity/2", nil, nil)
}

// Rule 5 where the first call fills a cart: Centra's answer to a dead session then
// looks like a rotated token. Two browsers that hold it must not share that cart.
func TestDoOfAnExpiredSessionThatIsFilled(t *testing.T) {
	tests := []struct {
		name   string
		before []func(shop) call // with the session, while it was alive
		first  func(shop) call
	}{
		{"never seen", nil, func(s shop) call { return s.add }},
		{"never seen, and two are added", nil, func(s shop) call { return s.addTwo }},
		{"its cart seen", []func(shop) call{func(s shop) call { return s.page }}, func(s shop) call { return s.add }},
		{"its cart filled here", []func(shop) call{func(s shop) call { return s.add }}, func(s shop) call { return s.addTwo }},
	}
	for _, tt := range tests {
		for _, atOnce := range []bool{false, true} {
			name := tt.name
			if atOnce {
				name += ", both at once"
			}
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := openShop(t)
					s.SetLatency(100 * time.Millisecond)
					v := newVisitors(t, session.Cookie{})
					token, _ := s.NewCart("1-1")
					for _, do := range tt.before {
						visit(t, v, centra.Session(token), do(s))
					}
					dead := centra.Session(token)
					s.ExpireToken(token)
					has := [2]centra.Session{}
					var both sync.WaitGroup
					for i := range has {
						both.Go(func() { has[i] = visit(t, v, dead, tt.first(s)) })
						if !atOnce {
							both.Wait()
						}
					}
					both.Wait()
					carts := []string{s.SelectionOf(string(has[0])), s.SelectionOf(string(has[1]))}
					if slices.Contains(carts, "") || carts[0] == carts[1] {
						t.Errorf("carts %q of sessions %v", carts, has)
					}
					if third := visit(t, v, dead, s.page); third != dead {
						t.Error("a third browser was given a session that only took the place of its own")
					}
					if again := visit(t, v, has[0], s.page); again != has[0] {
						t.Error("the first browser's session is not its own any more")
					}
				})
			})
		}
	}
}

// refused makes a call that Centra refuses, without a cart in its answer.
func (s shop) refused(ctx context.Context, now centra.Session) (centra.Session, error) {
	s.FailNext(centratest.StatusFault(400, map[string]string{"email": "is invalid"}).Rotating())
	_, err := s.capture(ctx, now)
	var refused *centra.Error
	if !errors.As(err, &refused) {
		return "", err
	}
	return refused.Session, nil
}

// Nor must they share the session that came with a refusal, which shows no cart. It
// is followed where the one before was seen alive and tokens are seen to rotate.
func TestDoOfARefusal(t *testing.T) {
	for _, tt := range []struct {
		name          string
		seen, rotates bool
		want          bool
	}{
		{"never seen", false, false, false},
		{"never seen, and tokens rotate", false, true, false},
		{"seen", true, false, false},
		{"seen, and tokens rotate", true, true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := openShop(t)
				v := newVisitors(t, session.Cookie{})
				if tt.rotates {
					s.RotateTokens(1)
					another, _ := s.NewCart("1-1")
					visit(t, v, centra.Session(another), s.page)
					s.RotateTokens(0)
				}
				token, id := s.NewCart("1-1")
				if tt.seen {
					visit(t, v, centra.Session(token), s.page)
				}
				if !tt.want {
					s.ExpireToken(token)
				}
				has := visit(t, v, centra.Session(token), s.refused)
				if has == centra.Session(token) || (s.SelectionOf(string(has)) == id) != tt.want {
					t.Fatal("the browser has another session than Centra's last")
				}
				other := visit(t, v, centra.Session(token), s.add)
				if led := s.SelectionOf(string(other)) == s.SelectionOf(string(has)); led != tt.want {
					t.Errorf("who brings the old session is led to the new one: %t, want %t", led, tt.want)
				}
			})
		})
	}
}

// The other click of a double click that is refused does not put a session in the
// place of the one that came with the first refusal: only one of them has the cart.
func TestDoOfADoubleClickThatIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t)
		v := newVisitors(t, session.Cookie{})
		token, id := s.NewCart("1-1")
		has := visit(t, v, centra.Session(token), s.refused)
		if s.SelectionOf(string(has)) != id {
			t.Fatal("the token that was rotated with the refusal is lost")
		}
		if again := visit(t, v, centra.Session(token), s.refused); again != centra.Session(token) {
			t.Error("a session of nobody's cart took the place of the one with the cart")
		}
		if now := visit(t, v, has, s.page); now != has {
			t.Error("the session that has the cart is not the visitor's any more")
		}
	})
}

// A token that was rotated while something was put into the cart is remembered:
// the other click of a double click finds the cart.
func TestDoOfADoubleClick(t *testing.T) {
	tests := []struct {
		name string
		open func(*testing.T, shop, *session.Visitors) (has centra.Session)
		want int
	}{
		{"of a visitor whom this process has not seen", func(_ *testing.T, s shop, _ *session.Visitors) centra.Session {
			token, _ := s.NewCart("1-1")
			return centra.Session(token)
		}, 3},
		{"of a visitor who has just got a session", func(t *testing.T, s shop, v *session.Visitors) centra.Session {
			return visit(t, v, "", s.page)
		}, 2},
		{"of a visitor with a cart", func(t *testing.T, s shop, v *session.Visitors) centra.Session {
			return visit(t, v, visit(t, v, "", s.add), s.page)
		}, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := openShop(t)
				s.SetLatency(100 * time.Millisecond)
				s.RotateTokens(1)
				v := newVisitors(t, session.Cookie{})
				has := tt.open(t, s, v)
				var now [2]centra.Session
				var clicks sync.WaitGroup
				for i := range now {
					clicks.Go(func() { now[i] = visit(t, v, has, s.add) })
					time.Sleep(time.Millisecond)
				}
				clicks.Wait()
				items := s.Cart(s.SelectionOf(string(now[1]))).Items
				if len(items) != 1 || items[0].Quantity != tt.want {
					t.Errorf("the cart holds %v, want %d", items, tt.want)
				}
			})
		})
	}
}

// failed makes a call that brings a session and no cart.
func (s shop) failed(ctx context.Context, now centra.Session) (centra.Session, error) {
	s.SetFault(centratest.StatusFault(503, nil).Rotating())
	defer s.ClearFault()
	_, err := s.client.Selection(ctx, now)
	var failed *centra.Error
	if !errors.As(err, &failed) {
		return "", errors.New("the call did not fail")
	}
	return failed.Session, nil
}

// Of two items that are put at once into a cart that is known to be empty none is
// lost, also where the visitor's newest session came with a failure.
func TestDoOfTwoItemsAtOnceAfterAFailure(t *testing.T) {
	for _, tt := range []struct {
		name   string
		before []func(shop) call
	}{
		{"it began the visit", nil},
		{"an empty cart was seen before", []func(shop) call{func(s shop) call { return s.page }}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := openShop(t)
				s.RotateTokens(1)
				v := newVisitors(t, session.Cookie{})
				var brings centra.Session
				for _, do := range append(tt.before, func(s shop) call { return s.failed }) {
					brings = visit(t, v, brings, do(s))
				}
				s.SetLatency(100 * time.Millisecond)
				has := [2]centra.Session{}
				var both sync.WaitGroup
				for i := range has {
					both.Go(func() { has[i] = visit(t, v, brings, s.add) })
				}
				both.Wait()
				first, second := s.SelectionOf(string(has[0])), s.SelectionOf(string(has[1]))
				if first == "" {
					first = second // the one whose call came first has the token before
				}
				if items := s.Cart(first).Items; len(s.Carts()) != 1 || len(items) != 1 || items[0].Quantity != 2 {
					t.Errorf("carts %+v", s.Carts())
				}
			})
		})
	}
}
