package sessiontest_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/centra/session/sessiontest"
)

// hostTurns are turns as a host may write them: a lock for each visitor, known
// by the first session.
type hostTurns struct {
	mu      sync.Mutex
	locks   map[centra.Session]chan struct{} // by the first session
	firsts  map[centra.Session]centra.Session
	newest  map[centra.Session]centra.Session // by the first
	mistake string
}

func newHostTurns(mistake string) *hostTurns {
	return &hostTurns{
		locks: map[centra.Session]chan struct{}{}, firsts: map[centra.Session]centra.Session{},
		newest: map[centra.Session]centra.Session{}, mistake: mistake,
	}
}

type hostTurn struct {
	turns   *hostTurns
	lock    chan struct{}
	first   centra.Session
	session centra.Session
	once    sync.Once
}

func (t *hostTurns) Take(ctx context.Context, s centra.Session) (session.Turn, error) {
	if t.mistake == "no-lock" {
		return &hostTurn{turns: t, lock: make(chan struct{}, 1), first: s, session: s}, nil
	}
	t.mu.Lock()
	turn := &hostTurn{turns: t, first: s}
	if before, ok := t.firsts[s]; ok {
		turn.first = before
	}
	name := turn.first
	switch t.mistake {
	case "a-lock-for-all":
		name = "all"
	case "a-lock-for-each-session":
		name = s
	}
	if t.locks[name] == nil {
		t.locks[name] = make(chan struct{}, 1)
	}
	turn.lock = t.locks[name]
	turn.session = t.now(turn.first)
	t.mu.Unlock()
	select {
	case turn.lock <- struct{}{}:
	case <-ctx.Done():
		if t.mistake == "another-error" {
			return nil, session.ErrBusy
		}
		return nil, ctx.Err()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.mistake != "the-newest-of-before" {
		turn.session = t.now(turn.first)
	}
	return turn, nil
}

func (t *hostTurns) now(first centra.Session) centra.Session {
	if s, ok := t.newest[first]; ok {
		return s
	}
	return first
}

func (t *hostTurn) Session() centra.Session { return t.session }

func (t *hostTurn) Done(now centra.Session) {
	done := func() {
		t.turns.mu.Lock()
		defer t.turns.mu.Unlock()
		if _, known := t.turns.firsts[now]; now != "" && !known && now != t.first {
			t.turns.firsts[now] = t.first
		}
		if now != "" && t.turns.mistake != "forgets" {
			t.turns.newest[t.first] = now
		}
		select {
		case <-t.lock:
		default:
		}
	}
	if t.turns.mistake == "done-counts-twice" {
		done()
		return
	}
	t.once.Do(done)
}

// brokenTurns are mistakes that hosts make, and the test that must catch each.
var brokenTurns = map[string]string{
	"no-lock":                 "calls_of_one_visitor_pass_one_at_a_time",
	"a-lock-for-all":          "visitors_do_not_wait_for_each_other",
	"a-lock-for-each-session": "a_straggler_and_a_call_with_the_newest_session_take_turns",
	"another-error":           "waiting_ends_with_the_context",
	"the-newest-of-before":    "every_call_brings_a_new_session",
	"forgets":                 "a_straggler_with_an_old_session_gets_the_newest",
	"done-counts-twice":       "Done_counts_once",
	"no-other-mistake":        "visitors_who_turn_out_to_be_one_take_turns",
	"waits-without-end":       "a_bounded_number_waits",
}

const brokenTurnsVariable = "SESSIONTEST_BROKEN_TURNS"

// TestBrokenTurns runs each in a process of its own, since RunTurns must fail there.
func TestBrokenTurns(t *testing.T) {
	if mistake := os.Getenv(brokenTurnsVariable); mistake != "" {
		sessiontest.RunTurns(t, func(*testing.T) session.Turns { return newHostTurns(mistake) })
		return
	}
	for mistake, caught := range brokenTurns {
		t.Run(mistake, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestBrokenTurns$/^"+caught)
			cmd.Env = append(os.Environ(), brokenTurnsVariable+"="+mistake)
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), "--- FAIL: TestBrokenTurns/"+caught) {
				t.Errorf("not caught by %q:\n%s", caught, out)
			}
		})
	}
}
