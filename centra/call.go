package centra

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"
)

// Call is what is told of a call to Centra when it is over; see [WithObserve],
// [WithTrace] and [WatchCalls]. It holds nothing secret and nothing that a shopper typed.
type Call struct {
	API        string // "checkout", "shop" or "storefront"
	Op         string // the endpoint with placeholders, as in [Error.Op]: "PUT /payment-fields"
	StatusCode int    // of the last answer; 0 where none came
	Attempts   int    // how often the call was sent; 0 where it was refused before
	Duration   time.Duration
	// Failure says what went wrong: "" for nothing, "not_found", "unauthorized",
	// "rate_limited", "unavailable", "invalid_response", "outcome_unknown",
	// "refused" (by Centra: fields, a payment), "out_of_stock", "canceled" (by
	// the caller), or "invalid_request" (refused here, nothing was sent).
	Failure string
	// BudgetRefused: another attempt would have been made, but the retries of all
	// the client's calls had used up their budget.
	BudgetRefused bool
	Session       SessionChange // what became of the session that was sent
	Cart          CartState     // where the answer held a cart
}

// SessionChange says whether Centra answered with another session than the one that
// was sent, and what that is as far as the answer tells.
type SessionChange uint8

// What becomes of a session. In the Shop API one that was sent is always kept.
const (
	// SessionKept: no other came.
	SessionKept SessionChange = iota
	// SessionRotated: another token, with the same cart.
	SessionRotated
	// SessionReplaced: another one, with nothing in its cart. It took the place of
	// one that has expired. In the Checkout API a token that rotates while the cart
	// is empty looks the same; the Storefront API says where one has expired.
	SessionReplaced
	// SessionUnclear: another one, either of both. The answer shows no cart, or one
	// in which the call itself (POST /items/...) put all that is there.
	SessionUnclear
	// SessionNone: none was sent.
	SessionNone
)

// String returns "kept", "rotated", "replaced", "unclear" or "none".
func (c SessionChange) String() string {
	switch c {
	case SessionRotated:
		return "rotated"
	case SessionReplaced:
		return "replaced"
	case SessionUnclear:
		return "unclear"
	case SessionNone:
		return "none"
	}
	return "kept"
}

// CartState says whether anything is in the cart that an answer held.
type CartState uint8

// The states of a cart.
const (
	CartUnknown CartState = iota // the answer held none
	CartEmpty
	CartFilled
)

// String returns "unknown", "empty" or "filled".
func (s CartState) String() string {
	switch s {
	case CartEmpty:
		return "empty"
	case CartFilled:
		return "filled"
	}
	return "unknown"
}

type (
	watchKey     struct{}
	operationKey struct{}
)

// WatchCalls returns a context whose calls are told to watch, each once, after it
// has ended. Where ctx is watched already both are told. A nil watch ends that: of the
// calls of the context that is returned nobody who watched before is told.
func WatchCalls(ctx context.Context, watch func(Call)) context.Context {
	if watch == nil {
		return context.WithValue(ctx, watchKey{}, watch)
	}
	if outer, _ := ctx.Value(watchKey{}).(func(Call)); outer != nil {
		inner := watch
		watch = func(c Call) { inner(c); outer(c) }
	}
	return context.WithValue(ctx, watchKey{}, watch)
}

// Operation names the call whose attempt a RoundTripper was given, by the
// context of its request: "PUT /payment-fields". The URL is no name: it can hold
// a selection ID. Outside such a context it is "".
func Operation(ctx context.Context) string {
	if x, ok := ctx.Value(operationKey{}).(*exchange); ok {
		return x.op
	}
	return ""
}

// begin tells of the call, and returns the context that it has from then on.
func (x *exchange) begin(ctx context.Context) context.Context {
	for _, trace := range x.trace {
		var end func(Call)
		ctx, end = trace(ctx, x.api, x.op)
		x.traces = append(x.traces, end)
	}
	x.ctx = ctx
	return ctx
}

// end tells of the call, and ends the exchange.
func (x *exchange) end(err *error) {
	defer x.release()
	failure := ""
	if *err != nil {
		failure = x.failureName(*err)
		x.log(failure, *err)
	}
	watch, _ := x.ctx.Value(watchKey{}).(func(Call))
	if watch == nil && len(x.observe) == 0 && len(x.traces) == 0 {
		return
	}
	call := Call{
		API: x.api, Op: x.op, StatusCode: x.status, Attempts: x.attempts, Duration: time.Since(x.began),
		Failure: failure, BudgetRefused: x.budgetRefused,
		Session: x.sessionChange(), Cart: x.seen,
	}
	if watch != nil {
		watch(call)
	}
	for _, observe := range x.observe {
		observe(x.ctx, call)
	}
	for _, trace := range slices.Backward(x.traces) {
		trace(call)
	}
}

