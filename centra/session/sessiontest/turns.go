package sessiontest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
)

// RunTurns tests that turns do what [session.Turns] demands. newTurns returns
// turns that know no visitor yet; it is called for each of the tests, which take
// some tenths of a second. Run the test with -race.
func RunTurns(t *testing.T, newTurns func(t *testing.T) session.Turns) {
	t.Helper()
	for _, tt := range turnTests {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			if err := tt.run(ctx, newTurns(t)); err != nil {
				t.Error(err)
			}
		})
	}
}

// moment is long enough for what must happen in it and what must not.
const moment = 50 * time.Millisecond

const third centra.Session = "third-esf1p3tgchfg5ggtpqdpgqjtt6"

var turnTests = []struct {
	name string
	run  func(context.Context, session.Turns) error
}{
	{"the first call has its turn at once, with the session it came with", func(ctx context.Context, turns session.Turns) error {
		return one(ctx, turns, first, first, "")
	}},
	{"calls of one visitor pass one at a time", oneAtATime},
	{"calls pass in order of arrival", inOrder},
	{"visitors do not wait for each other", func(ctx context.Context, turns session.Turns) error {
		held, err := turns.Take(ctx, first)
		if err != nil {
			return err
		}
		defer held.Done("")
		soon, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		return one(soon, turns, second, second, "")
	}},
	{"a call that waited gets the session that took the place of its own", func(ctx context.Context, turns session.Turns) error {
		held, err := turns.Take(ctx, first)
		if err != nil {
			return err
		}
		waited := make(chan error, 1)
		go func() { waited <- one(ctx, turns, first, second, "") }()
		time.Sleep(moment)
		held.Done(second)
		return <-waited
	}},
	{"a straggler with an old session gets the newest", func(ctx context.Context, turns session.Turns) error {
		return errors.Join(
			one(ctx, turns, first, first, second), one(ctx, turns, second, second, third),
			one(ctx, turns, first, third, ""), one(ctx, turns, second, third, ""), one(ctx, turns, third, third, ""))
	}},
	{"a straggler and a call with the newest session take turns", func(ctx context.Context, turns session.Turns) error {
		if err := one(ctx, turns, first, first, second); err != nil {
			return err
		}
		held, err := turns.Take(ctx, second)
		if err != nil {
			return err
		}
		err = blocked(ctx, turns, first)
		held.Done("")
		return errors.Join(err, one(ctx, turns, first, second, ""))
	}},
	{"a session that comes back is the newest again", func(ctx context.Context, turns session.Turns) error {
		return errors.Join(one(ctx, turns, first, first, second), one(ctx, turns, second, second, first),
			one(ctx, turns, first, first, ""), one(ctx, turns, second, first, ""))
	}},
	{`"" and the same session change nothing`, func(ctx context.Context, turns session.Turns) error {
		return errors.Join(one(ctx, turns, first, first, ""), one(ctx, turns, first, first, first), one(ctx, turns, first, first, ""))
	}},
	{"waiting ends with the context, and the turn goes to the next", cancelled},
	{"a context that has ended takes no turn", func(ctx context.Context, turns session.Turns) error {
		ended, cancel := context.WithCancel(ctx)
		cancel()
		if turn, err := turns.Take(ended, first); !errors.Is(err, context.Canceled) {
			if err == nil {
				turn.Done("")
			}
			return fmt.Errorf("taking a turn with an ended context: error %w, want one that matches context.Canceled", err)
		}
		return one(ctx, turns, first, first, "")
	}},
	{"a bounded number waits", busy},
	{"Done counts once", func(ctx context.Context, turns session.Turns) error {
		held, err := turns.Take(ctx, first)
		if err != nil {
			return err
		}
		held.Done("")
		next, err := turns.Take(ctx, first)
		if err != nil {
			return err
		}
		held.Done(second) // not its turn any more
		err = blocked(ctx, turns, first)
		next.Done("")
		return errors.Join(err, one(ctx, turns, first, first, ""))
	}},
	{"a holder that panics gives the turn up", panicking},
	{"every call brings a new session", rotating},
	{"visitors who turn out to be one take turns", merged},
	{"a note goes from call to call, for turns that keep one", noted},
}

// one takes a turn, which must come, checks its session and ends it.
func one(ctx context.Context, turns session.Turns, with, want, now centra.Session) error {
	turn, err := turns.Take(ctx, with)
	if err != nil {
		return fmt.Errorf("taking a turn: %w", err)
	}
	got := turn.Session()
	turn.Done(now)
	if got != want {
		return fmt.Errorf("the turn's session is %v, want %v", got, want)
	}
	return nil
}

// blocked checks that a turn does not come for a moment.
func blocked(ctx context.Context, turns session.Turns, with centra.Session) error {
	ctx, cancel := context.WithTimeout(ctx, moment)
	defer cancel()
	turn, err := turns.Take(ctx, with)
	if err == nil {
		turn.Done("")
		return errors.New("two calls of one visitor have their turn at once")
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("taking a turn: error %w, want one that matches context.DeadlineExceeded", err)
	}
	return nil
}

func oneAtATime(ctx context.Context, turns session.Turns) error {
	var holders, most atomic.Int32
	errs := make(chan error, 20)
	for range cap(errs) {
		go func() {
			turn, err := turns.Take(ctx, first)
			if err == nil {
				if n := holders.Add(1); n > 1 {
					most.Store(n)
				}
				time.Sleep(time.Millisecond)
				holders.Add(-1)
				turn.Done("")
			}
			errs <- err
		}()
	}
	var err error
	for range cap(errs) {
		err = errors.Join(err, <-errs)
	}
	if n := most.Load(); n > 0 {
		err = errors.Join(err, fmt.Errorf("%d calls had their turn at once", n))
	}
	return err
}

