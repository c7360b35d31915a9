package main

import (
	"net/url"
	"strings"

	"github.com/centra-go/cartabandonment/centra"
)

// returnPage is where a payment leads back to; nobody is there.
const returnPage = "https://verify.invalid/return"

// payment begins to pay. Where the payment leads straight back, as a test method's
// does, it completes the order; no provider is visited.
func (v *verifier) payment(api centra.API, s centra.Session, fields centra.Fields) (now centra.Session, paid bool) {
	action, err := api.StartPayment(v.ctx, s, centra.Payment{
		Fields: fields, ReturnPage: returnPage, FailedPage: returnPage + "?failed=1", TermsAndConditions: true,
	})
	if err != nil {
		v.report.unknown("what a payment answers", what(err))
		return s, false
	}
	v.report.fits("what a payment answers", actionWord(action.Action))
	if action.Action == centra.ActionSuccess {
		v.report.holds("an order has a number", action.Order.Order != "", pleaseReport)
		return action.Session, true
	}
	back, err := url.Parse(action.URL)
	if err != nil || !strings.HasPrefix(action.URL, returnPage) {
		v.report.unknown("what a payment's result answers", "the payment leads to a provider")
		return action.Session, false
	}
	order, err := api.PaymentResult(v.ctx, action.Session, back.Query())
	if err != nil {
		v.report.unknown("what a payment's result answers", what(err))
		return action.Session, false
	}
	if order.Next != nil {
		v.report.seen("what a payment's result answers", actionWord(order.Next.Action))
		return order.Session, false
	}
	v.report.fits("what a payment's result answers", "an order with a number")
	return order.Session, true
}

// actionWord is the action, if it is one that this library knows.
func actionWord(a centra.Action) string {
	switch a {
	case centra.ActionRedirect, centra.ActionForm, centra.ActionJavaScript, centra.ActionSuccess,
		centra.ActionExternal, centra.ActionFailed:
		return string(a)
	}
	return "an action of another name"
}
