package session

import (
	"sync/atomic"

	"github.com/centra-go/cartabandonment/centra"
)

// carts are the states of the carts that Centra answered last, by session.
type carts struct {
	*memory[centra.CartState]
	rotate *atomic.Bool // Centra has once put another session in one's place, with its cart
}

func newCarts() carts { return carts{newMemory[centra.CartState](), new(atomic.Bool)} }

// note remembers what is in the cart of now. Where the answer did not show it, it is
// what was in that of before: a token that rotates changes no cart. A visitor's first
// session, with none before it, begins with an empty one.
func (c carts) note(before, now centra.Session, seen *answers) {
	if now == "" || seen.chosen {
		return
	}
	state := seen.cart
	switch {
	case state != centra.CartUnknown:
	case before == "":
		state = centra.CartEmpty
	default:
		known := false
		if state, known = c.get(before); !known {
			return
		}
	}
	c.set(now, state)
	if seen.changed && seen.cart == centra.CartFilled && !seen.mayBeNew && !seen.replaced {
		c.rotate.Store(true)
	}
}

// refilled reports whether the session that came seems to have only taken the
// place of an expired one, though there is something in its cart: what the call
// itself has put there, and nothing else. A token that was rotated looks the same
// where the cart was empty before. So it counts what this process knows of the
// session that was sent.
//
// Where it knows nothing, as after it was started, the session may be one that
// has expired or never was one, and several browsers may hold it, of which none
// may see another's cart. The price: of two items that are put into an empty cart
// at the same moment one may be lost. What is in a cart that was not empty never is.
func (v *Visitors) refilled(sent centra.Session, seen *answers) bool {
	before, known := v.carts.get(sent)
	return seen.mayBeNew && (!known || before == centra.CartFilled)
}

// unclear reports whether nothing tells if the session that came, with a refusal
// that shows no cart, has the cart of the one that was sent or only took the place
// of an expired one. It is taken to have it where this process has seen the one
// that was sent alive, and that Centra rotates tokens.
func (v *Visitors) unclear(sent centra.Session, seen *answers) bool {
	if !seen.refused || !seen.unclear {
		return false
	}
	_, known := v.carts.get(sent)
	return !known || !v.carts.rotate.Load()
}
