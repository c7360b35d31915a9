package session

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/centra-go/cartabandonment/centra"
)

// errand is one Do or DoSession. It runs in a goroutine of its own, so that a
// host's function that neither ends nor obeys its context keeps nobody: it is
// left behind.
type errand struct {
	*Visitors
	waiting  context.Context // ends the wait for a turn
	call     func(context.Context, centra.Session) (centra.Session, error)
	response response       // of Do
	session  centra.Session // of DoSession, or in the cookie of Do's request
	began    time.Time
	seen     answers

	begun chan struct{} // closed when the turn has come; nil where nothing was waited for
	ended chan struct{} // closed when run has ended

	loaded, sent centra.Session // what the store has, and the newest session, when the turn has come

	// Written by run, read by finish when run has ended.
	err      error
	finished bool // neither panic nor runtime.Goexit
	panicked any
	stack    []byte

	mu        sync.Mutex
	calling   context.Context    // the call's, once its turn has come
	release   context.CancelFunc // of that
	turn      Turn               // while it is held
	successor centra.Session     // of the session that was sent, known before it is saved
	abandoned bool
}

func (v *Visitors) newErrand(waiting context.Context,
	call func(context.Context, centra.Session) (centra.Session, error)) *errand {
	return &errand{Visitors: v, waiting: waiting, call: call, began: time.Now(), ended: make(chan struct{})}
}

// carryOut takes the turn, makes the call and keeps what came back. It returns when that
// is over, or is given up.
func (e *errand) carryOut() error {
	if e.beginAtOnce() {
		go e.run()
		return e.waitForCall()
	}
	var cancel context.CancelFunc
	e.waiting, cancel = e.bound(e.waiting)
	defer cancel()
	if e.asksStore() {
		e.response.r = e.response.r.WithContext(e.waiting)
	}
	e.begun = make(chan struct{})
	go e.run()
	return e.wait()
}

// bound lets the wait end early enough for a call to be made, and for Do to end in
// time. A call with hardly any time left is not begun: Centra would carry it out
// all the same, and if the session rotates then, nobody is there to be told.
func (v *Visitors) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	if v.total > 0 {
		return context.WithTimeout(ctx, v.total-v.grace()-min(v.total/4, time.Second))
	}
	return ctx, func() {}
}

// limit bounds a call from when its turn has come.
func (v *Visitors) limit() time.Duration {
	if v.total > 0 {
		return min(v.total, v.timeout)
	}
	return v.timeout
}

// grace is what a call has to return in after its deadline, before it is given
// up: an eighth of a short time, a quarter of a second of a long one.
func (v *Visitors) grace() time.Duration { return min(v.limit()/8, 250*time.Millisecond) }

// wait returns when the errand has ended, or is given up. Before its turn has
// come that is when the request ends, afterwards only when its time is over.
func (e *errand) wait() error {
	select {
	case <-e.ended:
		return e.finish()
	case <-e.begun:
	case <-e.waiting.Done():
		if !e.isCalling() {
			if e.endsSoon() {
				return e.finish()
			}
			if e.abandon(false) {
				return fmt.Errorf("session: the store or the turns did not answer in time: %w", e.waiting.Err())
			}
		}
	}
	return e.waitForCall()
}

func (e *errand) waitForCall() error {
	select {
	case <-e.ended:
		return e.finish()
	case <-e.calling.Done():
	}
	if e.endsSoon() {
		return e.finish()
	}
	e.abandon(true)
	e.logger.ErrorContext(e.waiting, "session: a visitor's call did not end in time and was given up;"+
		" it should end with its context", slog.Duration("after", time.Since(e.began)))
	return fmt.Errorf("session: the call did not end in time: %w", context.DeadlineExceeded)
}

// endsSoon waits for what obeys its context, which has ended.
func (e *errand) endsSoon() bool {
	patience := time.NewTimer(e.grace())
	defer patience.Stop()
	select {
	case <-e.ended:
		return true
	case <-patience.C:
		return false
	}
}

func (e *errand) isCalling() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.calling != nil
}

func (e *errand) finish() error {
	e.response.apply()
	switch {
	case e.panicked != nil:
		if e.panicked != http.ErrAbortHandler { //nolint:errorlint // the value itself is the signal
			e.logPanic("session: a visitor's call panicked", e.stack)
		}
		panic(e.panicked)
	case !e.finished:
		runtime.Goexit() // as the call did, for instance by testing.T.FailNow
	}
	return e.err
}

func (e *errand) logPanic(message string, stack []byte) {
	e.logger.ErrorContext(e.waiting, message, slog.String("stack", string(stack)))
}

// abandon leaves run behind and lets the next call have its turn. An errand that is
// given up while it waits, and whose call has begun at that moment, goes on: then it
// does nothing and reports false.
func (e *errand) abandon(duringCall bool) bool {
	e.mu.Lock()
	if e.calling != nil && !duringCall {
		e.mu.Unlock()
		return false
	}
	e.abandoned = true
	turn, successor := e.turn, e.successor
	e.turn = nil
	e.mu.Unlock()
	if turn != nil {
		go e.end(turn, successor) // the answer is due: turns that are slow to end do not hold it up
	}
	return true
}

