package main

import (
	"context"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"github.com/centra-go/cartabandonment/centra/centratest"
)

type weightedFault struct {
	weight int
	fault  centratest.Fault
}

// faults are what goes wrong on an ordinary bad day, each as often as its
// weight. None of them says that a cart is gone or a field wrong, so no page may
// say so.
var faults = []weightedFault{
	{6, centratest.StatusFault(http.StatusInternalServerError, map[string]string{"request": "failed"})},
	{6, centratest.StatusFault(http.StatusServiceUnavailable, nil)},
	{4, centratest.StatusFault(http.StatusServiceUnavailable, nil).Rotating()},
	{4, centratest.RetryAfterFault(http.StatusServiceUnavailable, "1")},
	{4, centratest.RetryAfterFault(http.StatusTooManyRequests, "1")},
	{4, centratest.HTMLFault(http.StatusBadGateway)},
	{4, centratest.HTMLFault(http.StatusOK)},
	{4, centratest.ListFault()},
	{4, centratest.TruncatedFault()},
	{6, centratest.ResetFault()},
	{2, centratest.HangFault()},
	{1, centratest.OversizedFault(9 << 20)},
}

// rotateEvery is in how many of a session's answers its token changes.
const rotateEvery = 7

// faultShare of the requests of an unreliable Centra fail.
const faultShare = 0.07

// misbehave makes Centra unreliable until ctx ends, with the outage in the
// middle, and leaves it working.
func (u *upstream) misbehave(ctx context.Context, o options) {
	rng := rand.New(rand.NewPCG(o.seed, uint64(o.visitors)))
	u.RotateTokens(rotateEvery)
	u.weather(ctx, rng, (o.duration-o.outage)/2)
	if o.outage > 0 {
		u.outage(ctx, o.outage)
	}
	u.weather(ctx, rng, o.duration)
	u.RotateTokens(0)
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

func pickFault(rng *rand.Rand) centratest.Fault {
	total := 0
	for _, f := range faults {
		total += f.weight
	}
	n := rng.IntN(total)
	i := slices.IndexFunc(faults, func(f weightedFault) bool {
		n -= f.weight
		return n < 0
	})
	return faults[i].fault
}

// outage shows its three faces, one after the other.
func (u *upstream) outage(ctx context.Context, d time.Duration) {
	u.clear()
	u.turn(unavailable)
	u.SetFault(centratest.StatusFault(http.StatusServiceUnavailable, nil))
	pause(ctx, d/3)

	// A token that changes in an answer which nobody gets is lost; no shop could
	// help that, so it is not tried.
	u.RotateTokens(0)
	pause(ctx, d/20)
	u.turn(refusing)
	u.refuse()
	pause(ctx, d/3-d/20)

	u.turn(silent)
	u.SetFault(centratest.HangFault())
	u.open(ctx)
	pause(ctx, d/3)

	u.refuse() // a Centra that starts again has forgotten its connections
	u.clear()
	u.open(ctx)
	u.RotateTokens(rotateEvery)
}

// open listens again. Somebody may have taken the port for a moment.
func (u *upstream) open(ctx context.Context) {
	for u.listen() != nil && ctx.Err() == nil {
		pause(ctx, 50*time.Millisecond)
	}
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
