package checkoutscript_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/centra-go/cartabandonment/checkoutscript"
)

// queue is a host's, durable in that it keeps JSON.
type queue struct {
	mu   sync.Mutex
	jobs []string
	put  func(context.Context, checkoutscript.Pending) error // before it is kept; nil: nothing
}

func (q *queue) later(ctx context.Context, p checkoutscript.Pending) error {
	if q.put != nil {
		if err := q.put(ctx, p); err != nil {
			return err
		}
	}
	job, err := json.Marshal(p)
	if err != nil {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.jobs = append(q.jobs, string(job))
	return nil
}

func (q *queue) pending(t testing.TB) []checkoutscript.Pending {
	t.Helper()
	q.mu.Lock()
	defer q.mu.Unlock()
	waiting := make([]checkoutscript.Pending, len(q.jobs))
	for i, job := range q.jobs {
		if err := json.Unmarshal([]byte(job), &waiting[i]); err != nil {
			t.Fatal(err)
		}
	}
	return waiting
}

// opened says how a shop of each API is opened.
var opened = map[string]func(testing.TB, func(*checkoutscript.Config)) *shop{
	"Checkout API": newShop, "Shop API": newShopAPIShop,
}

// everyAPI is for what does not look at the shape of single calls.
var everyAPI = map[string]func(testing.TB, func(*checkoutscript.Config)) *shop{
	"Checkout API": newShop, "Shop API": newShopAPIShop, "Storefront API": newStorefrontShop,
}

func TestWhatCannotReachCentraIsKept(t *testing.T) {
	type sent struct {
		Email   string
		Consent centra.Choice
	}
	kept := []sent{{"anna@example.com", centra.Yes}}
	tests := map[string]struct {
		fault  centratest.Fault
		event  string
		agrees bool
		status int
		want   []sent
	}{
		"down":                     {centratest.StatusFault(503, nil), jsonEvent, true, 202, kept},
		"down, with another token": {centratest.StatusFault(503, nil).Rotating(), jsonEvent, true, 202, kept},
		"limiting":                 {centratest.RetryAfterFault(429, "7"), jsonEvent, true, 202, kept},
		"reset":                    {centratest.ResetFault(), jsonEvent, true, 202, kept},
		"silent":                   {centratest.HangFault(), jsonEvent, true, 202, kept},
		"a proxy's HTML, 502":      {centratest.HTMLFault(502), jsonEvent, true, 202, kept},
		"a proxy's HTML, 200":      {centratest.HTMLFault(200), jsonEvent, true, 202, kept},
		"a proxy's HTML, 404":      {centratest.HTMLFault(404), jsonEvent, true, 202, kept},
		"no consent":               {centratest.StatusFault(503, nil), jsonEvent, false, 503, nil},
		"no address":               {centratest.StatusFault(503, nil), `{"address": {"city": "Malmö"}, "additionalFields": {"suspendIgnore": true}}`, true, 503, nil},
		"half an address":          {centratest.StatusFault(503, nil), `{"email": "anna@", "additionalFields": {"suspendIgnore": true}}`, true, 503, nil},
		"refused":                  {centratest.StatusFault(422, map[string]string{"email": "no"}), jsonEvent, true, 422, nil},
		"not found":                {centratest.StatusFault(404, nil), jsonEvent, true, 404, nil},
		"the shop's mistake":       {centratest.StatusFault(401, nil), jsonEvent, true, 502, nil},
		"withdrawn":                {centratest.StatusFault(503, nil), `{"cartAbandonmentWithdrawn": true, "additionalFields": {"suspendIgnore": true}}`, false, 202, []sent{{"", centra.No}}},
		"withdrawn, by its address": {centratest.StatusFault(503, nil),
			`{"cartAbandonmentWithdrawn": true, "email": "anna@example.com", "additionalFields": {"suspendIgnore": true}}`, true, 202, []sent{{"anna@example.com", centra.No}}},
	}
	for api, open := range opened {
		for name, test := range tests {
			t.Run(api+", "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					q := new(queue)
					s := open(t, func(c *checkoutscript.Config) {
						c.Later = q.later
						c.Consent = func(*http.Request, centra.Fields) bool { return test.agrees }
					})
					s.centra.SetFault(test.fault)
					start := time.Now()
					w := s.send(post(jsonType, test.event))
					if w.Code != test.status || string(readReply(t, w).SuspendIgnore) != "true" || time.Since(start) > 8*time.Second {
						t.Errorf("answered %d %s after %v, want %d", w.Code, w.Body, time.Since(start), test.status)
					}
					if w.Code == http.StatusAccepted && w.Body.String() != `{"suspendIgnore":true}` {
						t.Errorf("answered %s", w.Body)
					}
					var got []sent
					for _, p := range q.pending(t) {
						got = append(got, sent{p.Fields.Email, p.Fields.CartAbandonmentEmail})
						if !p.CapturedAt.Equal(start) {
							t.Errorf("captured at %v, want %v", p.CapturedAt, start)
						}
						if of := string(p.Session); of != s.selection && s.centra.SelectionOf(of) != s.selection {
							t.Error("the session is not the visitor's")
						}
						if p.Fields.Extra != nil || p.Fields.Address != nil {
							t.Error("more than the address is kept")
						}
					}
					if diff := cmp.Diff(test.want, got); diff != "" {
						t.Errorf("kept (-want +got):\n%s", diff)
					}
				})
			})
		}
	}
}

