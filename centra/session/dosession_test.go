package session_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
)

// doSession makes one call without a request, and returns the session that it was given.
func doSession(t *testing.T, v *session.Visitors, of, now centra.Session, err error) (given string, _ error) {
	t.Helper()
	err = v.DoSession(t.Context(), of, func(_ context.Context, s centra.Session) (centra.Session, error) {
		given = string(s)
		return now, err
	})
	return given, err
}

func TestDoSession(t *testing.T) {
	store := &serverStore{sessions: map[string]centra.Session{"v": "t1"}}
	store.save = func(*http.Request) error { t.Error("something was saved"); return nil }
	v := newVisitors(t, store)
	failed := &centra.Error{Session: "t4"}
	for i, step := range []struct {
		of, answer centra.Session
		err        error
		given      string
	}{
		{"t1", "t2", nil, "t1"},
		{"t1", "", nil, "t2"}, // a job that is older than the visitor's session
		{"t2", "t3", errors.New("refused"), "t2"},
		{"t1", "", failed, "t3"},
		{"t3", "t4", nil, "t4"},
		{"another", "", nil, "another"},
	} {
		given, err := doSession(t, v, step.of, step.answer, step.err)
		if given != step.given || !errors.Is(err, step.err) {
			t.Errorf("step %d: given %q, error %v; want %q", i, given, err, step.given)
		}
	}
	store.save = nil
	if given, _, err := do(t, v, request(t, ""), "", nil); given != "t4" || err != nil {
		t.Errorf("the visitor's next request: given %q, %v", given, err)
	}
	for _, none := range []centra.Session{"", centra.NoSession} {
		if _, err := doSession(t, v, none, "", nil); err == nil {
			t.Errorf("no error for %q", string(none))
		}
	}
}

// It takes the same turn as the visitor's requests, and waits no longer than its context.
func TestDoSessionTakesTheVisitorsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVisitors(t, session.Cookie{})
		var calls sync.WaitGroup
		calls.Go(func() {
			_ = v.Do(httptest.NewRecorder(), request(t, "s"), func(context.Context, centra.Session) (centra.Session, error) {
				time.Sleep(time.Minute / 4)
				return "t", nil
			})
		})
		synctest.Wait()
		calls.Go(func() {
			start := time.Now()
			given, err := doSession(t, v, "s", "", nil)
			if given != "t" || err != nil || time.Since(start) != 15*time.Second {
				t.Errorf("given %q after %v, %v", given, time.Since(start), err)
			}
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := v.DoSession(ctx, "s", func(context.Context, centra.Session) (centra.Session, error) {
			t.Error("a call was made although its context had ended")
			return "", nil
		})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		calls.Wait()
	})
}

func TestSession(t *testing.T) {
	broken := errors.New("down")
	store := &serverStore{sessions: map[string]centra.Session{"v": "s"}}
	v := newVisitors(t, store)
	if s, err := v.Session(request(t, "")); s != "s" || err != nil {
		t.Errorf("Session: %q, %v", string(s), err)
	}
	store.sessions["v"] = centra.NoSession
	if s, err := v.Session(request(t, "")); s != "" || err != nil {
		t.Errorf("Session of NoSession: %q, %v", string(s), err)
	}
	store.load = func(*http.Request) error { return broken }
	if _, err := v.Session(request(t, "")); !errors.Is(err, session.ErrStore) || !errors.Is(err, broken) {
		t.Errorf("Session of a broken store: %v", err)
	}
}
