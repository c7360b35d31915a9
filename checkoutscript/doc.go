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
// [Embed] writes the two scripts into the checkout page and [Listener] serves
// the listener. Listeners that a shop wrote itself work too: jQuery's form
// encoding, JSON, URLSearchParams and FormData are all read by [Decode].
//
// A shop whose checkout has no widget calls [Handler.Capture] from the handler
// of its own form.
//
// # Answers
//
// A forwarded event is answered 200 with
//
//	{"suspendIgnore": true, "selection": {...}}
//
// where selection is the JSON of [centra.Selection]. A failure has error in its
// place, with the fields that Centra refused if there were any:
//
//	{"suspendIgnore": true, "error": {"code": "refused", "message": "...", "fields": {"email": "..."}}}
//
// suspendIgnore is the very value of the event, for CentraCheckout.resume. It is
// left out where the event had none or could not be read.
//
//	400 invalid_body             broken, too deep (16), too many keys (1,000), NUL, not UTF-8
//	403 cross_site               posted from another site
//	404 selection_not_found      the cart was ordered, has expired or never was; also where
//	                             Centra took an expired token for a new visitor's
//	405 method_not_allowed       anything but POST
//	409 no_session               Shop API: the visitor has no cart yet
//	413 body_too_large           see Config.MaxBytes
//	415 unsupported_media_type   see Decode
//	422 refused                  Centra refused fields
//	429 busy                     64 events of this session wait already
//	500 internal                 anything else, such as fields that Filter made unfit for JSON
//	502 invalid_response         Centra's answer made no sense
//	502 unauthorized             Centra refused the secret or the origin
//	503 rate_limited, unavailable, session_store, canceled
//	504 timeout                  see Config.Timeout
//
// 429 and 503 carry Retry-After.
//
// # Order
//
// Parallel updates of one selection race inside Centra, so the events of a
// session are forwarded one at a time, in the order in which they arrived: in
// which their bodies had been read, so that a slow upload holds up nobody. When
// Centra rotates the token meanwhile, the events that wait use the new one, and
// for a minute so does one that still comes with the old cookie. That holds
// within one Handler; a shop with several processes relies on the listener,
// which sends one event at a time.
//
// A call ends with its request: where the browser gives up, the event is given
// up too, and its place is free at once. The listener sends with keepalive, so
// closing the tab does not cancel its requests. XMLHttpRequest, and with it
// jQuery, does cancel.
//
// # Security
//
// Give Handler a client made with [centra.CheckoutAPI.AsShopper]: an event then
// has no more rights than the browser that sent it. With the Shop API every
// call has the shop's rights, so restrict what may be set with Config.Filter.
// Whatever a browser sends as cartAbandonmentEmail is dropped. Posts from other
// sites are refused. Nothing a shopper typed is logged or part of an error.
package checkoutscript
