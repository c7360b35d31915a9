package checkoutscript_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/centra-go/cartabandonment/checkoutscript"
)

// agree wants the reminder after all.
func agree(ctx context.Context, b *browser) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	if err := b.Agree(w, b.request(ctx, "/reminder")); err != nil {
		b.Errorf("agreed: %v", err)
	}
	return w
}

// The address that is in the cart never takes the place of one that an event brings
// meanwhile, whichever of the two comes first.
func TestAgreeBesideAnEvent(t *testing.T) {
	for api := range everyAPI {
		for name, order := range map[string][]act{
			"before": {agree, event("new@b.se")},
			"after":  {event("new@b.se"), agree},
			"both":   {agree, event("new@b.se"), agree},
		} {
			t.Run(api+", "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					n := newNeighbourhood(t, api, "cookie")
					b := n.browser("anna", n.token)
					b.together(false, event("old@b.se"))
					b.together(false, order...)
					b.check("new@b.se")
				})
			})
		}
	}
}

func TestAgree(t *testing.T) {
	type result struct {
		OptedIn string
		Code    checkoutscript.Code
		First   bool
		Choice  centra.Choice
	}
	for name, row := range map[string]struct {
		before func(*testing.T, *shop)
		want   result
	}{
		"after a no": {func(t *testing.T, s *shop) {
			s.put(t, centra.Fields{Email: "a@b.se", CartAbandonmentEmail: centra.No})
		}, result{"a@b.se", checkoutscript.Captured, true, centra.Yes}},
		"after a withdrawal": {func(t *testing.T, s *shop) {
			s.send(post(jsonType, `{"email": "a@b.se"}`))
			if err := s.Withdraw(httptest.NewRecorder(), s.request()); err != nil {
				t.Fatal(err)
			}
		}, result{"a@b.se", checkoutscript.Captured, false, centra.Yes}},
		"no address": {func(*testing.T, *shop) {}, result{"", checkoutscript.Captured, false, centra.NotSent}},
		"an old cart": {func(_ *testing.T, s *shop) {
			s.centra.ExpireToken(s.token)
		}, result{"", checkoutscript.SelectionNotFound, false, centra.NotSent}},
		"Centra is away": {func(_ *testing.T, s *shop) {
			s.centra.SetFault(centratest.StatusFault(http.StatusServiceUnavailable, nil))
		}, result{"", checkoutscript.Unavailable, false, centra.NotSent}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newShop(t, func(c *checkoutscript.Config) {
					c.Consent = checkoutscript.AssumeConsent
					c.Later = func(context.Context, checkoutscript.Pending) error {
						t.Error("an agreement without an address is to wait")
						return nil
					}
				})
				row.before(t, s)
				time.Sleep(time.Second)
				s.told() // of what came before
				err := s.Agree(httptest.NewRecorder(), s.request())
				o := s.told()[0]
				if ok := o.Code == checkoutscript.Captured; o.Op != "agree" || ok != (err == nil) {
					t.Errorf("outcome %+v, error %v", o, err)
				}
				got := result{s.centra.Cart(s.selection).OptedIn, o.Code, o.First, o.CartAbandonmentEmail}
				if diff := cmp.Diff(row.want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		})
	}
}

// Where Centra goes away between the two calls, the yes waits, and is not taken for
// one that Centra has, since the cart has its address.
func TestAgreeThatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := new(queue)
		s := newShop(t, nil)
		away := func() {}
		s.open(t, failingUpdate{s.client, func() { away() }}, func(c *checkoutscript.Config) { c.Later = q.later })
		s.send(post(jsonType, `{"email": "a@b.se"}`))
		time.Sleep(time.Second)
		if err := s.Withdraw(httptest.NewRecorder(), s.request()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		away = func() { s.centra.FailNext(centratest.StatusFault(http.StatusServiceUnavailable, nil)) }
		if err := s.Agree(httptest.NewRecorder(), s.request()); !errors.Is(err, checkoutscript.ErrDeferred) {
			t.Fatalf("Agree: %v", err)
		}
		away = func() {}
		for _, p := range q.pending(t) {
			if err := s.Redeliver(t.Context(), p); err != nil {
				t.Error(err)
			}
		}
		if got := s.centra.Cart(s.selection).OptedIn; got != "a@b.se" {
			t.Errorf("%q has agreed; sent %q", got, s.updates(t))
		}
	})
}

func TestAgreeWithoutASession(t *testing.T) {
	s := newShop(t, nil)
	err := s.Agree(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/reminder", nil))
	if calls := len(s.centra.Requests()); !errors.Is(err, centra.ErrNoSession) || calls != 0 {
		t.Errorf("%d calls, %v", calls, err)
	}
}
