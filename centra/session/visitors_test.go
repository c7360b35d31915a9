package session_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
)

// serverStore keeps sessions in the server, by the cookie "visitor". load and
// save, if set, run before the store answers.
type serverStore struct {
	mu         sync.Mutex
	sessions   map[string]centra.Session
	load, save func(*http.Request) error
}

func (s *serverStore) key(r *http.Request) string {
	cookie, err := r.Cookie("visitor")
	if err != nil {
		return ""
	}
	return cookie.Value
}

func (s *serverStore) Load(r *http.Request) (centra.Session, error) {
	if s.load != nil {
		if err := s.load(r); err != nil {
			return "", err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions[s.key(r)], nil
}

func (s *serverStore) Save(_ http.ResponseWriter, r *http.Request, to centra.Session) error {
	if s.save != nil {
		if err := s.save(r); err != nil {
			return err
		}
	}
	if err := r.Context().Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions[s.key(r)] = to
	return nil
}

func newVisitors(t *testing.T, store session.Store, opts ...session.Option) *session.Visitors {
	t.Helper()
	v, err := session.NewVisitors(store, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// request has the session s in the default cookie, and is of the visitor "v".
func request(t *testing.T, s centra.Session) *http.Request {
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "https://example.com/checkout", nil)
	cookies := "visitor=v"
	if s != "" {
		cookies += "; __Host-centra-session=" + string(s)
	}
	r.Header.Set("Cookie", cookies)
	return r
}

// do makes one call that answers now, and returns the session that it was given
// and the one that the response sets ("-" for none).
func do(t *testing.T, v *session.Visitors, r *http.Request, now centra.Session, err error) (given, saved string, _ error) {
	t.Helper()
	w := httptest.NewRecorder()
	err = v.Do(w, r, func(_ context.Context, s centra.Session) (centra.Session, error) {
		given = string(s)
		return now, err
	})
	return given, setSession(w.Header()), err
}

func setSession(h http.Header) string {
	lines := h["Set-Cookie"]
	if len(lines) != 1 {
		return strings.Repeat("-", 1+len(lines))
	}
	value, _, _ := strings.Cut(strings.TrimPrefix(lines[0], "__Host-centra-session="), ";")
	return value
}

func TestDoKeepsWhatCameBack(t *testing.T) {
	failed := &centra.Error{Session: "from-error"}
	tests := []struct {
		name       string
		has        centra.Session
		now        centra.Session
		err        error
		given, set string
	}{
		{"a new visitor's first session", "", "first", nil, "", "first"},
		{"a visitor who has none and gets none", "", "", nil, "", "-"},
		{"the same session", "s", "s", nil, "s", "-"},
		{"nothing said", "s", "", nil, "s", "-"},
		{"a rotated session", "s", "t", nil, "s", "t"},
		{"a rotated session beside an error", "s", "t", errors.New("refused"), "s", "t"},
		{"the session of the error", "s", "", failed, "s", "from-error"},
		{"the session of a wrapped error", "s", "", fmt.Errorf("adding an item: %w", failed), "s", "from-error"},
		{"what call says goes before the error's", "s", "s", failed, "s", "-"},
		{"an order ends the session", "s", centra.NoSession, nil, "s", ""},
		{"there is none to forget", "", centra.NoSession, nil, "", "-"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			given, set, err := do(t, newVisitors(t, session.Cookie{}), request(t, tt.has), tt.now, tt.err)
			if got := [2]string{given, set}; got != [2]string{tt.given, tt.set} {
				t.Errorf("given and set are %q, want %q", got, [2]string{tt.given, tt.set})
			}
			if !errors.Is(err, tt.err) {
				t.Errorf("error %v, want %v", err, tt.err)
			}
		})
	}
}

// Rule 1: one visitor's calls pass one at a time, in order of arrival.
func TestDoOneCallAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVisitors(t, session.Cookie{})
		var order []int
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() {
				err := v.Do(httptest.NewRecorder(), request(t, "s"), func(context.Context, centra.Session) (centra.Session, error) {
					order = append(order, i) // a race, if two pass at once
					time.Sleep(time.Second)
					return "", nil
				})
				if err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		start := time.Now()
		wg.Go(func() { _, _, _ = do(t, v, request(t, "another visitor"), "", nil) })
		wg.Wait()
		if diff := cmp.Diff([]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, order); diff != "" {
			t.Errorf("order (-want +got):\n%s", diff)
		}
		if took := time.Since(start); took != 10*time.Second {
			t.Errorf("ten calls of a second took %v", took)
		}
	})
}

func TestDoIsBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVisitors(t, session.Cookie{})
		release := make(chan struct{})
		for range 65 {
			go func() {
				_ = v.Do(httptest.NewRecorder(), request(t, "s"), func(context.Context, centra.Session) (centra.Session, error) {
					<-release
					return "", nil
				})
			}()
		}
		synctest.Wait()
		if _, _, err := do(t, v, request(t, "s"), "", nil); !errors.Is(err, session.ErrBusy) {
			t.Errorf("error %v, want ErrBusy", err)
		}
		close(release)
	})
}

// Rule 2: waiting ends with the request; a call whose turn has come does not.
func TestDoOfABrowserThatLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &serverStore{sessions: map[string]centra.Session{"v": "s"}}
		v := newVisitors(t, store)
		ctx, leave := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			err := v.Do(httptest.NewRecorder(), request(t, "").WithContext(ctx),
				func(ctx context.Context, _ centra.Session) (centra.Session, error) {
					select {
					case <-time.After(5 * time.Second):
						return "rotated", nil
					case <-ctx.Done():
						return "", ctx.Err()
					}
				})
			if err != nil {
				t.Errorf("the call under way: %v", err)
			}
		})
		synctest.Wait()
		start := time.Now()
		wg.Go(func() {
			err := v.Do(httptest.NewRecorder(), request(t, "").WithContext(ctx),
				func(context.Context, centra.Session) (centra.Session, error) {
					t.Error("a call was made for a request that had ended")
					return "", nil
				})
			if !errors.Is(err, context.Canceled) || time.Since(start) != time.Second {
				t.Errorf("the call that waited: %v after %v", err, time.Since(start))
			}
		})
		synctest.Wait()
		time.Sleep(time.Second)
		leave()
		wg.Wait()
		if got := store.sessions["v"]; got != "rotated" {
			t.Errorf("the store has %q", string(got))
		}
		if given, _, err := do(t, v, request(t, ""), "", nil); given != "rotated" || err != nil {
			t.Errorf("the next call got %q, %v", given, err)
		}
	})
}

// Rule 3: stragglers, double clicks, other tabs find the newest session.
func TestDoOfAStraggler(t *testing.T) {
	v := newVisitors(t, session.Cookie{})
	for i, step := range []struct{ brings, answer, given, set string }{
		{"t1", "t2", "t1", "t2"},
		{"t1", "", "t2", "t2"}, // the browser has not seen the answer; it gets it again
		{"t1", "t3", "t2", "t3"},
		{"t2", "", "t3", "t3"},
		{"t3", "", "t3", "-"},
	} {
		given, set, err := do(t, v, request(t, centra.Session(step.brings)), centra.Session(step.answer), nil)
		if given != step.given || set != step.set || err != nil {
			t.Errorf("step %d: given %q, set %q, error %v; want %q, %q", i, given, set, err, step.given, step.set)
		}
	}
}

