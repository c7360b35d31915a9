package recovery

import "time"

// Code says how a request for a cart link ended. Its text is short and stable,
// fit for the label of a metric.
type Code string

// The codes. Only Recovered is a recovered cart: a click is not one.
const (
	// Recovered: the cart was attached to the visitor's session.
	Recovered Code = "recovered"
	// AlreadyCurrent: the visitor had this very cart; nothing changed.
	AlreadyCurrent Code = "already_current"
	// Asked: the visitor was asked, and nothing was attached.
	Asked Code = "asked"
	// NotAPerson: a HEAD, a prefetch or a link scanner; nothing was attached.
	NotAPerson Code = "not_a_person"
	// NotFound: Centra has no such cart, or nothing is in it: ordered, expired,
	// never there.
	NotFound Code = "not_found"
	// Malformed: the link's ID cannot be one, or its path is not that of CartLink;
	// Centra was not asked.
	Malformed Code = "malformed"
	// Refused: Config.Allow or Config.Owner said no.
	Refused Code = "refused"
	// CrossSite: the POST came from another site.
	CrossSite Code = "cross_site"
	// MethodNotAllowed: neither GET nor HEAD nor POST.
	MethodNotAllowed Code = "method_not_allowed"
	// Unavailable: Centra or the session store failed, or too many of the visitor's
	// requests wait; the visitor was told to try again.
	Unavailable Code = "unavailable"
	// Misconfigured: Centra refused the shop's secret or origin, or no path of
	// CartLink has reached the handler yet, but another one. The shop has to act.
	Misconfigured Code = "misconfigured"
	// Canceled: the visitor left before the answer was there.
	Canceled Code = "canceled"

	// OrderRecovered is told by [Handler.Ordered]: an order came from a recovered
	// cart.
	OrderRecovered Code = "order_recovered"
)

// Outcome is what Config.Observe is told of a request, and of a recovered order.
type Outcome struct {
	Code Code
	// Opened says that a person followed the link. What a robot did is none, nor is
	// the press of a button: that comes after.
	Opened bool
	// Duration is from when the request came until it was answered.
	Duration time.Duration
	// Err is what failed, if anything did. Its text holds no secret; that of the
	// host's own session store or API is left out, but errors.As reaches it.
	Err error
	// Signature names what gave a NotAPerson away, such as "HEAD" or "Barracuda",
	// and is "no click" where a visitor was asked because another site led them
	// here unasked.
	Signature string
	// Value is the grand total of an OrderRecovered. Currency is what it is in, or
	// the cart that the visitor has by the link.
	Value    float64
	Currency string
}
