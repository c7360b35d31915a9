package redisturns

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/centra-go/cartabandonment/centra"
)

const (
	minPause = 2 * time.Millisecond
	maxPause = 12 * time.Millisecond

	// yield is longer than any pause: whoever waits elsewhere has asked by then.
	yield = 25 * time.Millisecond
)

// pause is how long to wait before Redis is asked for a turn again: a part of
// what was waited already, so that a turn is noticed soon and a long call costs
// Redis little.
func pause(waited time.Duration) time.Duration {
	p := min(max(waited/16, minPause), maxPause)
	return p/2 + rand.N(p)
}

// courtesy keeps a process whose calls queue up from taking turn after turn,
// while another process waits for one: after each, the other goes first.
type courtesy struct {
	mu    sync.Mutex
	until map[centra.Session]time.Time
}

func newCourtesy() *courtesy { return &courtesy{until: map[centra.Session]time.Time{}} }

// owe is for the next turn of the visitor who has s.
func (c *courtesy) owe(s centra.Session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	for s, until := range c.until { // those of 25 ms
		if now.After(until) {
			delete(c.until, s)
		}
	}
	c.until[s] = now.Add(yield)
}

func (c *courtesy) due(s centra.Session) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	until := c.until[s]
	delete(c.until, s)
	return time.Until(until)
}