// While Centra is silent an event waits in vain for its turn, and is kept all the
// same, in time.
func TestABurstIsKeptWhileCentraIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := new(queue)
		s := newShop(t, func(c *checkoutscript.Config) { c.Later = q.later })
		s.centra.SetFault(centratest.HangFault())
		var burst sync.WaitGroup
		for i := range 70 { // more than may wait
			burst.Go(func() {
				start := time.Now()
				w := s.send(numbered(i))
				if w.Code != http.StatusAccepted || time.Since(start) > 8*time.Second {
					t.Errorf("event %d: answered %d %s after %v", i, w.Code, w.Body, time.Since(start))
				}
			})
			synctest.Wait()
		}
		burst.Wait()
		if n := len(q.pending(t)); n != 70 {
			t.Errorf("%d of 70 were kept", n)
		}
		if diff := cmp.Diff(checkoutscript.Queued, s.codes()[0]); diff != "" {
			t.Error(diff)
		}
	})
}

// There is time left for a queue that takes its time.
func TestASlowQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &queue{put: func(context.Context, checkoutscript.Pending) error { time.Sleep(700 * time.Millisecond); return nil }}
		s := newShop(t, func(c *checkoutscript.Config) {
			c.Later = q.later
			c.API = funcAPI(func(ctx context.Context, _ centra.Session, _ string) (centra.Session, error) {
				<-ctx.Done()
				return "", ctx.Err()
			})
		})
		start := time.Now()
		if w := s.send(post(jsonType, jsonEvent)); w.Code != http.StatusAccepted || time.Since(start) > 8*time.Second {
			t.Errorf("answered %d %s after %v", w.Code, w.Body, time.Since(start))
		}
	})
}

// A browser that leaves before its event's turn has come leaves its address behind.
func TestAnEventOfABrowserThatLeftIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := new(queue)
		s := newShop(t, func(c *checkoutscript.Config) {
			c.Later = q.later
			c.Consent = func(r *http.Request, _ centra.Fields) bool { return r.Context().Err() == nil }
		})
		s.centra.FailNext(centratest.HangFault())
		var events sync.WaitGroup
		events.Go(func() { s.send(numbered(0)) })
		synctest.Wait()
		ctx, leave := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, leave)
		s.send(numbered(1).WithContext(ctx))
		if n := len(q.pending(t)); n != 1 {
			t.Errorf("%d events were kept", n)
		}
		events.Wait()
	})
}

