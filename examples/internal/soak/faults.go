package main

import (
	"context"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"github.com/centra-go/cartabandonment/centra/centratest"
)

// weightedFault is a fault in place of Centra's answer, or what happens to the
// answer on its way.
type weightedFault struct {
	weight int
	fault  centratest.Fault
	loss   loss
}

// faults are what goes wrong on an ordinary bad day, each as often as its
// weight. None of them says that a cart is gone or a field wrong, so no page may
// say so.
//
// An error with a status is Centra's own, and brings a new token as every answer
// does. What comes from elsewhere, or never comes, leaves the session alone, for
// nothing was carried out. Only the last two lose a token that Centra has given out.
var faults = []weightedFault{
	{6, centratest.StatusFault(http.StatusInternalServerError, map[string]string{"request": "failed"}), arrives},
	{10, centratest.StatusFault(http.StatusServiceUnavailable, nil), arrives},
	{4, centratest.RetryAfterFault(http.StatusServiceUnavailable, "1"), arrives},
	{4, centratest.RetryAfterFault(http.StatusTooManyRequests, "1"), arrives},
	{4, centratest.HTMLFault(http.StatusBadGateway), arrives},
	{4, centratest.HTMLFault(http.StatusOK), arrives},
	{4, centratest.ListFault(), arrives},
	{4, centratest.TruncatedFault(), arrives},
	{6, centratest.ResetFault(), arrives},
	{2, centratest.HangFault(), arrives},
	{1, centratest.OversizedFault(9 << 20), arrives},
	{4, centratest.Fault{}, cutAtEnd},
	{1, centratest.Fault{}, cut},
	{1, centratest.Fault{}, noAnswer},
}

// faultShare of the requests of an unreliable Centra fail.
const faultShare = 0.07

// misbehave makes Centra unreliable until ctx ends, with the outage in the
// middle, and leaves it working.
func (u *upstream) misbehave(ctx context.Context, o options) {
	rng := rand.New(rand.NewPCG(o.seed, uint64(o.visitors)))
	u.weather(ctx, rng, (o.duration-o.outage)/2)
	if o.outage > 0 {
		u.outage(ctx, o.outage)
	}
	u.weather(ctx, rng, o.duration)
	u.turn(working)
	u.clear()
}

// weather has requests fail now and then and the latency wander.
func (u *upstream) weather(ctx context.Context, rng *rand.Rand, d time.Duration) {
	u.turn(unreliable)
	end := time.Now().Add(d)
	latencies := []time.Duration{0, 0, 5 * time.Millisecond, 50 * time.Millisecond, 300 * time.Millisecond}
	for time.Now().Before(end) && ctx.Err() == nil {
		u.SetLatency(latencies[rng.IntN(len(latencies))])
		pause(ctx, min(time.Duration(50+rng.IntN(150))*time.Millisecond, time.Until(end)))
	}
}

func pickFault(rng *rand.Rand) weightedFault {
	total := 0
	for _, f := range faults {
		total += f.weight
	}
	n := rng.IntN(total)
	i := slices.IndexFunc(faults, func(f weightedFault) bool {
		n -= f.weight
		return n < 0
	})
	return faults[i]
}

// outage shows its three faces, one after the other.
func (u *upstream) outage(ctx context.Context, d time.Duration) {
	u.clear()
	u.turn(unavailable)
	u.SetFault(centratest.StatusFault(http.StatusServiceUnavailable, nil))
	pause(ctx, d/3)

	u.turn(refusing)
	u.refuse()
	pause(ctx, d/3)

	u.turn(silent)
	u.SetFault(centratest.HangFault())
	u.open(ctx)
	pause(ctx, d/3)

	u.refuse() // a Centra that starts again has forgotten its connections
	u.clear()
	u.open(ctx)
}

func (u *upstream) clear() {
	u.ClearFault()
	u.SetLatency(0)
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
