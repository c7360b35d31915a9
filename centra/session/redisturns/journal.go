package redisturns

import (
	"slices"
	"sync"
	"time"

	"github.com/centra-go/cartabandonment/centra"
)

const (
	journalTTL = time.Hour // as long as the turns within the process remember
	maxJournal = 10_000
	maxChain   = 4
)

// journal is which sessions took the place of which in this process, and whether
// Redis knows: it may have been away, and may have forgotten.
type journal struct {
	mu     sync.Mutex
	chains map[centra.Session]chain // by the newest
	untold map[centra.Session]struct{}
	doubts time.Time // when it was doubted last that Redis knows the others
}

// chain is the sessions before the newest, oldest first: that one Redis has most
// likely heard of.
type chain struct {
	before []centra.Session
	since  time.Time // of the newest
}

func newJournal() *journal {
	return &journal{chains: map[centra.Session]chain{}, untold: map[centra.Session]struct{}{}}
}

// add remembers that now took the place of old.
func (j *journal) add(old, now centra.Session, since time.Time, told bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	before := append(j.chains[old].before, old)
	if len(before) > maxChain {
		before = slices.Delete(before, 1, 2)
	}
	_, pending := j.untold[old]
	j.forget(old)
	for s, c := range j.chains { // whichever comes first
		if len(j.chains) < maxJournal && time.Since(c.since) < journalTTL {
			break
		}
		j.forget(s)
	}
	j.chains[now] = chain{before, since}
	if pending || !told {
		j.untold[now] = struct{}{}
	}
}

func (j *journal) forget(s centra.Session) {
	delete(j.chains, s)
	delete(j.untold, s)
}

// news returns what now took the place of, if Redis does not know it.
func (j *journal) news(now centra.Session) (chain, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, untold := j.untold[now]; !untold {
		return chain{}, false
	}
	if c := j.chains[now]; time.Since(c.since) < journalTTL {
		return c, true
	}
	j.forget(now)
	return chain{}, false
}

func (j *journal) told(now centra.Session) {
	j.mu.Lock()
	defer j.mu.Unlock()
	delete(j.untold, now)
}

// doubt is for a Redis that was away: it may have forgotten everything.
func (j *journal) doubt() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.doubts = time.Now()
	for s := range j.chains {
		j.untold[s] = struct{}{}
	}
}

// unknown is for a session that Redis does not know. If it has been told of it, it
// has forgotten, and most likely not this one only.
func (j *journal) unknown(s centra.Session) {
	j.mu.Lock()
	_, forgotten := j.chains[s]
	all := forgotten && time.Since(j.doubts) > time.Minute
	if forgotten {
		j.untold[s] = struct{}{}
	}
	j.mu.Unlock()
	if all {
		j.doubt()
	}
}

// some returns up to n of the newest sessions that Redis does not know.
func (j *journal) some(n int) []centra.Session {
	j.mu.Lock()
	defer j.mu.Unlock()
	var some []centra.Session
	for s := range j.untold {
		if len(some) == n {
			break
		}
		some = append(some, s)
	}
	return some
}
