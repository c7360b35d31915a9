// Package recovery serves the page behind the cart link of an abandoned-cart
// e-mail: it attaches the cart that the link names to the visitor's session and
// sends the visitor to the checkout.
//
//	shopper ──GET /abandoned-cart/{selection}──▶ Handler ──attach──▶ Centra
//	        ◀──303 to the checkout, session saved──
//
// [Handler] is a route ([Handler.Pattern]) or middleware in front of a whole
// shop ([Handler.Wrap]). It starts no goroutine and is safe for concurrent use.
//
// # What a visit does
//
// A GET that a person made attaches the cart, saves the session and answers 303
// to Config.Checkout, with the campaign parameters of the link. It does not
// attach where
//
//   - the visitor has another cart with something in it: a page asks, and its
//     button, a POST, decides ([Confirm]);
//   - another site, or another host of this one, led the browser here without a
//     click: the same question, since that is how a cart is planted. Safari does
//     not tell a click from that, so there a click in a web mailer is asked about;
//   - no person made the request: HEAD, prefetches, embeds, fetches, and link
//     scanners and preview robots that say who they are. They get the same page
//     with the button, so that a person who is mistaken for one still gets in;
//   - the ID is malformed, or Centra has no such cart, or nothing is in it: 303
//     to Config.DeadLink, and the visitor's session stays as it was. No call is
//     made for a malformed ID;
//   - anything else goes wrong: Centra is down, slow, busy with the cart's
//     payment, or refuses the shop. 503 with Retry-After and a page to try again
//     from, and the visitor keeps the cart they have.
//
// All calls for a visit are one turn of Config.Visitors: a double click waits
// until the first is over and sees what it did, and a browser that leaves loses
// nothing. A session token that Centra rotates meanwhile is saved, whatever the
// outcome.
// Every answer tells robots not to index it, browsers not to send its address on
// as a Referer, and caches not to keep it.
//
// # The pages
//
// The small pages that ask, or say why not, load nothing and run no script. They
// are in English, Swedish, Norwegian (Bokmål), Danish, Finnish, German, Dutch or
// French: in the language of the visitor's cart, else what the browser asks for.
// A visitor with another cart sees what is in it and, in the Shop API, what is in
// the link's; the other APIs do not show that without attaching it. There are no
// pictures, since those would come from another site. Config.Texts and
// Config.Languages change what they say, Config.Page replaces them.
//
// # Recovered orders
//
// A click is no recovered cart, and a recovered cart is no order. [Handler.Ordered]
// says of an order whether it came from a recovered cart, and Config.Observe
// hears of its value:
//
//	links opened       every Outcome that is Opened
//	carts recovered    Recovered
//	orders recovered   OrderRecovered, with Value and Currency
//
// # What is defended, and what the host must do
//
// A cart link is a capability, not a login: whoever has it gets the cart with
// whatever the shopper entered, and a shop must not show more than a cart on the
// strength of it. Against links that leak: Referrer-Policy, X-Robots-Tag,
// [Handler.RobotsTxt] and no third-party asset. The host must keep the path out
// of its own logs and analytics, or log it without its last segment.
//
// Somebody may plant a link to a cart of their own, to read later what the
// victim enters into it. A cart is never replaced without being asked for, and
// the question cannot be answered from another site (http.CrossOriginProtection)
// or in a frame. Nothing is attached that no click of the visitor's asked for. A
// visitor who has no cart and does click is not asked unless Confirm is [Always];
// a shop that knows whose cart it is can tell by Config.Owner. What no question
// stops is an attacker who types the victim's address into a cart of their own,
// so that the shop itself mails the link: see the repository's SECURITY.md.
//
// Guessing IDs is as hard as Centra makes them long; Config.Allow is where a
// host limits the rate of tries or asks for a login first.
//
// Most mail scanners look like an ordinary browser, and some run scripts, but
// none are known to press buttons. An attach by a scanner takes place in a
// session of its own and changes nothing for the shopper; a shop that does not
// want even that sets Confirm to [Always].
//
// Neither the Host header nor X-Forwarded-* nor the query decide where a visitor
// is sent. The one place that reads Host is http.CrossOriginProtection, for
// browsers from before Sec-Fetch-Site.
package recovery
