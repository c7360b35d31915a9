package redisturns

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/bsm/redislock"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
)

// Take is that of [session.Turns].
func (t *Turns) Take(ctx context.Context, s centra.Session) (session.Turn, error) {
	began := time.Now()
	local, err := t.local.Take(ctx, s)
	if err != nil {
		t.observe(ctx, Outcome{Waited: time.Since(began), Err: err})
		return nil, err
	}
	u := &turn{turns: t, ctx: context.WithoutCancel(ctx), local: local, session: local.Session()}
	if err := u.join(ctx); err != nil {
		local.Done("")
		t.observe(ctx, Outcome{Waited: time.Since(began), Err: err})
		return nil, err
	}
	u.came = time.Now()
	u.waited = u.came.Sub(began)
	return u, nil
}

// turn is a visitor's turn within the process, and in Redis unless that is away.
type turn struct {
	turns   *Turns
	ctx     context.Context // of Take, without its end
	local   session.Turn
	session centra.Session
	hold    *hold // nil: without Redis
	came    time.Time
	waited  time.Duration

	mu       sync.Mutex // held while Redis is asked
	note     string
	extender *time.Timer
	extended time.Time
	done     bool
	stray    string // a note that has to follow to the visitor's new home
}

// join takes the turn in Redis too. What this process knows better is told first.
func (u *turn) join(ctx context.Context) error {
	t := u.turns
	if err := sleep(ctx, t.courtesy.due(u.session)); err != nil {
		return err
	}
	h, err := t.inform(ctx, u.session)
	if err != nil {
		return err
	}
	if h == nil || !h.read {
		t.health.turnAlone(ctx)
	}
	if h == nil {
		return nil
	}
	if ctx.Err() != nil { // at that moment
		_ = t.ask(ctx, h.lock.Release)
		return waitError(ctx.Err())
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.hold, u.extended = h, time.Now()
	u.extender = time.AfterFunc(lease/3, u.extend)
	if h.newest != "" {
		u.session = h.newest
	}
	u.note = h.note
	return nil
}

// inform tells Redis what it does not know of s, and waits for the turn there.
func (t *Turns) inform(ctx context.Context, s centra.Session) (*hold, error) {
	if c, ok := t.journal.news(s); ok {
		if saved, err := t.save(ctx, s, c); !saved {
			return nil, err
		}
	}
	h, err := t.hold(ctx, s)
	if h != nil && h.read && h.sealed == "" && h.way.hops == 0 {
		t.journal.unknown(s)
	}
	return h, err
}

// hold waits for the turn in Redis. Where Redis is away there is none, and no
// error either.
func (t *Turns) hold(ctx context.Context, s centra.Session) (*hold, error) {
	h := &hold{from: placeOf(s), token: rand.Text()}
	for began := time.Now(); ; {
		err := t.ask(ctx, func(ctx context.Context) error { return t.memory.take(ctx, h) })
		switch {
		case errors.Is(err, redislock.ErrNotObtained):
			if err := sleep(ctx, pause(time.Since(began))); err != nil {
				return nil, err
			}
		case h.lock == nil:
			return nil, nil
		default:
			return h, nil
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return waitError(ctx.Err())
	}
}

func waitError(err error) error {
	return fmt.Errorf("redisturns: waiting for the visitor's calls in other processes: %w", err)
}

func (u *turn) Session() centra.Session { return u.session }

// Format prints no session, whatever the verb.
func (u *turn) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "a visitor's turn") }

// Note is that of [session.NotedTurn].
func (u *turn) Note() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.note
}

// SetNote is that of [session.NotedTurn]. Without Redis it is kept nowhere.
func (u *turn) SetNote(note string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(note) <= session.MaxNote {
		u.note = note
	}
}

// extend keeps the lease while the call takes its time. A lease that has run out
// is taken again if nobody else has it: Redis may have lost it.
func (u *turn) extend() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.done {
		return
	}
	next := lease / 3
	err := u.turns.ask(u.ctx, func(ctx context.Context) error {
		err := u.hold.lock.Refresh(ctx, lease, nil)
		if !errors.Is(err, redislock.ErrNotObtained) {
			return err
		}
		u.lose()
		_, err = u.turns.memory.locks.Obtain(ctx, u.hold.lock.Key(), lease, &redislock.Options{Token: u.hold.token})
		return err
	})
	switch {
	case err == nil:
		u.extended = time.Now()
	case !errors.Is(err, redislock.ErrNotObtained):
		next = lease / 10
	}
	u.extender.Reset(next)
}

func (u *turn) lose() {
	if !u.hold.lost {
		u.hold.lost = true
		u.turns.health.turnLost(u.ctx)
	}
}

func (u *turn) Done(now centra.Session) {
	told, stray := u.finish(now)
	if stray != "" {
		u.turns.bring(u.ctx, u.session, stray)
	}
	if told {
		u.turns.carry(u.ctx)
	}
}

// finish ends the turn and reports whether Redis knows, but for a stray note.
func (u *turn) finish(now centra.Session) (told bool, stray string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.done {
		return false, ""
	}
	u.done = true
	if now == "" {
		now = u.session
	}
	newest, since := now, time.Now() // before another turn can begin
	if u.hold != nil {
		u.extender.Stop()
		newest, told = u.tell(now, since)
	}
	if newest == now && now != u.session {
		u.turns.journal.add(u.session, now, since, told)
	}
	u.local.Done(newest)
	outcome := Outcome{Waited: u.waited, Held: time.Since(u.came)}
	outcome.Alone = u.hold == nil || !u.hold.read
	outcome.Lost = u.hold != nil && u.hold.lost
	u.turns.observe(u.ctx, outcome)
	return told, u.stray
}

// tell ends the turn in Redis. It returns the visitor's newest session, which is
// another one where the lease had been lost.
func (u *turn) tell(now centra.Session, since time.Time) (newest centra.Session, told bool) {
	r := record{newest: now, since: since, note: u.note}
	end, err := u.turns.settle(u.ctx, u.hold, r)
	switch {
	case err == nil && !end.held, err != nil && time.Since(u.extended) > lease:
		u.lose()
	}
	if end.merged {
		u.stray = u.note
	}
	if err == nil && u.meet(&r, end) {
		var again ending
		u.hold.sealed = end.sealed
		again, err = u.turns.settle(u.ctx, u.hold, r)
		end.sealed = again.sealed
	}
	if err != nil {
		return now, false
	}
	newest = now
	if r := u.hold.way.home.open(end.sealed); r.newest != "" && u.hold.read {
		newest = r.newest
	}
	if end.others {
		u.turns.courtesy.owe(newest)
	}
	return newest, u.hold.read
}

// meet is for who had lost the lease. What another turn has changed meanwhile, be
// it the session or the note, counts in r too. It reports whether r says something
// that Redis does not know.
func (u *turn) meet(r *record, end ending) bool {
	theirs := u.hold.way.home.open(end.sealed)
	if !u.hold.lost || theirs.newest == "" || theirs.moved() {
		return false
	}
	if theirs.newest != u.session {
		r.newest, r.since = theirs.newest, theirs.since
	}
	if theirs.note != u.hold.note {
		r.note = theirs.note
	}
	return r.newest != theirs.newest || r.note != theirs.note
}
