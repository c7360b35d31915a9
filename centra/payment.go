package centra

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
)

// Payment is what StartPayment sends: the checkout fields once more, with the
// shopper's e-mail address and consent, and where the payment provider sends
// the shopper afterwards.
type Payment struct {
	Fields
	ReturnPage         string // paymentReturnPage: absolute URL after a payment, leads to PaymentResult
	FailedPage         string // paymentFailedPage: absolute URL after a failed one
	TermsAndConditions bool   // the shopper agreed to the shop's terms
}

func (p Payment) body(inAddress bool) ([]byte, error) {
	fields := p.Fields
	fields.Extra = make(map[string]any, len(p.Extra)+3)
	for key, value := range p.Extra {
		fields.Extra[key] = value
	}
	setText(fields.Extra, "paymentReturnPage", p.ReturnPage)
	setText(fields.Extra, "paymentFailedPage", p.FailedPage)
	if p.TermsAndConditions {
		fields.Extra["termsAndConditions"] = true
	}
	return fields.body(inAddress)
}

// Action is what the shop does next with a payment.
type Action string

// The actions that Centra names.
const (
	ActionRedirect   Action = "redirect"   // send the shopper to URL
	ActionForm       Action = "form"       // show FormHTML, or build a form of FormFields
	ActionJavaScript Action = "javascript" // run Code on the page
	ActionSuccess    Action = "success"    // paid: Order is the order
	ActionFailed     Action = "failed"     // refused: let the shopper choose again
)

// PaymentAction is Centra's answer to StartPayment.
type PaymentAction struct {
	Session    Session
	Action     Action
	URL        string
	FormHTML   string
	FormType   string
	FormFields map[string]string
	Code       string
	Order      *Order // with ActionSuccess only

	raw string
}

// Raw returns a copy of the whole body; see [Selection.Raw].
func (p *PaymentAction) Raw() json.RawMessage { return rawCopy(p.raw) }

// LogValue says what comes next, not whose payment it is.
func (p PaymentAction) LogValue() slog.Value {
	return slog.GroupValue(slog.Any("session", p.Session), slog.String("action", string(p.Action)))
}

// Format prints the same whatever the verb.
func (p PaymentAction) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "payment action %s, %s", p.Action, p.Session)
}

// Order is a completed order.
type Order struct {
	Session  Session `json:"-"`
	Order    string  `json:"order"` // the order number
	Items    []Item  `json:"items"`
	Totals   Totals  `json:"totals"`
	Currency string  `json:"currency"`

	raw string
}

// Raw returns a copy of the whole body; see [Selection.Raw].
func (o *Order) Raw() json.RawMessage { return rawCopy(o.raw) }

// LogValue says which order it is, not whose.
func (o Order) LogValue() slog.Value {
	return slog.GroupValue(slog.Any("session", o.Session), slog.String("order", o.Order))
}

// Format prints the same whatever the verb.
func (o Order) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "order %s, %s", o.Order, o.Session) }

var (
	errNoAction = errors.New("no action in the body")
	errNoOrder  = errors.New("no order in the body")
)

// decode reads the answer of the payment endpoint.
func (p *PaymentAction) decode(d *decoder) (envelope, error) {
	var order Order
	top, err := decodeBody(d, func(top *envelope) {
		switch d.key {
		case "action":
			p.Action = Action(d.text())
		case "url":
			p.URL = d.text()
		case "formHtml":
			p.FormHTML = d.text()
		case "formType":
			p.FormType = d.text()
		case "formFields":
			p.FormFields = d.texts()
		case "code":
			p.Code = d.text()
		default:
			order.member(d, top)
		}
	})
	if err == nil && p.Action == "" && len(top.errors) == 0 {
		err = errNoAction
	}
	p.Session = Session(top.token)
	if p.Action == ActionSuccess {
		order.Session = p.Session
		p.Order = &order
	}
	return top, err
}

// decode reads the answer of the payment-result endpoint.
func (o *Order) decode(d *decoder) (envelope, error) {
	top, err := decodeBody(d, func(top *envelope) { o.member(d, top) })
	if err == nil && o.Order == "" && len(top.errors) == 0 {
		err = errNoOrder
	}
	o.Session = Session(top.token)
	return top, err
}

func (o *Order) member(d *decoder, top *envelope) {
	switch d.key {
	case "order":
		o.Order = d.text()
	case "items":
		o.Items = decodeItems(d)
	case "totals":
		o.Totals.decode(d)
	case "currency":
		o.Currency = d.text()
	default:
		top.member(d)
	}
}

// decodeUnavailable reads the lines of a 410 that the stock no longer covers.
func decodeUnavailable(d *decoder) (items []UnavailableItem, top envelope, err error) {
	top, err = decodeBody(d, func(top *envelope) {
		if d.key != "unavailable" {
			top.member(d)
			return
		}
		for end := d.list(); d.element(end); {
			var item UnavailableItem
			item.decode(d)
			items = append(items, item)
		}
	})
	return items, top, err
}

func (i *UnavailableItem) decode(d *decoder) {
	if !d.object() {
		return
	}
	for d.next() {
		switch d.key {
		case "item":
			i.Item = d.text()
		case "product":
			i.Product = d.text()
		case "originalQuantity":
			i.OriginalQuantity = d.int()
		case "unavailable":
			i.Unavailable = d.int()
		case "available":
			i.Available = d.int()
		default:
			d.skip()
		}
	}
}

// paymentFields is the body of PaymentResult: the variables that the shopper
// brought back, names unchanged, a list where a name came more than once.
func paymentFields(values url.Values) ([]byte, error) {
	fields := make(map[string]any, len(values))
	for name, all := range values {
		if len(all) == 1 {
			fields[name] = all[0]
		} else {
			fields[name] = all
		}
	}
	return json.Marshal(map[string]any{"paymentMethodFields": fields})
}
