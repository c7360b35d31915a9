package main

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/centra-go/cartabandonment/centra/centratest"
)

// send has the trip's browser make a request.
func (t *trip) send(ctx context.Context, s sending) *answer {
	t.mu.Lock()
	mayBeEmpty := t.want.least == 0
	t.mu.Unlock()
	a := t.browser.send(ctx, s)
	a.mayBeEmpty = mayBeEmpty || !a.hadSession
	return a
}

// others are the answers that a request may get instead of the one that was hoped
// for: Centra is away, or there is no cart to be reached by no fault of the shop's.
func (t *trip) others(a *answer, more ...int) []int {
	others := append(slices.Clone(away), more...)
	if a.mayBeEmpty || t.lost() {
		others = append(others, http.StatusConflict, http.StatusNotFound, http.StatusUnprocessableEntity)
	}
	return others
}

// look compares the cart as the shop shows it, and as Centra has it, with what the
// visitor was told. Nothing else is under way.
func (t *trip) look(ctx context.Context) {
	a := t.browser.send(ctx, sending{endpoint: cartJSON, method: "GET", path: "/cart.json"})
	if items, ok := t.shown(a); ok && !t.lost() {
		t.find(items)
	}
	t.checkCart("while Centra " + string(t.centra.now()))
}

// find says which cart it is that the visitor has, and whether it is still that one.
func (t *trip) find(items []centratest.CartItem) {
	t.mu.Lock()
	defer t.mu.Unlock()
	wrong := t.want.holds(t.owner, items)
	switch has := t.browser.selection(); {
	case wrong != "":
	case t.selection == "" && len(items) > 0:
		t.selection = has
	case t.selection != "" && has != t.selection:
		wrong = "another cart"
	}
	if wrong != "" {
		t.tally.found(lostCart, wrong+" while Centra "+string(t.centra.now()))
		t.astray = true
	}
}

// shown reads the answer of GET /cart.json, and notes the line whose number can be
// changed.
func (t *trip) shown(a *answer) (items []centratest.CartItem, ok bool) {
	if !a.served(http.StatusOK, http.StatusServiceUnavailable) {
		return nil, false
	}
	var cart struct {
		Items []struct {
			Item, Line string
			Quantity   int
		}
	}
	if err := json.Unmarshal(a.body, &cart); err != nil {
		t.tally.found(wrongAnswer, "GET /cart.json is no JSON")
		return nil, false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, i := range cart.Items {
		items = append(items, centratest.CartItem{Item: i.Item, Quantity: i.Quantity})
		if i.Item == t.item(changed) {
			t.line = i.Line
		}
		if o, found := ownerOfItem(i.Item); !found || !o.same(t.owner) {
			t.tally.found(astray, "an item, shown by "+string(a.endpoint))
		}
	}
	return items, true
}

// checkCart compares the cart in Centra with what must be in it.
func (t *trip) checkCart(when string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.selection == "" {
		return
	}
	cart := t.centra.Cart(t.selection)
	if wrong := t.want.holds(t.owner, cart.Items); wrong != "" {
		t.tally.found(lostItems, wrong+" "+when)
		t.astray = true
	}
	if t.witness.lost(t.selection) {
		return // what was captured since went elsewhere
	}
	if t.want.emails != nil && !slices.Contains(t.want.emails, cart.Email) && !slices.Contains(t.want.lateEmails, cart.Email) {
		t.tally.found(lostCapture, "another one is there "+when)
		t.astray = true
	}
	switch {
	case t.want.consent == given && cart.CartAbandonmentEmail != true:
		t.tally.found(lostCapture, "without the consent "+when)
	case t.want.consent == withdrawn && cart.OptedIn != "":
		if c := t.witness.captureOf(cart.OptedIn); c != nil && !c.saidNo && c.left {
			t.tally.note(overtaken)
			return
		}
		t.tally.found(reminded, when)
	}
}
