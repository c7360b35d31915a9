package session

import (
	"errors"
	"strings"
	"sync"

	"github.com/centra-go/cartabandonment/centra"
)

// answers is what the calls of one errand brought, as the clients tell it.
type answers struct {
	sent     centra.Session // what call was given; "" where the visitor has none yet
	mu       sync.Mutex
	changed  bool             // another session came
	unclear  bool             // and nothing has told yet whether that has the cart of the one that was sent
	mayBeNew bool             // the first other one's cart held only what that call had put there
	refused  bool             // the first other one came with a refusal of Centra's
	replaced bool             // another one only took the place of one that has expired
	cart     centra.CartState // of the last cart that was seen
	anew     bool             // a call was made without a session, though the visitor has one
	shown    centra.CartState // of the last cart that was seen, be it such a call's
	gone     bool             // the last call found no such cart
	chosen   bool             // Shop API: a session is a cart's ID, and another one another cart
}

func (a *answers) see(c centra.Call) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.chosen = a.chosen || c.API == "shop"
	if c.Cart != centra.CartUnknown {
		a.shown = c.Cart
	}
	if c.Session == centra.SessionNone && a.sent != "" && !a.chosen {
		a.anew = true // what it shows is not the visitor's
		return
	}
	if c.Session == centra.SessionUnclear {
		a.mayBeNew = a.mayBeNew || (!a.changed && c.Cart == centra.CartFilled)
		a.refused = a.refused || (!a.changed && isRefusal(c.Failure))
		a.unclear = true
	}
	a.changed = a.changed || (c.Session != centra.SessionKept && c.Session != centra.SessionNone)
	a.replaced = a.replaced || c.Session == centra.SessionReplaced || (a.unclear && c.Cart == centra.CartEmpty)
	if c.Cart == centra.CartFilled && !a.mayBeNew && !isAddition(c.Op) { // what is empty later was emptied
		a.unclear = false
	}
	a.gone = c.Failure == "not_found"
	if c.Cart != centra.CartUnknown {
		a.cart = c.Cart
	}
}

// isRefusal reports whether Centra has looked at the cart, and not done what it was
// asked.
func isRefusal(failure string) bool {
	switch failure {
	case "refused", "not_found", "out_of_stock":
		return true
	}
	return false
}

// isAddition reports whether the call may itself have put there what is in the cart
// that it shows. That of a session which has expired was empty before.
func isAddition(op string) bool { return strings.HasPrefix(op, "POST /items/") }

// emptied reports whether nothing is in the cart of the session that was sent, whatever
// its token is now.
func (a *answers) emptied() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return !a.replaced && a.cart == centra.CartEmpty
}

func failedSession(err error) centra.Session {
	var failed *centra.Error
	if errors.As(err, &failed) {
		return failed.Session
	}
	return ""
}

// judge says what is kept for the visitor, and which session took the place of
// the one that was sent, if any did. loaded is what the request brought, sent
// what was made of it by the turns, now what the call returned beside err.
func (e *errand) judge(loaded, sent, now centra.Session, err error) (keep, successor centra.Session) {
	seen := &e.seen
	seen.mu.Lock()
	defer seen.mu.Unlock()
	if loaded == "" {
		if now == centra.NoSession {
			return "", ""
		}
		e.carts.note("", now, seen)
		return now, "" // a new visitor
	}
	deadFor := e.expired.knownFor(e.began, loaded)
	anew := seen.anew && !seen.changed && now != "" && now != sent && now != centra.NoSession
	if anew { // no call has brought now in the place of what was sent
		seen.cart = seen.shown
	}
	dead := seen.replaced || e.refilled(sent, seen) || seen.gone && (anew || now == centra.NoSession)
	if dead {
		e.expired.add(loaded)
	}
	switch {
	case now == "" || now == sent:
		if dead || errors.Is(err, centra.ErrSelectionNotFound) {
			return loaded, "" // what was sent is no better
		}
		e.carts.note(sent, sent, seen)
		return sent, "" // the newest, for a request that brought an old one
	case now == centra.NoSession && !dead:
		return centra.NoSession, ""
	case now == centra.NoSession, (dead || deadFor > 0) && seen.cart != centra.CartFilled:
		if deadFor < healAfter {
			return loaded, ""
		}
		e.expired.restart(loaded) // others who bring it must show that again
		return now, ""
	}
	unclear := e.unclear(sent, seen)
	if unclear { // where it is brought once more, what comes then is not its cart
		e.expired.add(loaded)
	}
	before := sent
	if dead || unclear || anew { // it may have another cart
		before = now
	}
	e.carts.note(before, now, seen)
	if dead || deadFor > 0 || seen.chosen || unclear || anew {
		// A cart of this visitor's own, but no other who holds the old session
		// may be led to it.
		e.expired.restart(loaded)
		return now, ""
	}
	return now, now
}
