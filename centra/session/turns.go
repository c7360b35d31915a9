package session

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/centra-go/cartabandonment/centra"
)

// Turns lets the calls of one visitor pass one at a time, and remembers which
// session took the place of which. [NewTurns] is the form for one process;
// package redisturns has one for several. Prove your own with
// sessiontest.RunTurns.
//
// Turns are used by many goroutines at once.
type Turns interface {
	// Take waits until it is the turn of a call for the visitor who has s, or
	// had it before it was replaced. Visitors do not wait for each other. It
	// fails with [ErrBusy] where too many calls wait already, and with an error
	// that matches the context's where that ends first.
	Take(ctx context.Context, s centra.Session) (Turn, error)
}

// Turn is the right to make a call for a visitor. Whoever took it ends it by one
// call of Done.
type Turn interface {
	// Session is the newest session that is known of the visitor.
	Session() centra.Session

	// Done lets the next call pass. Where now is another session than Session,
	// it took that one's place: from then on Take finds it by the old ones too.
	// "" means that nothing changed. Further calls of Done do nothing.
	Done(now centra.Session)
}

// ErrBusy says that 64 calls of the same visitor wait already.
var ErrBusy = errors.New("session: too many calls of this visitor are waiting")

const (
	maxWaiting = 64

	// How long and for how many sessions NewTurns remembers what took their
	// place, all visitors together and each of them; a few hundred bytes each.
	replacedTTL         = time.Hour
	maxReplaced         = 100_000
	maxReplacedAVisitor = 256
)

// NewTurns returns the Turns of one process. Calls pass in order of arrival; at
// most 64 of a visitor wait. A replaced session is remembered for an hour, and
// no more than 100,000 are, 256 of one visitor.
func NewTurns() Turns {
	return &localTurns{visitors: map[centra.Session]*visitor{}, replaced: list.New()}
}

// localTurns knows a visitor by the session they have now and by those that it
// took the place of. A visitor without either memory or calls under way is
// forgotten at once.
type localTurns struct {
	mu       sync.Mutex
	visitors map[centra.Session]*visitor
	replaced *list.List // of *replacedSession, oldest first
}

type visitor struct {
	session  centra.Session // the newest
	holder   *localTurn     // whose turn it is, if anybody's
	waiting  []*localTurn
	replaced []*list.Element // this visitor's, oldest first
}

type replacedSession struct {
	session centra.Session
	visitor *visitor
	until   time.Time
}

// Format prints no session, whatever the verb; nor does that of a turn.
func (*localTurns) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "the visitors' turns") }

type localTurn struct {
	turns   *localTurns
	visitor *visitor
	ready   chan struct{} // closed when the turn has come; nil where it was free
	done    bool
}

func (*localTurn) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "a visitor's turn") }

func (t *localTurns) Take(ctx context.Context, s centra.Session) (Turn, error) {
	if err := ctx.Err(); err != nil {
		return nil, waitError(err)
	}
	turn, err := t.enter(s)
	if err != nil {
		return nil, err
	}
	if turn.ready == nil {
		return turn, nil
	}
	select {
	case <-turn.ready:
		return turn, nil
	case <-ctx.Done():
		turn.leave()
		return nil, waitError(ctx.Err())
	}
}

func waitError(err error) error {
	return fmt.Errorf("session: waiting for the visitor's earlier calls: %w", err)
}

// takeFree takes the turn if it is free, and returns nil if it is not.
func (t *localTurns) takeFree(s centra.Session) *localTurn {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.hold(t.visitor(s))
}

// hold gives the turn to a new call, if it is free: then nobody waits for it.
func (t *localTurns) hold(v *visitor) *localTurn {
	if v.holder != nil {
		return nil
	}
	v.holder = &localTurn{turns: t, visitor: v}
	return v.holder
}

