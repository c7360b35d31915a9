// Package centratest is an in-memory Centra with a mailer behind it, for tests
// and demonstrations: what net/http/httptest is for net/http.
//
// One [Server] holds the Checkout API (below /api/checkout, also with a plugin
// ID as in /api/checkout/52), the Shop API (below /api/shop) and the Storefront
// API (GraphQL at /api/storefront) over one store of carts, and a mailer that
// counts down to a "Cart abandoned" e-mail.
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
// [Server.CheckoutURL], [Server.ShopURL], [Server.StorefrontURL] or
// [Server.Client]. Created [WithoutSocket], those five work in process. [Server.Transport] and
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
//     [Server.RotateNext]), and the old one is dead at once unless the Server was
//     made [WithTokenGrace]. API-Token: none is answered without a token. In the
//     Storefront API [SessionModeToken] makes sessions, extensions.token is the
//     session's, and a token that does not work is an error, "Unauthorized".
//   - Access: the secret as Authorization: Bearer (Checkout API) and
//     API-Authorization (Shop API), the list of allowed origins, 401; the
//     Storefront API needs none, and refuses a wrong X-Shared-Secret.
//   - Carts: items, lines, stock, vouchers, payment and shipping method, country,
//     language, fields; 30 days of life since the last change, 7 for a cart of the
//     Storefront API; 404 when unknown, expired or ordered; 410 with what is out of
//     stock when a payment starts.
//   - The shapes of both APIs: the Checkout API has the cart in "selection", an
//     item's product as an object and the order in "order"; the Shop API has
//     everything at the top level, "selection" and an item's product as IDs, 201
//     for what was made, and refuses unknown fields.
//   - The Storefront API's documents: the fields of its schema that have to do with
//     carts, checkouts and orders. A document that does not fit the schema (a field
//     or argument that is not there, one that is missing, a variable of another
//     type) is answered with errors and fails the test. So does one with directives
//     or introspection, which are not simulated. userErrors and the last valid
//     selection where the other APIs refuse; UnavailableItem for a 410.
//   - Payments: one method for each answer of POST /payment, and POST
//     /payment-result, during which nothing else may change the cart. It wants the
//     return page's bracketed variables nested, as PHP reads them.
//   - PHP's JSON: [] for an empty object, false for a missing text or amount,
//     numbers as text, escaped slashes, null.
//   - centraCheckoutScript for [KlarnaMethod] and [QliroMethod], see
//     [CheckoutScript]; pluginFields for [QliroMethod], [KlarnaPaymentsMethod] and
//     Ingrid, with [Server.ReplaceSnippet].
//   - The mailer: orderCreated, which needs address and consent, starts the
//     countdown again; orderCompleted stops it.
//   - Failures: [Server.FailNext], [Server.SetFault], [Server.SetLatency].
//
// What happened can be read: [Server.Requests] with a Storefront API request's
// document, variables and fields, [Server.Carts], [Server.Outbox],
// [Server.Timeline].
//
// A route that is not simulated answers 404 and fails the test.
//
// # What is uncertain
//
// Centra's documentation leaves some behaviour open. Where a shop can depend on
// it, it is a switch, whose comment says what is not known: [WithEmailAt],
// [WithOptInAt], [WithNoIgnored], [WithAttachNeedsSecret],
// [WithSelectionlessStock], [WithOversellingPrevention], [WithFlatOrders]; for the
// Storefront API [WithDeadSelection], [WithGraphQLErrorStatus], [WithWidgetOptIn],
// [WithPaymentOptIn], [WithAddressAddingUp], [WithTokenWhenNew].
// In the rest the simulation chose, and may be wrong about the real Centra:
//
//   - orderCreated needs the e-mail address and the opt-in in one request.
//   - The status for an unknown or ordered selection (404), for a change during
//     payment-result (409), for more items than there are (400) and for action
//     failed (200).
//   - Which fields the Shop API knows, and that it looks into addresses too.
//   - 201 in the Shop API for selections, items, vouchers and orders; in the
//     Checkout API for an order of [ExternalMethod] only.
//   - A cart's days start again with every change.
//   - setSelection leaves the session's previous cart to whoever has its ID.
//   - Which parts of a widget's event Centra understands as an address.
//   - A payment result that asks for another payment is FAILED with userErrors in
//     the Storefront API, which has no action there.
//
// # What is not simulated
//
// Customers who sign in, gift cards, tax rules, markets and pricelists,
// currencies other than SEK, CORS, rate limits (script a [RetryAfterFault]), the
// signature of [ExternalMethod], countries by X-Forwarded-For, captchas, and the checks that Centra makes of address
// fields.
package centratest