// sessionChange is what became of the caller's session.
func (x *exchange) sessionChange() SessionChange {
	switch {
	case x.given == "":
		return SessionNone
	case x.session == x.given:
		return SessionKept
	case x.tellsExpired && x.expired, !x.tellsExpired && x.seen == CartEmpty:
		return SessionReplaced
	case x.tellsExpired, x.seen == CartFilled && !x.allAdded:
		return SessionRotated
	}
	return SessionUnclear
}

// failureName is the word for an error of this call in [Call.Failure].
func (x *exchange) failureName(err error) string {
	var outOfStock *OutOfStockError
	switch {
	case x.refusal != "":
		return "invalid_request"
	case errors.As(err, &outOfStock):
		return "out_of_stock"
	}
	for _, row := range failures {
		if errors.Is(err, row.kind) {
			return row.name
		}
	}
	return "refused"
}

// failures are in the order in which they are looked for: a payment whose caller
// left is of unknown outcome, and that is what matters.
var failures = []struct {
	kind error
	name string
}{
	{ErrOutcomeUnknown, "outcome_unknown"},
	{ErrSelectionNotFound, "not_found"},
	{ErrUnauthorized, "unauthorized"},
	{ErrRateLimited, "rate_limited"},
	{ErrUnavailable, "unavailable"},
	{ErrInvalidResponse, "invalid_response"},
	{context.Canceled, "canceled"},
}

// log writes the one line that a failed call is worth.
func (x *exchange) log(failure string, err error) {
	level := slog.LevelWarn
	switch failure {
	case "not_found", "refused", "out_of_stock", "canceled":
		level = slog.LevelInfo
	}
	var e *Error
	if errors.As(err, &e) {
		x.logger.LogAttrs(x.ctx, level, "centra: call failed", slog.String("failure", failure), slog.Any("error", e))
	}
}

// see notes whether anything is in the cart that was answered.
func (x *exchange) see(v answer) {
	sel, ok := v.(*Selection)
	switch {
	case !ok || sel.Items == nil: // a body without a cart
	case sel.Empty():
		x.seen = CartEmpty
	default:
		x.seen = CartFilled
	}
}

// sighting is a cart as far as it is seen in an answer that is read for something
// else.
type sighting struct {
	nested, items itemCount
	flat          bool // selection is the cart's ID, and the rest stands beside it
	null          bool
}

type itemCount struct {
	state    CartState
	quantity int // of all lines together
}

// member reads a member of an answer's body.
func (s *sighting) member(d *decoder, top *envelope) {
	switch string(d.key) {
	case "items":
		s.items = d.countItems()
	case "selection":
		s.selection(d)
	default:
		top.member(d)
	}
}

func (s *sighting) selection(d *decoder) {
	switch d.peek() {
	case '"':
		s.flat = true
		d.skip()
	case '{':
		d.object()
		for d.next() {
			if string(d.key) == "items" {
				s.nested = d.countItems()
			} else {
				d.skip()
			}
		}
	case '[': // PHP's empty object; a list of anything is no cart
		if list := d.countItems(); list.state == CartEmpty {
			s.nested = list
		}
	case 'n', 'f':
		s.null = true
		d.skip()
	default:
		d.skip()
	}
}

// cart is what was seen. A null is a cart with nothing in it, but in an error only
// one that is not shown.
func (s *sighting) cart(refused bool) itemCount {
	switch {
	case s.flat:
		return s.items
	case s.null && !refused:
		return itemCount{state: CartEmpty}
	}
	return s.nested
}

// countItems reads the lines of a cart.
func (d *decoder) countItems() itemCount {
	count := itemCount{state: CartEmpty}
	for end := d.list(); d.each(end); {
		quantity := 1
		for ok := d.object(); ok && d.next(); {
			if string(d.key) == "quantity" {
				quantity = max(d.int(), 1)
			} else {
				d.skip()
			}
		}
		count.state = CartFilled
		count.quantity += quantity
	}
	return count
}
