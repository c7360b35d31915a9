package session_test

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
)

// Rule 6: nothing that a host's function does keeps a turn for good.
func TestDoGivesUp(t *testing.T) {
	never := make(chan struct{})
	forever := func(context.Context, centra.Session) (centra.Session, error) { <-never; return "late", nil }
	obedient := func(ctx context.Context, _ centra.Session) (centra.Session, error) {
		<-ctx.Done()
		return "", ctx.Err()
	}
	quick := func(context.Context, centra.Session) (centra.Session, error) { return "", nil }
	stuck := func(*http.Request) error { <-never; return nil }
	tests := []struct {
		name  string
		store *serverStore
		total time.Duration
		limit time.Duration // of the call
		call  func(context.Context, centra.Session) (centra.Session, error)
		most  time.Duration
	}{
		{"a call that ignores its context", &serverStore{}, 0, 0, forever, 31 * time.Second},
		{"a call that obeys it", &serverStore{}, 0, 0, obedient, 30 * time.Second},
		{"a call that ignores its context, within a time", &serverStore{}, 8 * time.Second, 0, forever, 8 * time.Second},
		{"a call that obeys it, within a time", &serverStore{}, 8 * time.Second, 0, obedient, 8 * time.Second},
		{"a call that ignores its own shorter time", &serverStore{}, 8 * time.Second, time.Second, forever, 1200 * time.Millisecond},
		{"a call that ignores its context, within no time", &serverStore{}, -1, 0, forever, 31 * time.Second},
		{"a store that does not load", &serverStore{load: stuck}, 8 * time.Second, 0, quick, 9 * time.Second},
		{"a store that does not save", &serverStore{save: stuck}, 8 * time.Second, 0, func(context.Context, centra.Session) (centra.Session, error) {
			return "t", nil
		}, 8 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				never = make(chan struct{})
				defer close(never)
				tt.store.sessions = map[string]centra.Session{"v": "s"}
				turns := session.NewTurns()
				v := newVisitors(t, tt.store, session.WithTurns(turns), session.WithTimeout(cmp.Or(tt.limit, 30*time.Second)))
				if tt.total != 0 {
					v = v.Within(tt.total)
				}
				start := time.Now()
				w := httptest.NewRecorder()
				err := v.Do(w, request(t, ""), tt.call)
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("error %v, want one that matches context.DeadlineExceeded", err)
				}
				if took := time.Since(start); took > tt.most {
					t.Errorf("took %v, want at most %v", took, tt.most)
				}
				// The next call has its turn.
				turn := take(t, turns, "s")
				turn.Done("")
			})
		})
	}
}

// What a call brings after it was given up cannot be saved, but is remembered.
func TestDoRemembersALateSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVisitors(t, session.Cookie{})
		err := v.Do(httptest.NewRecorder(), request(t, "s"), func(context.Context, centra.Session) (centra.Session, error) {
			time.Sleep(time.Minute)
			return "late", nil
		})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if given, _, _ := do(t, v, request(t, "s"), "", nil); given != "late" {
			t.Errorf("the next call got %q", given)
		}
	})
}

func TestDoPassesAPanicOn(t *testing.T) {
	v := newVisitors(t, session.Cookie{})
	for _, value := range []any{http.ErrAbortHandler, "a host's mistake"} {
		func() {
			defer func() {
				if got := recover(); got != value {
					t.Errorf("recovered %v, want %v", got, value)
				}
			}()
			_ = v.Do(httptest.NewRecorder(), request(t, "s"), func(context.Context, centra.Session) (centra.Session, error) {
				panic(value)
			})
			t.Error("the panic did not pass through")
		}()
	}
	if given, _, err := do(t, v, request(t, "s"), "", nil); given != "s" || err != nil {
		t.Errorf("the next call got %q, %v", given, err)
	}
}

