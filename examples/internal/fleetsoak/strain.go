package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
)

// strain is what a run suffers from a machine that has too much to do: processes
// that are not scheduled, and a Redis that answers too late for a turn to be
// shared. The fleet is not to blame for either.
type strain struct {
	mu    sync.Mutex
	lag   time.Duration // the longest that this process was late
	alone []span        // in which turns were not shared
}

// watch looks until ctx ends, and once more then.
func (s *strain) watch(ctx context.Context, m *machine) (done chan struct{}) {
	done = make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() { s.watchClock(ctx) })
	for _, p := range m.fleet {
		all.Go(func() { s.watchTurns(ctx, m, p) })
	}
	go func() {
		all.Wait()
		close(done)
	}()
	return done
}

func (s *strain) watchClock(ctx context.Context) {
	const tick = 50 * time.Millisecond
	for ctx.Err() == nil {
		began := time.Now()
		pause(ctx, tick)
		s.mu.Lock()
		s.lag = max(s.lag, time.Since(began)-tick)
		s.mu.Unlock()
	}
}

func (s *strain) watchTurns(ctx context.Context, m *machine, p *process) {
	known, since := 0, time.Now()
	for last := false; !last; {
		pause(ctx, 300*time.Millisecond)
		last = ctx.Err() != nil
		asked := time.Now()
		metrics := m.metrics(context.WithoutCancel(ctx), p)
		if metrics == "" {
			known, since = 0, asked // it starts again
			continue
		}
		n := counter(metrics, `centra_turn_wait_seconds_count{centra_turn="alone"} `) +
			counter(metrics, `centra_turn_wait_seconds_count{centra_turn="lost"} `)
		if n > known {
			s.mu.Lock()
			s.alone = append(s.alone, span{since, time.Now()})
			s.mu.Unlock()
		}
		known, since = n, asked
	}
}

func counter(metrics, name string) (n int) {
	_, rest, _ := strings.Cut(metrics, "\n"+name)
	_, _ = fmt.Sscan(rest, &n)
	return n
}

// aloneWithin reports whether a turn was not shared between two moments.
func (s *strain) aloneWithin(from, to time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, alone := range s.alone {
		if alone.from.Before(to) && alone.to.After(from) {
			return true
		}
	}
	return false
}

func (s *strain) late() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lag
}

// unsettled is for how long what one process alone knows may matter after turns are
// shared again: as long as a call lasts.
const unsettled = 12 * time.Second

// alone reports whether turns were not shared by all processes, between two moments
// or shortly before: Redis was away, or too slow.
func (c *crowd) alone(from, to time.Time) bool {
	from = from.Add(-unsettled)
	return c.redis.awayWithin(from, to) || c.strain.aloneWithin(from, to)
}
