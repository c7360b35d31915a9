package session

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/centra-go/cartabandonment/centra"
)

// errand is one Do. It runs in a goroutine of its own, so that a host's function
// that neither ends nor obeys its context keeps nobody: it is left behind.
type errand struct {
	*Visitors
	w     http.ResponseWriter
	r     *http.Request
	call  func(context.Context, centra.Session) (centra.Session, error)
	began time.Time

	calling chan context.Context // the call's context, once its turn has come
	ended   chan struct{}        // closed when run has ended

	// Written by run, read by wait when run has ended.
	err      error
	finished bool // neither panic nor runtime.Goexit
	panicked any
	stack    []byte
	changes  headerChanges

	mu        sync.Mutex
	turn      Turn
	successor centra.Session // known before it is saved
	abandoned bool
}

// grace is what a call has to return in after its deadline, before it is given
// up: an eighth of a short time, a quarter of a second of a long one.
func grace(limit time.Duration) time.Duration { return min(limit/8, 250*time.Millisecond) }

// wait returns when the errand has ended, or is given up. Before its turn has
// come that is when the request ends, afterwards only when its time is over.
func (e *errand) wait(waiting context.Context) error {
	over, calling := waiting.Done(), false
	for {
		select {
		case <-e.ended:
			return e.finish()
		case ctx := <-e.calling:
			over, calling = ctx.Done(), true
			continue
		case <-over:
		}
		// What obeys its context ends now.
		patience := time.NewTimer(grace(e.limit()))
		select {
		case <-e.ended:
			patience.Stop()
			return e.finish()
		case ctx := <-e.calling: // its turn had come at that moment
			patience.Stop()
			over, calling = ctx.Done(), true
		case <-patience.C:
			e.abandon()
			if !calling {
				return fmt.Errorf("session: the store or the turns did not answer in time: %w", waiting.Err())
			}
			e.logger.ErrorContext(e.r.Context(), "session: a visitor's call did not end in time and was given up;"+
				" it should end with its context", slog.Duration("after", time.Since(e.began)))
			return fmt.Errorf("session: the call did not end in time: %w", context.DeadlineExceeded)
		}
	}
}

func (e *errand) limit() time.Duration {
	if e.total > 0 {
		return min(e.total, e.timeout)
	}
	return e.timeout
}

func (e *errand) finish() error {
	e.changes.apply(e.w.Header())
	switch {
	case e.panicked != nil:
		if e.panicked != http.ErrAbortHandler { //nolint:errorlint // the value itself is the signal
			e.logger.ErrorContext(e.r.Context(), "session: a visitor's call panicked", slog.String("stack", string(e.stack)))
		}
		panic(e.panicked)
	case !e.finished:
		runtime.Goexit() // as the call did, for instance by testing.T.FailNow
	}
	return e.err
}

// abandon leaves run behind and lets the next call have its turn.
func (e *errand) abandon() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.abandoned = true
	if e.turn != nil {
		e.turn.Done(e.successor)
	}
}

func (e *errand) run() {
	defer close(e.ended)
	defer func() {
		if e.finished {
			return
		}
		if e.panicked = recover(); e.panicked != nil {
			e.stack = debug.Stack()
		}
		e.done("")
	}()
	e.err = e.do()
	e.finished = true
}

func (e *errand) do() error {
	loaded, sent, err := e.take()
	if err != nil {
		return err
	}
	ctx, cancel := e.deadline(e.total-grace(e.limit()), e.timeout)
	defer cancel()
	e.calling <- ctx
	seen := new(answers)
	now, err := e.call(centra.WatchCalls(ctx, seen.see), sent)
	if now == "" {
		now = failedSession(err)
	}
	keep, successor := e.judge(loaded, sent, now, seen)
	if !e.inTime(successor) {
		e.rememberLate(sent, successor)
		return err
	}
	if keep != loaded {
		err = errors.Join(err, e.save(keep))
	}
	e.done(successor)
	return err
}

