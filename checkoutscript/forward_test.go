package checkoutscript_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/checkoutscript"
)

func numbered(n int) *http.Request {
	return post(jsonType, fmt.Sprintf(`{"email": "a@b.se", "comment": "%d"}`, n))
}

// comments lists the calls to Centra by their numbers.
func comments(t testing.TB, requests []centratest.Request) []string {
	t.Helper()
	var numbers []string
	for _, request := range requests {
		number, _ := parseTree(t, string(request.Body))["comment"].(string)
		numbers = append(numbers, number)
	}
	return numbers
}

// All ten come with the cookie that was the visitor's when the burst began, and
// Centra rotates the token with every answer, dropping the old one.
func TestOrderOfABurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t, nil)
		s.centra.SetLatency(100 * time.Millisecond)
		s.centra.RotateTokens(1)
		answers := make([]*httptest.ResponseRecorder, 10)
		var burst sync.WaitGroup
		for i := range answers {
			burst.Go(func() { answers[i] = s.send(numbered(i)) })
			time.Sleep(time.Millisecond)
		}
		burst.Wait()
		if diff := cmp.Diff(strings.Split("0123456789", ""), comments(t, s.centra.Requests())); diff != "" {
			t.Errorf("order of the calls (-want +got):\n%s", diff)
		}
		if n := s.centra.MaxConcurrent(s.selection); n != 1 {
			t.Errorf("%d calls at once, want 1", n)
		}
		for i, w := range answers {
			if w.Code != http.StatusOK {
				t.Errorf("event %d: answered %d %s", i, w.Code, w.Body)
			}
		}
		for i, request := range s.centra.Requests() {
			if request.Selection != s.selection {
				t.Errorf("event %d was captured in another cart", i)
			}
		}
		if s.centra.SelectionOf(savedSession(answers[9])) != s.selection {
			t.Error("the session saved last is not the visitor's")
		}
	})
}

func TestDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t, nil)
		api, err := centra.NewCheckoutAPI(s.centra.CheckoutURL(), centra.WithTransport(s.centra.Client().Transport)) // with retries
		if err != nil {
			t.Fatal(err)
		}
		s.open(t, api, nil)
		s.centra.SetFault(centratest.HangFault())
		var burst sync.WaitGroup
		for i := range 5 {
			burst.Go(func() {
				start := time.Now()
				w := s.send(numbered(i))
				// Whoever still waits when there is no time left for a call is told sooner.
				if took := time.Since(start); took > 8*time.Second || took < 6500*time.Millisecond {
					t.Errorf("event %d: answered after %v, want 7 to 8 s", i, took)
				}
				if got := readReply(t, w); w.Code != http.StatusGatewayTimeout || got.code() != "timeout" {
					t.Errorf("event %d: answered %d %s", i, w.Code, w.Body)
				}
			})
			time.Sleep(100 * time.Millisecond)
		}
		burst.Wait()
		s.centra.ClearFault()
		if w := s.send(numbered(9)); w.Code != http.StatusOK {
			t.Errorf("afterwards: answered %d %s", w.Code, w.Body)
		}
	})
}

func TestTimeoutIsConfigurable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t, func(c *checkoutscript.Config) { c.Timeout = time.Second })
		s.centra.FailNext(centratest.HangFault())
		start := time.Now()
		w := s.send(numbered(0))
		if took := time.Since(start); w.Code != http.StatusGatewayTimeout || took > time.Second || took < 800*time.Millisecond {
			t.Errorf("answered %d after %v", w.Code, took)
		}
	})
}

func TestHungSessionDelaysNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t, nil)
		other, _ := s.centra.NewCart("1-1")
		s.centra.FailNext(centratest.HangFault())
		hung := make(chan struct{})
		go func() { s.send(numbered(0)); close(hung) }()
		synctest.Wait()
		start := time.Now()
		if w := send(s.Handler, numbered(1), other); w.Code != http.StatusOK || time.Since(start) > 0 {
			t.Errorf("answered %d after %v", w.Code, time.Since(start))
		}
		<-hung
	})
}

func TestBusySession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t, nil)
		s.centra.FailNext(centratest.HangFault())
		var accepted sync.WaitGroup
		for i := range 1 + 64 {
			accepted.Go(func() { s.send(numbered(i)) })
		}
		synctest.Wait()
		w := s.send(numbered(100))
		if got := readReply(t, w); w.Code != http.StatusTooManyRequests || got.code() != "busy" || w.Header().Get("Retry-After") != "5" {
			t.Errorf("answered %d %v %s", w.Code, w.Header(), w.Body)
		}
		accepted.Wait()
		if n := len(s.centra.Requests()); n != 65 {
			t.Errorf("%d calls, want 65", n)
		}
	})
}

