// Package centra has typed clients for the two Centra APIs that a webshop
// speaks, [CheckoutAPI] and [ShopAPI], limited to what cart abandonment needs:
// reading a selection, updating its checkout fields, attaching it to a session
// and paying for it. [CheckoutAPI.Do] and [ShopAPI.Do] reach every other
// endpoint with the same care.
//
// # Sessions
//
// Both clients take and return a [Session]: the session token in the Checkout
// API, the selection ID in the Shop API. Centra may answer any Checkout API
// call with a new token, errors included. Keep the one that came last:
// [Selection.Session], or [Error.Session] after a failure. The old one may
// already be dead, and a call with a dead token silently starts an empty cart.
//
// # Errors
//
// Every failed call returns an [*Error] (or an [*OutOfStockError], which wraps
// one). Match its kind with errors.Is: [ErrSelectionNotFound],
// [ErrUnauthorized], [ErrRateLimited], [ErrUnavailable], [ErrInvalidResponse].
// When the caller's context ends the call, errors.Is also matches
// context.Canceled or context.DeadlineExceeded. No error text or log line holds
// a session, a selection ID, a secret, an e-mail address or a request URL.
//
// # Retries
//
// GET and PUT are sent again, twice at most, after network errors, 429 and 5xx.
// POST is sent again only where the connection could not be made, so that
// nothing was sent. DNS names that do not exist, bad certificates and responses
// that make no sense are never tried again. Waits are drawn at random from 0 to
// a ceiling that doubles from 100 ms to 2 s; a Retry-After header is followed up
// to that longest wait; no wait is begun that would outlive the deadline. A
// retry budget shared by all calls of a client lets retries add 5 % to the
// traffic in the long run, plus a burst of ten, so an outage is not multiplied.
//
// A call ends after [WithTimeout] (20 s) or the context's deadline, whichever
// comes first; one attempt of a call that can be repeated after
// [WithAttemptTimeout] (4 s).
//
// # Concurrency
//
// The clients are safe for concurrent use and keep no state for a visitor.
// Parallel updates of one selection race inside Centra; package checkoutscript
// forwards them one at a time.
package centra
