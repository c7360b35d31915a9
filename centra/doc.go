// Package centra has typed clients for the Centra APIs that a webshop speaks,
// limited to what cart abandonment needs: reading a selection, updating its
// checkout fields, attaching it to a session and paying for it. [API] is what
// they have in common; Do reaches every other endpoint with the same care.
//
// # Which client
//
// Take the API that the shop speaks already: the cart must be the same one.
//
//   - [NewCheckoutAPI]: a session is a token. [WithSecret] gives calls the shop's
//     rights; [CheckoutAPI.AsShopper] is the same client with no more rights than
//     a browser, for whatever browsers cause.
//   - [NewShopAPI]: a session is the ID of a selection, and every call has the
//     shop's rights.
//   - [NewStorefrontAPI]: GraphQL, experimental. A session is a token;
//     [StorefrontAPI.AtCheckout] is the same client for the checkout.
//
// Make one for the whole shop. A shop's pages call it within Visitors.Do of
// package session.
//
// # Sessions
//
// The clients take and return a [Session]: a token that Centra gave the visitor
// or, in the Shop API, the selection ID. Centra may answer any call with a new
// token, errors included. Keep the one that came last: [Selection.Session], or
// [Error.Session] after a failure. The old one may already be dead, and a call
// with a dead token silently starts an empty cart. Package session does all of
// that for a shop.
//
// # Errors
//
// Every failed call returns an [*Error] (or an [*OutOfStockError], which wraps
// one). Match its kind with errors.Is:
//
//   - [ErrSelectionNotFound]: there is no such cart any more.
//   - [ErrUnauthorized], [ErrRateLimited], [ErrUnavailable], [ErrInvalidResponse]:
//     nothing is wrong with the cart. What was to be done was not done, or can be
//     done again.
//   - [ErrOutcomeUnknown]: a call that must not be made twice, such as a payment,
//     may have been carried out. Its answer was lost: the connection broke, no
//     answer came in time, the caller left, Centra failed (5xx) without a word of
//     its own, or a success could not be read. It is never another kind beside.
//   - none of them: Centra refused what was sent, see [Error.Fields].
//
// When the caller's context ends the call, errors.Is also matches
// context.Canceled or context.DeadlineExceeded. No error text or log line holds
// a session, a selection ID, a secret, an e-mail address or a request URL, and no
// fmt verb prints one of them.
//
// # Retries
//
// What may be sent again is said by the call. Calls that read, and calls that have
// the same effect twice, are: after connections that broke, answers that were cut
// short, 408, 425, 429 and 5xx, twice at most. Payments, and what Do sends with
// POST, PATCH or DELETE, are sent again only where the connection could not be
// made, so that nothing had been sent. DNS names that do not exist, bad
// certificates, redirects, 501, 505, answers that are too large and answers that
// make no sense are never tried again. Redirects are not followed, and
// 101 Switching Protocols is refused, as [ErrInvalidResponse].
//
// Waits are drawn at random from 0 to a ceiling that doubles from 100 ms to 2 s; a
// Retry-After header is followed up to that longest wait; no wait is begun that
// would outlive the deadline. A retry budget shared by all calls of a client lets
// retries add 5 % to the traffic in the long run, plus a burst of ten, so an
// outage is not multiplied. Where an answer that failed brought a new session, the
// next attempt is made with that.
//
// A call ends after [WithTimeout] (20 s) or the context's deadline, whichever
// comes first; one attempt of a call that may be repeated after
// [WithAttemptTimeout] (4 s).
//
// # Watching calls
//
// [WithObserve] is told of every call of a client once, after it has ended: its
// operation, status, attempts, duration, what kind of failure it was and whether
// the retry budget refused another attempt; see [Call]. [WatchCalls] is told of
// the calls made with a context, and [WithTrace] also when a call begins, for spans:
// package centraotel has those. A RoundTripper given by [WithTransport] sees each
// attempt, and learns its name from [Operation]: the URL can hold a selection ID.
// [WithLogger] logs each failed call in one line.
//
// # Concurrency
//
// The clients are safe for concurrent use, start no goroutine of their own and
// keep no state for a visitor. Parallel updates of one selection race inside
// Centra: package session makes a visitor's calls take turns.
package centra
