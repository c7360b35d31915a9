package redisturns_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/centra-go/cartabandonment/centra/session/redisturns"
)

// Three processes that went their own ways while Redis was away agree again.
func TestProcessesAgreeAfterAnOutage(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	var processes []*redisturns.Turns
	var alone atomic.Int32 // turns since it was set to 0
	var shared [3]atomic.Int32
	for i := range 3 {
		turns, err := redisturns.New(server.client(), redisturns.WithObserve(
			func(_ context.Context, o redisturns.Outcome) {
				if o.Alone {
					alone.Add(1)
				} else if o.Err == nil {
					shared[i].Add(1)
				}
			}))
		if err != nil {
			t.Fatal(err)
		}
		processes = append(processes, turns)
	}
	shops := []*shop{newShop("anna"), newShop("bert"), newShop("cleo")}
	// traffic is of all visitors in all processes.
	traffic := func(d time.Duration) {
		ctx, cancel := context.WithTimeout(t.Context(), d)
		defer cancel()
		var wait sync.WaitGroup
		for i := range 9 {
			wait.Go(func() {
				shop, turns := shops[i%3], processes[i/3]
				for n := 0; ctx.Err() == nil; n++ {
					if turn, err := turns.Take(ctx, shop.some(n%3)); err == nil {
						turn.Done(shop.call(turn.Session()))
					}
					time.Sleep(5 * time.Millisecond)
				}
			})
		}
		wait.Wait()
	}
	traffic(300 * time.Millisecond)
	server.kill()
	traffic(1500 * time.Millisecond)
	server.start()
	for _, turns := range processes {
		redisturns.SetPatience(turns, patient)
	}
	for began := time.Now(); ; {
		alone.Store(0)
		for i := range shared {
			shared[i].Store(0)
		}
		var wrong int32 // as long as not everything is told that each did alone
		for _, s := range shops {
			s.atOnce.Store(0)
			s.stale.Store(0)
		}
		traffic(500 * time.Millisecond)
		for _, s := range shops {
			wrong += s.atOnce.Load() + s.stale.Load()
		}
		if wrong+alone.Load() == 0 && shared[0].Load() > 9 && shared[1].Load() > 9 && shared[2].Load() > 9 {
			break
		}
		if time.Since(began) > 20*time.Second {
			t.Fatal("the processes do not agree 20 s after Redis was back")
		}
	}
	traffic(500 * time.Millisecond)
	if n := alone.Load(); n > 0 {
		t.Errorf("%d turns were not shared", n)
	}
	for _, s := range shops {
		if n, m := s.atOnce.Load(), s.stale.Load(); n > 0 || m > 0 {
			t.Errorf("for %s two calls had the turn at once %d times, and %d were made with an old session", s.name, n, m)
		}
	}
}
