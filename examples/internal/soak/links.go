package main

import (
	"context"
	"net/http"
)

// opened is what became of a cart link.
type opened int

const (
	failed opened = iota
	recovered
	asked
)

// openLink opens a cart link as a click in a mail does.
func (b *browser) openLink(ctx context.Context, selection string) opened {
	return b.follow(ctx, selection, sending{endpoint: cartLink, method: "GET", fromMail: true})
}

// confirm presses the button of the page that asks.
func (b *browser) confirm(ctx context.Context, selection string) opened {
	return b.follow(ctx, selection, sending{endpoint: confirmLink, method: "POST"})
}

func (b *browser) follow(ctx context.Context, selection string, s sending) opened {
	s.path = "/abandoned-cart/" + selection + "?utm_source=mail"
	a := b.send(ctx, s)
	switch {
	case a.left:
		a.served(0)
	case a.status == http.StatusSeeOther && a.location == "/checkout?utm_source=mail":
		a.count(true, "")
		return recovered
	case a.status == http.StatusSeeOther:
		a.count(false, "to the dead link's page", http.StatusSeeOther)
		a.tally.found(deadLink, "while Centra "+string(b.centra.now()))
	case a.status == http.StatusOK && a.hadSession && s.method == "GET":
		a.count(true, "")
		return asked
	default:
		a.count(false, "", http.StatusServiceUnavailable)
	}
	return failed
}

// openOwnLink opens the link of the cart that the visitor has already, in the same
// browser and twice, while the shop's pages are open. In the Checkout API nobody
// can tell that it is the same cart, so they may be asked; they have it either way.
func (t *trip) openOwnLink(ctx context.Context) {
	if t.selection == "" {
		return
	}
	open := func(ctx context.Context) { t.browser.openLink(ctx, t.selection) }
	t.together(ctx, open, t.event(), open, t.anyPage())
}

// recover opens the cart link in another browser, with a double click now and
// then, and again if Centra was away. From then on that browser has the cart.
func (t *trip) recover(ctx context.Context) bool {
	t.browser = t.newBrowser("")
	if t.declined() {
		t.said.Store(false) // another browser does not know
		t.want.consent = unknown
	}
	t.line = ""
	var outcomes [2]opened
	for range 3 {
		twice := t.rng.IntN(4) == 0
		acts := []act{func(ctx context.Context) { outcomes[0] = t.browser.openLink(ctx, t.selection) }}
		if twice {
			acts = append(acts, func(ctx context.Context) { outcomes[1] = t.browser.openLink(ctx, t.selection) })
		}
		together(ctx, acts...)
		if outcomes[0] == recovered || outcomes[1] == recovered {
			t.tally.recoveredOne()
			t.witness.reachable(t.selection)
			t.losses = t.witness.losses(t.owner)
			t.settle(ctx)
			return true
		}
		think(ctx, t.rng)
	}
	return false
}

// openElsewhere opens the link in a browser with a cart of its own: its visitor has
// to be asked, however often they click and whatever else they do.
func (t *trip) openElsewhere(ctx context.Context) {
	session, other := t.witness.fill(t.owner, t.item(changed))
	b := t.newBrowser(session)
	defer t.witness.throwAway(other)
	unasked := func(outcome opened) {
		if outcome == recovered && !t.witness.lost(other) {
			t.tally.found(overwritten, "while Centra "+string(t.centra.now()))
		}
	}
	open := func(ctx context.Context) { unasked(b.openLink(ctx, t.selection)) }
	page := func(ctx context.Context) {
		b.send(ctx, sending{endpoint: checkoutPage, method: "GET", path: "/checkout"}).served(http.StatusOK)
	}
	together(ctx, open, page, open)

	a := b.send(ctx, sending{endpoint: cartJSON, method: "GET", path: "/cart.json"})
	if !a.served(http.StatusOK, http.StatusServiceUnavailable) || t.witness.lost(other) {
		return
	}
	if b.selection() != other {
		t.tally.found(overwritten, "afterwards, while Centra "+string(t.centra.now()))
		return
	}
	if t.rng.IntN(2) == 0 && b.confirm(ctx, t.selection) == recovered && b.selection() != t.selection {
		t.tally.found(wrongCart, "with the button, while Centra "+string(t.centra.now()))
	}
}
