package checkoutscript_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/centra-go/cartabandonment/checkoutscript"
)

// outage is a shop whose Centra comes and goes, and a visitor with a browser.
type outage struct {
	*testing.T
	*shop
	queue
	jar    string // the browser's session
	config checkoutscript.Config
	next   func() // goes to the next process
}

func newOutage(t *testing.T, open func(testing.TB, func(*checkoutscript.Config)) *shop) *outage {
	o := &outage{T: t, next: func() {}}
	o.shop = open(t, func(c *checkoutscript.Config) {
		c.Later = o.later
		c.Consent = func(_ *http.Request, f centra.Fields) bool { return f.Extra["agreed"] != false }
		c.Filter = func(_ *http.Request, f *centra.Fields) { delete(f.Extra, "agreed") }
		o.config = *c
	})
	o.jar = o.token
	return o
}

// sends has the browser send an event, which is answered as it should.
func (o *outage) sends(event string, status int) {
	o.Helper()
	o.next()
	time.Sleep(time.Second)
	w := send(o.Handler, post(jsonType, event), o.jar)
	if w.Code != status && (status != 0 || w.Code < 400) { // 0: any failure
		o.Errorf("%s: answered %d %s, want %d", event, w.Code, w.Body, status)
	}
	o.keeps(w)
}

func (o *outage) keeps(w *httptest.ResponseRecorder) {
	if saved := savedSession(w); saved != "" {
		o.jar = saved
	}
}

// request is the browser's, for a page.
func (o *outage) request() *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/checkout", nil)
	r.AddCookie(&http.Cookie{Name: cookieName, Value: o.jar})
	return r
}

// looks has the browser open a page that reads the cart.
func (o *outage) looks() {
	o.Helper()
	o.next()
	w := httptest.NewRecorder()
	err := o.visitors.Do(w, o.request(), func(ctx context.Context, s centra.Session) (centra.Session, error) {
		cart, err := o.client.Selection(ctx, s)
		if err != nil {
			return "", err
		}
		return cart.Session, nil
	})
	if err != nil {
		o.Errorf("a page: %v", err)
	}
	o.keeps(w)
}

func (o *outage) withdraws() {
	o.Helper()
	o.next()
	w := httptest.NewRecorder()
	if err := o.Withdraw(w, o.request()); err != nil && !errors.Is(err, checkoutscript.ErrDeferred) {
		o.Errorf("Withdraw: %v", err)
	}
	o.keeps(w)
}

// refuses is a queue that fails while f runs.
func (o *outage) refuses(f func()) {
	o.queue.put = func(context.Context, checkoutscript.Pending) error { return errors.New("the disk is full") }
	f()
	o.queue.put = nil
}

// getsAnotherCart is what a cart link does.
func (o *outage) getsAnotherCart() {
	r := httptest.NewRequest(http.MethodGet, "/abandoned-cart", nil)
	o.visitors.CartChanged(httptest.NewRecorder(), r, centra.Session(o.jar))
}

// delivers has h work through the queue, last in first out if reverse.
func (o *outage) delivers(h *checkoutscript.Handler, reverse bool) {
	o.Helper()
	waiting := o.pending(o)
	for i := range waiting {
		p := waiting[i]
		if reverse {
			p = waiting[len(waiting)-1-i]
		}
		if err := h.Redeliver(o.Context(), p); err != nil && !errors.Is(err, checkoutscript.ErrDropped) {
			o.Errorf("Redeliver: %v", err)
		}
	}
}

// process is another one of the same shop, which shares nothing but Centra.
func (o *outage) process() *checkoutscript.Handler {
	o.Helper()
	other := &shop{centra: o.centra, client: o.client, store: o.store, logger: o.logger}
	return other.open(o, o.client, func(c *checkoutscript.Config) {
		c.Filter = func(*http.Request, *centra.Fields) {}
	}).Handler
}

const (
	anna      = `{"email": "anna@example.com"}`
	anna2     = `{"email": "anna@example.org"}`
	anna3     = `{"email": "anna@example.net"}`
	annaNot   = `{"email": "anna@example.com", "agreed": false}`
	anna2Not  = `{"email": "anna@example.org", "agreed": false}`
	withdrawn = `{"cartAbandonmentWithdrawn": true, "email": "anna@example.com"}`
	noLonger  = `{"cartAbandonmentWithdrawn": true}`
)