func (t *localTurns) enter(s centra.Session) (*localTurn, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	v := t.visitor(s)
	if turn := t.hold(v); turn != nil {
		return turn, nil
	}
	if len(v.waiting) >= maxWaiting {
		return nil, ErrBusy
	}
	turn := &localTurn{turns: t, visitor: v, ready: make(chan struct{})}
	v.waiting = append(v.waiting, turn)
	return turn, nil
}

func (t *localTurns) visitor(s centra.Session) *visitor {
	t.forgetOld()
	v := t.visitors[s]
	if v == nil {
		v = &visitor{session: s}
		t.visitors[s] = v
	}
	return v
}

// callNext gives the turn to whoever waits longest, if it is free.
func (t *localTurns) callNext(v *visitor) {
	switch {
	case v.holder != nil:
	case len(v.waiting) > 0:
		v.holder = v.waiting[0]
		v.waiting = slices.Delete(v.waiting, 0, 1)
		close(v.holder.ready)
	case len(v.replaced) == 0:
		delete(t.visitors, v.session)
	}
}

func (t *localTurn) Session() centra.Session {
	t.turns.mu.Lock()
	defer t.turns.mu.Unlock()
	return t.visitor.session
}

func (t *localTurn) Done(now centra.Session) {
	t.turns.mu.Lock()
	defer t.turns.mu.Unlock()
	if t.done {
		return
	}
	t.done = true
	t.visitor.holder = nil
	if now != "" && now != t.visitor.session {
		t.turns.replace(t.visitor, now)
	}
	t.turns.callNext(t.visitor)
}

// leave gives up a turn that was waited for.
func (t *localTurn) leave() {
	t.turns.mu.Lock()
	if i := slices.Index(t.visitor.waiting, t); i >= 0 {
		t.visitor.waiting = slices.Delete(t.visitor.waiting, i, i+1)
		t.turns.mu.Unlock()
		return
	}
	t.turns.mu.Unlock()
	t.Done("") // it came at that moment
}

// replace makes now the visitor's session and remembers the one before.
func (t *localTurns) replace(v *visitor, now centra.Session) {
	if other := t.visitors[now]; other != nil && other != v {
		now = other.session // which may have been replaced in its turn
		t.merge(v, other)
	}
	v.replaced = slices.DeleteFunc(v.replaced, func(e *list.Element) bool {
		again := e.Value.(*replacedSession).session == now
		if again {
			t.replaced.Remove(e)
		}
		return again
	})
	old := &replacedSession{session: v.session, visitor: v, until: time.Now().Add(replacedTTL)}
	v.replaced = append(v.replaced, t.replaced.PushBack(old))
	v.session = now
	t.visitors[now] = v
	if len(v.replaced) > maxReplacedAVisitor {
		t.forget(v.replaced[0])
	}
	t.forgetOld()
}

// merge makes one visitor of two, of whom it was not known that they are the
// same: another request brought the new session first. v's calls go first.
func (t *localTurns) merge(v, other *visitor) {
	for _, e := range other.replaced {
		old := e.Value.(*replacedSession)
		old.visitor = v
		t.visitors[old.session] = v
	}
	v.replaced = append(other.replaced, v.replaced...)
	v.waiting = append(v.waiting, other.waiting...)
	for _, turn := range other.waiting {
		turn.visitor = v
	}
	if v.holder = other.holder; v.holder != nil {
		v.holder.visitor = v
	}
}

// forgetOld drops what is remembered for too long, or is too much.
func (t *localTurns) forgetOld() {
	now := time.Now()
	for e := t.replaced.Front(); e != nil; e = t.replaced.Front() {
		if t.replaced.Len() <= maxReplaced && now.Before(e.Value.(*replacedSession).until) {
			return
		}
		t.forget(e)
	}
}

func (t *localTurns) forget(e *list.Element) {
	old := t.replaced.Remove(e).(*replacedSession)
	v := old.visitor
	v.replaced = slices.DeleteFunc(v.replaced, func(other *list.Element) bool { return other == e })
	delete(t.visitors, old.session)
	if v.holder == nil && len(v.waiting) == 0 && len(v.replaced) == 0 {
		delete(t.visitors, v.session)
	}
}
