package sessiontest_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/centra/session/sessiontest"
)

// serverStore is a host's store done right: sessions in the server's memory by
// the visitor's key, which a middleware of the host's hands out.
type serverStore struct {
	mu       sync.Mutex
	visitors int
	sessions map[string]centra.Session
}

func newServerStore() *serverStore { return &serverStore{sessions: make(map[string]centra.Session)} }

func (s *serverStore) middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := r.Cookie("visitor"); err != nil {
			s.mu.Lock()
			s.visitors++
			key := &http.Cookie{Name: "visitor", Value: strings.Repeat("v", s.visitors), Path: "/"}
			s.mu.Unlock()
			r.AddCookie(key)
			http.SetCookie(w, key)
		}
		next.ServeHTTP(w, r)
	})
}

func key(r *http.Request) string {
	cookie, err := r.Cookie("visitor")
	if err != nil {
		return ""
	}
	return cookie.Value
}

func (s *serverStore) Load(r *http.Request) (centra.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions[key(r)], nil
}

func (s *serverStore) Save(_ http.ResponseWriter, r *http.Request, v centra.Session) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions[key(r)] = v
	return nil
}

func TestGoodStore(t *testing.T) {
	sessiontest.Run(t, func(*testing.T) (session.Store, func(http.Handler) http.Handler) {
		store := newServerStore()
		return store, store.middleware
	}, sessiontest.WithBrokenBackend(func(*testing.T) (session.Store, func(http.Handler) http.Handler) {
		return brokenBackend, nil
	}))
}

// blobStore keeps all values of a visitor together and writes them all at the
// end of a request, as many session libraries do.
type blobStore struct {
	*serverStore
	blobs map[string]map[string]string
}

type blobKey struct{}

func (s blobStore) middleware(next http.Handler) http.Handler {
	return s.serverStore.middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		blob := maps.Clone(s.blobs[key(r)])
		s.mu.Unlock()
		if blob == nil {
			blob = map[string]string{}
		}
		changed := false
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), blobKey{}, func(name, value string) string {
			if value != "" {
				blob[name], changed = value, true
			}
			return blob[name]
		})))
		if changed {
			s.mu.Lock()
			s.blobs[key(r)] = blob
			s.mu.Unlock()
		}
	}))
}

func (s blobStore) value(r *http.Request, name, value string) string {
	return r.Context().Value(blobKey{}).(func(string, string) string)(name, value)
}

func (s blobStore) Load(r *http.Request) (centra.Session, error) {
	return centra.Session(strings.TrimPrefix(s.value(r, "centra", ""), "=")), nil
}

func (s blobStore) Save(_ http.ResponseWriter, r *http.Request, v centra.Session) error {
	s.value(r, "centra", "="+string(v))
	return nil
}

func TestBlobStore(t *testing.T) {
	var store blobStore
	sessiontest.Run(t, func(*testing.T) (session.Store, func(http.Handler) http.Handler) {
		store = blobStore{newServerStore(), map[string]map[string]string{}}
		return store, store.middleware
	}, sessiontest.WithOtherWrite(func(_ http.ResponseWriter, r *http.Request) error {
		store.value(r, "language", "sv")
		return nil
	}))
}

var brokenBackend = broken{
	serverStore: newServerStore(),
	save: func(*serverStore, http.ResponseWriter, *http.Request, centra.Session) error {
		return errors.New("connection refused")
	},
}

// broken is a good store but for what is replaced.
type broken struct {
	*serverStore
	load func(*serverStore, *http.Request) (centra.Session, error)
	save func(*serverStore, http.ResponseWriter, *http.Request, centra.Session) error
}

func (b broken) Load(r *http.Request) (centra.Session, error) {
	if b.load != nil {
		return b.load(b.serverStore, r)
	}
	return b.serverStore.Load(r)
}

func (b broken) Save(w http.ResponseWriter, r *http.Request, v centra.Session) error {
	if b.save != nil {
		return b.save(b.serverStore, w, r, v)
	}
	return b.serverStore.Save(w, r, v)
}