func (e *errand) run() {
	defer func() {
		if !e.finished {
			e.panicked = recover()
			e.stack = debug.Stack()
		}
		close(e.ended) // first: turns that are slow to end hold up no answer
		e.done()
		if e.release != nil {
			e.release()
		}
		if e.panicked != nil && e.isAbandoned() { // nobody else is left to tell
			e.logPanic("session: a visitor's call panicked after it was given up", e.stack)
		}
	}()
	e.err = e.doInRoom()
	e.finished = true
}

// doInRoom makes the new goroutine's stack grow once, while it is nearly empty. A
// call to Centra goes deep, and a stack that grows on the way is copied again and
// again, which took a quarter of the time of a callback.
//
//go:noinline
func (e *errand) doInRoom() error {
	var room [8 << 10]byte
	err := e.do()
	runtime.KeepAlive(&room)
	return err
}

func (e *errand) do() error {
	if e.calling == nil {
		if err := e.take(); err != nil {
			return err
		}
		if !e.begin() {
			return context.DeadlineExceeded
		}
	}
	loaded, sent := e.loaded, e.sent
	e.seen.sent = sent
	now, err := e.call(centra.WatchCalls(e.noted(e.calling), e.seen.see), sent)
	if now == "" {
		now = failedSession(err)
	}
	keep, successor := e.judge(loaded, sent, now, err)
	if !e.returned(successor) {
		e.rememberLate(sent, successor)
		return err
	}
	if e.response.r == nil {
		return err
	}
	if keep != loaded {
		if saveErr := e.save(keep); saveErr != nil {
			return errors.Join(err, saveErr)
		}
	}
	if sameCart := keep == sent || keep == successor; sameCart && loaded != "" {
		e.tellFollowers(loaded, sent, keep, e.seen.emptied())
	}
	return err
}

// beginAtOnce takes the turn and begins the call where nothing is to be waited for,
// neither the store nor other calls: as nearly always in a shop of one process.
func (e *errand) beginAtOnce() bool {
	turns, local := e.turns.(*localTurns)
	if !local || e.asksStore() || e.waiting.Err() != nil {
		return false
	}
	if e.session != "" {
		turn := turns.takeFree(e.session)
		if turn == nil {
			return false
		}
		e.turn, e.loaded, e.sent = turn, e.session, turn.Session()
	}
	e.calling, e.release = e.callContext()
	return true
}

// take loads the visitor's session and waits for its turn. The store is asked
// again then: what it has may have changed meanwhile.
func (e *errand) take() error {
	loaded, err := e.load()
	if err != nil {
		return err
	}
	for range 4 { // or the store changes faster than it can be read
		if loaded == "" {
			return e.waiting.Err()
		}
		turn, err := e.turns.Take(e.waiting, loaded)
		if err != nil {
			return err
		}
		if !e.hold(turn) {
			return context.DeadlineExceeded
		}
		again, err := e.load()
		if err == nil {
			err = e.waiting.Err()
		}
		if err != nil {
			e.done()
			return err
		}
		if sent := turn.Session(); again == loaded || again == sent {
			e.loaded, e.sent = again, sent
			return nil
		}
		e.done()
		loaded = again
	}
	return ErrBusy
}

func (e *errand) load() (centra.Session, error) {
	if e.asksStore() {
		return e.Session(e.response.r)
	}
	return e.session, nil
}

// asksStore reports whether the session is the store's to say, which may take its time.
func (e *errand) asksStore() bool { return e.response.r != nil && !e.inRequest }

// hold keeps the turn, unless nobody waits for it any more.
func (e *errand) hold(turn Turn) bool {
	e.mu.Lock()
	abandoned := e.abandoned
	if !abandoned {
		e.turn = turn
	}
	e.mu.Unlock()
	if abandoned {
		e.end(turn, "")
	}
	return !abandoned
}

// begin lets the call begin, unless nobody waits for it any more.
func (e *errand) begin() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.abandoned {
		return false
	}
	e.calling, e.release = e.callContext()
	close(e.begun)
	return true
}

func (e *errand) callContext() (context.Context, context.CancelFunc) {
	return e.deadline(e.total-e.grace(), e.timeout)
}

// returned notes what the call brought and reports whether somebody still waits
// for it. From here on a panic, of the store's for instance, loses nothing.
func (e *errand) returned(successor centra.Session) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.successor = successor
	return !e.abandoned
}

func (e *errand) isAbandoned() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.abandoned
}

// done ends the turn, if it is held.
func (e *errand) done() {
	e.mu.Lock()
	turn, successor := e.turn, e.successor
	e.turn = nil
	e.mu.Unlock()
	if turn != nil {
		e.end(turn, successor)
	}
}

// end outlives Do, so that a panic would end the host.
func (e *errand) end(turn Turn, successor centra.Session) {
	defer func() {
		if recover() != nil {
			e.logPanic("session: the turns panicked", debug.Stack())
		}
	}()
	turn.Done(successor)
}

// rememberLate is for a call that returned after it had been given up: there is
// no response to save anything in, but a successor is still worth knowing.
func (e *errand) rememberLate(sent, successor centra.Session) {
	if sent == "" || successor == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(e.waiting), e.timeout)
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

// deadline returns the request's context without its cancellation, but with an
// end: after limit, and total after the errand began.
func (e *errand) deadline(total, limit time.Duration) (context.Context, context.CancelFunc) {
	end := time.Now().Add(limit)
	if e.total > 0 && e.began.Add(total).Before(end) {
		end = e.began.Add(total)
	}
	return context.WithDeadline(context.WithoutCancel(e.waiting), end)
}
