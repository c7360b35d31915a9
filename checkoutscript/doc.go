// Package checkoutscript is the webshop's side of Centra's CheckoutScript: it
// captures the shopper's e-mail address while checkout is under way, so that an
// abandoned cart can be recovered.
//
// A widget such as Klarna Checkout tells CheckoutScript what the shopper
// entered. CheckoutScript suspends the widget and dispatches
// centra_checkout_callback on the page. The listener posts the event to
// [Handler], which forwards it to Centra with cartAbandonmentEmail set from the
// shopper's consent, and answers what the page needs to update itself and to
// resume the widget:
//
//	widget ─▶ CheckoutScript ─▶ listener ─▶ Handler ─▶ PUT payment-fields (Centra)
//	   ▲                           │
//	   └── CentraCheckout.resume ──┘
//
// [Handler.Embed] writes the two scripts into the checkout page; the handler
// serves the listener beside its callback. Listeners that a shop wrote itself
// work too: jQuery's form encoding, JSON, URLSearchParams and FormData are all
// read by [Decode].
//
// A shop whose checkout has no widget calls [Handler.Capture] from the handler
// of its own form, [Handler.Withdraw] where a shopper takes the consent back, and
// [Handler.Agree] where they give it again.
//
// # Answers
//
// A forwarded event is answered 200 with
//
//	{"suspendIgnore": true, "selection": {...}}
//
// where selection is the JSON of [centra.Selection]. A failure has error in its
// place, with what Centra says to the shopper if it said anything, by field (fields) or
// in general (messages); message is for the page's developer:
//
//	{"suspendIgnore": true, "error": {"code": "refused", "message": "...",
//	  "fields": {"email": "..."}, "messages": ["..."]}}
//
// Where Centra cannot be reached and the host's queue took the capture (see below),
// it is 202 with suspendIgnore alone.
//
// suspendIgnore is the very value of the event, for CentraCheckout.resume. It is
// left out where the event had none or could not be read.
//
//	400 invalid_body             broken, too deep (16), too many keys (1,000), NUL, not UTF-8
//	403 cross_site               posted from another site
//	404 selection_not_found      the cart was ordered, has expired or never was; also where
//	                             Centra took an expired session for a new visitor's
//	405 method_not_allowed       anything but POST
//	409 no_session               the visitor has no cart yet; Centra was not asked
//	413 body_too_large           see Config.MaxBytes
//	415 unsupported_media_type   see Decode
//	422 refused                  Centra refused fields
//	429 busy                     64 calls of this visitor wait already
//	500 internal                 anything else, such as a Consent or a Filter that panics
//	502 invalid_response         Centra's answer made no sense
//	502 unauthorized             Centra refused the secret or the origin
//	503 rate_limited, unavailable, session_store, canceled, queue_failed
//	504 timeout                  see Config.Timeout
//
// 429 and 503 carry Retry-After: what Centra asked for, from a second to ten
// minutes, or 5 seconds. A selection and an error never come together.
//
// # Order
//
// Parallel updates of one selection race inside Centra, so an event takes its
// turn with the visitor's other calls, those of the shop's own pages included,
// as package session describes: one at a time, in the order in which they
// arrived. An event has arrived when its body has been read, so that a slow
// upload holds up nobody. Consent and Filter are asked when its turn has come.
//
// An event that waits is given up when its browser leaves. One whose turn has
// come is not: Centra may have taken it, and may have rotated the token.
//
// An answer to an event never gives the browser a session that only took the
// place of an expired one. The shop's own next page does, if it is needed. Centra
// has stored the event in an empty cart then, and is told that nobody is to be
// reminded of that.
//
// # Outages
//
// With Config.Later an address that is captured while Centra is away is not lost:
// it goes to a durable queue of the host's as a [Pending], and
// [Handler.Redeliver] sends it from there. Redeliver looks at the cart first, and
// at what the shopper is known to have decided last, so that nothing old is sent
// over something new. What a cart cannot show is known to all processes where the
// turns keep notes (session.NotedTurn), as those of package redisturns do; else to
// one process only:
//
//   - which of two addresses is newer, where one of them waited,
//   - a withdrawal that named no address,
//   - an event of an outage for which Consent said no: of it is kept that it takes
//     back a yes that Centra was told, else nothing,
//   - that a shopper agreed anew after a withdrawal that still waits.
//
// A withdrawal that names the address, as listener.js posts it, counts in all
// processes anyway. That another cart was attached to a visitor's session (see
// session.Visitors.CartChanged) is known to the process that did it.
//
// # Security
//
// Give Handler a client made with [centra.CheckoutAPI.AsShopper]: an event then
// has no more rights than the browser that sent it. With the Shop API every
// call has the shop's rights, so restrict what may be set with Config.Filter.
// Whatever a browser sends as cartAbandonmentEmail is dropped, and so is what
// stands in the Extra of a Capture. Posts from other sites are refused. Nothing a
// shopper typed is logged or part of an error.
package checkoutscript