func TestDoOfAStoreThatFails(t *testing.T) {
	broken := errors.New("the backend is down: key esf1p3tgchfg5ggtpqdpgqjtt6")
	fail := func(*http.Request) error { return broken }
	t.Run("load", func(t *testing.T) {
		v := newVisitors(t, &serverStore{load: fail})
		_, _, err := do(t, v, request(t, ""), "t", nil)
		var failed *session.StoreError
		if !errors.As(err, &failed) || failed.Op != "load" || !errors.Is(err, broken) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("save", func(t *testing.T) {
		store := &serverStore{sessions: map[string]centra.Session{"v": "s"}, save: fail}
		v := newVisitors(t, store)
		_, _, err := do(t, v, request(t, ""), "t", nil)
		var failed *session.StoreError
		if !errors.As(err, &failed) || failed.Op != "save" || strings.Contains(err.Error(), "esf1p") {
			t.Errorf("error %v", err)
		}
		// The visitor still brings the old session, and is led to the new one.
		store.save = nil
		if given, _, err := do(t, v, request(t, ""), "", nil); given != "t" || err != nil || store.sessions["v"] != "t" {
			t.Errorf("the next call got %q, %v; the store has %q", given, err, string(store.sessions["v"]))
		}
	})
}

// A store that panics loses what the call brought as little as one that fails.
func TestDoOfAStoreThatPanics(t *testing.T) {
	store := &serverStore{sessions: map[string]centra.Session{"v": "s"}}
	store.save = func(*http.Request) error { panic("the store's own") }
	v := newVisitors(t, store)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic did not pass through")
			}
		}()
		_, _, _ = do(t, v, request(t, ""), "t", nil)
	}()
	store.save = nil
	if given, _, err := do(t, v, request(t, ""), "", nil); given != "t" || err != nil {
		t.Errorf("the next call got %q, %v", given, err)
	}
}

// A turn that comes after the request has ended is not used.
func TestDoOfATurnThatComesTooLate(t *testing.T) {
	for range 2000 {
		v := newVisitors(t, session.Cookie{})
		underWay, release := make(chan struct{}), make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		var calls sync.WaitGroup
		calls.Go(func() {
			_ = v.Do(httptest.NewRecorder(), request(t, "s"), func(context.Context, centra.Session) (centra.Session, error) {
				close(underWay)
				<-release
				return "", nil
			})
		})
		<-underWay
		calls.Go(func() { _, _, _ = do(t, v, request(t, "s").WithContext(ctx), "", nil) })
		calls.Go(func() { runtime.Gosched(); close(release) })
		calls.Go(func() { runtime.Gosched(); cancel() })
		calls.Wait()
		if given, _, err := do(t, v, request(t, "s"), "", nil); given != "s" || err != nil {
			t.Fatalf("the call behind got %q, %v", given, err)
		}
	}
}

// A call that waited for so long that hardly any time is left is not made: it would
// be given up at once, and a token that rotates then is lost.
func TestDoBeginsNoCallThatHasNoTime(t *testing.T) {
	const total = 8 * time.Second
	for _, tt := range []struct {
		held time.Duration // by the call before
		made bool
	}{
		{6 * time.Second, true}, {7 * time.Second, false}, {7700 * time.Millisecond, false}, {time.Minute, false},
	} {
		t.Run(tt.held.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := newVisitors(t, session.Cookie{}, session.WithTimeout(time.Hour))
				var before sync.WaitGroup
				before.Go(func() {
					_ = v.Do(httptest.NewRecorder(), request(t, "s"), func(context.Context, centra.Session) (centra.Session, error) {
						time.Sleep(tt.held)
						return "", nil
					})
				})
				synctest.Wait()
				made := false
				start := time.Now()
				err := v.Within(total).Do(httptest.NewRecorder(), request(t, "s"),
					func(ctx context.Context, _ centra.Session) (centra.Session, error) {
						made = true
						end, _ := ctx.Deadline()
						if left := time.Until(end); left < time.Second {
							t.Errorf("the call has %v", left)
						}
						return "", nil
					})
				if took := time.Since(start); made != tt.made || made != (err == nil) || took > total {
					t.Errorf("made: %t after %v, %v", made, took, err)
				}
				before.Wait()
			})
		})
	}
}

// slowTurns take their time to end a turn.
type slowTurns struct{ session.Turns }

type slowTurn struct{ session.Turn }

func (s slowTurns) Take(ctx context.Context, of centra.Session) (session.Turn, error) {
	turn, err := s.Turns.Take(ctx, of)
	return slowTurn{turn}, err
}

func (s slowTurn) Done(now centra.Session) {
	time.Sleep(time.Minute)
	s.Turn.Done(now)
}

func TestDoOfSlowTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVisitors(t, session.Cookie{}, session.WithTurns(slowTurns{session.NewTurns()})).Within(8 * time.Second)
		start := time.Now()
		_, saved, err := do(t, v, request(t, "s"), "t", nil)
		if took := time.Since(start); took > 0 || saved != "t" || err != nil {
			t.Errorf("saved %q after %v, %v", saved, took, err)
		}
		err = v.Do(httptest.NewRecorder(), request(t, "another"), func(context.Context, centra.Session) (centra.Session, error) {
			time.Sleep(time.Minute)
			return "", nil
		})
		if took := time.Since(start); took > 8*time.Second || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a call without an end: %v after %v", err, took)
		}
		time.Sleep(5 * time.Minute)
	})
}