func inOrder(ctx context.Context, turns session.Turns) error {
	held, err := turns.Take(ctx, first)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	var order []int
	errs := make(chan error, 5)
	for i := range cap(errs) {
		go func() {
			turn, err := turns.Take(ctx, first)
			if err == nil {
				mu.Lock()
				order = append(order, i)
				mu.Unlock()
				turn.Done("")
			}
			errs <- err
		}()
		time.Sleep(moment) // that they arrive in this order
	}
	held.Done("")
	for range cap(errs) {
		err = errors.Join(err, <-errs)
	}
	for i, got := range order {
		if got != i {
			return errors.Join(err, fmt.Errorf("the calls passed in the order %v", order))
		}
	}
	return err
}

func cancelled(ctx context.Context, turns session.Turns) error {
	held, err := turns.Take(ctx, first)
	if err != nil {
		return err
	}
	err = blocked(ctx, turns, first)
	waited := make(chan error, 1)
	go func() { waited <- one(ctx, turns, first, first, "") }()
	time.Sleep(moment)
	held.Done("")
	return errors.Join(err, <-waited)
}

// rotating has calls that each bring a new session, with old ones and with new.
func rotating(ctx context.Context, turns session.Turns) error {
	var mu sync.Mutex
	tokens := []centra.Session{first}
	holders := 0
	call := func(with centra.Session) (now centra.Session, err error) {
		mu.Lock()
		holders++
		if newest := tokens[len(tokens)-1]; holders > 1 {
			err = errors.New("two calls had their turn at once")
		} else if with != newest {
			err = fmt.Errorf("a turn's session is %v, want %v", with, newest)
		}
		mu.Unlock()
		time.Sleep(time.Millisecond)
		mu.Lock()
		defer mu.Unlock()
		holders--
		now = centra.Session(fmt.Sprint("rotated-", len(tokens)))
		tokens = append(tokens, now)
		return now, err
	}
	errs := make(chan error, 20)
	for i := range cap(errs) {
		go func() {
			for n := range 5 {
				mu.Lock()
				some := tokens[max(0, len(tokens)-1-(i+n)%4)]
				mu.Unlock()
				turn, err := turns.Take(ctx, some)
				if err == nil {
					var now centra.Session
					now, err = call(turn.Session())
					turn.Done(now)
				}
				if err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	var err error
	for range cap(errs) {
		err = errors.Join(err, <-errs)
	}
	return err
}

// merged has a browser that brings the new session before the call that was
// answered with it has ended: only then it is known whose it is.
func merged(ctx context.Context, turns session.Turns) error {
	old, err := turns.Take(ctx, first)
	if err != nil {
		return err
	}
	other, err := turns.Take(ctx, second)
	if err != nil {
		old.Done("")
		return err
	}
	old.Done(second)
	err = blocked(ctx, turns, first)
	other.Done(third)
	err = errors.Join(err, one(ctx, turns, first, third, ""), one(ctx, turns, second, third, ""))
	held, takeErr := turns.Take(ctx, first)
	if takeErr != nil {
		return errors.Join(err, takeErr)
	}
	defer held.Done("")
	return errors.Join(err, blocked(ctx, turns, second), blocked(ctx, turns, third))
}

// busy lets more and more calls wait until one is refused.
func busy(ctx context.Context, turns session.Turns) error {
	held, err := turns.Take(ctx, first)
	if err != nil {
		return err
	}
	const many = 2000
	waiting, leave := context.WithCancel(ctx)
	defer leave()
	errs := make(chan error, many)
	for range many {
		go func() {
			turn, err := turns.Take(waiting, first)
			if err == nil {
				turn.Done("")
			}
			errs <- err
		}()
	}
	select {
	case err = <-errs:
	case <-time.After(5 * time.Second):
		err = fmt.Errorf("%d calls of one visitor wait, and none was refused", many)
	}
	if errors.Is(err, session.ErrBusy) {
		err = nil
	}
	// Who waits for another visitor is not concerned.
	err = errors.Join(err, one(ctx, turns, second, second, ""))
	leave()
	held.Done("")
	return errors.Join(err, one(ctx, turns, first, first, ""))
}

func panicking(ctx context.Context, turns session.Turns) error {
	visitors, err := session.NewVisitors(session.Cookie{}, session.WithTurns(turns))
	if err != nil {
		return err
	}
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "https://example.com/", nil)
	r.Header.Set("Cookie", "__Host-centra-session="+string(first))
	func() {
		defer func() { _ = recover() }()
		_ = visitors.Do(httptest.NewRecorder(), r, func(context.Context, centra.Session) (centra.Session, error) {
			panic("sessiontest: as a host's function may")
		})
	}()
	return one(ctx, turns, first, first, "")
}

// noted leaves a note, and looks for it with old sessions and new.
func noted(ctx context.Context, turns session.Turns) error {
	step := func(with, now centra.Session, want, note string) error {
		turn, err := turns.Take(ctx, with)
		if err != nil {
			return fmt.Errorf("taking a turn: %w", err)
		}
		defer turn.Done(now)
		keeps, ok := turn.(session.NotedTurn)
		if !ok {
			return nil
		}
		got := keeps.Note()
		if note != "" {
			keeps.SetNote(note)
		}
		if got != want {
			return fmt.Errorf("the note is %q, want %q", got, want)
		}
		return nil
	}
	long := strings.Repeat("n", session.MaxNote)
	return errors.Join(
		step(first, "", "", "one"), step(first, "", "one", ""), step(second, "", "", ""),
		step(first, third, "one", "two"), step(third, "", "two", ""), step(first, "", "two", "three"),
		step(third, "", "three", long), step(first, "", long, long+"n"), step(first, "", long, ""))
}
