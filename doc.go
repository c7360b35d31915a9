// Package cartabandonment is what a webshop written in Go needs for Centra's cart
// abandonment feature: a shopper who leaves the checkout gets an e-mail with a
// link, and the link brings the cart back. It holds no code itself; its example is
// the whole set-up, and the packages below it do the work.
//
// A cart is abandoned in three moves, and each place where a webshop takes part
// has a package:
//
//	browser widget ──event──▶ checkoutscript.Handler ──PUT fields──▶ Centra ──orderCreated──▶ mailer
//	shopper ◀──e-mail with cart link──────────────────────────────────────────────────────────┘
//	shopper ──GET /abandoned-cart/{selection}──▶ recovery.Handler ──attach──▶ Centra, then 303 to the checkout
//
// # What a shop imports
//
//   - [github.com/centra-go/cartabandonment/centra]: clients for Centra's Checkout
//     API, Shop API and Storefront API. Begin with NewCheckoutAPI, NewShopAPI or
//     NewStorefrontAPI.
//   - [github.com/centra-go/cartabandonment/centra/session]: the one place through
//     which the shop speaks to Centra for a visitor. Begin with NewVisitors.
//   - [github.com/centra-go/cartabandonment/checkoutscript]: the endpoint for the
//     checkout page's events, the script that posts them, and the same for the
//     shop's own form. Begin with New.
//   - [github.com/centra-go/cartabandonment/recovery]: the page behind the cart
//     link, as a route or as middleware. Begin with New.
//
// # What its tests import
//
//   - [github.com/centra-go/cartabandonment/centra/centratest]: an in-memory Centra
//     and mailer, as net/http/httptest is for net/http.
//   - [github.com/centra-go/cartabandonment/centra/session/sessiontest]: proves a
//     session store, or turns, of the shop's own.
//
// # Modules of their own
//
// What needs more than this module's one dependency is got by a go get of its own:
//
//   - [github.com/centra-go/cartabandonment/centra/session/redisturns]: for a shop
//     of several processes, over Redis.
//   - [github.com/centra-go/cartabandonment/centra/centraotel]: OpenTelemetry spans
//     and metrics, without an ID in them.
//
// The host application composes them. There is no global state, and no constructor
// leaves a goroutine behind or makes a call.
//
// The README has the set-up in Centra and in the mailer, what is uncertain about
// Centra, and guides. In a clone of the repository go run ./examples/webshop shows the
// whole flow, without an account anywhere.
package cartabandonment
