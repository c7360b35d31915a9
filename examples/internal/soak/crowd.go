package main

import (
	"context"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"
)

// crowd is all visitors of a run.
type crowd struct {
	options
	centra    *upstream
	shop      string // its URL
	seed      uint64
	transport *http.Transport
	tally     *tally

	mu     sync.Mutex
	ledger []entry
}

// entry is what a cart must hold at the very end.
type entry struct {
	selection string
	emails    []string // the last capture that was answered 2xx, or what came after it
}

func newCrowd(o options, centra *upstream, shop string, seed uint64) *crowd {
	return &crowd{
		options: o, centra: centra, shop: shop, seed: seed, tally: newTally(),
		transport: &http.Transport{MaxIdleConnsPerHost: 4 * o.visitors, DisableCompression: true},
	}
}

// walk has the visitors shop for a while. What is under way by then is finished.
func (c *crowd) walk(ctx context.Context, d time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	var visitors sync.WaitGroup
	for i := range c.visitors {
		visitors.Go(func() {
			v := visitor{crowd: c, number: i, rng: rand.New(rand.NewPCG(c.seed, uint64(i)))}
			v.think(ctx) // they do not come all at once
			for ctx.Err() == nil {
				v.shopOnce(ctx)
			}
		})
	}
	visitors.Wait()
}

// leave closes the visitors' connections.
func (c *crowd) leave() { c.transport.CloseIdleConnections() }

func (c *crowd) remember(e entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ledger = append(c.ledger, e)
}

// checkLedger looks at every cart once more: an update that Centra got late must
// not have taken the place of a newer one.
func (c *crowd) checkLedger() {
	for _, e := range c.ledger {
		if !c.holds(e) {
			c.tally.found(lostCapture, "a cart changed after its shopper had left")
		}
	}
}

// holds reports whether Centra knows one of the addresses and may remind.
func (c *crowd) holds(e entry) bool {
	cart := c.centra.Cart(e.selection)
	return slices.Contains(e.emails, cart.Email) && cart.CartAbandonmentEmail == true
}
