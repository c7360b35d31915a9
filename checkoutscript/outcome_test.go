package checkoutscript_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/centra-go/cartabandonment/checkoutscript"
)

// told is what Observe was told since it was asked last, without times and errors.
func (s *shop) told() (told []checkoutscript.Outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.outcomes {
		o.Duration, o.Err = 0, nil
		told = append(told, o)
	}
	s.outcomes = nil
	return told
}

// A cart is captured with every event, and counts once: also where its session is
// rotated meanwhile, where the shopper changed their mind, and where the capture
// was late. What comes after the order is another cart.
func TestFirst(t *testing.T) {
	const (
		yes = centra.Yes
		no  = centra.No
	)
	for api, open := range everyAPI {
		t.Run(api, func(t *testing.T) {
			q := new(queue)
			s := open(t, func(c *checkoutscript.Config) { c.Later = q.later })
			tests := []struct {
				name string
				do   func()
				want checkoutscript.Outcome
			}{
				{"no address yet", func() { s.send(post(jsonType, `{"address": {"city": "Malmö"}}`)) },
					checkoutscript.Outcome{Op: "callback", Code: checkoutscript.Captured}},
				{"an outage", func() {
					s.centra.SetFault(centratest.StatusFault(503, nil))
					s.send(post(jsonType, jsonEvent))
					s.centra.ClearFault()
				}, checkoutscript.Outcome{Op: "callback", Code: checkoutscript.Queued, CartAbandonmentEmail: yes}},
				{"delivered late", func() { redeliver(t, s, q) },
					checkoutscript.Outcome{Op: "redeliver", Code: checkoutscript.Redelivered, CartAbandonmentEmail: yes, First: true}},
				{"delivered twice", func() { redeliver(t, s, q) },
					checkoutscript.Outcome{Op: "redeliver", Code: checkoutscript.Redelivered, CartAbandonmentEmail: yes}},
				{"another event", func() { s.send(post(jsonType, jsonEvent)) },
					checkoutscript.Outcome{Op: "callback", Code: checkoutscript.Captured, CartAbandonmentEmail: yes}},
				{"the shop's own page, where the session is rotated", func() { s.centra.RotateNext(); s.turn(t) },
					checkoutscript.Outcome{}},
				{"a form, afterwards", func() { captureForm(t, s) },
					checkoutscript.Outcome{Op: "capture", Code: checkoutscript.Captured, CartAbandonmentEmail: yes}},
				{"a withdrawal", func() { withdrawForm(t, s) },
					checkoutscript.Outcome{Op: "withdraw", Code: checkoutscript.Withdrawn, CartAbandonmentEmail: no}},
				{"agreed again", func() { captureForm(t, s) },
					checkoutscript.Outcome{Op: "capture", Code: checkoutscript.Captured, CartAbandonmentEmail: yes}},
				{"the next cart of the same browser", func() { s.visitors.CartChanged(httptest.NewRecorder(), s.request(), s.turn(t)); captureForm(t, s) },
					checkoutscript.Outcome{Op: "capture", Code: checkoutscript.Captured, CartAbandonmentEmail: yes, First: true}},
			}
			for _, tt := range tests {
				var want []checkoutscript.Outcome
				if tt.want.Op != "" {
					want = append(want, tt.want)
				}
				tt.do()
				if diff := cmp.Diff(want, s.told()); diff != "" {
					t.Errorf("%s (-want +got):\n%s", tt.name, diff)
				}
			}
		})
	}
}

// request is one of the visitor's.
func (s *shop) request() *http.Request {
	r := httptest.NewRequest(http.MethodPost, "https://shop.example/", nil)
	r.AddCookie(&http.Cookie{Name: cookieName, Value: s.token})
	return r
}

