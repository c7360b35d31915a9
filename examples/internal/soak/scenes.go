package main

import (
	"context"
	"math/rand/v2"
	"time"
)

// scene is one step of a trip: things that a visitor does side by side.
type scene struct {
	weight int
	play   func(t *trip, ctx context.Context)
}

var scenes = []scene{
	{6, (*trip).leaveAddress},
	{2, (*trip).burst},
	{4, (*trip).neighbours},
	{3, (*trip).itemsBesideEvents},
	{2, (*trip).doubleClicks},
	{2, (*trip).twoTabs},
	{2, (*trip).changeMind},
	{3, (*trip).goAway},
	{1, (*trip).openOwnLink},
}

func (t *trip) anyScene() scene {
	total := 0
	for _, s := range scenes {
		total += s.weight
	}
	n := t.rng.IntN(total)
	for _, s := range scenes {
		if n -= s.weight; n < 0 {
			return s
		}
	}
	return scenes[0]
}

// leaveAddress is a shopper who fills in the checkout and does nothing else.
func (t *trip) leaveAddress(ctx context.Context) {
	t.together(ctx, t.capture())
}

// burst is a widget that fires several events at once.
func (t *trip) burst(ctx context.Context) {
	t.together(ctx, t.event(), t.event(), t.event())
}

// neighbours are the pages that a browser loads while a widget talks.
func (t *trip) neighbours(ctx context.Context) {
	t.together(ctx, t.event(), t.page(checkoutPage, "/checkout"), t.event(), t.cartJSON(), t.anyPage())
}

func (t *trip) itemsBesideEvents(ctx context.Context) {
	t.together(ctx, t.addItem(), t.event(), t.setQuantity(), t.anyPage(), t.addItem())
}

// doubleClicks are an impatient shopper's: each is done twice.
func (t *trip) doubleClicks(ctx context.Context) {
	switch t.rng.IntN(3) {
	case 0:
		add := t.addItem()
		t.together(ctx, add, add)
	case 1:
		change := t.setQuantity()
		t.together(ctx, change, change, t.anyPage())
	default:
		t.together(ctx, t.captureBy(checkoutForm), t.captureBy(checkoutForm))
	}
}

// twoTabs are of one browser: each goes its own way with the same cookies.
func (t *trip) twoTabs(ctx context.Context) {
	t.together(ctx,
		inOrder(t.page(checkoutPage, "/checkout"), t.event(), t.cartJSON(), t.capture()),
		inOrder(t.page(homePage, "/"), t.addItem(), t.anyPage(), t.event()),
	)
}

// changeMind is a shopper who declines the reminder, or one who had declined it and
// wants it after all.
func (t *trip) changeMind(ctx context.Context) {
	t.together(ctx, t.decide(t.declined()), t.event(), t.addItem(), t.anyPage())
}

// goAway is a browser that does not wait for what it asked for.
func (t *trip) goAway(ctx context.Context) {
	soon, leave := context.WithCancel(ctx)
	time.AfterFunc(rand.N(200*time.Millisecond), leave)
	acts := []act{t.anyPage(), t.event(), t.addItem(), t.setQuantity()}
	t.rng.Shuffle(len(acts), func(i, j int) { acts[i], acts[j] = acts[j], acts[i] })
	left := acts[:1+t.rng.IntN(3)]
	for i, do := range left {
		left[i] = func(context.Context) { do(soon) }
	}
	t.together(ctx, left...)
	// What is under way in the shop goes on: whatever the visitor does next, it has
	// to come after that.
	t.together(ctx, t.event(), t.anyPage())
}
