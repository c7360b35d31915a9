package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"
)

// chaos is what goes wrong in a run, beside the outage of Centra.
type chaos struct {
	*machine
	rng *rand.Rand
	out io.Writer

	mu       sync.Mutex
	kills    int
	deploys  int
	redis    int
	troubles []string  // a process that did not come back, or complained when it was stopped
	last     time.Time // when something was last mended
}

// walk breaks something every few seconds until ctx ends, and mends all of it.
func (x *chaos) walk(ctx context.Context, every time.Duration) {
	for {
		pause(ctx, every/2+time.Duration(x.rng.Int64N(int64(every))))
		if ctx.Err() != nil {
			return
		}
		switch n := x.rng.IntN(8); {
		case n < 5:
			x.kill(x.rng.IntN(fleetSize))
		case n < 6:
			x.deploy(x.rng.IntN(fleetSize))
		default:
			x.loseRedis(ctx, every/2)
		}
		x.mend()
	}
}

// kill kills a process, which is started again a moment later.
func (x *chaos) kill(i int) {
	x.note(&x.kills, fmt.Sprintf("process %d is killed", i))
	x.fleet[i].kill()
	time.Sleep(200*time.Millisecond + time.Duration(x.rng.Int64N(int64(time.Second))))
	x.reopen(i)
}

// killAll kills every process at once.
func (x *chaos) killAll() {
	x.note(&x.kills, "all processes are killed")
	var all sync.WaitGroup
	for i := range x.fleet {
		all.Go(func() {
			x.fleet[i].kill()
			x.reopen(i)
		})
	}
	all.Wait()
	x.mend()
}

// deploy stops a process as an orchestrator does, and starts it again.
func (x *chaos) deploy(i int) {
	x.note(&x.deploys, fmt.Sprintf("process %d is deployed", i))
	if err := x.fleet[i].stop(closing); err != nil {
		x.trouble(err)
	}
	x.reopen(i)
}

func (x *chaos) reopen(i int) {
	if err := x.fleet[i].open(); err != nil {
		x.trouble(err)
	}
}

// loseRedis kills Redis, which comes back empty.
func (x *chaos) loseRedis(ctx context.Context, d time.Duration) {
	x.note(&x.redis, "Redis is killed, and comes back empty")
	x.machine.redis.kill()
	pause(ctx, d)
	if err := x.machine.redis.open(); err != nil {
		x.trouble(err)
	}
}

func (x *chaos) note(count *int, what string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	*count++
	fmt.Fprintf(x.out, "%s  %s\n", time.Now().Format(time.TimeOnly), what)
}

func (x *chaos) trouble(err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.troubles = append(x.troubles, err.Error())
}

func (x *chaos) mend() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.last = time.Now()
}

// mended is when the last thing was mended.
func (x *chaos) mended() time.Time {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.last
}
