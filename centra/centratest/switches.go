package centratest

import "slices"

// What Centra's documentation leaves open is a choice here. Each option says
// what is not known and what the Server does without it.

// Place is where in the fields of a cart something stands.
type Place string

// The places.
const (
	TopLevel          Place = ""
	InAddress         Place = "address"
	InShippingAddress Place = "shippingAddress"
)

// WithEmailAt sets where an e-mail address counts for the mailer; of several
// the first that was sent. Centra's specification names the field without saying
// where it stands. The Shop API refuses "email" at a top level that does not
// count. Default: all three, in the order of the constants.
func WithEmailAt(places ...Place) Option {
	return func(c *config) { c.emailPlaces = slices.Clone(places) }
}

// WithOptInAt sets where cartAbandonmentEmail counts; of several places the
// first that was sent. As with the e-mail address its place is not documented.
// The Shop API refuses it where it does not count. Default: the top level and
// the address.
func WithOptInAt(places ...Place) Option {
	return func(c *config) { c.optInPlaces = slices.Clone(places) }
}

// WithNoIgnored lets a countdown run on after cartAbandonmentEmail: false.
// Whether that stops it is not documented. Default: it does.
func WithNoIgnored() Option {
	return func(c *config) { c.noIgnored = true }
}

// WithAttachNeedsSecret refuses PUT /selection/{selection} without the shared
// secret. The documentation does not say which rights it takes. Default: those
// of a shopper.
func WithAttachNeedsSecret() Option {
	return func(c *config) { c.attachNeedsSecret = true }
}

// WithSelectionlessStock leaves the selection out of a 410: examples of the
// documentation have one with it and one without. Default: with it.
func WithSelectionlessStock() Option {
	return func(c *config) { c.bare410 = true }
}

// WithOversellingPrevention is the setting of that name at "aggressive": the
// stock is also looked at when an item is added or its quantity changed (what is
// missing is left out: 200 with unavailable, or 410) and before a payment-result
// completes an order (410 with cancellation). Default: adding more than there is
// answers 400, and only POST /payment answers 410.
func WithOversellingPrevention() Option {
	return func(c *config) { c.preventOverselling = true }
}

// WithFlatOrders has the Checkout API write an order as the Shop API does, its
// number as text in "order" and everything else beside it. One page of the
// documentation shows that. Default: the order is an object in "order".
func WithFlatOrders() Option {
	return func(c *config) { c.flatOrders = true }
}

// WithIngrid has every selection carry pluginFields of the shipping plugin
// Ingrid. Default: none.
func WithIngrid() Option {
	return func(c *config) { c.ingrid = true }
}
