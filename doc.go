// Package cartabandonment and the packages below it are what a webshop written
// in Go needs for Centra's cart abandonment feature: a shopper who leaves a
// checkout gets an e-mail with a link, and the link brings the cart back.
//
// A cart is abandoned in three moves, and each place where a webshop takes part
// has a package:
//
//	browser widget ──event──▶ checkoutscript.Handler ──PUT fields──▶ Centra ──orderCreated──▶ mailer
//	shopper ◀──e-mail with cart link──────────────────────────────────────────────────────────┘
//	shopper ──GET /abandoned-cart/{selection}──▶ recovery.Handler ──attach──▶ Centra, then 303 to the checkout
//
// The packages:
//
//   - [github.com/centra-go/cartabandonment/centra]: clients for the Checkout API
//     and the Shop API, typed errors, retries.
//   - [github.com/centra-go/cartabandonment/checkoutscript]: the endpoint for the
//     browser's centra_checkout_callback events, the script that listens for them
//     and resumes the widget, and the same from the shop's own form.
//   - [github.com/centra-go/cartabandonment/recovery]: the page behind the cart
//     link, as a route or as middleware. Its example is a whole host.
//   - [github.com/centra-go/cartabandonment/centra/session]: where the shop keeps
//     a visitor's Centra session; a cookie, or a store of the shop's own.
//   - [github.com/centra-go/cartabandonment/centra/centratest]: an in-memory Centra
//     and mailer for the shop's own tests.
//
// The host application composes them. There is no global state, and no constructor leaves a goroutine behind or makes
// a call.
//
// This package itself holds no code. README.md has the set-up in Centra and in
// the mailer, and `go run ./examples/webshop` shows the whole flow.
package cartabandonment
