package centra

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
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

// LogValue says what is set, not what a shopper typed or where they return to.
func (p Payment) LogValue() slog.Value { return p.Fields.LogValue() }

// Format prints what LogValue says, whatever the verb.
func (p Payment) Format(s fmt.State, _ rune) { _, _ = fmt.Fprintf(s, "payment with %v", p.Fields) }

func (p Payment) body(place placement) ([]byte, error) {
	fields := p.Fields
	fields.Extra = make(map[string]any, len(p.Extra)+3)
	maps.Copy(fields.Extra, p.Extra)
	setText(fields.Extra, "paymentReturnPage", p.ReturnPage)
	setText(fields.Extra, "paymentFailedPage", p.FailedPage)
	if p.TermsAndConditions {
		fields.Extra["termsAndConditions"] = true
	}
	return fields.body(place)
}

// Action is what the shop does next with a payment.
type Action string

// The actions that Centra names.
const (
	ActionRedirect   Action = "redirect"   // send the shopper to URL
	ActionForm       Action = "form"       // show FormHTML, or build a form of FormFields that is sent to FormURL
	ActionJavaScript Action = "javascript" // run Code on the page
	ActionSuccess    Action = "success"    // paid: Order is the order
	ActionExternal   Action = "external"   // the payment goes on outside of the shop, see Raw
	ActionFailed     Action = "failed"     // refused: let the shopper choose again
)

// PaymentAction is what Centra wants to happen next in a payment. Its JSON has
// Centra's names and no session, so a page may have it.
type PaymentAction struct {
	Session  Session `json:"-"`
	Action   Action  `json:"action"`
	URL      string  `json:"url,omitempty"`
	FormHTML string  `json:"formHtml,omitempty"`
	FormType string  `json:"formType,omitempty"`
	// FormFields are for the page, as Centra wrote them, which can be nested; nil
	// where there are none.
	FormFields json.RawMessage `json:"formFields,omitempty"`
	FormURL    string          `json:"formUrl,omitempty"`
	Code       string          `json:"code,omitempty"`
	Order      *Order          `json:"order,omitempty"` // with ActionSuccess only

	raw string
}

// Raw returns a copy of the whole body; see [Selection.Raw].
func (p *PaymentAction) Raw() json.RawMessage { return rawCopy(p.raw) }

// LogValue says what comes next, not whose payment it is.
func (p PaymentAction) LogValue() slog.Value {
	return slog.GroupValue(slog.Any("session", p.Session), slog.String("action", p.Action.name()))
}

// Format prints the same whatever the verb.
func (p PaymentAction) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "payment action %s, %s", p.Action.name(), p.Session)
}

// name is the action for a log: a response may hold anything.
func (a Action) name() string {
	switch a {
	case ActionRedirect, ActionForm, ActionJavaScript, ActionSuccess, ActionExternal, ActionFailed:
		return string(a)
	}
	return "of another name"
}

var errNoAction = errors.New("no action in the body")

// decode reads the answer to a payment.
func (p *PaymentAction) decode(d *decoder) (envelope, error) {
	var order Order
	top, err := decodeSettlement(d, p, &order)
	if err != nil || len(top.errors) > 0 {
		return top, err
	}
	if p.Action == "" && order.Order != "" {
		p.Action = ActionSuccess
	}
	switch {
	case p.Action == "":
		return top, errNoAction
	case p.Action != ActionSuccess:
		return top, nil
	case order.Order == "":
		return top, errNoOrder
	}
	p.Order = &order
	return top, nil
}

func (p *PaymentAction) member(d *decoder) bool {
	switch string(d.key) {
	case "action":
		p.Action = Action(d.text())
	case "url":
		p.URL = d.text()
	case "formHtml":
		p.FormHTML = d.text()
	case "formType":
		p.FormType = d.text()
	case "formFields":
		p.FormFields = d.raw()
	case "formUrl":
		p.FormURL = d.text()
	default:
		return false
	}
	return true
}
