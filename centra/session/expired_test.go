package session_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/centra-go/cartabandonment/centra/session"
)

// A page that was under way while the visitor got a new session does not put
// another in its place: the three seconds begin anew.
func TestDoHealsOnce(t *testing.T) {
	tests := map[string]func(shop) call{
		"by a page":  func(s shop) call { return s.page },
		"by an item": func(s shop) call { return s.add },
	}
	for name, heal := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, v, dead := openExpired(t)
				visit(t, v, dead, s.page)
				time.Sleep(time.Minute)
				healed := visit(t, v, dead, heal(s))
				if healed == dead {
					t.Fatal("the visitor keeps a dead session")
				}
				time.Sleep(2 * time.Second)
				if has := visit(t, v, dead, s.page); has != dead {
					t.Error("a page that was under way put another session over the new one")
				}
				if has := visit(t, v, healed, s.page); has != healed {
					t.Error("the new session is not the visitor's")
				}
			})
		})
	}
}

// What counts is when a request came. One that has waited for its turn, or for a slow
// Centra, may bring a dead session though its browser has a better one by now.
func TestDoHealsNobodyWhoHasWaited(t *testing.T) {
	for name, open := range map[string]func(*testing.T) (s shop, dead centra.Session, page, add call){
		"Checkout API": func(t *testing.T) (shop, centra.Session, call, call) {
			s, _, dead := openExpired(t)
			return s, dead, s.page, s.add
		},
		"Shop API": openCompleted,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, dead, page, add := open(t)
				v := newVisitors(t, session.Cookie{})
				s.SetLatency(3500 * time.Millisecond)
				has := dead
				var calls sync.WaitGroup
				for _, do := range []call{page, add, page} {
					calls.Go(func() {
						if set := visit(t, v, dead, do); set != dead {
							has = set // the answers come one after the other
						}
					})
					synctest.Wait()
				}
				calls.Wait()
				if name == "Checkout API" {
					has = centra.Session(s.SelectionOf(string(has)))
				}
				if n := len(s.Cart(string(has)).Items); n != 1 {
					t.Errorf("the cart that the browser has in the end holds %d items, not the one put there", n)
				}
			})
		})
	}
}

// The Shop API has no new session to offer, so a shop forgets the dead one. The
// same rule holds: a page that was under way must not delete a newer cart.
func TestDoForgetsADeadCart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, dead, page, _ := openCompleted(t)
		v := newVisitors(t, session.Cookie{})
		if has := visit(t, v, dead, page); has != dead {
			t.Error("the cart was forgotten at once, though the browser may have another by now")
		}
		time.Sleep(3 * time.Second)
		if has := visit(t, v, dead, page); has != "" {
			t.Error("the visitor keeps a dead cart")
		}
	})
}

// openCompleted opens a shop on the Shop API, in which somebody holds an ordered cart.
func openCompleted(t *testing.T) (s shop, dead centra.Session, page, add call) {
	t.Helper()
	s.Server = centratest.NewServer(t, centratest.WithoutSocket())
	client, err := centra.NewShopAPI(s.ShopURL(), centratest.Secret, centra.WithTransport(s.Transport()))
	if err != nil {
		t.Fatal(err)
	}
	_, cart := s.NewCart("1-1")
	s.CompleteCart(cart)
	page = func(ctx context.Context, now centra.Session) (centra.Session, error) {
		if _, err := client.Selection(ctx, now); errors.Is(err, centra.ErrSelectionNotFound) {
			return centra.NoSession, nil // and shows an empty cart
		}
		return now, nil
	}
	add = func(ctx context.Context, now centra.Session) (centra.Session, error) {
		if now, err := page(ctx, now); now != centra.NoSession || err != nil {
			return now, err
		}
		now, err := client.Do(ctx, "", http.MethodPost, "/selections", nil, new(centra.Selection))
		if err == nil {
			_, err = client.Do(ctx, now, http.MethodPost, "/selections/"+string(now)+"/items/1-1", nil, nil)
		}
		return now, err
	}
	return s, centra.Session(cart), page, add
}
