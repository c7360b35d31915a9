package checkoutscript

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/centra-go/cartabandonment/centra"
)

// ErrBusy says that 64 events of the same session wait already.
var ErrBusy = errors.New("checkoutscript: too many events of this session are waiting")

const (
	maxWaiting = 64

	// A browser that got a new token may have sent events with the old one
	// before. How long such stragglers are helped, and how many tokens are
	// remembered for it, at a few hundred bytes each.
	rotationTTL  = time.Minute
	maxRotations = 10_000
)

// order lets the events of one session pass one at a time, first come first
// served, and knows which token a session has now. Sessions do not wait for each
// other. A session without events takes no memory, but for its last rotations.
type order struct {
	mu        sync.Mutex
	lanes     map[centra.Session]*lane // those with an event under way, by their current token
	rotations map[centra.Session]rotation
	rotated   []rotation // oldest first
}

// lane is a session with an event under way and others behind it.
type lane struct {
	session centra.Session
	waiting []*turn
}

// turn is one event's place in a lane.
type turn struct {
	order *order
	lane  *lane
	ready chan struct{} // closed when the turn has come; nil if it never had to wait
}

// rotation is a token that took the place of another.
type rotation struct {
	from, to centra.Session
	until    time.Time
}

func newOrder() *order {
	return &order{lanes: map[centra.Session]*lane{}, rotations: map[centra.Session]rotation{}}
}

// wait returns when it is the turn of an event of session s, which the caller
// must end. It fails with [ErrBusy] or the error of the context.
func (o *order) wait(ctx context.Context, s centra.Session) (*turn, error) {
	t, err := o.enter(s)
	if err != nil || t.ready == nil {
		return t, err
	}
	select {
	case <-t.ready:
		return t, nil
	case <-ctx.Done():
		t.leave()
		return nil, fmt.Errorf("checkoutscript: waiting for the session's earlier events: %w", ctx.Err())
	}
}

func (o *order) enter(s centra.Session) (*turn, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	s = o.current(s)
	l, busy := o.lanes[s]
	if !busy {
		l = &lane{session: s}
		o.lanes[s] = l
		return &turn{order: o, lane: l}, nil
	}
	if len(l.waiting) >= maxWaiting {
		return nil, ErrBusy
	}
	t := &turn{order: o, lane: l, ready: make(chan struct{})}
	l.waiting = append(l.waiting, t)
	return t, nil
}

// session is the token to use now. Only whose turn it is may ask.
func (t *turn) session() centra.Session { return t.lane.session }

// leave gives up a turn that was waited for.
func (t *turn) leave() {
	t.order.mu.Lock()
	i := slices.Index(t.lane.waiting, t)
	if i >= 0 {
		t.lane.waiting = slices.Delete(t.lane.waiting, i, i+1)
	}
	t.order.mu.Unlock()
	if i < 0 { // it came at that moment
		t.end()
	}
}

// end lets the next event pass.
func (t *turn) end() {
	o, l := t.order, t.lane
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.lanes[l.session] != l: // became part of another lane
	case len(l.waiting) == 0:
		delete(o.lanes, l.session)
	default:
		close(l.waiting[0].ready)
		l.waiting = slices.Delete(l.waiting, 0, 1)
	}
}

// rotate gives the session a new token, for the events that wait too.
func (t *turn) rotate(to centra.Session) {
	o, l := t.order, t.lane
	o.mu.Lock()
	defer o.mu.Unlock()
	from := l.session
	if to == from {
		return
	}
	o.remember(rotation{from: from, to: to, until: time.Now().Add(rotationTTL)})
	delete(o.lanes, from)
	other, ok := o.lanes[to]
	if !ok {
		l.session = to
		o.lanes[to] = l
		return
	}
	// The browser knew the new token first: from here on it is one session.
	for _, waiting := range l.waiting {
		waiting.lane = other
	}
	other.waiting = append(other.waiting, l.waiting...)
	l.waiting = nil
}

func (o *order) remember(r rotation) {
	now := time.Now()
	for len(o.rotated) > 0 && (len(o.rotated) >= maxRotations || o.rotated[0].until.Before(now)) {
		if oldest := o.rotated[0]; o.rotations[oldest.from] == oldest {
			delete(o.rotations, oldest.from)
		}
		o.rotated = o.rotated[1:]
	}
	delete(o.rotations, r.to) // it is the current one now, so no chain is a circle
	o.rotations[r.from] = r
	o.rotated = append(o.rotated, r)
}

// current follows the rotations of a token.
func (o *order) current(s centra.Session) centra.Session {
	for {
		r, ok := o.rotations[s]
		if !ok || r.until.Before(time.Now()) {
			return s
		}
		s = r.to
	}
}
