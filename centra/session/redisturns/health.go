package redisturns

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

const (
	// Redis is away after so many failures in a row, and asked again after so long.
	failuresAway = 3
	askAgain     = time.Second

	sayAgain = time.Minute
)

// health knows whether Redis is worth asking, and says in the log that it is not.
type health struct {
	logger *slog.Logger

	mu       sync.Mutex
	failures int // in a row
	lastErr  error
	next     time.Time // when to ask again
	alone    int       // turns without Redis since it was said last
	since    time.Time // of the first of them in a row
	said     time.Time
	saidLost time.Time
	away     bool // was said, and not yet that it is back
}

// mayAsk lets one call pass now and then where Redis is away.
func (h *health) mayAsk() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failures < failuresAway {
		return true
	}
	now := time.Now()
	if now.Before(h.next) {
		return false
	}
	h.next = now.Add(askAgain)
	return true
}

func (h *health) failed(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failures++
	h.lastErr = err
	h.next = time.Now().Add(askAgain)
}

func (h *health) answered(ctx context.Context) (wasAway bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	wasAway = h.failures >= failuresAway
	h.failures = 0
	since, back := h.since, h.away
	h.since, h.away = time.Time{}, false
	if back {
		h.logger.InfoContext(ctx, "redisturns: Redis answers again; turns are shared by all processes",
			slog.Duration("after", time.Since(since)))
	}
	return wasAway
}

// turnAlone counts a turn that was taken without Redis, and says so once a minute.
// Redis quotes at most a key in its errors, and those say nothing.
func (h *health) turnAlone(ctx context.Context) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	if h.since.IsZero() {
		h.since = now
	}
	h.alone++
	if now.Sub(h.said) < sayAgain {
		return
	}
	h.logger.WarnContext(ctx, "redisturns: Redis is away; visitors' calls take turns within each process only",
		slog.Any("error", h.lastErr), slog.Int("turns", h.alone), slog.Duration("for", now.Sub(h.since)))
	h.said, h.alone, h.away = now, 0, true
}

// turnLost says once a minute that a turn outlived its lease.
func (h *health) turnLost(ctx context.Context) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if now := time.Now(); now.Sub(h.saidLost) >= sayAgain {
		h.saidLost = now
		h.logger.WarnContext(ctx, "redisturns: a turn outlived its lease; calls of other processes may have met it")
	}
}
