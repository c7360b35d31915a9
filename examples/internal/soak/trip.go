package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
)

// trip is one walk through the shop, from the first item to the recovered cart. It
// knows what must be in the cart, as far as the shop's answers tell.
type trip struct {
	*crowd
	owner
	rng     *rand.Rand
	browser *browser
	said    atomic.Bool // whether the visitor declines the reminder now
	losses  int         // that the owner has had before

	mu        sync.Mutex // a step's requests are made side by side
	typed     int        // addresses so far
	selection string     // the cart; empty until it is known
	line      string     // of the item whose number changes
	want      wanted
	step      step
	astray    bool // something was found; once is enough
}

func (c *crowd) newTrip(o owner, rng *rand.Rand) *trip {
	t := &trip{crowd: c, owner: o, rng: rng, want: wanted{quantities: []int{0}}, losses: c.witness.losses(o)}
	t.browser = c.newBrowser("")
	return t
}

func (t *trip) declined() bool { return t.said.Load() }

// lost reports whether a cart of the visitor's is out of reach by no fault of the
// shop's. What was in it must still be there.
func (t *trip) lost() bool { return t.witness.losses(t.owner) > t.losses }

// over reports whether there is no more to learn from the trip.
func (t *trip) over(ctx context.Context) bool {
	return ctx.Err() != nil || t.astray || t.lost()
}

// walk is the whole trip. It ends early with ctx, but not in the middle of a step.
func (t *trip) walk(walking context.Context) {
	ctx := context.WithoutCancel(walking)
	for !t.begin(ctx) {
		if t.over(walking) {
			return
		}
		think(walking, t.rng)
	}
	for range 2 + t.rng.IntN(5) {
		if t.over(walking) {
			break // what this browser sends from now on is another cart's
		}
		t.anyScene().play(t, ctx)
		think(walking, t.rng)
	}
	t.abandon()
	if walking.Err() != nil || t.astray || t.selection == "" {
		return
	}
	if !t.recover(ctx) {
		return
	}
	if !t.over(walking) {
		t.anyScene().play(t, ctx)
	}
	if !t.over(walking) && t.rng.IntN(4) == 0 {
		t.openElsewhere(ctx)
	}
}

// begin puts the first things into the cart, and reports whether there is one.
// Most visitors do so through the shop, beside whatever its pages do meanwhile.
// For the others it is done behind its back, so that there are carts to abandon
// also while Centra is down.
func (t *trip) begin(ctx context.Context) bool {
	switch t.rng.IntN(6) {
	case 0, 1:
		session, selection := t.witness.fill(t.owner, t.item(added), t.item(changed))
		t.browser = t.newBrowser(session)
		t.selection = selection
		t.want.least, t.want.most, t.want.quantities = 1, 1, []int{1}
		t.look(ctx)
		return true
	case 2:
		t.clickTwice(ctx)
	default:
		t.together(ctx, t.addItem(), t.event(), t.anyPage())
	}
	if t.want.least == 0 {
		return false // whose click has failed clicks again
	}
	t.together(ctx, t.addOther(), t.event())
	return true
}

// clickTwice is a double click on the first item. Without a session nobody can tell
// that the two are one visitor's: each starts a cart, and the browser keeps the one
// whose answer comes last, be it the one of a click that failed.
func (t *trip) clickTwice(ctx context.Context) {
	before := t.want.least
	together(ctx, t.addItem(), t.addItem())
	switch t.want.least - before {
	case 2:
		t.want.least--
		t.tally.note(inVain)
	case 1:
		t.want.least--
	}
	t.settle(ctx)
}

// abandon is the end of what the first browser does.
func (t *trip) abandon() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.selection == "" {
		return
	}
	if t.lost() {
		t.want.emails, t.want.consent = nil, unknown
		return
	}
	if t.api != "shop" && t.centra.Cart(t.selection).Lost() {
		t.tally.found(lostCart, "no session leads to it, while Centra "+string(t.centra.now()))
	}
	t.checkOneAtATime()
}

// checkOneAtATime is for a cart that one browser has had so far. Two have two
// sessions, and do not wait for each other.
func (t *trip) checkOneAtATime() {
	if t.centra.MaxConcurrent(t.selection) <= 1 {
		return
	}
	if t.witness.gaveUp(t.selection) { // and Centra has noticed that late
		t.tally.note(lateEnd)
		return
	}
	t.tally.found(crowded, "while Centra "+string(t.centra.now()))
}

// end throws the browsers away. What is in the cart is compared once more at the
// end of the run.
func (t *trip) end() {
	if t.selection == "" {
		return
	}
	t.witness.throwAway(t.selection)
	if !t.astray {
		t.remember(t)
	}
}

// together has several things done at once, or nearly, and looks at what came of
// them.
func (t *trip) together(ctx context.Context, acts ...act) {
	together(ctx, acts...)
	t.settle(ctx)
}

func together(ctx context.Context, acts ...act) {
	var all sync.WaitGroup
	for _, do := range acts {
		all.Go(func() {
			pause(ctx, rand.N(nearly))
			do(ctx)
		})
	}
	all.Wait()
}

// settle is what comes of a step: what the cart must hold from now on, and whether
// it does.
func (t *trip) settle(ctx context.Context) {
	t.mu.Lock()
	for _, c := range t.step.captures {
		if c.ok && !t.witness.landedAtHome(c) {
			t.tally.found(lostCapture, fmt.Sprintf("%s while Centra %s", c.endpoint, t.centra.now()))
			t.astray = true
		}
	}
	t.want.settle(t.step)
	t.step = step{}
	t.mu.Unlock()
	t.look(ctx)
}