// What the cart and the mailer know in the end, in whatever order the queue is
// worked through, by the same process and by another.
func TestOutages(t *testing.T) {
	tests := map[string]struct {
		before, during, after func(*outage)
		email                 string
		reminded              bool
		onlyHere              bool // another process that shares no turns cannot know
	}{
		"one address": {nil, func(o *outage) { o.sends(anna, 202) }, nil, "anna@example.com", true, false},
		"a newer address after it": {nil, func(o *outage) { o.sends(anna, 202) },
			func(o *outage) { o.sends(anna2, 200) }, "anna@example.org", true, false},
		"a newer address during it": {nil, func(o *outage) { o.sends(anna, 202); o.sends(anna2, 202) },
			nil, "anna@example.org", true, true},
		"a better address during it": {func(o *outage) { o.sends(anna, 200) }, func(o *outage) { o.sends(anna2, 202) },
			nil, "anna@example.org", true, false},
		"better addresses during it": {func(o *outage) { o.sends(anna, 200) },
			func(o *outage) { o.sends(anna2, 202); o.sends(anna3, 202) }, nil, "anna@example.net", true, true},
		"the same address again": {func(o *outage) { o.sends(anna, 200) }, func(o *outage) { o.sends(anna, 202) },
			nil, "anna@example.com", true, false},
		"the same address, agreed to during it": {func(o *outage) { o.sends(annaNot, 200) }, func(o *outage) { o.sends(anna, 202) },
			nil, "anna@example.com", true, true},
		"withdrawn, and agreed anew during it": {func(o *outage) { o.sends(anna, 200); o.withdraws() },
			func(o *outage) { o.sends(anna, 202) }, nil, "anna@example.com", true, true},
		"no consent before it, agreed during it, withdrawn after it": {func(o *outage) { o.sends(annaNot, 200) },
			func(o *outage) { o.sends(anna, 202) }, func(o *outage) { o.sends(noLonger, 200) }, "anna@example.com", false, false},
		"withdrawn during it": {func(o *outage) { o.sends(anna, 200) }, func(o *outage) { o.sends(withdrawn, 202) },
			nil, "anna@example.com", false, false},
		"withdrawn during it, without an address": {func(o *outage) { o.sends(anna, 200) }, func(o *outage) { o.sends(noLonger, 202) },
			nil, "anna@example.com", false, false},
		"captured and withdrawn during it": {nil, func(o *outage) { o.sends(anna, 202); o.sends(withdrawn, 202) },
			nil, "anna@example.com", false, false},
		"captured before it, no consent during it": {func(o *outage) { o.sends(anna, 200) },
			func(o *outage) { o.sends(annaNot, 202); o.sends(annaNot, 202) }, nil, "anna@example.com", false, false},
		"withdrawn during it, and no consent that is not kept": {func(o *outage) { o.sends(anna, 200) },
			func(o *outage) { o.sends(withdrawn, 202); o.refuses(func() { o.sends(annaNot, 503) }) }, nil,
			"anna@example.com", false, false},
		"captured before it, no consent during it, agreed after it": {func(o *outage) { o.sends(anna, 200) },
			func(o *outage) { o.sends(annaNot, 202) }, func(o *outage) { o.sends(anna, 200) }, "anna@example.com", true, true},
		"captured before it, another address without consent during it": {func(o *outage) { o.sends(anna, 200) },
			func(o *outage) { o.sends(anna2Not, 202) }, nil, "anna@example.com", false, false},
		"captured during it, withdrawn after it": {nil, func(o *outage) { o.sends(anna, 202) },
			func(o *outage) { o.sends(withdrawn, 200) }, "anna@example.com", false, false},
		"captured during it, no consent after it": {nil, func(o *outage) { o.sends(anna, 202) },
			func(o *outage) { o.sends(annaNot, 200) }, "anna@example.com", false, false},
		"captured during it, withdrawn after it without an address": {nil, func(o *outage) { o.sends(anna, 202) },
			func(o *outage) { o.looks(); o.withdraws(); o.looks() }, "", false, true},
		"another cart after it": {nil, func(o *outage) { o.sends(anna, 202) },
			func(o *outage) { o.getsAnotherCart() }, "", false, true},
		"captured during it, no consent during it": {nil, func(o *outage) { o.sends(anna, 202); o.sends(annaNot, 503) },
			nil, "", false, true},
		"withdrawn during it, agreed anew after it": {func(o *outage) { o.sends(anna, 200) }, func(o *outage) { o.sends(withdrawn, 202) },
			func(o *outage) { o.sends(anna, 200) }, "anna@example.com", true, true},
		"pages meanwhile": {func(o *outage) { o.looks() }, func(o *outage) { o.sends(anna, 202) },
			func(o *outage) { o.looks() }, "anna@example.com", true, false},
		"ordered after it": {nil, func(o *outage) { o.sends(anna, 202) },
			func(o *outage) { o.order(o) }, "", false, false},
	}
	for api, open := range everyAPI {
		for name, test := range tests {
			for _, how := range []string{
				"in order", "in reverse", "while tokens rotate", "in another process", "in another process, in reverse",
				"in processes that share turns", "in processes that share turns, in reverse",
				"in processes that share turns, while tokens rotate, in reverse",
			} {
				t.Run(api+", "+name+", "+how, func(t *testing.T) {
					elsewhere := strings.Contains(how, "another process")
					if elsewhere && test.onlyHere {
						t.Skip("documented: only the same process knows")
					}
					if name == "another cart after it" && strings.Contains(how, "share turns") {
						t.Skip("documented: only the process that attached it knows")
					}
					synctest.Test(t, func(t *testing.T) {
						o := newOutage(t, open)
						if strings.Contains(how, "tokens rotate") {
							o.centra.RotateTokens(1)
						}
						if strings.Contains(how, "share turns") {
							o.inTwo()
						}
						for _, part := range []func(*outage){
							test.before,
							func(o *outage) { o.centra.SetFault(centratest.StatusFault(503, nil)) },
							test.during,
							func(o *outage) { o.centra.ClearFault() },
							test.after,
						} {
							if part != nil {
								part(o)
								time.Sleep(time.Second)
							}
						}
						o.next()
						h := o.Handler
						if elsewhere {
							h = o.process()
						}
						o.delivers(h, strings.Contains(how, "in reverse"))
						o.delivers(h, false) // at least once
						cart := o.centra.Cart(o.selection)
						if cart.Email != test.email || !cart.MailDue.IsZero() != test.reminded {
							t.Errorf("Centra has the address %q, a reminder is due: %t; want %q, %t\nsent: %q",
								cart.Email, !cart.MailDue.IsZero(), test.email, test.reminded, o.updates(t))
						}
						if n := o.centra.MaxConcurrent(o.selection); n > 1 {
							t.Errorf("%d calls at once", n)
						}
					})
				})
			}
		}
	}
}

