package checkoutscript

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"sync"
	"time"

	"github.com/centra-go/cartabandonment/centra"
)

// decisions are what visitors last decided about the reminder, as far as this
// process knows, whatever session they have by now: bounded in number and for as
// long as a [Pending] may wait. They tell the order of things that a cart does not
// show.
type decisions struct {
	mu    sync.Mutex
	last  map[centra.Session]decision
	order []centra.Session // the oldest first; a session can be in it twice
}

// decision holds a digest of an address, not the address.
type decision struct {
	at    time.Time
	email string        // the last one that Centra was told, which may be from before; "": none
	said  centra.Choice // the last that Centra was told; a no also where it did not hear it
	told  bool          // Centra has once been told a yes for this cart
}

// undelivered is a decision that Centra does not know, or may not know.
func undelivered(at time.Time, f centra.Fields) decision {
	d := decision{at: at}
	if f.CartAbandonmentEmail == centra.No {
		d.said = centra.No
	}
	return d
}

// delivered is a decision that Centra knows.
func delivered(at time.Time, f centra.Fields) decision {
	consent := f.CartAbandonmentEmail
	return decision{at: at, email: digestOf(f.Email), said: consent, told: consent == centra.Yes}
}

// digestOf is the same for the same address, however it is written; "" for none.
func digestOf(email string) string {
	if email == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(strings.ToLower(email)))
	return hex.EncodeToString(sum[:8])
}

const maxDecisions = 10_000

func newDecisions() *decisions { return &decisions{last: map[centra.Session]decision{}} }

// remember notes what was decided at a moment, for all the sessions of a visitor
// that are known, the oldest first; something later that is known already stays.
func (x *decisions) remember(at time.Time, f centra.Fields, sessions ...centra.Session) {
	x.decide(undelivered(at, f), f, sessions)
}

// delivered notes what Centra has been told, and reports whether that is the first
// yes for the cart.
func (x *decisions) delivered(at time.Time, f centra.Fields, sessions ...centra.Session) (first bool) {
	d := delivered(at, f)
	known := x.decide(d, f, sessions)
	return d.told && !known.told
}

func (x *decisions) decide(d decision, f centra.Fields, sessions []centra.Session) (known decision) {
	if f.CartAbandonmentEmail == centra.NotSent {
		return decision{}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, s := range sessions {
		known = x.last[s].over(known)
	}
	for _, s := range sessions {
		x.note(s, d.over(known))
	}
	return known
}

// over is a decision beside what was known before: the later moment counts, and
// what Centra was told last.
func (d decision) over(known decision) decision {
	if known.at.After(d.at) {
		d.at = known.at
	}
	if d.email == "" {
		d.email = known.email
	}
	if d.said == centra.NotSent {
		d.said = known.said
	}
	d.told = d.told || known.told
	return d
}

func (x *decisions) note(s centra.Session, d decision) {
	if s == "" {
		return
	}
	for len(x.order) > 0 && (len(x.order) >= maxDecisions || time.Since(x.last[x.order[0]].at) > maxAge) {
		delete(x.last, x.order[0])
		x.order = x.order[1:]
	}
	if _, known := x.last[s]; !known {
		x.order = append(x.order, s)
	}
	x.last[s] = d
}

// follow takes a decision along to the session that took the place of another.
// Where a cart is over, so is what waits for it. Most empty carts never held anything:
// they take no decision's place.
func (x *decisions) follow(from, to centra.Session) {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch d, known := x.last[from]; {
	case to == "" && (known || len(x.order) < maxDecisions):
		x.note(from, decision{at: time.Now()})
	case to == "":
	case known:
		x.note(to, x.last[to].over(d))
	}
}

// latest returns the last decision of a visitor, the zero value if none is known.
func (x *decisions) latest(sessions ...centra.Session) (known decision) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, s := range sessions {
		known = x.last[s].over(known)
	}
	return known
}
