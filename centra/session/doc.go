// Package session is the one place through which a webshop speaks to Centra for a
// visitor: the handlers of this library, and the shop's own pages, cart changes and
// payments.
//
// Parallel updates of one cart race inside Centra, and a session's token rotates:
// any answer may bring a new one, and the old one may be dead from then on. A call
// with a dead token may well succeed, on a new and empty cart, and so a shop loses carts.
// [Visitors.Do] is how it does not:
//
//	visitors, err := session.NewVisitors(session.Cookie{}) // once, for the whole shop
//
//	err = visitors.Do(w, r, func(ctx context.Context, s centra.Session) (centra.Session, error) {
//		selection, err := api.Selection(ctx, s)
//		if err != nil {
//			return "", err
//		}
//		cart = selection
//		return cart.Session, nil
//	})
//
// # What Do keeps
//
//   - One visitor's calls pass one at a time, in order of arrival. At most 64 wait,
//     then [ErrBusy]. Visitors do not wait for each other.
//   - Waiting ends with the request. A call whose turn has come runs to its end, also
//     when the browser leaves: neither the order nor a new token is lost.
//   - A call is given the newest session that is known, whatever the cookie says.
//   - What came back is saved while the turn is still held, after failures too.
//   - A session that only takes the place of an expired one, with nothing in its cart,
//     overwrites nothing that may be good.
//   - A call that does not end in time is given up, and keeps nobody.
//
// # Where a session is kept
//
// In a [Store]. [Cookie] is the one that needs nothing else. A shop that has sessions
// of its own writes a Store over them, two methods, and proves it with sessiontest.Run.
//
// # Several processes
//
// Turns are those of one process, [NewTurns], unless [WithTurns] says otherwise. A shop
// of several processes sends a visitor to the same process each time, or takes the turns
// of package redisturns, a module of its own, over Redis. [Turns] of your own are proved
// by sessiontest.RunTurns.
package session
