package checkoutscript

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
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

// decision holds a digest of the address, not the address.
type decision struct {
	at    time.Time
	email string // "": none was given
	told  bool   // Centra has once been told a yes for this cart
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
// that are known; something later that is known already stays.
func (x *decisions) remember(at time.Time, f centra.Fields, sessions ...centra.Session) {
	x.decide(decision{at: at}, f, sessions)
}

// delivered notes what Centra has been told, and reports whether that is the first
// yes for the cart.
func (x *decisions) delivered(at time.Time, f centra.Fields, sessions ...centra.Session) (first bool) {
	return x.decide(decision{at: at, told: f.CartAbandonmentEmail == centra.Yes}, f, sessions)
}

func (x *decisions) decide(d decision, f centra.Fields, sessions []centra.Session) (first bool) {
	if f.CartAbandonmentEmail == centra.NotSent {
		return false
	}
	d.email = digestOf(f.Email)
	x.mu.Lock()
	defer x.mu.Unlock()
	told := slices.ContainsFunc(sessions, func(s centra.Session) bool { return x.last[s].told })
	first = d.told && !told
	d.told = d.told || told
	for _, s := range sessions {
		x.note(s, d)
	}
	return first
}

func (x *decisions) note(s centra.Session, d decision) {
	if s == "" || x.last[s].at.After(d.at) {
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
// Where a cart is over, so is what waits for it.
func (x *decisions) follow(from, to centra.Session) {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch d := x.last[from]; {
	case to == "":
		x.note(from, decision{at: time.Now()})
	case !d.at.IsZero():
		x.note(to, d)
	}
}

// latest returns the last decision of a visitor, the zero value if none is known.
func (x *decisions) latest(sessions ...centra.Session) (latest decision) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, s := range sessions {
		if d := x.last[s]; d.at.After(latest.at) {
			latest = d
		}
	}
	return latest
}
