package centratest

import (
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

func (s *Server) startPayment(c *call) *reply {
	switch {
	case c.bodyErr != nil:
		return c.bodyErr
	case len(c.cart.lines) == 0:
		return refuse(http.StatusBadRequest, "selection", "has no items")
	}
	if refused := s.storeFields(c); refused != nil {
		return refused
	}
	page, _ := c.body["paymentReturnPage"].(string)
	return s.beginPayment(c, page)
}

// beginPayment pays for what is in stock.
func (s *Server) beginPayment(c *call, page string) *reply {
	if len(c.cart.lines) == 0 {
		return refuse(http.StatusBadRequest, "selection", "has no items")
	}
	if gone := s.removeUnavailable(c.cart); len(gone) > 0 {
		return s.outOfStock(c, gone)
	}
	s.record(PaymentStarted, c.cart, c.cart.paymentMethod)
	switch c.cart.paymentMethod {
	case SuccessMethod:
		s.complete(c.cart)
		return s.ordered(c, c.cart, true, object{"action": "success"})
	case FailedMethod:
		return &reply{status: http.StatusOK, body: object{"action": "failed"}}
	case DeclinedMethod:
		return declined("", "The payment was declined.")
	case ExternalMethod:
		return &reply{status: http.StatusOK, body: object{"action": "external", "selection": c.cart.id}}
	}
	returnURL, ref, refused := c.cart.startPaymentReference(page)
	if refused != nil {
		return refused
	}
	return &reply{status: http.StatusOK, body: paymentAction(c.cart.paymentMethod, page, returnURL.String(), ref)}
}

// paymentAction is what the shop has to do so that the shopper pays and comes
// back to the return page with the paymentRef: to returnURL, which has it, or by
// a form that is sent to page.
func paymentAction(method, page, returnURL, ref string) object {
	switch method {
	case DummyMethod, RetryMethod:
		return object{"action": "redirect", "url": returnURL, "orderId": ref}
	case JavaScriptMethod:
		target, _ := json.Marshal(returnURL) // a string always encodes
		return object{
			"action": "javascript", "formType": method, "code": "window.location = " + string(target) + ";",
			"formFields": object{"action": object{
				"type": "redirect", "url": returnURL, "paymentData": ref,
				"sdkData": object{"token": ref}, "steps": []any{"identify", "challenge"},
			}},
		}
	case FormMethod:
		return object{
			"action": "form", "formType": method, "formHtml": paymentForm(page, method, ref),
			"formUrl": page,
			"formFields": object{
				"centraPaymentMethod": method, "paymentRef": ref, "amount": "100.00", "trial": false, "details": object{"MD": ref},
			},
		}
	default: // a widget, which comes as a snippet only
		return object{"action": "form", "formType": method, "formHtml": paymentForm(page, method, ref)}
	}
}

// startPaymentReference remembers a payment that the return page may bring back.
func (c *cart) startPaymentReference(page string) (returnURL *url.URL, ref string, refused *reply) {
	returnURL, err := url.Parse(page)
	if err != nil || page == "" {
		return nil, "", refuse(http.StatusBadRequest, "paymentReturnPage", "missing or not a URL")
	}
	ref = randomHex()
	c.paymentRefs = append(c.paymentRefs, ref)
	c.returnPage = page
	query := returnURL.Query()
	query.Set("centraPaymentMethod", c.paymentMethod)
	query.Set("paymentRef", ref)
	query.Set("details[MD]", ref)
	returnURL.RawQuery = query.Encode()
	return returnURL, ref, nil
}

func paymentForm(page, method, ref string) string {
	return `<form method="post" action="` + html.EscapeString(page) + `">` +
		`<input type="hidden" name="centraPaymentMethod" value="` + method + `">` +
		`<input type="hidden" name="paymentRef" value="` + ref + `">` +
		`<input type="hidden" name="details[MD]" value="` + ref + `">` +
		`<button>Pay</button></form>`
}

// declined is a payment that failed for a reason that the shopper is told.
func declined(code, message string) *reply {
	reason := code
	if reason == "" {
		reason = "failed"
	}
	answer := refuse(http.StatusPreconditionFailed, "paymentMethod", reason)
	answer.body["message"] = message
	answer.body["messages"] = []any{message}
	if code != "" {
		answer.body["code"] = code
	}
	return answer
}

// paymentResult completes the order once the return page brings back the
// paymentRef of a payment that was started. A second time it answers the same order.
func (s *Server) paymentResult(c *call) *reply {
	if c.bodyErr != nil {
		return c.bodyErr
	}
	fields, _ := c.body["paymentMethodFields"].(map[string]any)
	paid := s.paidCart(c, fields)
	switch {
	case paid == nil:
		return refuse(http.StatusBadRequest, "paymentMethodFields", "no payment with this reference was started")
	case paid.completed():
		return s.ordered(c, paid, false, nil)
	case paid.paymentMethod == ExternalMethod && fields["success"] != true:
		return declined("", "The payment was declined.")
	case fields["cancelled"] != nil:
		return declined("CANCELLED", "The payment was cancelled.")
	case paid.paymentMethod == RetryMethod && !paid.retried:
		paid.retried = true
		again, _, _ := paid.startPaymentReference(paid.returnPage)
		return &reply{status: http.StatusOK, body: object{"action": "redirect", "url": again.String()}}
	}
	if answer := s.soldMeanwhile(c, paid); answer != nil {
		return answer
	}
	s.complete(paid)
	return s.ordered(c, paid, true, nil)
}

// paidCart finds the cart of a payment: the call's, the one that the session
// had before it was ordered or, below selections/payment-result, any.
func (s *Server) paidCart(c *call, fields map[string]any) *cart {
	if c.cart == nil {
		c.cart = s.cartOfPayment(fields)
	}
	candidates := []*cart{c.cart}
	if c.session != nil {
		candidates = append(candidates, c.session.ordered)
	}
	for _, candidate := range candidates {
		if candidate.isPaidBy(fields) {
			return candidate
		}
	}
	return nil
}

func (s *Server) cartOfPayment(fields map[string]any) *cart {
	for _, c := range s.carts {
		if c.isPaidBy(fields) && !c.expired() {
			return c
		}
	}
	return nil
}

func hasBrackets(fields map[string]any) bool {
	for name := range fields {
		if strings.Contains(name, "[") {
			return true
		}
	}
	return false
}

// isPaidBy tells whether the return page's variables are about the cart. They
// have to be nested as PHP does: details[MD] is MD within details.
func (c *cart) isPaidBy(fields map[string]any) bool {
	if c == nil {
		return false
	}
	if selection, _ := fields["selection"].(string); c.paymentMethod == ExternalMethod && selection == c.id {
		return true
	}
	ref, _ := fields["paymentRef"].(string)
	if !slices.Contains(c.paymentRefs, ref) {
		return false
	}
	return !hasBrackets(fields)
}