// Empty carts, which most visitors of a shop have, leave what others decided alone.
func TestEmptyCartsBesideADecision(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOutage(t, newShop)
		o.centra.SetFault(centratest.StatusFault(503, nil))
		o.sends(anna, 202)
		o.centra.ClearFault()
		time.Sleep(time.Second)
		o.withdraws()
		for i := range 20_000 {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			o.visitors.CartChanged(httptest.NewRecorder(), r, centra.Session(fmt.Sprintf("empty%d", i)))
		}
		o.delivers(o.Handler, false)
		if diff := cmp.Diff([]string{"anna@example.com yes", " no"}, o.updates(t)); diff != "" {
			t.Errorf("sent (-want +got):\n%s", diff)
		}
	})
}

// Redeliver waits for its turn, as everything else does.
func TestRedeliverTakesTheVisitorsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t, nil)
		s.centra.SetLatency(time.Second)
		s.centra.RotateTokens(1)
		done := make(chan struct{})
		go func() { s.send(numbered(1)); close(done) }()
		synctest.Wait()
		p := capture(s, "anna@example.com")
		p.CapturedAt = p.CapturedAt.Add(-time.Minute)
		if err := s.Redeliver(t.Context(), p); !errors.Is(err, checkoutscript.ErrDropped) {
			t.Errorf("Redeliver: %v", err)
		}
		<-done
		if diff := cmp.Diff([]string{"a@b.se yes"}, s.updates(t)); diff != "" {
			t.Errorf("sent (-want +got):\n%s", diff)
		}
		if n := s.centra.MaxConcurrent(s.selection); n != 1 {
			t.Errorf("%d calls at once", n)
		}
	})
}

// A no that reaches neither Centra nor the queue is the shopper's last word all the
// same: what waits from before it is not sent after it.
func TestANoThatFailsStopsWhatWaits(t *testing.T) {
	faults := map[string]centratest.Fault{
		"away": centratest.StatusFault(503, nil), "silent": centratest.HangFault(),
		"a proxy's HTML": centratest.HTMLFault(200), "the shop's mistake": centratest.StatusFault(401, nil),
	}
	noes := map[string]func(*outage){
		"taken back":             func(o *outage) { o.sends(withdrawn, 0) },
		"taken back in the form": func(o *outage) { o.Log(o.Withdraw(httptest.NewRecorder(), o.request())) },
		"no consent":             func(o *outage) { o.sends(annaNot, 0) },
	}
	for fails, fault := range faults {
		for name, no := range noes {
			t.Run(fails+", "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					o := newOutage(t, newShop)
					o.centra.SetFault(centratest.StatusFault(503, nil))
					o.sends(anna, 202)
					o.queue.put = func(context.Context, checkoutscript.Pending) error { return errors.New("the disk is full") }
					o.centra.SetFault(fault)
					time.Sleep(time.Second)
					no(o)
					o.centra.ClearFault()
					o.delivers(o.Handler, false)
					if due := o.centra.Cart(o.selection).MailDue; !due.IsZero() {
						t.Errorf("the shopper is reminded; sent %q", o.updates(t))
					}
				})
			})
		}
	}
}