// turn reads the cart for a page of the shop's own, and returns the session.
func (s *shop) turn(t testing.TB) (now centra.Session) {
	t.Helper()
	err := s.visitors.Do(httptest.NewRecorder(), s.request(), func(ctx context.Context, own centra.Session) (centra.Session, error) {
		cart, err := s.client.Selection(ctx, own)
		if err != nil {
			return "", err
		}
		now = cart.Session
		return now, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return now
}

func redeliver(t testing.TB, s *shop, q *queue) {
	t.Helper()
	for _, p := range q.pending(t) {
		if err := s.Redeliver(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
}

func captureForm(t testing.TB, s *shop) {
	t.Helper()
	if _, err := s.Capture(httptest.NewRecorder(), s.request(), centra.Fields{Email: "a@b.se"}); err != nil {
		t.Fatal(err)
	}
}

func withdrawForm(t testing.TB, s *shop) {
	t.Helper()
	if err := s.Withdraw(httptest.NewRecorder(), s.request()); err != nil {
		t.Fatal(err)
	}
}

type traceKey struct{}

// A trace begins before anything is done for an event, and ends with its outcome:
// the host's functions and the calls to Centra are in its context.
func TestTrace(t *testing.T) {
	for api, open := range everyAPI {
		t.Run(api, func(t *testing.T) {
			var told []string
			in := func(ctx context.Context, what string) {
				op, _ := ctx.Value(traceKey{}).(string)
				told = append(told, what+" in "+op)
			}
			q := new(queue)
			s := open(t, func(c *checkoutscript.Config) {
				c.Trace = func(ctx context.Context, op string) (context.Context, func(checkoutscript.Outcome)) {
					in(ctx, "begin "+op)
					return context.WithValue(ctx, traceKey{}, op), func(o checkoutscript.Outcome) {
						told = append(told, "end "+o.Op+" "+string(o.Code))
					}
				}
				c.Observe = func(ctx context.Context, o checkoutscript.Outcome) { in(ctx, "observe") }
				c.Consent = func(r *http.Request, _ centra.Fields) bool { in(r.Context(), "Consent"); return true }
				c.Later = func(ctx context.Context, p checkoutscript.Pending) error { in(ctx, "Later"); return q.later(ctx, p) }
				c.API = tracedAPI{c.API, func(ctx context.Context) { in(ctx, "call") }}
			})
			tests := []struct {
				name string
				do   func()
				want []string
			}{
				{"an event", func() { s.send(post(jsonType, jsonEvent)) },
					[]string{"begin callback in ", "Consent in callback", "call in callback", "observe in callback", "end callback captured"}},
				{"no event", func() { s.send(post(jsonType, `{`)) },
					[]string{"begin callback in ", "observe in callback", "end callback invalid_body"}},
				{"the script", func() { s.send(httptest.NewRequest(http.MethodGet, "/centra/listener.js", nil)) }, nil},
				{"a capture", func() { captureForm(t, s) },
					[]string{"begin capture in ", "Consent in capture", "call in capture", "observe in capture", "end capture captured"}},
				{"an outage", func() {
					s.centra.SetFault(centratest.StatusFault(503, nil))
					s.send(post(jsonType, jsonEvent))
					s.centra.ClearFault()
				}, []string{"begin callback in ", "Consent in callback", "call in callback", "Later in callback", "observe in callback", "end callback queued"}},
				{"a redelivery", func() { redeliver(t, s, q) },
					[]string{"begin redeliver in ", "call in redeliver", "call in redeliver", "observe in redeliver", "end redeliver redelivered"}},
				{"a withdrawal", func() { withdrawForm(t, s) },
					[]string{"begin withdraw in ", "call in withdraw", "observe in withdraw", "end withdraw withdrawn"}},
			}
			for _, tt := range tests {
				told = nil
				tt.do()
				if diff := cmp.Diff(tt.want, told); diff != "" {
					t.Errorf("%s (-want +got):\n%s", tt.name, diff)
				}
			}
		})
	}
}

// tracedAPI tells of the context of each call.
type tracedAPI struct {
	checkoutscript.API
	watch func(context.Context)
}

func (a tracedAPI) Selection(ctx context.Context, s centra.Session) (*centra.Selection, error) {
	a.watch(ctx)
	return a.API.Selection(ctx, s)
}

func (a tracedAPI) UpdateFields(ctx context.Context, s centra.Session, f centra.Fields) (*centra.Selection, error) {
	a.watch(ctx)
	return a.API.UpdateFields(ctx, s, f)
}