// fasthttp and what stands on it use the memory of a request again: what is
// remembered of a visitor must not change with it.
func TestDoOutlivesTheMemoryOfTheRequest(t *testing.T) {
	memory := []byte("token-1")
	v := newVisitors(t, &serverStore{sessions: map[string]centra.Session{
		"v": centra.Session(unsafe.String(&memory[0], len(memory))), "straggler": "token-1",
	}})
	if given, _, err := do(t, v, request(t, ""), "token-2", nil); given != "token-1" || err != nil {
		t.Fatalf("given %q, %v", given, err)
	}
	copy(memory, "another")
	straggler := request(t, "")
	straggler.Header.Set("Cookie", "visitor=straggler")
	if given, _, err := do(t, v, straggler, "", nil); given != "token-2" || err != nil {
		t.Errorf("given %q, %v; want token-2", given, err)
	}
}

// Rule 4: what came back is saved while the turn is held: whoever comes next
// finds it in the store.
func TestDoSavesBeforeTheNextCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &serverStore{sessions: map[string]centra.Session{"v": "cart-1"}}
		store.save = func(*http.Request) error { time.Sleep(time.Second); return nil }
		v := newVisitors(t, store)
		var wg sync.WaitGroup
		for _, step := range []struct{ answer, given centra.Session }{{"cart-2", "cart-2"}, {centra.NoSession, ""}} {
			wg.Go(func() { _, _, _ = do(t, v, request(t, ""), step.answer, nil) })
			synctest.Wait()
			wg.Go(func() {
				if given, _, err := do(t, v, request(t, ""), "", nil); given != string(step.given) || err != nil {
					t.Errorf("after %v the next call got %q, %v", step.answer, given, err)
				}
			})
			wg.Wait()
		}
	})
}

// The visitor may have got another cart while a call waited: the store is asked
// again, and the call takes the turn of that one.
func TestDoAsksTheStoreAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &serverStore{sessions: map[string]centra.Session{"v": "one"}}
		v := newVisitors(t, store)
		var wg sync.WaitGroup
		hold := func(s centra.Session) {
			r := request(t, "")
			r.Header.Set("Cookie", "visitor="+string(s))
			store.sessions[string(s)] = s
			wg.Go(func() {
				_ = v.Do(httptest.NewRecorder(), r, func(context.Context, centra.Session) (centra.Session, error) {
					time.Sleep(map[centra.Session]time.Duration{"one": time.Second, "two": 3 * time.Second}[s])
					return "", nil
				})
			})
			synctest.Wait()
		}
		hold("one")
		hold("two")
		start := time.Now()
		wg.Go(func() {
			given, _, err := do(t, v, request(t, ""), "", nil)
			if given != "two" || err != nil || time.Since(start) != 3*time.Second {
				t.Errorf("given %q after %v, %v; want the other cart, in its turn", given, time.Since(start), err)
			}
		})
		synctest.Wait()
		store.mu.Lock()
		store.sessions["v"] = "two"
		store.mu.Unlock()
		wg.Wait()
	})
}

func TestNewVisitorsRefuses(t *testing.T) {
	for name, make := range map[string]func() (*session.Visitors, error){
		"no store": func() (*session.Visitors, error) { return session.NewVisitors(nil) },
		"no turns": func() (*session.Visitors, error) {
			return session.NewVisitors(session.Cookie{}, session.WithTurns(nil))
		},
		"no logger": func() (*session.Visitors, error) {
			return session.NewVisitors(session.Cookie{}, session.WithLogger(nil))
		},
		"no timeout": func() (*session.Visitors, error) {
			return session.NewVisitors(session.Cookie{}, session.WithTimeout(0))
		},
	} {
		if v, err := make(); v != nil || err == nil {
			t.Errorf("%s: %v, %v", name, v, err)
		}
	}
}

func TestStrict(t *testing.T) {
	for store, want := range map[session.Store]bool{
		session.Cookie{}: false, session.Cookie{Strict: true}: true, &session.Cookie{Strict: true}: true, &serverStore{}: false,
	} {
		if got := newVisitors(t, store).Strict(); got != want {
			t.Errorf("%T: %v, want %v", store, got, want)
		}
	}
}
