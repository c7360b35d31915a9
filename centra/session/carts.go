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

func (c carts) note(s centra.Session, seen *answers) {
	if s == "" || seen.cart == centra.CartUnknown || seen.chosen {
		return
	}
	c.set(s, seen.cart)
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
	if !seen.refused || seen.cart != centra.CartUnknown {
		return false
	}
	_, known := v.carts.get(sent)
	return !known || !v.carts.rotate.Load()
}
