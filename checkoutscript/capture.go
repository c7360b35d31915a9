package checkoutscript

import (
	"cmp"
	"net/http"
	"time"

	"github.com/centra-go/cartabandonment/centra"
)

// Capture sends fields that the shop learned without a widget, for instance from
// its own checkout form, just as an event is sent: with the visitor's consent
// as CartAbandonmentEmail, whatever f says, through Filter, in turn with the
// visitor's other calls, within Timeout. The e-mail address is f.Email, or that
// of the address or shipping address. f itself is not changed.
//
// Where Consent says no, Centra is told so; an address that was captured before
// is not reminded of its cart any more.
//
// It saves a session that Centra changed, so call it before the response is
// written; it writes none itself. It does not look at where the request came
// from: protect the form as any other.
//
// The error is a [*centra.Error] (Fields says what Centra refused), or matches
// [centra.ErrNoSession] for a visitor who has no cart, [centra.ErrSelectionNotFound]
// for one whose cart is gone, [session.ErrBusy], [session.ErrStore],
// context.DeadlineExceeded or context.Canceled. It matches [ErrDeferred] where
// Config.Later has taken the e-mail address, and nothing else of f: the shopper may
// go on, but what the order needs has to be sent again.
func (h *Handler) Capture(w http.ResponseWriter, r *http.Request, f centra.Fields) (*centra.Selection, error) {
	return h.capture(w, r, &delivery{op: "capture", fields: cloneFields(f)})
}

// Withdraw tells Centra that the visitor does not want to be reminded any more,
// of the cart that they have now. Consent and Filter are not asked. The errors
// are those of [Handler.Capture]; with [centra.ErrNoSession] and
// [centra.ErrSelectionNotFound] there is no cart to be reminded of.
//
// A capture that waits in a queue meanwhile (see Config.Later) gives way to a
// withdrawal if that names the address, or if the same process has seen both.
// So where the shop knows the address, let Capture send it while Consent says no.
func (h *Handler) Withdraw(w http.ResponseWriter, r *http.Request) error {
	_, err := h.capture(w, r, &delivery{op: "withdraw", withdrawal: true})
	return err
}

// Agree tells Centra that the visitor wants to be reminded after all, at the
// address that their cart has: the other side of [Handler.Withdraw]. The address is
// read and sent in one turn, so that it never takes the place of one that an event
// has brought meanwhile. A cart without an address stays as it is, and Agree
// returns nil. Consent and Filter are not asked; the errors are those of Withdraw.
func (h *Handler) Agree(w http.ResponseWriter, r *http.Request) error {
	_, err := h.capture(w, r, &delivery{op: "agree", agreement: true})
	return err
}

// agreed is what is sent to be reminded of a cart at the address that it has.
func (h *Handler) agreed(known *centra.Selection) centra.Fields {
	email := cmp.Or(known.Address.Email, known.ShippingAddress.Email)
	if h.storefront() { // the other may be where the invoice goes
		email = cmp.Or(known.ShippingAddress.Email, known.Address.Email)
	}
	return centra.Fields{Email: email, CartAbandonmentEmail: centra.Yes}
}

func (h *Handler) capture(w http.ResponseWriter, r *http.Request, d *delivery) (*centra.Selection, error) {
	d.began = time.Now()
	r = h.begin(r, d)
	sel, err := h.forward(w, r, d)
	h.report(r, d, Outcome{Code: d.outcomeOf(err), Duration: time.Since(d.began), Err: err})
	return sel, err
}

// outcomeOf is the code of what became of the delivery.
func (d *delivery) outcomeOf(err error) Code {
	if err == nil && d.withdrawal {
		return Withdrawn
	}
	return codeOf(err)
}
