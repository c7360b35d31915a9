package redisturns

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/centra-go/cartabandonment/centra"
)

// settle ends a turn in Redis and lets it remember r, to whose newest the others
// lead as well.
func (t *Turns) settle(ctx context.Context, h *hold, r record, others ...centra.Session) (ending, error) {
	var end ending
	err := t.ask(ctx, func(ctx context.Context) (err error) {
		write, merged := "", false
		if h.read {
			if write, merged, err = t.memory.describe(ctx, h, r, others); err != nil {
				return err
			}
		}
		end, err = t.memory.end(ctx, h, write)
		end.merged = merged
		return err
	})
	return end, err
}

// describe lets sessions lead to the visitor's home, and returns what that has to
// hold from now on, "" if it holds it already. It is merged where home is another
// place from now on.
func (m *memory) describe(ctx context.Context, h *hold, r record, others []centra.Session) (
	sealed string, merged bool, err error) {
	home, newest := h.way.home, placeOf(r.newest)
	leads := record{newest: r.newest, since: r.since, home: home}
	if h.from != newest {
		others = append(slices.Clip(others), r.newest)
	}
	for _, s := range others {
		another, err := m.adopt(ctx, s, leads)
		if err != nil {
			return "", false, err
		}
		if another != (place{}) { // the same visitor, as it turns out
			r.home, merged = another, true
		}
	}
	if h.way.hops > 1 && h.from != home { // it need not be so long
		if err := m.client.Set(ctx, m.key(h.from, recordPart), h.from.seal(leads), remember).Err(); err != nil {
			return "", false, err
		}
	}
	known := h.newest == r.newest && h.sealed != "" || home == newest && h.sealed == ""
	if known && r.note == h.note && !merged {
		return "", false, nil
	}
	return home.seal(r), merged, nil
}

// save tells Redis what took now's place to be, and reports whether it could.
// What another process told it meanwhile counts if it is newer. Where two
// visitors turn out to be one, what is told is compared with the other's as well.
func (t *Turns) save(ctx context.Context, now centra.Session, c chain) (saved bool, err error) {
	newest, since, note := now, c.since, ""
	others := append(slices.Clone(c.before[1:]), now)
	for range maxHops {
		h, err := t.hold(ctx, c.before[0])
		if h == nil {
			return false, err
		}
		if h.newest != "" && !slices.Contains(c.before, h.newest) && h.since.After(since) {
			newest, since = h.newest, h.since
		}
		note = cmp.Or(h.note, note)
		end, err := t.settle(ctx, h, record{newest: newest, since: since, note: note}, others...)
		if err != nil || !h.read {
			return false, nil
		}
		if !end.merged {
			break
		}
	}
	t.journal.told(now)
	return true, nil
}

// bringing is longer than an event takes, which may have the turn meanwhile.
const bringing = 10 * time.Second

// bring leaves a note at the home of the visitor who has s, who was two visitors
// until now. One that is there is the newer.
func (t *Turns) bring(ctx context.Context, s centra.Session, note string) {
	ctx, cancel := context.WithTimeout(ctx, bringing)
	defer cancel()
	if h, _ := t.hold(ctx, s); h != nil {
		_, _ = t.settle(ctx, h, record{newest: cmp.Or(h.newest, s), since: h.since, note: cmp.Or(h.note, note)})
	}
}

// carry tells Redis of two other visitors, if there are such: those who do not
// come to this process any more would not be found by the others.
func (t *Turns) carry(ctx context.Context) {
	for _, s := range t.journal.some(2) {
		if !t.carryOne(ctx, s) {
			return
		}
	}
}

// carryOne waits for nobody: a visitor with a call under way is told of later. It
// reports whether it is worth going on.
func (t *Turns) carryOne(ctx context.Context, s centra.Session) bool {
	ctx, cancel := context.WithTimeout(ctx, maxPause)
	defer cancel()
	local, err := t.local.Take(ctx, s)
	if err != nil {
		return true
	}
	defer local.Done("")
	if c, ok := t.journal.news(s); ok {
		saved, err := t.save(ctx, s, c)
		return saved || err != nil
	}
	return true
}