// take loads the visitor's session and waits for its turn. The store is asked
// again then: what it has may have changed meanwhile.
func (e *errand) take() (loaded, sent centra.Session, err error) {
	if loaded, err = e.load(); err != nil {
		return "", "", err
	}
	for range 4 { // or the store changes faster than it can be read
		if loaded == "" {
			return "", "", e.r.Context().Err()
		}
		turn, err := e.turns.Take(e.r.Context(), loaded)
		if err != nil {
			return "", "", err
		}
		if !e.hold(turn) {
			return "", "", context.DeadlineExceeded
		}
		again, err := e.load()
		if err == nil {
			err = e.r.Context().Err()
		}
		if err != nil {
			e.done("")
			return "", "", err
		}
		if sent = turn.Session(); again == loaded || again == sent {
			return again, sent, nil
		}
		e.done("")
		loaded = again
	}
	return "", "", ErrBusy
}

func (e *errand) load() (centra.Session, error) {
	s, err := e.store.Load(e.r)
	if err != nil {
		return "", &StoreError{Op: "load", Err: err}
	}
	if s == centra.NoSession {
		return "", nil
	}
	return s, nil
}

// saveTimeout bounds a store where [Visitors.Within] does not.
const saveTimeout = 5 * time.Second

// deadline returns the request's context without its cancellation, but with an
// end: after limit, and total after the errand began.
func (e *errand) deadline(total, limit time.Duration) (context.Context, context.CancelFunc) {
	end := time.Now().Add(limit)
	if e.total > 0 && e.began.Add(total).Before(end) {
		end = e.began.Add(total)
	}
	return context.WithDeadline(context.WithoutCancel(e.r.Context()), end)
}

// hold keeps the turn, unless nobody waits for it any more.
func (e *errand) hold(turn Turn) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.abandoned {
		turn.Done("")
		return false
	}
	e.turn = turn
	return true
}

// done ends the turn, if there is one.
func (e *errand) done(successor centra.Session) {
	e.mu.Lock()
	turn := e.turn
	e.turn = nil
	e.mu.Unlock()
	if turn != nil {
		turn.Done(successor)
	}
}

// inTime reports whether somebody still waits for the call that has returned.
func (e *errand) inTime(successor centra.Session) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.successor = successor
	return !e.abandoned
}

// rememberLate is for a call that returned after it had been given up: there is
// no response to save anything in, but a successor is still worth knowing.
func (e *errand) rememberLate(sent, successor centra.Session) {
	if sent == "" || successor == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(e.r.Context()), e.timeout)
	defer cancel()
	turn, err := e.turns.Take(ctx, sent)
	if err != nil {
		return
	}
	if turn.Session() != sent { // another call brought a newer one
		successor = ""
	}
	turn.Done(successor)
}

// save keeps a session while the turn is held. The store gets a header of its
// own: should it take too long, nobody may write to the response any more.
func (e *errand) save(s centra.Session) error {
	if s == centra.NoSession {
		s = ""
	}
	before := e.w.Header().Clone()
	w := headerWriter{e.w, before.Clone()}
	if w.header == nil {
		w.header = http.Header{}
	}
	// The browser may have left; its session is kept all the same.
	ctx, cancel := e.deadline(e.total, saveTimeout)
	defer cancel()
	if err := e.store.Save(w, e.r.WithContext(ctx), s); err != nil {
		return &StoreError{Op: "save", Err: err}
	}
	e.changes = headerChanges{before, w.header}
	return nil
}

// headerWriter is the response as a store sees it: only its header.
type headerWriter struct {
	http.ResponseWriter
	header http.Header
}

func (w headerWriter) Header() http.Header       { return w.header }
func (headerWriter) WriteHeader(int)             {}
func (headerWriter) Write(b []byte) (int, error) { return len(b), nil }

// Unwrap is for http.ResponseController.
func (w headerWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// headerChanges is what a store did to the header of the response.
type headerChanges struct{ before, after http.Header }

func (c headerChanges) apply(h http.Header) {
	for name := range c.before {
		if _, still := c.after[name]; !still {
			delete(h, name)
		}
	}
	maps.DeleteFunc(c.after, func(name string, values []string) bool { return slices.Equal(values, c.before[name]) })
	maps.Copy(h, c.after)
}
