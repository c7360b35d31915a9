package redisturns

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/bsm/redislock"
	"github.com/redis/go-redis/v9"

	"github.com/centra-go/cartabandonment/centra"
)

const (
	// A lease is shorter than the 3 s in which a crashed holder has lost it, so
	// that who waits also notices within them.
	lease    = 2500 * time.Millisecond
	remember = 24 * time.Hour
	maxHops  = 16
)

// memory is what all processes share. A visitor's home is the place of the first
// session that they were seen with: there is the lock and there is the newest
// session. The places of the later sessions say where home is.
type memory struct {
	client  redis.UniversalClient
	locks   *redislock.Client
	prefix  string
	process string // distinguishes this process from the others that wait
}

// hold is a visitor's turn in Redis, or the attempt to get it.
type hold struct {
	from   place  // of the session that it is taken with
	token  string // the lock's value
	way    way    // from there to home
	marked time.Time

	lock   *redislock.Lock // nil as long as another process has it
	read   bool            // the following are known
	sealed string          // what home held when the turn came, "" for nothing
	newest centra.Session  // the newest, "" if no record says
	since  time.Time
	note   string // about the visitor

	lost bool // the lease ran out at some time, even if it was taken again
}

// key is a place's key in Redis; each place has up to three.
func (m *memory) key(p place, part string) string { return m.prefix + p.name() + part }

const (
	recordPart  = ""
	lockPart    = ":lock"
	waitingPart = ":waiting" // the processes that wait for the lock
)

// take tries once to get the turn. It fails with redislock.ErrNotObtained where
// another process has it; h can be used again then.
func (m *memory) take(ctx context.Context, h *hold) error {
	for range maxHops {
		looked := h.way.home == (place{})
		if looked {
			var err error
			if h.way, err = m.follow(ctx, h.from); err != nil {
				return err
			}
		}
		home := h.way.home
		lock, err := m.locks.Obtain(ctx, m.key(home, lockPart), lease, &redislock.Options{Token: h.token})
		if errors.Is(err, redislock.ErrNotObtained) {
			m.wait(ctx, h)
		}
		if err != nil {
			return err
		}
		h.lock = lock
		r, sealed, err := m.recall(ctx, home)
		if err != nil {
			return err
		}
		if r.moved() && (!looked || !h.way.circle) { // while this call waited
			_ = lock.Release(ctx)
			h.lock, h.way = nil, way{}
			continue
		}
		if r.newest == "" {
			r = h.way.last
		}
		h.read, h.sealed, h.newest, h.since, h.note = true, sealed, r.newest, r.since, r.note
		return nil
	}
	return redislock.ErrNotObtained
}

// recall returns what a place holds, opened and as it is written. What is asked
// for is remembered for another day.
func (m *memory) recall(ctx context.Context, p place) (r record, sealed string, err error) {
	sealed, err = m.client.GetEx(ctx, m.key(p, recordPart), remember).Result()
	if errors.Is(err, redis.Nil) {
		return record{}, "", nil
	}
	return p.open(sealed), sealed, err
}

// way is how a place leads to the visitor's home.
type way struct {
	home   place
	hops   int
	circle bool
	last   record // of the place before home, if there is one
}

// follow goes from a session's place to the visitor's home. Two processes that
// each ended a turn with the other's session at the same moment have sent them
// in a circle: then all agree on one of its places.
func (m *memory) follow(ctx context.Context, from place) (way, error) {
	passed := []place{from}
	var last record
	for {
		at := passed[len(passed)-1]
		r, _, err := m.recall(ctx, at)
		if err != nil || !r.moved() {
			return way{home: at, hops: len(passed) - 1, last: last}, err
		}
		if i := slices.Index(passed, r.home); i >= 0 || len(passed) == maxHops {
			circle := passed[max(i, 0):]
			home := slices.MinFunc(circle, func(a, b place) int { return strings.Compare(a.name(), b.name()) })
			return way{home: home, hops: len(passed), circle: true, last: r}, nil
		}
		passed, last = append(passed, r.home), r
	}
}

// wait lets the other processes know that this one waits too.
func (m *memory) wait(ctx context.Context, h *hold) {
	if time.Since(h.marked) < 500*time.Millisecond {
		return
	}
	h.marked = time.Now()
	key := m.key(h.way.home, waitingPart)
	_, _ = m.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.SAdd(ctx, key, m.process)
		p.PExpire(ctx, key, time.Second)
		return nil
	})
}

// adopt lets the place of s lead to home, unless it is somebody's home itself or
// leads to another one. That one is returned then: two visitors are one.
func (m *memory) adopt(ctx context.Context, s centra.Session, leads record) (another place, err error) {
	p := placeOf(s)
	if p == leads.home {
		return place{}, nil
	}
	mine := p.seal(leads)
	known, err := adoptScript.Run(ctx, m.client, []string{m.key(p, recordPart), m.key(p, lockPart)},
		mine, remember.Milliseconds()).Text()
	if err != nil || known == mine {
		return place{}, err
	}
	r := p.open(known)
	if !r.moved() {
		return p, nil
	}
	if r.home == leads.home {
		return place{}, nil
	}
	w, err := m.follow(ctx, r.home)
	if err != nil || w.home == leads.home {
		return place{}, err
	}
	return w.home, nil
}

// Answers what the place holds now, or "" where it is a home without a record:
// somebody has its lock.
var adoptScript = redis.NewScript(`
local known = redis.call('GET', KEYS[1])
if known then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return known
end
if redis.call('EXISTS', KEYS[2]) == 1 then return '' end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]`)

// ending is how a turn in Redis ended.
type ending struct {
	held   bool   // the lease had not run out
	sealed string // what home holds now
	others bool   // other processes wait
	merged bool   // another place is home now
}

// end gives the lock back and lets home hold sealed, if that is not "". A holder
// that has lost its lease does not overwrite what came later.
func (m *memory) end(ctx context.Context, h *hold, sealed string) (ending, error) {
	home := h.way.home
	keys := []string{m.key(home, recordPart), m.key(home, lockPart), m.key(home, waitingPart)}
	answer, err := endScript.Run(ctx, m.client, keys,
		h.lock.Token(), h.sealed, sealed, remember.Milliseconds(), m.process, h.lost).Slice()
	if err != nil || len(answer) != 3 {
		return ending{}, err
	}
	held, _ := answer[0].(int64)
	now, _ := answer[1].(string)
	others, _ := answer[2].(int64)
	return ending{held: held == 1, sealed: now, others: others > 0}, nil
}

var endScript = redis.NewScript(`
local known = redis.call('GET', KEYS[1])
local held = redis.call('GET', KEYS[2]) == ARGV[1]
local undisputed = held and ARGV[6] == '0'
if ARGV[3] ~= '' and (undisputed or not known or known == ARGV[2]) then
  redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
  known = ARGV[3]
end
if held then redis.call('DEL', KEYS[2]) end
redis.call('SREM', KEYS[3], ARGV[5])
return {held and 1 or 0, known or '', redis.call('SCARD', KEYS[3])}`)
