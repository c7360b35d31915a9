package session

import "github.com/centra-go/cartabandonment/centra"

// carts are the states of the carts that Centra answered last, by session.
type carts struct{ *memory[centra.CartState] }

func (c carts) note(s centra.Session, seen *answers) {
	if s != "" && seen.cart != centra.CartUnknown && !seen.chosen {
		c.set(s, seen.cart)
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