func TestAQueueThatFails(t *testing.T) {
	never := make(chan struct{})
	tests := map[string]struct {
		put    func(context.Context, checkoutscript.Pending) error
		within time.Duration
	}{
		"refuses": {func(_ context.Context, p checkoutscript.Pending) error {
			return fmt.Errorf("cannot insert %s", p.Fields.Email)
		}, 0},
		"hangs":               {func(context.Context, checkoutscript.Pending) error { <-never; return nil }, 8 * time.Second},
		"ends with its time":  {func(ctx context.Context, _ checkoutscript.Pending) error { <-ctx.Done(); return ctx.Err() }, 8 * time.Second},
		"panics":              {func(_ context.Context, p checkoutscript.Pending) error { panic(p.Fields.Email) }, 0},
		"ends its goroutine":  {func(context.Context, checkoutscript.Pending) error { runtime.Goexit(); return nil }, 0},
		"panics as a handler": {func(context.Context, checkoutscript.Pending) error { panic(http.ErrAbortHandler) }, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				never = make(chan struct{})
				defer close(never)
				s := newShop(t, func(c *checkoutscript.Config) { c.Later = (&queue{put: test.put}).later })
				for _, fault := range []centratest.Fault{centratest.RetryAfterFault(503, "7"), centratest.HangFault()} {
					s.centra.SetFault(fault)
					start := time.Now()
					w := s.send(post(jsonType, jsonEvent))
					got := readReply(t, w)
					if w.Code != http.StatusServiceUnavailable || got.code() != checkoutscript.QueueFailed || string(got.SuspendIgnore) != "true" {
						t.Errorf("answered %d %s", w.Code, w.Body)
					}
					if took := time.Since(start); took > 8*time.Second {
						t.Errorf("answered after %v", took)
					}
					if w.Header().Get("Retry-After") == "" {
						t.Error("no Retry-After")
					}
				}
				if strings.Contains(s.log.String(), "anna@example.com") || !strings.Contains(s.log.String(), "level=ERROR") {
					t.Errorf("log:\n%s", s.log)
				}
				if err := s.outcomes[0].Err; !errors.Is(err, centra.ErrUnavailable) || strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), "anna@") {
					t.Errorf("outcome %v", err)
				}
			})
		})
	}
}

func TestCaptureIsDeferred(t *testing.T) {
	q := new(queue)
	s := newShop(t, func(c *checkoutscript.Config) { c.Later = q.later })
	s.centra.SetFault(centratest.StatusFault(503, nil))
	r := httptest.NewRequest(http.MethodPost, "/checkout", nil)
	r.AddCookie(&http.Cookie{Name: cookieName, Value: s.token})
	sel, err := s.Capture(httptest.NewRecorder(), r, centra.Fields{Address: &centra.Address{Email: "a@b.se"}})
	if sel != nil || !errors.Is(err, checkoutscript.ErrDeferred) || !errors.Is(err, centra.ErrUnavailable) {
		t.Errorf("Capture = %v, %v", sel, err)
	}
	if err := s.Withdraw(httptest.NewRecorder(), r); !errors.Is(err, checkoutscript.ErrDeferred) {
		t.Errorf("Withdraw: %v", err)
	}
	var emails []string
	for _, p := range q.pending(t) {
		emails = append(emails, p.Fields.Email)
	}
	if diff := cmp.Diff([]string{"a@b.se", ""}, emails); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]checkoutscript.Code{checkoutscript.Queued, checkoutscript.Queued}, s.codes()); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
}

// Without a cart there is nothing to keep, nor where it is unknown whose it is.
func TestNothingIsKeptWithoutASession(t *testing.T) {
	q := new(queue)
	s := newShop(t, func(c *checkoutscript.Config) { c.Later = q.later })
	s.centra.SetFault(centratest.StatusFault(503, nil))
	if w := send(s.Handler, post(jsonType, jsonEvent), ""); w.Code != http.StatusConflict {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
	broken := newShop(t, func(c *checkoutscript.Config) {
		c.Later = q.later
		c.Visitors = newVisitors(t, fixedSession{loadErr: context.DeadlineExceeded})
	})
	if w := broken.send(post(jsonType, jsonEvent)); w.Code != http.StatusServiceUnavailable {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
	if n := len(q.pending(t)); n != 0 {
		t.Errorf("%d were kept", n)
	}
}
