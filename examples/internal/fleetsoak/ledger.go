package main

import (
	"net/http"
	"sync"
	"time"
)

// entry is a visit: what became of the cart, and of each address.
type entry struct {
	cart         string
	began, ended time.Time

	mu        sync.Mutex
	captures  []*capture
	items     int // at first, and what was added for sure
	uncertain int // added perhaps
	lost      loss
	ordered   time.Time
}

// leave notes an address before it is sent.
func (e *entry) leave(email string) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.captures = append(e.captures, &capture{email: email, began: time.Now()})
	return email
}

// left notes what became of it.
func (e *entry) left(email string, c capture) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, known := range e.captures {
		if known.email == email {
			*known = c
		}
	}
}

func (e *entry) added(ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if ok {
		e.items++
	} else {
		e.uncertain++
	}
}

// ledger is all visits.
type ledger struct {
	mu      sync.Mutex
	entries []*entry
	example string // of a loss for no reason: when what was seen, without a token or an ID
}

// explain notes what is known of the first loss for no reason.
func (l *ledger) explain(example string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.example == "" {
		l.example = example
	}
}

func (l *ledger) add(e *entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = append(l.entries, e)
}

// loss says why a cart was lost to its visitor.
type loss string

const (
	kept        loss = ""
	withKilled  loss = "taken along by a process that was killed"
	alone       loss = "while turns were not shared"
	unexplained loss = "for no reason"
)

// causeOf a loss: the cart's newest token went to a process that was killed before
// it could tell, or at a time when only that process could know it.
func (c *crowd) causeOf(e *entry) loss {
	last := c.centra.trace.lastIssue(e.cart)
	p := c.fleet[last.process]
	switch now := time.Now(); {
	case c.alone(e.began, now):
		return alone
	case p.killedWithin(last.at.Add(-100*time.Millisecond), last.at.Add(time.Second)):
		return withKilled
	}
	return unexplained
}

// fates are what became of the addresses that were accepted.
type fates struct {
	delivered   int // answered 200
	queued      int // answered 202
	reached     int // their cart
	replaced    int // by a newer address of the same visitor, before they were sent
	pointless   int // the cart was ordered or lost first
	never       int
	overwritten int           // was in the cart, and an older one took its place
	unordered   int           // not the last in its cart, since turns were not shared or Redis had forgotten
	false200    int           // answered 200 and not there then
	late        time.Duration // the last to arrive, after Centra was back
	itemsWrong  int           // carts without an item that was answered for, or with one twice
}

// audit looks at every cart once all is over. back is when Centra was back, calm
// when the last thing that failed was well again.
func (c *crowd) audit(back, calm time.Time) (f fates, lost map[loss]int) {
	lost = make(map[loss]int)
	for _, e := range c.ledger.entries {
		if e.lost != kept {
			lost[e.lost]++
		}
		c.auditEntry(e, back, calm, &f)
	}
	return f, lost
}

func (c *crowd) auditEntry(e *entry, back, calm time.Time, f *fates) {
	cart := c.centra.Cart(e.cart)
	if n := total(cart); e.lost == kept && (n < e.items || n > e.items+e.uncertain) && !c.alone(e.began, e.ended) {
		f.itemsWrong++
	}
	var held *capture
	for _, x := range e.captures {
		if x.email == cart.OptedIn {
			held = x
		}
	}
	for _, x := range e.captures {
		switch {
		case x.accepted():
			c.auditCapture(e, x, held, back, calm, f)
		case x.status == http.StatusNotFound && e.lost == kept && !c.alone(x.began, x.end):
			c.tally.found(wrongAnswer, "an event for a living cart: 404")
		}
	}
}

func (c *crowd) auditCapture(e *entry, x, held *capture, back, calm time.Time, f *fates) {
	at := c.centra.trace.arrivedAt(e.cart, x.email)
	if x.status == http.StatusOK {
		f.delivered++
		if (at.IsZero() || at.After(x.end)) && e.lost == kept {
			f.false200++
		}
	} else {
		f.queued++
		if !at.IsZero() {
			f.late = max(f.late, at.Sub(later(x.end, back)))
		}
	}
	// Who leaves is noticed a moment later.
	older := held != nil && held.end.Add(100*time.Millisecond).Before(x.began)
	// Which address is newer, and which session took the place of the one that waits,
	// Redis may have forgotten until it arrived.
	unordered := older && c.alone(held.began, later(at, calm))
	switch {
	case !at.IsZero():
		f.reached++
		if older && !unordered {
			f.overwritten++
		}
	case !e.ordered.IsZero() || e.lost != kept:
		f.pointless++
		return
	case held != nil && !older:
		f.replaced++
	case held == nil && c.alone(x.began, calm):
		unordered = true
	case !unordered:
		f.never++
	}
	if unordered {
		f.unordered++
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