// brokenStores are mistakes that hosts make, and the test that must catch each.
var brokenStores = map[string]struct {
	store  broken
	caught string
}{
	"absence-is-an-error": {broken{load: func(s *serverStore, r *http.Request) (centra.Session, error) {
		if v, _ := s.Load(r); v != "" {
			return v, nil
		}
		return "", http.ErrNoCookie
	}}, "a_new_visitor_has_no_session"},
	"load-uses-up": {broken{load: func(s *serverStore, r *http.Request) (centra.Session, error) {
		v, err := s.Load(r)
		return v, errors.Join(err, s.Save(nil, r, ""))
	}}, "a_saved_session_is_loaded"},
	"lower-case": {broken{save: func(s *serverStore, w http.ResponseWriter, r *http.Request, v centra.Session) error {
		return s.Save(w, r, centra.Session(strings.ToLower(string(v))))
	}}, "a_saved_session_is_loaded"},
	"short-column": {broken{save: func(s *serverStore, w http.ResponseWriter, r *http.Request, v centra.Session) error {
		return s.Save(w, r, v[:min(len(v), 64)])
	}}, "a_saved_session_is_loaded"},
	"first-save-stays": {broken{save: func(s *serverStore, w http.ResponseWriter, r *http.Request, v centra.Session) error {
		if before, _ := s.Load(r); before != "" && v != "" {
			return nil
		}
		return s.Save(w, r, v)
	}}, "a_later_request's_session_replaces_it"},
	"same-again-is-refused": {broken{save: func(s *serverStore, w http.ResponseWriter, r *http.Request, v centra.Session) error {
		if before, _ := s.Load(r); before == v && v != "" {
			return errors.New("duplicate key")
		}
		return s.Save(w, r, v)
	}}, "saving_the_same_session_again_keeps_it"},
	"never-forgets": {broken{save: func(s *serverStore, w http.ResponseWriter, r *http.Request, v centra.Session) error {
		if v == "" {
			return nil
		}
		return s.Save(w, r, v)
	}}, "forgets_the_session"},
	"forgets-only-what-is-there": {broken{save: func(s *serverStore, w http.ResponseWriter, r *http.Request, v centra.Session) error {
		if before, _ := s.Load(r); before == "" && v == "" {
			return errors.New("no such row")
		}
		return s.Save(w, r, v)
	}}, "forgetting_nothing_is_no_error"},
	"one-for-all": {broken{
		load: func(s *serverStore, _ *http.Request) (centra.Session, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.sessions["all"], nil
		},
		save: func(s *serverStore, _ http.ResponseWriter, _ *http.Request, v centra.Session) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.sessions["all"] = v
			return nil
		},
	}, "visitors_do_not_mix"},
	"cookie-set-twice": {broken{save: func(s *serverStore, w http.ResponseWriter, r *http.Request, v centra.Session) error {
		http.SetCookie(w, &http.Cookie{Name: "centra", Value: "x"})
		return s.Save(w, r, v)
	}}, "the_last_save_of_a_request_counts"},
	"answers-the-request": {broken{save: func(s *serverStore, w http.ResponseWriter, r *http.Request, v centra.Session) error {
		w.WriteHeader(http.StatusOK)
		return s.Save(w, r, v)
	}}, "the_host's_answer_is_left_alone"},
	"drops-other-cookies": {broken{save: func(s *serverStore, w http.ResponseWriter, r *http.Request, v centra.Session) error {
		w.Header().Set("Set-Cookie", "centra=x")
		return s.Save(w, r, v)
	}}, "the_host's_answer_is_left_alone"},
	"an-unreadable-cookie-is-an-error": {broken{
		load: func(_ *serverStore, r *http.Request) (centra.Session, error) {
			cookie, err := r.Cookie("sealed")
			if err != nil {
				return "", nil
			}
			value, sealed := strings.CutPrefix(cookie.Value, "sealed:")
			if !sealed {
				return "", errors.New("decryption failed")
			}
			return centra.Session(value), nil
		},
		save: func(_ *serverStore, w http.ResponseWriter, _ *http.Request, v centra.Session) error {
			w.Header().Del("Set-Cookie")
			http.SetCookie(w, &http.Cookie{Name: "sealed", Value: "sealed:" + string(v), Path: "/"})
			return nil
		},
	}, "a_cookie_that_cannot_be_read_any_more"},
	"panics-when-the-visitor-is-gone": {broken{save: func(s *serverStore, w http.ResponseWriter, r *http.Request, v centra.Session) error {
		if _, err := w.Write(nil); err != nil {
			panic(err)
		}
		return s.Save(w, r, v)
	}}, "a_response_that_cannot_be_written_breaks_nothing"},
}

const brokenStoreVariable = "SESSIONTEST_BROKEN_STORE"

// TestBrokenStores runs each broken store in a process of its own, since Run
// must fail there.
func TestBrokenStores(t *testing.T) {
	if name := os.Getenv(brokenStoreVariable); name != "" {
		sessiontest.Run(t, func(*testing.T) (session.Store, func(http.Handler) http.Handler) {
			store := brokenStores[name].store
			store.serverStore = newServerStore()
			return store, store.middleware
		})
		return
	}
	for name, tt := range brokenStores {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestBrokenStores$")
			cmd.Env = append(os.Environ(), brokenStoreVariable+"="+name)
			out, err := cmd.CombinedOutput()
			if err == nil {
				t.Fatal("not caught")
			}
			if !strings.Contains(string(out), "--- FAIL: TestBrokenStores/"+tt.caught) && !strings.Contains(string(out), "_"+tt.caught+" (") {
				t.Errorf("not caught by %q:\n%s", tt.caught, out)
			}
			if strings.Contains(string(out), "f611707b97e18a902270223b79f743c2") {
				t.Errorf("a session is in the output:\n%s", out)
			}
		})
	}
}
