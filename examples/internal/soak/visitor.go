package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/centra-go/cartabandonment/centra/centratest"
)

const (
	mailDomain = "@soak.example"
	maxThink   = time.Second
)

// visitor shops again and again, each time as somebody else.
type visitor struct {
	*crowd
	number int
	rng    *rand.Rand
	typed  int // addresses so far
}

func (v *visitor) think(ctx context.Context) {
	pause(ctx, time.Duration(v.rng.Int64N(int64(maxThink))))
}

// cart is one that a visitor has filled.
type cart struct {
	session, selection string
	items              []centratest.CartItem
}

// newCart fills a cart behind the shop's back, so that there are carts to
// abandon also while Centra is down.
func (v *visitor) newCart() cart {
	var c cart
	var names []string
	for _, p := range v.rng.Perm(len(v.centra.Products()))[:1+v.rng.IntN(3)] {
		names = append(names, v.centra.Products()[p].Item)
	}
	c.session, c.selection = v.centra.NewCart(names...)
	c.items = v.centra.Cart(c.selection).Items
	if v.api == "shop" {
		v.centra.ExpireToken(c.session)
		c.session = c.selection
	}
	return c
}

// shopOnce fills a cart, leaves addresses at the checkout, abandons it and opens
// the link of the mail in another browser.
func (v *visitor) shopOnce(ctx context.Context) {
	own := v.newCart()
	b := v.newBrowser(own.session)
	defer b.close()
	expected := entry{selection: own.selection}
	for range 2 + v.rng.IntN(5) {
		if ctx.Err() != nil || !v.checkOut(b, own, &expected) {
			break // what this browser sends from now on is another cart's
		}
		v.think(ctx)
	}
	if expected.emails != nil {
		v.remember(expected)
	}
	if ctx.Err() != nil {
		return
	}
	v.recover(ctx, own)
	if v.rng.IntN(5) == 0 {
		v.openWithOtherCart(own)
	}
}

// checkOut sends an event, or a burst of them, and looks at what Centra has
// then. It reports whether the browser still has its cart.
func (v *visitor) checkOut(b *browser, own cart, expected *entry) bool {
	captures := make([]capture, 1)
	if burst := v.rng.IntN(10) == 0; burst {
		captures = make([]capture, 3)
	}
	var answers sync.WaitGroup
	for i := range captures {
		v.typed++
		c := &captures[i]
		c.email = fmt.Sprintf("v%d-%d%s", v.number, v.typed, mailDomain)
		c.endpoint = []endpoint{callbackForm, callbackJSON, checkoutForm}[v.rng.IntN(3)]
		c.suspendIgnore = []string{`true`, `"ingrid"`, `0`, `["a"]`, `{"a":{"b":null}}`}[v.rng.IntN(5)]
		answers.Go(func() { c.ok = b.capture(c) })
	}
	answers.Wait()

	ok := 0
	var emails []string
	for _, c := range captures {
		emails = append(emails, c.email)
		if c.ok {
			ok++
		}
	}
	if ok > 0 {
		v.tally.captured(ok)
		// Of a burst nobody knows which came last, nor whether one that failed
		// for the page arrived all the same.
		expected.emails = emails
		if !v.holds(*expected) {
			v.tally.found(lostCapture, fmt.Sprintf("%s while Centra %s", captures[0].endpoint, v.centra.now()))
			expected.emails = nil
		}
	} else if expected.emails != nil {
		expected.emails = append(expected.emails, emails...)
	}
	if len(captures) == 1 && b.selection() != own.selection {
		v.tally.found(lostSession, fmt.Sprintf("%s while Centra %s", captures[0].endpoint, v.centra.now()))
		return false
	}
	return true
}

// recover opens the cart link as a click in a mail does, and once more if Centra
// was away.
func (v *visitor) recover(ctx context.Context, own cart) {
	b := v.newBrowser("")
	defer b.close()
	for range 3 {
		if b.openCartLink(own.selection) == recovered {
			v.tally.recoveredOne()
			v.checkRecovered(b, own)
			if v.rng.IntN(3) == 0 { // the same link again
				if b.openCartLink(own.selection) == recovered {
					v.checkRecovered(b, own)
				}
			}
			return
		}
		if ctx.Err() != nil {
			return
		}
		v.think(ctx)
	}
}

func (v *visitor) checkRecovered(b *browser, own cart) {
	if b.selection() != own.selection || !slices.Equal(v.centra.Cart(own.selection).Items, own.items) {
		v.tally.found(wrongCart, "while Centra "+string(v.centra.now()))
		return
	}
	a := b.send(cartJSON, "GET", "/cart.json", "", "")
	if !a.served(200, 503) {
		return
	}
	var shown struct {
		Items []struct {
			Item     string
			Quantity int
		}
	}
	if err := json.Unmarshal(a.body, &shown); err != nil {
		v.tally.found(wrongAnswer, "GET /cart.json is no JSON")
		return
	}
	var items []centratest.CartItem
	for _, i := range shown.Items {
		items = append(items, centratest.CartItem(i))
	}
	if !slices.Equal(items, own.items) {
		v.tally.found(wrongCartJSON, "while Centra "+string(v.centra.now()))
	}
}

// openWithOtherCart opens the link in a browser with a cart of its own: its
// visitor has to be asked.
func (v *visitor) openWithOtherCart(own cart) {
	other := v.newCart()
	b := v.newBrowser(other.session)
	defer b.close()
	outcome := b.openCartLink(own.selection)
	if outcome == recovered || b.selection() != other.selection {
		v.tally.found(overwritten, "while Centra "+string(v.centra.now()))
	}
}
