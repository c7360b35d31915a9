package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/centra-go/cartabandonment/centra/centratest"
)

// crowd is all visitors of a run.
type crowd struct {
	*machine
	visitors  int
	seed      uint64
	think     time.Duration // at most, between two actions
	transport *http.Transport
	tally     *tally
	ledger    ledger
	strain    *strain
}

func newCrowd(m *machine, visitors int, seed uint64, think time.Duration) *crowd {
	return &crowd{
		machine: m, visitors: visitors, seed: seed, think: think, tally: newTally(), strain: new(strain),
		transport: &http.Transport{MaxIdleConnsPerHost: 4 * visitors, DisableCompression: true},
	}
}

// walk has the visitors shop until ctx ends, and waits for them to leave.
func (c *crowd) walk(ctx context.Context) {
	var all sync.WaitGroup
	for i := range c.visitors {
		all.Go(func() {
			v := &visitor{crowd: c, number: i, rng: rand.New(rand.NewPCG(c.seed, uint64(i)))}
			v.pause(ctx) // they do not come all at once
			for ctx.Err() == nil {
				v.visit(ctx)
			}
		})
	}
	all.Wait()
	c.transport.CloseIdleConnections()
}

// visitor shops again and again, each time as somebody else.
type visitor struct {
	*crowd
	number int
	rng    *rand.Rand
	typed  int // addresses so far
}

func (v *visitor) pause(ctx context.Context) {
	pause(ctx, time.Duration(v.rng.Int64N(int64(v.think))))
}

// visit fills a cart, does at the checkout what shoppers do, and ends by paying, by
// opening the cart link in another browser, or by leaving.
func (v *visitor) visit(ctx context.Context) {
	items := []string{"1-1", "2-1"}[:1+v.rng.IntN(2)]
	// Behind the shop's back, so that there are carts to abandon also while Centra
	// is away.
	session, selection := v.centra.NewCart(items...)
	b := v.newBrowser(session)
	e := &entry{cart: selection, began: time.Now(), items: len(items)}
	defer func() {
		e.ended = time.Now()
		v.ledger.add(e)
	}()
	b.request(context.Background(), checkout, "/checkout", http.StatusOK, unwell...)
	// Who is at the checkout while Centra is away stays until it is back.
	for acts := 4 + v.rng.IntN(6); ctx.Err() == nil && (acts > 0 || v.centra.now() != working); acts-- {
		v.act(b, e)
		v.pause(ctx)
	}
	if !v.see(b, e) {
		return
	}
	switch v.rng.IntN(4) {
	case 0:
		v.payTwice(b, e)
	case 1, 2:
		v.recover(e)
	}
}

// act does one thing, or several at once.
func (v *visitor) act(b *browser, e *entry) {
	ctx := context.Background()
	var all sync.WaitGroup
	defer all.Wait()
	page := func() { all.Go(func() { b.request(ctx, checkout, "/checkout", http.StatusOK, unwell...) }) }
	event := func() {
		c := e.leave(v.address())
		all.Go(func() { e.left(c, b.event(ctx, c)) })
	}
	switch n := v.rng.IntN(20); {
	case n < 8:
		event()
	case n < 11: // a burst beside a page
		event()
		page()
		event()
		event()
	case n < 13: // two tabs
		page()
		event()
		page()
	case n < 16:
		all.Go(func() {
			a := b.request(ctx, addItem, "/cart/items/1-1", http.StatusSeeOther, unwell...)
			e.added(a.status == http.StatusSeeOther)
		})
	case n < 18:
		all.Go(func() { b.request(ctx, cartJSON, "/cart.json", http.StatusOK, unwell...) })
	default: // the browser leaves before it has its answer
		leaving, leave := context.WithTimeout(ctx, time.Duration(1+v.rng.IntN(30))*time.Millisecond)
		defer leave()
		c := e.leave(v.address())
		e.left(c, b.event(leaving, c))
	}
}

func (v *visitor) address() string {
	v.typed++
	return fmt.Sprintf("v%d-%d%s", v.number, v.typed, mailDomain)
}

// see looks at the cart until the shop can show it, and reports whether it is still
// the visitor's.
func (v *visitor) see(b *browser, e *entry) bool {
	for end := time.Now().Add(3 * time.Minute); time.Now().Before(end); pause(context.Background(), time.Second) {
		a := b.request(context.Background(), cartJSON, "/cart.json", http.StatusOK, unwell...)
		if a.status != http.StatusOK {
			continue
		}
		theirs, shown, held := v.centra.SelectionOf(b.session()) == e.cart, quantity(a.body), total(v.centra.Cart(e.cart))
		if theirs && shown == held {
			return true
		}
		if e.lost = v.causeOf(e); e.lost == unexplained {
			last := v.centra.trace.lastIssue(e.cart)
			v.ledger.explain(fmt.Sprintf("the session is the cart's: %t; %d of %d items shown; newest token to process %d at %s, seen at %s",
				theirs, shown, held, last.process, last.at.Format("15:04:05.000"), time.Now().Format("15:04:05.000")))
		}
		return false
	}
	v.tally.found(wrongAnswer, "the shop did not recover within three minutes")
	return false
}

func quantity(cart []byte) (n int) {
	var shown struct{ Items []struct{ Quantity int } }
	if json.Unmarshal(cart, &shown) != nil {
		return -1
	}
	for _, i := range shown.Items {
		n += i.Quantity
	}
	return n
}

func total(c centratest.Cart) (n int) {
	for _, i := range c.Items {
		n += i.Quantity
	}
	return n
}

// payTwice is a double click.
func (v *visitor) payTwice(b *browser, e *entry) {
	var clicks sync.WaitGroup
	for range 2 {
		clicks.Go(func() {
			a := b.send(context.Background(), pay, "/pay", "", "")
			v.tally.add(a, a.status == http.StatusOK, fmt.Sprint(a.status))
		})
	}
	clicks.Wait()
	e.ordered = time.Now()
	if v.centra.Cart(e.cart).Order == "" {
		e.ordered = time.Time{}
	}
}

// recover opens the cart link as a click in a mail does: in another browser, and
// once more by a double click.
func (v *visitor) recover(e *entry) {
	other := v.newBrowser("")
	var clicks sync.WaitGroup
	var answers [2]answer
	for i := range answers {
		clicks.Go(func() {
			answers[i] = other.request(context.Background(), cartLink, "/abandoned-cart/"+e.cart+"?utm_source=mail",
				http.StatusSeeOther, append(unwell, http.StatusOK)...) // 200 asks
		})
	}
	clicks.Wait()
	for _, a := range answers {
		if a.status == http.StatusSeeOther && a.location != "/checkout?utm_source=mail" {
			v.tally.found(deadLink, a.location)
		}
	}
}
