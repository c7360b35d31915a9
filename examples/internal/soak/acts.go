package main

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// act is something that a visitor does: one request, or several in order. It ends
// early with ctx, and the visitor never sees what came of it. Acts are made before
// any of a step is done, so that the same seed makes the same ones.
type act func(ctx context.Context)

// nearly is how far apart things are that are done at once.
const nearly = 20 * time.Millisecond

const formType = "application/x-www-form-urlencoded"

// inOrder does one thing after the other, as in a tab of its own.
func inOrder(acts ...act) act {
	return func(ctx context.Context) {
		for _, do := range acts {
			do(ctx)
		}
	}
}

// anyPage is one of those that read the cart.
func (t *trip) anyPage() act {
	switch t.rng.IntN(3) {
	case 0:
		return t.cartJSON()
	case 1:
		return t.page(homePage, "/")
	default:
		return t.page(checkoutPage, "/checkout")
	}
}

// page opens one for people. It is served whether Centra is there or not.
func (t *trip) page(e endpoint, path string) act {
	return func(ctx context.Context) {
		a := t.send(ctx, sending{endpoint: e, method: "GET", path: path})
		if !a.served(http.StatusOK) {
			return
		}
		_, owners := emailsIn(string(a.body))
		for _, o := range owners {
			if o != t.owner {
				t.tally.found(astray, "an address, shown by "+string(e))
			}
		}
	}
}

// cartJSON is what a page's script asks for. It may show less than there will be in
// a moment, never less than there was.
func (t *trip) cartJSON() act {
	return func(ctx context.Context) {
		t.mu.Lock()
		least := t.want.least
		t.mu.Unlock()
		a := t.send(ctx, sending{endpoint: cartJSON, method: "GET", path: "/cart.json"})
		items, ok := t.shown(a)
		if !ok || t.lost() {
			return
		}
		for _, i := range items {
			if i.Item == t.item(added) {
				least -= i.Quantity
			}
		}
		if least > 0 {
			t.tally.found(lostCart, "GET /cart.json beside others, while Centra "+string(t.centra.now()))
		}
	}
}

// addItem puts one more of the item into the cart.
func (t *trip) addItem() act {
	return func(ctx context.Context) {
		a := t.send(ctx, sending{endpoint: postItem, method: "POST", path: "/cart/items/" + t.item(added)})
		ok := a.served(http.StatusSeeOther, t.others(a)...)
		t.mu.Lock()
		defer t.mu.Unlock()
		t.want.most++
		if ok && !t.lost() { // or it may be in another cart
			t.want.least++
		}
	}
}

// addOther puts the item into the cart whose number changes later.
func (t *trip) addOther() act {
	return func(ctx context.Context) {
		a := t.send(ctx, sending{endpoint: postItem, method: "POST", path: "/cart/items/" + t.item(changed)})
		t.changes(a, 1)
	}
}

// setQuantity changes its number, if the visitor has seen its line.
func (t *trip) setQuantity() act {
	quantity := 1 + t.rng.IntN(9)
	return func(ctx context.Context) {
		t.mu.Lock()
		line := t.line
		t.mu.Unlock()
		if line == "" {
			return
		}
		a := t.send(ctx, sending{
			endpoint: postLine, method: "POST", path: "/cart/lines/" + line,
			contentType: formType, body: url.Values{"quantity": {strconv.Itoa(quantity)}}.Encode(),
		})
		t.changes(a, quantity)
	}
}

func (t *trip) changes(a *answer, quantity int) {
	ok := a.served(http.StatusSeeOther, t.others(a)...)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.step.quantities = append(t.step.quantities, tried{quantity, ok && !t.lost()})
	if a.left {
		t.want.lateQuantities = append(t.want.lateQuantities, quantity)
	}
}

// decide answers the question about the reminder. The page's script keeps the answer
// in the browser before it posts it, so whatever is sent from then on says the same.
func (t *trip) decide(yes bool) act {
	answer, decided := "no", withdrawn
	if yes {
		answer, decided = "yes", given
	}
	t.said.Store(!yes)
	t.browser.setCookie(reminderCookie, answer)
	return func(ctx context.Context) {
		a := t.send(ctx, sending{
			endpoint: postReminder, method: "POST", path: "/reminder",
			contentType: formType, body: url.Values{"reminder": {answer}}.Encode(),
		})
		if a.served(http.StatusSeeOther, t.others(a)...) && a.hadSession && !t.lost() {
			t.mu.Lock()
			t.step.decided = decided
			t.mu.Unlock()
		}
	}
}
