package main

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// crowd is all visitors of a run.
type crowd struct {
	options
	centra    *upstream
	witness   *witness
	shop      string // its URL
	seed      uint64
	transport *http.Transport
	tally     *tally

	mu     sync.Mutex
	ledger []*trip
}

func newCrowd(o options, centra *upstream, shop string, seed uint64) *crowd {
	c := &crowd{
		options: o, centra: centra, witness: centra.witness, shop: shop, seed: seed, tally: newTally(),
		transport: &http.Transport{MaxIdleConnsPerHost: 4 * o.visitors, DisableCompression: true},
	}
	c.witness.watch(c.tally)
	return c
}

const maxThink = time.Second

// walk has the visitors shop for a while. What is under way by then is finished.
func (c *crowd) walk(ctx context.Context, d time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	var visitors sync.WaitGroup
	for i := range c.visitors {
		visitors.Go(func() {
			rng := rand.New(rand.NewPCG(c.seed, uint64(i)))
			think(ctx, rng) // they do not come all at once
			for n := 0; ctx.Err() == nil; n++ {
				t := c.newTrip(owner{i, n}, rng)
				t.walk(ctx)
				t.end()
			}
		})
	}
	visitors.Wait()
}

func think(ctx context.Context, rng *rand.Rand) {
	pause(ctx, time.Duration(rng.Int64N(int64(maxThink))))
}

// leave closes the visitors' connections.
func (c *crowd) leave() { c.transport.CloseIdleConnections() }

func (c *crowd) remember(t *trip) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ledger = append(c.ledger, t)
}

// checkLedger looks at every cart once more: an update that Centra got late must
// not have taken the place of a newer one.
func (c *crowd) checkLedger() {
	for _, t := range c.ledger {
		t.checkCart("after its visitor had left")
	}
}
