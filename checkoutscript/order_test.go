package checkoutscript_test

import (
	"context"
	"errors"
	"fmt"
	"io"
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

func TestOrderHelpsStragglers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t, nil)
		s.centra.RotateTokens(1)
		s.send(numbered(0))
		s.send(numbered(1)) // two rotations behind, from here on
		time.Sleep(59 * time.Second)
		saved := savedSession(s.send(numbered(2)))
		if s.centra.SelectionOf(saved) != s.selection {
			t.Error("a straggler was captured in another cart")
		}
		// Nor does the browser keep the old token if Centra gives no new one.
		s.centra.RotateTokens(0)
		if again := savedSession(s.send(numbered(3))); again != saved {
			t.Error("a straggler did not get the current session")
		}
		time.Sleep(2 * time.Minute)
		if got := savedSession(s.send(numbered(4))); got == saved {
			t.Error("a rotation was remembered for more than a minute")
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
				if took := time.Since(start); took > 8*time.Second || took < 7*time.Second {
					t.Errorf("event %d: answered after %v, want 8 s", i, took)
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
		if w := s.send(numbered(0)); w.Code != http.StatusGatewayTimeout || time.Since(start) != time.Second {
			t.Errorf("answered %d after %v", w.Code, time.Since(start))
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
		for _, token := range []string{other, ""} {
			if w := send(s.Handler, numbered(1), token); w.Code != http.StatusOK || time.Since(start) > 0 {
				t.Errorf("answered %d after %v", w.Code, time.Since(start))
			}
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

func TestCancelledEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t, nil)
		s.centra.SetLatency(3 * time.Second)
		start := time.Now()
		var events sync.WaitGroup
		expect := func(i, status int, after time.Duration, cancelAfter time.Duration) {
			events.Go(func() {
				ctx := t.Context()
				if cancelAfter > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithCancel(ctx)
					time.AfterFunc(cancelAfter, cancel)
				}
				w := s.send(numbered(i).WithContext(ctx))
				if took := time.Since(start); w.Code != status || took != after {
					t.Errorf("event %d: answered %d after %v, want %d after %v", i, w.Code, took, status, after)
				}
			})
			synctest.Wait()
		}
		expect(0, http.StatusServiceUnavailable, time.Second, time.Second)     // its call ends at once
		expect(1, http.StatusServiceUnavailable, time.Second/2, time.Second/2) // it waits for nobody
		expect(2, http.StatusOK, 4*time.Second, 0)                             // its turn is right after event 0
		events.Wait()
		if diff := cmp.Diff([]string{"0", "2"}, comments(t, s.centra.Requests())); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})
}

// An event that gives up just when its turn comes hands the turn on.
func TestTurnThatComesTooLate(t *testing.T) {
	for range 2000 {
		underWay, release := make(chan struct{}), make(chan struct{})
		h := newHandler(t, funcAPI(func(_ context.Context, s centra.Session, comment string) (centra.Session, error) {
			if comment == "0" {
				close(underWay)
				<-release
			}
			return s, nil
		}))
		ctx, cancel := context.WithCancel(t.Context())
		var events sync.WaitGroup
		events.Go(func() { send(h, numbered(0), "a") })
		<-underWay
		events.Go(func() { send(h, numbered(1).WithContext(ctx), "a") })
		events.Go(func() { runtime.Gosched(); close(release) })
		events.Go(func() { runtime.Gosched(); cancel() })
		events.Wait()
		if w := send(h, numbered(2).WithContext(t.Context()), "a"); w.Code != http.StatusOK {
			t.Fatalf("the event behind: answered %d %s", w.Code, w.Body)
		}
	}
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
	return &centra.Selection{Session: next}, nil
}

func newHandler(t testing.TB, api checkoutscript.API) *checkoutscript.Handler {
	t.Helper()
	h, err := checkoutscript.New(checkoutscript.Config{API: api, Sessions: session.Cookie{}, Consent: checkoutscript.AssumeConsent})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// The browser sends an event with a token that is news to the handler, and the
// events of the old token then turn out to be of the same session.
func TestOrderOfSessionsThatBecomeOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var log []string
		note := func(line string) { mu.Lock(); log = append(log, line); mu.Unlock() }
		h := newHandler(t, funcAPI(func(_ context.Context, s centra.Session, comment string) (centra.Session, error) {
			note("begin " + comment + " " + string(s))
			time.Sleep(map[string]time.Duration{"0": time.Second, "2": 3 * time.Second}[comment])
			note("end " + comment)
			return "new", nil
		}))
		var events sync.WaitGroup
		for i, token := range []string{"old", "old", "new", "new", "old"} {
			events.Go(func() {
				w := send(h, numbered(i), token)
				if saved, want := savedSession(w), map[string]string{"old": "new"}[token]; saved != want {
					t.Errorf("event %d: saved %q, want %q", i, saved, want)
				}
			})
			synctest.Wait()
		}
		events.Wait()
		want := []string{
			"begin 0 old", "begin 2 new", "end 0", "end 2", // different sessions, as far as anybody knew
			"begin 3 new", "end 3", "begin 1 new", "end 1", "begin 4 new", "end 4",
		}
		if diff := cmp.Diff(want, log); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})
}

func TestOrderWhenATokenComesBack(t *testing.T) {
	next := map[centra.Session]centra.Session{"a": "b", "b": "a"}
	h := newHandler(t, funcAPI(func(_ context.Context, s centra.Session, _ string) (centra.Session, error) { return next[s], nil }))
	for i, want := range []string{"b", "", "b", ""} { // "a" became "b" and then "a" again
		if got := savedSession(send(h, numbered(i), "a")); got != want {
			t.Errorf("event %d: saved %q, want %q", i, got, want)
		}
	}
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

// Whoever makes Centra rotate without end gets no more than a bounded memory.
func TestOrderForgetsRotations(t *testing.T) {
	h := newHandler(t, funcAPI(func(_ context.Context, s centra.Session, _ string) (centra.Session, error) {
		return s + "x", nil
	}))
	r := numbered(0)
	body := `{"comment": "0"}`
	send := func(token string) string {
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
		r.Header.Set("Cookie", cookieName+"="+token)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return savedSession(w)
	}
	for i := range 10_001 {
		send(fmt.Sprint(i, "x"))
	}
	if got := send("10000x"); got != "10000xxx" {
		t.Errorf("the latest rotation is forgotten: saved %q", got)
	}
	if got := send("0x"); got != "0xx" {
		t.Errorf("the oldest rotation is remembered: saved %q", got)
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
