package recovery

// Outcome says how a request for a cart link ended. Its text is short and
// stable, fit for the label of a metric.
type Outcome string

// The outcomes. Only Recovered is a recovered cart: a click is not one.
const (
	// Recovered: the cart was attached to the visitor's session.
	Recovered Outcome = "recovered"
	// AlreadyCurrent: the visitor had this very cart; nothing changed.
	AlreadyCurrent Outcome = "already-current"
	// Asked: the visitor was asked, and nothing was attached.
	Asked Outcome = "asked"
	// NotAPerson: a HEAD, a prefetch or a link scanner; nothing was attached.
	NotAPerson Outcome = "not-a-person"
	// NotFound: Centra has no such cart, or nothing is in it: ordered, expired,
	// never there.
	NotFound Outcome = "not-found"
	// Malformed: the link's ID cannot be one; Centra was not asked.
	Malformed Outcome = "malformed"
	// Refused: Config.Allow or Config.Owner said no.
	Refused Outcome = "refused"
	// CrossOrigin: the POST came from another site.
	CrossOrigin Outcome = "cross-origin"
	// MethodNotAllowed: neither GET nor HEAD nor POST.
	MethodNotAllowed Outcome = "method-not-allowed"
	// Unavailable: Centra or the session store failed; the visitor was told to
	// try again.
	Unavailable Outcome = "unavailable"
	// Misconfigured: Centra refused the shop's secret or origin, or the handler
	// serves a path that is not its CartLink's. The shop has to act.
	Misconfigured Outcome = "misconfigured"
	// Canceled: the visitor left before the answer was there.
	Canceled Outcome = "canceled"
)

// Event is what Config.Observe is told of a request.
type Event struct {
	Outcome Outcome
	// Err is what failed, if anything did. Its text holds no secret; that of the
	// host's own session store is left out, see StoreError in package session.
	Err error
	// Signature names what gave a NotAPerson away, such as "HEAD" or "Barracuda".
	Signature string
}
