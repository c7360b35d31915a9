package centra

import (
	"context"
	"net/http"
	"net/url"
	"unsafe"
)

// refused is the error of a response that is one: its status says so, or its
// errors do.
func (x *exchange) refused(top envelope) *Error {
	e := x.newError(statusKind(x.status, !x.anyEndpoint || top.errors["selection"] != ""), "", nil)
	e.Fields = top.errors
	e.Session = x.next(Session(top.token))
	x.warn(e)
	return e
}

// invalidBody is the error of a body that is not what it should be. A token that
// was read before it went wrong is Centra's all the same.
func (x *exchange) invalidBody(err error, top envelope) *Error {
	x.session = x.next(Session(top.token))
	return x.failed(ErrInvalidResponse, err.Error(), nil)
}

// errorEnvelope reads the body of an error, which may be anything; a redirect's
// is not Centra's.
func (x *exchange) errorEnvelope() envelope {
	if x.status < 400 {
		return envelope{}
	}
	d := decoder{data: x.response.String()}
	top, err := decodeBody(&d, func(top *envelope) { top.member(&d) })
	if err != nil {
		return envelope{}
	}
	return top
}

// text is the body as a string: a copy, to be kept, or a view of the buffer that
// ends with release.
func (x *exchange) text(keep bool) string {
	if keep || x.response.Len() == 0 {
		return x.response.String()
	}
	b := x.response.Bytes()
	return unsafe.String(&b[0], len(b)) // the decoder copies what it returns
}

// answer is a body that a call can bring: a selection, a payment, an order.
type answer interface {
	decode(*decoder) (envelope, error)
}

// decode reads the response of a finished exchange into v and returns the body
// for Raw.
func (x *exchange) decode(v answer) (raw string, err error) {
	if !success(x.status) {
		return "", x.refused(x.errorEnvelope())
	}
	d := decoder{data: x.text(!x.withoutRaw), borrowed: x.withoutRaw}
	top, err := v.decode(&d)
	switch {
	case err != nil:
		return "", x.invalidBody(err, top)
	case len(top.errors) > 0:
		return "", x.refused(top)
	case x.withoutRaw:
		return "", nil
	}
	return d.data, nil
}

func (c *client) selection(ctx context.Context, r request) (*Selection, error) {
	x, err := c.send(ctx, r)
	defer x.release()
	if err != nil {
		return nil, err
	}
	sel := new(Selection)
	if sel.raw, err = x.decode(sel); err != nil {
		return nil, err
	}
	sel.Session = x.next(sel.Session)
	return sel, nil
}

func (c *client) updateFields(ctx context.Context, r request, f Fields) (*Selection, error) {
	var err error
	if r.body, err = f.body(c.fieldsInAddress); err != nil {
		return nil, c.invalid(r, "the fields cannot be written as JSON", nil)
	}
	return c.selection(ctx, r)
}

func (c *client) startPayment(ctx context.Context, r request, p Payment) (*PaymentAction, error) {
	var err error
	if r.body, err = p.body(c.fieldsInAddress); err != nil {
		return nil, c.invalid(r, "the payment cannot be written as JSON", nil)
	}
	x, err := c.send(ctx, r)
	defer x.release()
	if err != nil {
		return nil, err
	}
	if x.status == http.StatusGone {
		return nil, x.outOfStock()
	}
	action := new(PaymentAction)
	if action.raw, err = x.decode(action); err != nil {
		return nil, err
	}
	action.Session = x.next(action.Session)
	if action.Order != nil {
		action.Order.raw = action.raw
		action.Order.Session = action.Session
	}
	return action, nil
}

// outOfStock reads a 410. Without a selection in it the cart is gone, not the
// stock.
func (x *exchange) outOfStock() error {
	text := x.response.String()
	items, top, err := decodeUnavailable(&decoder{data: text})
	if err != nil {
		return x.invalidBody(err, top)
	}
	sel := new(Selection)
	if _, err := sel.decode(&decoder{data: text}); err != nil || len(items) == 0 {
		return x.refused(top)
	}
	if !x.withoutRaw {
		sel.raw = text
	}
	sel.Session = x.next(sel.Session)
	e := x.newError(nil, "", nil)
	e.Fields, e.Session = top.errors, sel.Session
	x.warn(e)
	return &OutOfStockError{Items: items, Selection: sel, err: e}
}

func (c *client) paymentResult(ctx context.Context, r request, values url.Values) (*Order, error) {
	var err error
	if r.body, err = paymentFields(values); err != nil {
		return nil, c.invalid(r, "the values cannot be written as JSON", nil)
	}
	x, err := c.send(ctx, r)
	defer x.release()
	if err != nil {
		return nil, err
	}
	order := new(Order)
	if order.raw, err = x.decode(order); err != nil {
		return nil, err
	}
	order.Session = x.next(order.Session)
	return order, nil
}
