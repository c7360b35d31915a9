package checkoutscript_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/centra-go/cartabandonment/checkoutscript"
)

// updates are what Centra was sent, by address and consent.
func (s *shop) updates(t testing.TB) []string {
	t.Helper()
	var sent []string
	for _, request := range s.centra.Requests() {
		if request.Method != http.MethodPut || !strings.HasSuffix(request.Path, "-fields") {
			continue
		}
		var body struct {
			Email   string `json:"email"`
			Consent *bool  `json:"cartAbandonmentEmail"`
		}
		if err := json.Unmarshal(request.Body, &body); err != nil {
			t.Fatal(err)
		}
		consent := "?"
		if body.Consent != nil {
			consent = map[bool]string{true: "yes", false: "no"}[*body.Consent]
		}
		sent = append(sent, body.Email+" "+consent)
	}
	return sent
}

func (s *shop) putAddress(t testing.TB, email string, consent centra.Choice) {
	t.Helper()
	s.put(t, centra.Fields{Email: email, CartAbandonmentEmail: consent})
}

// put changes the cart beside whatever the handler knows.
func (s *shop) put(t testing.TB, f centra.Fields) {
	t.Helper()
	other := newVisitors(t, fixedSession{loaded: s.token})
	err := other.DoSession(t.Context(), centra.Session(s.token), func(ctx context.Context, sess centra.Session) (centra.Session, error) {
		sel, err := s.client.UpdateFields(ctx, sess, f)
		if err != nil {
			return "", err
		}
		return sel.Session, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestRedeliver(t *testing.T) {
	tests := map[string]struct {
		before  func(testing.TB, *shop)
		pending func(*shop) checkoutscript.Pending
		sent    []string // by Redeliver
		dropped bool
	}{
		"a capture":    {nil, func(s *shop) checkoutscript.Pending { return capture(s, "a@b.se") }, []string{"a@b.se yes"}, false},
		"a withdrawal": {nil, func(s *shop) checkoutscript.Pending { return withdrawal(s, "") }, []string{" no"}, false},
		"a withdrawal by its address": {nil,
			func(s *shop) checkoutscript.Pending { return withdrawal(s, "a@b.se") }, []string{"a@b.se no"}, false},
		"an hour old": {nil, func(s *shop) checkoutscript.Pending {
			p := capture(s, "a@b.se")
			p.CapturedAt = p.CapturedAt.Add(-time.Hour)
			return p
		}, []string{"a@b.se yes"}, false},
		"an unknown cart": {nil, func(s *shop) checkoutscript.Pending {
			p := capture(s, "a@b.se")
			p.Session = "abeb59928306768d255e21920f9087a4"
			return p
		}, nil, true},
		"an ordered cart": {func(t testing.TB, s *shop) { s.order(t) },
			func(s *shop) checkoutscript.Pending { return capture(s, "a@b.se") }, nil, true},
		"an ordered cart, withdrawn": {func(t testing.TB, s *shop) { s.order(t) },
			func(s *shop) checkoutscript.Pending { return withdrawal(s, "") }, nil, true},
		"an emptied cart": {func(t testing.TB, s *shop) { s.empty(t) },
			func(s *shop) checkoutscript.Pending { return capture(s, "a@b.se") }, nil, true},
		"a newer address": {func(t testing.TB, s *shop) { s.putAddress(t, "newer@b.se", centra.Yes) },
			func(s *shop) checkoutscript.Pending { return capture(s, "a@b.se") }, nil, true},
		"the same address": {func(t testing.TB, s *shop) { s.putAddress(t, "A@b.se", centra.Yes) },
			func(s *shop) checkoutscript.Pending { return capture(s, "a@b.se") }, nil, false},
		"the same address, withdrawn in another process": {func(t testing.TB, s *shop) { s.putAddress(t, "a@b.se", centra.No) },
			func(s *shop) checkoutscript.Pending { return capture(s, "a@b.se") }, nil, false},
		"the address of the delivery": {func(t testing.TB, s *shop) {
			s.put(t, centra.Fields{Address: &centra.Address{Email: "bills@b.se"}, ShippingAddress: &centra.Address{Email: "a@b.se"}})
		}, func(s *shop) checkoutscript.Pending { return capture(s, "a@b.se") }, nil, false},
		"a withdrawal of an older address": {func(t testing.TB, s *shop) { s.putAddress(t, "newer@b.se", centra.Yes) },
			func(s *shop) checkoutscript.Pending { return withdrawal(s, "a@b.se") }, []string{" no"}, false},
	}
	for api, open := range opened {
		for name, test := range tests {
			t.Run(api+", "+name, func(t *testing.T) {
				s := open(t, nil)
				if test.before != nil {
					test.before(t, s)
				}
				already := len(s.updates(t))
				err := s.Redeliver(t.Context(), test.pending(s))
				if errors.Is(err, checkoutscript.ErrDropped) != test.dropped || (err != nil && !test.dropped) {
					t.Errorf("Redeliver: %v", err)
				}
				if diff := cmp.Diff(test.sent, slices.Concat(s.updates(t)[already:])); diff != "" {
					t.Errorf("sent (-want +got):\n%s", diff)
				}
				want := checkoutscript.Redelivered
				if test.dropped {
					want = checkoutscript.Dropped
				}
				if diff := cmp.Diff([]checkoutscript.Code{want}, s.codes()); diff != "" {
					t.Errorf("outcomes (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// order completes the cart as another tab may.
func (s *shop) order(testing.TB) { s.centra.CompleteCart(s.selection) }

// empty takes everything out of the cart.
func (s *shop) empty(t testing.TB) {
	t.Helper()
	prefix := ""
	if s.token == s.selection {
		prefix = "/selections/" + s.selection
	}
	cart, err := s.client.Selection(t.Context(), centra.Session(s.token))
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range cart.Items {
		path := prefix + "/lines/" + item.Line + "/quantity/0"
		if _, err := s.client.Do(t.Context(), centra.Session(s.token), http.MethodPut, path, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
}

// failingUpdate fails at the second of Redeliver's calls.
type failingUpdate struct {
	checkoutscript.API
	fail func()
}

func (f failingUpdate) UpdateFields(ctx context.Context, s centra.Session, fields centra.Fields) (*centra.Selection, error) {
	f.fail()
	return f.API.UpdateFields(ctx, s, fields)
}

func TestRedeliverTwice(t *testing.T) {
	s := newShop(t, nil)
	p := capture(s, "a@b.se")
	for range 2 {
		if err := s.Redeliver(t.Context(), p); err != nil {
			t.Error(err)
		}
	}
	if diff := cmp.Diff([]string{"a@b.se yes"}, s.updates(t)); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
}

func TestRedeliverFails(t *testing.T) {
	tests := map[string]struct {
		fault   centratest.Fault
		dropped bool
		kind    error
		after   time.Duration
		code    checkoutscript.Code
	}{
		"down":       {centratest.RetryAfterFault(503, "60"), false, centra.ErrUnavailable, time.Minute, checkoutscript.Unavailable},
		"limiting":   {centratest.RetryAfterFault(429, "7"), false, centra.ErrRateLimited, 7 * time.Second, checkoutscript.RateLimited},
		"reset":      {centratest.ResetFault(), false, centra.ErrUnavailable, 0, checkoutscript.Unavailable},
		"nonsense":   {centratest.HTMLFault(200), false, centra.ErrInvalidResponse, 0, checkoutscript.InvalidResponse},
		"the shop's": {centratest.StatusFault(401, nil), false, centra.ErrUnauthorized, 0, checkoutscript.Unauthorized},
		"gone":       {centratest.StatusFault(404, nil), true, centra.ErrSelectionNotFound, 0, checkoutscript.Dropped},
		"refused":    {centratest.StatusFault(422, map[string]string{"email": "no"}), true, nil, 0, checkoutscript.Dropped},
	}
	for name, test := range tests {
		for _, at := range []string{"at the look", "at the update"} {
			t.Run(name+" "+at, func(t *testing.T) {
				s := newShop(t, nil)
				if at == "at the look" {
					s.centra.FailNext(test.fault)
				} else {
					s.open(t, failingUpdate{s.client, func() { s.centra.FailNext(test.fault) }}, nil)
				}
				err := s.Redeliver(t.Context(), capture(s, "a@b.se"))
				var failed *centra.Error
				if errors.Is(err, checkoutscript.ErrDropped) != test.dropped || !errors.As(err, &failed) ||
					(test.kind != nil && !errors.Is(err, test.kind)) || failed.RetryAfter != test.after {
					t.Errorf("Redeliver: %v", err)
				}
				if diff := cmp.Diff([]checkoutscript.Code{test.code}, s.codes()); diff != "" {
					t.Errorf("outcomes (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// What was decided goes along with a token that rotates under Redeliver, too: a
// withdrawal that fails at its second call is not overtaken by what it withdraws.
func TestRedeliverTakesDecisionsAlong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var o *outage
		down := false
		o = newOutage(t, func(t testing.TB, change func(*checkoutscript.Config)) *shop {
			return newShop(t, func(c *checkoutscript.Config) {
				change(c)
				c.API = failingUpdate{c.API, func() {
					if down {
						o.centra.FailNext(centratest.StatusFault(503, nil))
					}
				}}
			})
		})
		o.centra.RotateTokens(1)
		down = true
		o.sends(anna, 202)
		time.Sleep(time.Second)
		o.looks()
		o.withdraws()
		waiting := o.pending(t)
		if len(waiting) != 2 || waiting[0].Session == waiting[1].Session {
			t.Fatalf("%v wait", waiting)
		}
		if err := o.Redeliver(t.Context(), waiting[1]); err == nil {
			t.Fatal("the withdrawal did not fail")
		}
		down = false
		if err := o.Redeliver(t.Context(), waiting[0]); !errors.Is(err, checkoutscript.ErrDropped) {
			t.Errorf("Redeliver of what was withdrawn: %v; sent %q", err, o.updates(t))
		}
	})
}
