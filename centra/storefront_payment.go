package centra

import (
	"context"
	"encoding/json"
	"maps"
	"net/url"
)

// StartPayment begins to pay: mutation paymentInstructions. [Fields.Extra] goes
// verbatim into its input: paymentMethodSpecificFields, languageCode, ipAddress
// and so on. Addresses are completed as for UpdateFields. Where the stock no
// longer covers the cart it fails with an [*OutOfStockError]. It is not repeated
// once anything was sent.
//
// paymentInstructions knows nothing of consent. Where CartAbandonmentEmail is
// set, mutation setAddress takes it to Centra first, in a call of its own; where
// that fails the payment is not begun.
func (a *StorefrontAPI) StartPayment(ctx context.Context, s Session, p Payment) (*PaymentAction, error) {
	more := p.Extra
	p.Extra = nil // which is no widget's event
	to, err := a.addresses(ctx, &s, p.Fields)
	if err != nil {
		return nil, err
	}
	r := a.request(a.documents.paymentInstructions, s, map[string]any{"input": p.input(to, more)})
	to.check(&r)
	checkMethod(&r, p.PaymentMethod)
	checkMethod(&r, p.ShippingMethod)
	if p.CartAbandonmentEmail != NotSent && r.refusal == "" {
		consent := a.request(cartDocuments().setAddress, s, to.variables(p.CartAbandonmentEmail))
		answer, err := a.ask(ctx, consent, aboutChange)
		if err != nil {
			return nil, err
		}
		r.session = answer.session
	}
	answer, err := a.ask(ctx, r, aboutPayment)
	if err != nil {
		return nil, err
	}
	action := answer.action
	action.Session, action.raw = answer.session, answer.raw
	if action.Order != nil {
		action.Order.Session, action.Order.raw = answer.session, answer.raw
	}
	return action, nil
}

// input is PaymentInstructionsInput.
func (p Payment) input(to addresses, more map[string]any) extra {
	input := make(extra, len(more)+7)
	maps.Copy(input, more)
	input["paymentReturnPage"] = p.ReturnPage
	input["paymentFailedPage"] = p.FailedPage
	input["termsAndConditions"] = p.TermsAndConditions
	input["shippingAddress"] = to.shipping
	if to.billing != nil {
		input["separateBillingAddress"] = to.billing
	}
	if p.PaymentMethod != "" {
		input["paymentMethod"] = json.Number(p.PaymentMethod)
	}
	if p.ShippingMethod != "" {
		input["shippingMethod"] = json.Number(p.ShippingMethod)
	}
	return input
}

// aboutPayment is for the answer to paymentInstructions. An order with a number is
// one, whatever else went wrong; any other action beside refusals does not count.
func aboutPayment(x *exchange, answer *storefrontAnswer) error {
	paid := answer.action != nil && answer.action.Action == ActionSuccess
	if paid {
		x.seen = CartUnknown // as after a result
	}
	switch {
	case paid && answer.action.Order != nil && answer.action.Order.Order != "":
		return x.sessionless()
	case len(answer.errors) > 0 && !answer.partial():
		return x.faulty(answer)
	case paid:
		return x.failed(x.unreadable(), errNoOrder.Error(), nil)
	case len(answer.userErrors) > 0:
		return x.refusedChange(answer)
	case answer.action == nil || answer.action.Action == "":
		return x.failed(x.unreadable(), errNoAction.Error(), nil)
	}
	return x.sessionless()
}

// PaymentResult completes the order with every GET and POST variable that the
// shopper brought to the return page, bracketed names nested as PHP nests them:
// mutation paymentResult. It is not repeated once anything was sent. The cart is
// no longer the session's afterwards. A payment that failed is an error with
// Centra's reasons or, where it gives none, [Order.Next] with [ActionFailed].
func (a *StorefrontAPI) PaymentResult(ctx context.Context, s Session, values url.Values) (*Order, error) {
	r := a.request(a.documents.paymentResult, s, map[string]any{"fields": returnVariables(values)})
	answer, err := a.ask(ctx, r, aboutResult)
	if err != nil {
		return nil, err
	}
	order := answer.order
	if answer.result == resultFailed {
		next := &PaymentAction{Action: ActionFailed, Session: answer.session, raw: answer.raw}
		order = &Order{Next: next, Items: []Item{}, Discounts: noDiscounts()}
	}
	order.Session, order.raw = answer.session, answer.raw
	return order, nil
}

const (
	resultSuccess = "SUCCESS"
	resultFailed  = "FAILED"
)

func aboutResult(x *exchange, answer *storefrontAnswer) error {
	x.seen = CartUnknown // an order leaves an empty cart, which says nothing of the session
	paid := answer.result == resultSuccess
	switch {
	case paid && answer.order != nil && answer.order.Order != "": // whatever else went wrong
		return nil
	case len(answer.errors) > 0 && !answer.partial():
		return x.faulty(answer)
	case len(answer.userErrors) > 0 && !paid:
		return x.refusedChange(answer)
	case answer.result == resultFailed:
		return nil
	}
	return x.failed(x.unreadable(), errNoOrder.Error(), nil)
}

// decodeAction reads what happens next in a payment: null where Centra refuses.
func (a *storefrontAnswer) decodeAction(d *decoder) {
	if d.peek() != '{' {
		d.skip()
		return
	}
	action := new(PaymentAction)
	var typename string
	for ok := d.object(); ok && d.next(); {
		switch string(d.key) {
		case "__typename":
			typename = d.text()
		case "url":
			action.URL = d.text()
		case "formType":
			action.FormType = d.text()
		case "html":
			action.FormHTML = d.text()
		case "script":
			action.Code = d.text()
		case "formFields":
			action.FormFields = d.raw()
		case "order":
			action.Order = decodeStorefrontOrder(d)
		default:
			d.skip()
		}
	}
	switch typename {
	case "RedirectPaymentAction":
		action.Action = ActionRedirect
	case "FormPaymentAction":
		action.Action = ActionForm
	case "JavascriptPaymentAction":
		action.Action = ActionJavaScript
	case "SuccessPaymentAction":
		action.Action = ActionSuccess
	}
	a.action = action
}

// decodeStorefrontOrder reads an order. Its number is what a shopper knows it by.
func decodeStorefrontOrder(d *decoder) *Order {
	if d.peek() != '{' {
		d.skip()
		return nil
	}
	o := &Order{Items: []Item{}, Discounts: noDiscounts()}
	for ok := d.object(); ok && d.next(); {
		switch string(d.key) {
		case "number":
			o.Order = d.orderNumber()
		case "status":
			o.Status = d.text()
		case "orderDate":
			o.Date = d.text()
		case "affiliateHtml":
			o.AffiliateHTML = d.text()
		case "lines":
			o.Items = decodeLines(d)
		case "totals":
			o.Currency = o.Totals.decodeRows(d)
		case "shippingAddress":
			o.ShippingAddress = decodeStorefrontAddress(d)
		case "billingAddress":
			o.Address = decodeStorefrontAddress(d)
		default:
			d.skip()
		}
	}
	return o
}
