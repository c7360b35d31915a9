// Package centratest is an in-memory Centra with a mailer behind it, for tests
// and demonstrations: what net/http/httptest is for net/http.
//
// One [Server] holds the Checkout API (below /api/checkout, also with a plugin
// ID as in /api/checkout/52) and the Shop API (below /api/shop) over one store
// of carts, and a mailer that counts down to a "Cart abandoned" e-mail.
// It speaks HTTP only, so it serves any client:
//
//	centra := centratest.NewServer(t)
//	token, selection := centra.NewCart("1-1")
//	// Point the shop at centra.CheckoutURL() and let a shopper walk through it.
//	mails := centra.Outbox()
//
// # With and without a socket
//
// A Server listens on a loopback port from the first call of [Server.URL],
// [Server.CheckoutURL], [Server.ShopURL] or [Server.Client]. Created
// [WithoutSocket], those four work in process. [Server.Transport] and
// [Server.Handler] never need a socket.
//
// All clocks are package time's: within a testing/synctest bubble an hour of
// countdown and 30 days of cart lifetime cost nothing. Create the Server
// within the bubble, and [WithoutSocket] or reached through Transport only.
//
// # What is simulated
//
//   - Sessions: a response of the Checkout API holds the session token, error
//     responses too. No token, an unknown or an expired one starts a new session
//     with an empty cart; the cart of the old one is out of reach, which is how
//     shops lose carts. Tokens rotate on command ([Server.RotateTokens],
//     [Server.RotateNext]). API-Token: none is answered without a token.
//   - Access: the secret as Authorization: Bearer (Checkout API) and
//     API-Authorization (Shop API), the list of allowed origins, 401.
//   - Carts: items, lines, stock, payment and shipping method, country, language,
//     fields; 30 days of life since the last change; 404 when unknown, expired
//     or ordered; 410 with what is out of stock when a payment starts.
//   - Payments: one method for each action that POST /payment can answer, and
//     POST /payment-result, during which nothing else may change the cart.
//   - PHP's JSON: [] for an empty object, false for a missing text or amount,
//     numbers as text, escaped slashes, null.
//   - centraCheckoutScript for [KlarnaMethod]; see [CheckoutScript].
//   - The mailer: orderCreated starts the countdown again, orderCompleted stops it.
//   - Failures: [Server.FailNext], [Server.SetFault], [Server.SetLatency].
//
// A route that is not simulated answers 404 and fails the test.
//
// # What is uncertain
//
// Centra's documentation leaves these open; the simulation chose, and may be
// wrong about the real Centra:
//
//   - email and cartAbandonmentEmail count at the top level and within address;
//     the top level wins. orderCreated needs both in one request. A later
//     cartAbandonmentEmail: false leaves a running countdown alone.
//   - In the Shop API the selection's ID is selection.selection.
//   - The status for an unknown or ordered selection (404), for a change during
//     payment-result (409) and for action failed (200).
//   - Attaching a selection needs no secret.
//   - A cart's 30 days start again with every change.
//
// # What is not simulated
//
// Customers who sign in, vouchers, gift cards, tax rules, shipping prices other
// than zero, markets and pricelists, currencies other than SEK, CORS, rate
// limits (script a [RetryAfterFault]), and the checks that Centra makes of
// address fields.
package centratest