// A browser that leaves while Centra answers loses nothing; one that leaves while
// its event waits gives up its place.
func TestEventsOfABrowserThatLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t, nil)
		s.centra.SetLatency(3 * time.Second)
		start := time.Now()
		var events sync.WaitGroup
		expect := func(i, status int, after time.Duration, leaveAfter time.Duration) {
			events.Go(func() {
				ctx := t.Context()
				if leaveAfter > 0 {
					var leave context.CancelFunc
					ctx, leave = context.WithCancel(ctx)
					time.AfterFunc(leaveAfter, leave)
				}
				w := s.send(numbered(i).WithContext(ctx))
				if took := time.Since(start); w.Code != status || took != after {
					t.Errorf("event %d: answered %d after %v, want %d after %v", i, w.Code, took, status, after)
				}
			})
			synctest.Wait()
		}
		expect(0, http.StatusOK, 3*time.Second, time.Second)
		expect(1, http.StatusServiceUnavailable, time.Second/2, time.Second/2)
		expect(2, http.StatusOK, 6*time.Second, 0)
		events.Wait()
		if diff := cmp.Diff([]string{"0", "2"}, comments(t, s.centra.Requests())); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})
}

// Whether the shopper agreed can be looked up after the browser has left.
func TestConsentOfABrowserThatLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, leave := context.WithCancel(t.Context())
		s := newShop(t, func(c *checkoutscript.Config) {
			c.Consent = func(r *http.Request, _ centra.Fields) bool {
				leave()
				end, ok := r.Context().Deadline()
				return r.Context().Err() == nil && ok && time.Until(end) <= 8*time.Second
			}
		})
		s.send(post(jsonType, `{"email": "a@b.se"}`).WithContext(ctx))
		if diff := cmp.Diff([]string{"a@b.se yes"}, s.updates(t)); diff != "" {
			t.Errorf("sent (-want +got):\n%s", diff)
		}
	})
}

// An event has arrived when its body has.
func TestSlowUploadHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t, nil)
		uploaded := make(chan struct{})
		go func() {
			r := numbered(0)
			r.Body = io.NopCloser(io.MultiReader(slowly(20*time.Second), r.Body))
			if w := s.send(r); w.Code != http.StatusOK {
				t.Errorf("the slow one: answered %d %s", w.Code, w.Body)
			}
			close(uploaded)
		}()
		synctest.Wait()
		start := time.Now()
		if w := s.send(numbered(1)); w.Code != http.StatusOK || time.Since(start) > 0 {
			t.Errorf("answered %d after %v", w.Code, time.Since(start))
		}
		<-uploaded
	})
}

type slowly time.Duration

func (d slowly) Read([]byte) (int, error) {
	time.Sleep(time.Duration(d))
	return 0, io.EOF
}

// funcAPI lets a test play Centra.
type funcAPI func(context.Context, centra.Session, string) (centra.Session, error)

func (f funcAPI) UpdateFields(ctx context.Context, s centra.Session, fields centra.Fields) (*centra.Selection, error) {
	comment, _ := fields.Extra["comment"].(string)
	next, err := f(ctx, s, comment)
	if err != nil {
		return nil, err
	}
	return &centra.Selection{Session: next, Items: []centra.Item{{Item: "1-1", Quantity: 1}}}, nil
}

func (f funcAPI) Selection(context.Context, centra.Session) (*centra.Selection, error) {
	return nil, errors.New("not asked for")
}

func newHandler(t testing.TB, api checkoutscript.API) *checkoutscript.Handler {
	t.Helper()
	h, err := checkoutscript.New(checkoutscript.Config{API: api, Visitors: newVisitors(t, session.Cookie{}), Consent: checkoutscript.AssumeConsent})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// A failure that names no session changes none.
func TestOrderAfterAFailureWithoutSession(t *testing.T) {
	h := newHandler(t, funcAPI(func(_ context.Context, s centra.Session, comment string) (centra.Session, error) {
		if comment == "1" {
			return "", errors.New("no idea")
		}
		return "new", nil
	}))
	for i, want := range []string{"new", "new", "new"} {
		if got := savedSession(send(h, numbered(i), "old")); got != want {
			t.Errorf("event %d: saved %q, want %q", i, got, want)
		}
	}
}

func TestPanicOfTheHostEndsItsTurn(t *testing.T) {
	h := newHandler(t, funcAPI(func(_ context.Context, s centra.Session, comment string) (centra.Session, error) {
		if comment == "0" {
			panic(http.ErrAbortHandler)
		}
		return s, nil
	}))
	func() {
		defer func() { _ = recover() }()
		send(h, numbered(0), "a")
		t.Error("the panic was swallowed")
	}()
	if w := send(h, numbered(1), "a"); w.Code != http.StatusOK {
		t.Errorf("afterwards: answered %d %s", w.Code, w.Body)
	}
}
