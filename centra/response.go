package centra

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
)

// answer is a body that a call can bring: a selection, a payment, an order.
type answer interface {
	decode(*decoder) (envelope, error)
}

// decode reads the response of a finished exchange into v. It returns the session
// to keep and the body for Raw.
func (x *exchange) decode(v answer) (next Session, raw string, err error) {
	if !success(x.status) {
		return "", "", x.failure()
	}
	d := x.decoder()
	top, err := v.decode(d)
	if err != nil {
		return "", "", x.invalidBody(err, top)
	}
	x.see(v)
	if len(top.errors) > 0 {
		return "", "", x.refused(top)
	}
	return x.next(Session(top.token)), d.kept, nil
}

// decoder reads the body. Where it is kept for Raw, strings are parts of it.
func (x *exchange) decoder() *decoder {
	d := &decoder{data: x.response.Bytes()}
	if !x.withoutRaw {
		d.kept = x.response.String()
	}
	return d
}

// into decodes the body once more, as a cart.
func (x *exchange) into(sel *Selection) error {
	var decoded Selection
	d := x.decoder()
	if _, err := decoded.decode(d); err != nil {
		return x.failed(x.unreadable(), err.Error(), nil)
	}
	decoded.raw = d.kept
	*sel = decoded
	return nil
}

// failure is the error of a response whose status says that it is one.
func (x *exchange) failure() error {
	says := len(bytes.TrimSpace(x.response.Bytes())) > 0
	if says && x.status == http.StatusGone {
		return x.gone()
	}
	top, err := x.errorEnvelope()
	if err != nil && says && x.status == http.StatusNotFound { // a proxy's page says nothing of a cart
		return x.invalidBody(err, top)
	}
	return x.refused(top)
}

// refused is the error of a response that is one: its status says so, or its
// errors do.
func (x *exchange) refused(top envelope) *Error {
	x.next(Session(top.token))
	kind, reason := x.statusKind(top), ""
	if errors.Is(kind, ErrUnauthorized) {
		reason = "secret or origin refused"
	}
	e := x.failed(kind, reason, nil)
	e.explain(top)
	return e
}

// explain takes over what Centra says to the shopper.
func (e *Error) explain(top envelope) {
	e.Fields, e.Message, e.Messages, e.Code = top.errors, top.message, top.messages, top.code
}

// invalidBody is the error of a body that is not what it should be. A token that
// was read before it went wrong is Centra's all the same.
func (x *exchange) invalidBody(err error, top envelope) *Error {
	x.next(Session(top.token))
	return x.failed(x.unreadable(), err.Error(), nil)
}

// errorEnvelope reads the body of an error, which may be anything; a redirect's
// is not Centra's.
func (x *exchange) errorEnvelope() (envelope, error) {
	if x.status < 400 {
		return envelope{}, nil
	}
	d := decoder{data: x.response.Bytes()}
	var found sighting
	top, err := decodeBody(&d, func(top *envelope) { found.member(&d, top) })
	if err != nil {
		return envelope{}, err
	}
	x.seen = found.cart(true).state
	return top, nil
}

// gone reads a 410, which means one of two things: the stock no longer covers the
// cart, or there is no cart.
func (x *exchange) gone() error {
	var short shortage
	top, err := short.decode(&decoder{data: x.response.Bytes()})
	if err != nil {
		return x.invalidBody(err, top)
	}
	if _, stock := top.errors["stock"]; !stock && len(short.items) == 0 {
		return x.refused(top)
	}
	x.next(Session(top.token))
	e := x.failed(nil, "", nil)
	e.explain(top)
	outOfStock := &OutOfStockError{Items: short.items, Cancellation: short.cancellation, Err: e}
	sel := new(Selection)
	d := x.decoder()
	_, shape, err := sel.decodeAnyShape(d)
	if err == nil && (shape == nestedCart || shape == flatCart) && x.own(sel) {
		x.see(sel)
		sel.Session, sel.raw = e.Session, d.kept
		outOfStock.Selection = sel
	}
	return outOfStock
}

const errAnotherCart = "the answer is about another cart"

// own reports whether a cart is the one that was asked for, and notes its ID
// where only the request has named it.
func (x *exchange) own(sel *Selection) bool {
	if x.cart != "" && sel.ID != "" && sel.ID != x.cart {
		return false
	}
	sel.ID = cmp.Or(sel.ID, x.cart)
	return true
}

func (c *client) selection(ctx context.Context, r request) (_ *Selection, err error) {
	x, err := c.send(ctx, r)
	defer x.end(&err)
	if err != nil {
		return nil, err
	}
	sel := new(Selection)
	if sel.Session, sel.raw, err = x.decode(sel); err != nil {
		return nil, err
	}
	if !x.own(sel) {
		x.seen = CartUnknown
		return nil, x.failed(ErrInvalidResponse, errAnotherCart, nil)
	}
	return sel, nil
}

func (c *client) updateFields(ctx context.Context, r request, f Fields) (*Selection, error) {
	var err error
	if r.body, err = f.body(c.placement); err != nil {
		r.refuse("the fields cannot be written as JSON", nil)
	}
	return c.selection(ctx, r)
}

func (c *client) startPayment(ctx context.Context, r request, p Payment) (_ *PaymentAction, err error) {
	if r.body, err = p.body(c.placement); err != nil {
		r.refuse("the payment cannot be written as JSON", nil)
	}
	x, err := c.send(ctx, r)
	defer x.end(&err)
	if err != nil {
		return nil, err
	}
	action := new(PaymentAction)
	if action.Session, action.raw, err = x.decode(action); err != nil {
		return nil, err
	}
	if action.Order != nil {
		action.Order.raw = action.raw
		action.Order.Session = action.Session
	}
	return action, nil
}

func (c *client) paymentResult(ctx context.Context, r request, values url.Values) (_ *Order, err error) {
	if r.body, err = paymentFields(values); err != nil {
		r.refuse("the values cannot be written as JSON", nil)
	}
	x, err := c.send(ctx, r)
	defer x.end(&err)
	if err != nil {
		return nil, err
	}
	order := new(Order)
	if order.Session, order.raw, err = x.decode(order); err != nil {
		return nil, err
	}
	if order.Next != nil {
		order.Next.raw = order.raw
		order.Next.Session = order.Session
	}
	return order, nil
}
