package centra

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
)

// Order is a completed order or, where Centra wants something else to happen
// first, what that is. Its JSON has Centra's names and no session.
type Order struct {
	Session Session `json:"-"`
	// Order is the order number; "" where Next is set, and only there.
	Order string `json:"order"`
	// Next is set where the payment is not over: the provider sends the shopper
	// on, or has refused.
	Next *PaymentAction `json:"-"`

	Status             string          `json:"status"`            // "untouched", "progress", "ok", ...
	StatusDescription  string          `json:"statusDescription"` // "Pending", "Confirmed", ...
	Date               string          `json:"date"`              // as Centra writes it: "2026-01-31 14:42:11"
	Message            string          `json:"message"`           // for the shopper
	Items              []Item          `json:"items"`
	Discounts          Discounts       `json:"discounts"`
	Totals             Totals          `json:"totals"`
	Currency           string          `json:"currency"` // ISO 4217
	PaymentMethod      string          `json:"paymentMethod"`
	PaymentMethodName  string          `json:"paymentMethodName"`
	ShippingMethod     string          `json:"shippingMethod"`
	ShippingMethodName string          `json:"shippingMethodName"`
	Address            Address         `json:"address"`
	ShippingAddress    Address         `json:"shippingAddress"`
	PaymentMethodData  json.RawMessage `json:"paymentMethodData,omitempty"` // of the provider, such as a receipt to show
	AffiliateHTML      string          `json:"affiliateHtml,omitempty"`     // for the receipt page, holds scripts

	raw string
}

// Raw returns a copy of the whole body; see [Selection.Raw].
func (o *Order) Raw() json.RawMessage { return rawCopy(o.raw) }

// LogValue says which order it is, not whose.
func (o Order) LogValue() slog.Value {
	if o.Next != nil {
		return o.Next.LogValue()
	}
	return slog.GroupValue(slog.Any("session", o.Session), slog.String("order", o.Order))
}

// Format prints the same whatever the verb.
func (o Order) Format(f fmt.State, verb rune) {
	if o.Next != nil {
		o.Next.Format(f, verb)
		return
	}
	_, _ = fmt.Fprintf(f, "order %s, %s", o.Order, o.Session)
}

// UnmarshalJSON decodes the body of a response that holds an order in either
// shape, so that an *Order can be the result of Do, and what an Order itself is in
// JSON.
func (o *Order) UnmarshalJSON(body []byte) error {
	var decoded Order
	d := decoder{data: body, kept: string(body)}
	top, err := decoded.decode(&d)
	switch {
	case err != nil:
		return err
	case len(top.errors) > 0:
		return errRefused
	}
	decoded.Session = Session(top.token)
	decoded.raw = d.kept
	*o = decoded
	return nil
}

var errNoOrder = errors.New("no order in the body")

// decode reads the answer to the result of a payment.
func (o *Order) decode(d *decoder) (envelope, error) {
	var next PaymentAction
	top, err := decodeSettlement(d, &next, o)
	switch {
	case err != nil, len(top.errors) > 0:
		return top, err
	case next.Action != "" && next.Action != ActionSuccess:
		*o = Order{Next: &next, Items: []Item{}, Discounts: noDiscounts()}
	case o.Order == "":
		return top, errNoOrder
	}
	return top, nil
}

// decodeSettlement reads what both payment endpoints answer: an action, an
// order, or the two of them. The order stands inside "order" (Checkout API) or
// beside it (Shop API, and the Checkout API once).
func decodeSettlement(d *decoder, p *PaymentAction, o *Order) (envelope, error) {
	nested := false
	o.Discounts = noDiscounts()
	top, err := decodeBody(d, func(top *envelope) {
		switch {
		case string(d.key) == "order" && d.peek() == '{':
			nested = true
			*o = Order{Discounts: noDiscounts()}
			o.decodeNested(d)
		case string(d.key) == "order" && !nested:
			o.Order = d.orderNumber()
		case p.member(d):
		case nested || !o.member(d): // beside an order the same names mean other things
			top.member(d)
		}
	})
	if !nested {
		o.Message = top.message
	}
	if o.Items == nil {
		o.Items = []Item{}
	}
	p.Code = top.code
	return top, err
}

func (o *Order) decodeNested(d *decoder) {
	d.object()
	for d.next() {
		switch string(d.key) {
		case "order":
			o.Order = d.orderNumber()
		case "message":
			o.Message = d.text()
		default:
			if !o.member(d) {
				d.skip()
			}
		}
	}
}

// hasOrder reads past an order inside "order" and reports whether it is one.
func (d *decoder) hasOrder() bool {
	if !d.object() {
		return false
	}
	number := ""
	for d.next() {
		if string(d.key) == "order" {
			number = d.orderNumber()
		} else {
			d.skip()
		}
	}
	return number != ""
}

// orderNumber reads text or a number: anything else is none.
func (d *decoder) orderNumber() string {
	switch d.peek() {
	case 't', 'f', 'n':
		d.skip()
		return ""
	}
	return d.text()
}

func (o *Order) member(d *decoder) bool {
	switch string(d.key) {
	case "status":
		o.Status = d.text()
	case "statusDescription":
		o.StatusDescription = d.text()
	case "date":
		o.Date = d.text()
	case "items":
		o.Items, _ = decodeItems(d) // it is paid, whatever stands there
	case "discounts":
		o.Discounts.decode(d)
	case "totals":
		o.Totals.decode(d)
	case "currency":
		o.Currency = d.text()
	case "paymentMethod":
		o.PaymentMethod = d.text()
	case "paymentMethodName":
		o.PaymentMethodName = d.text()
	case "shippingMethod":
		o.ShippingMethod = d.text()
	case "shippingMethodName":
		o.ShippingMethodName = d.text()
	case "address":
		o.Address.decode(d)
	case "shippingAddress":
		o.ShippingAddress.decode(d)
	case "paymentMethodData":
		o.PaymentMethodData = d.raw()
	case "affiliateHtml":
		o.AffiliateHTML = d.text()
	default:
		return false
	}
	return true
}
