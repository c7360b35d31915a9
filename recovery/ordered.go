package recovery

import (
	"net/http"
	"slices"

	"github.com/centra-go/cartabandonment/centra"
)

// Ordered reports whether a completed order came from a cart that this handler
// recovered for the visitor, and tells Config.Observe so: [OrderRecovered], with
// the order's value and currency. Call it once an order is there, in the request
// in which the visitor comes back from paying, after [session.Visitors.Do] and
// before the response's body is written:
//
//	recovered := cartLinks.Ordered(w, r, order)
//
// It goes by the cookie of [Config.CookieName], which follows the visitor's
// session through rotated tokens and is forgotten here, so that one recovery
// counts once. A visitor who only clicked, was asked, or kept their own cart has
// none; nor has one whose cart was emptied or replaced since. An order whose
// payment is not over (Order.Next) changes nothing.
func (h *Handler) Ordered(w http.ResponseWriter, r *http.Request, o *centra.Order) bool {
	if o == nil || o.Order == "" {
		return false
	}
	marks := h.marks(r, o.Session) // one that was rotated with the order is remembered
	if len(marks) == 0 {
		return false
	}
	h.recent.forget(o.Session)
	h.cookie.forget(w)
	own, err := h.visitors.Session(r) // the one before, if Centra rotated it with the order
	if err != nil {
		own = ""
	}
	i := slices.IndexFunc(marks, func(m mark) bool { return m.in(o.Session) || m.in(own) })
	if i < 0 || !h.ordered.keepNew(marks[i].cart(), struct{}{}) {
		return false
	}
	ctx, end := h.begin(r.Context(), "order")
	h.tell(ctx, Outcome{Code: OrderRecovered, Value: o.Totals.GrandTotalPriceAsNumber, Currency: o.Currency}, end)
	return true
}
