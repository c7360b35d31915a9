package centratest

import (
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// The payment methods, one for each action that POST /payment answers.
const (
	DummyMethod      = "dummy"              // redirect, to the return page with a paymentRef
	KlarnaMethod     = "klarna-checkout-v3" // form; its selections carry centraCheckoutScript
	FormMethod       = "dummy-form"         // form
	JavaScriptMethod = "dummy-javascript"   // javascript
	SuccessMethod    = "dummy-success"      // success: ordered at once
	FailedMethod     = "dummy-failed"       // failed
)

var paymentMethods = []string{DummyMethod, KlarnaMethod, FormMethod, JavaScriptMethod, SuccessMethod, FailedMethod}

var shippingMethods = []string{"standard", "express"}

func (s *Server) startPayment(c *call) *reply {
	if c.bodyErr != nil {
		return c.bodyErr
	}
	if len(c.cart.lines) == 0 {
		return refuse(http.StatusBadRequest, "selection", "has no items")
	}
	if refused := s.storeFields(c.cart, c.body); refused != nil {
		return refused
	}
	if gone := s.removeUnavailable(c.cart); len(gone) > 0 {
		answer := s.selection(c)
		answer.status = http.StatusGone
		answer.body["errors"] = object{"items": "out of stock"}
		answer.body["unavailable"] = gone
		return answer
	}
	s.record(PaymentStarted, c.cart, c.cart.paymentMethod)
	switch c.cart.paymentMethod {
	case SuccessMethod:
		s.complete(c.cart)
		return &reply{http.StatusOK, s.order(c.cart, object{"action": "success"})}
	case FailedMethod:
		return &reply{http.StatusOK, object{"action": "failed"}}
	}

	page, _ := c.body["paymentReturnPage"].(string)
	returnURL, err := url.Parse(page)
	if err != nil || page == "" {
		return refuse(http.StatusBadRequest, "paymentReturnPage", "missing or not a URL")
	}
	ref := randomHex()
	c.cart.paymentRefs = append(c.cart.paymentRefs, ref)
	query := returnURL.Query()
	query.Set("centraPaymentMethod", c.cart.paymentMethod)
	query.Set("paymentRef", ref)
	returnURL.RawQuery = query.Encode()

	switch c.cart.paymentMethod {
	case DummyMethod:
		return &reply{http.StatusOK, object{"action": "redirect", "url": returnURL.String()}}
	case JavaScriptMethod:
		target, _ := json.Marshal(returnURL.String()) // a string always encodes
		return &reply{http.StatusOK, object{"action": "javascript", "code": "window.location = " + string(target) + ";"}}
	default:
		return &reply{http.StatusOK, object{
			"action":   "form",
			"formType": c.cart.paymentMethod,
			"formHtml": paymentForm(page, c.cart.paymentMethod, ref),
			"formFields": object{
				"centraPaymentMethod": c.cart.paymentMethod,
				"paymentRef":          ref,
			},
		}}
	}
}

func paymentForm(page, method, ref string) string {
	return `<form method="post" action="` + html.EscapeString(page) + `">` +
		`<input type="hidden" name="centraPaymentMethod" value="` + method + `">` +
		`<input type="hidden" name="paymentRef" value="` + ref + `">` +
		`<button>Pay</button></form>`
}

// removeUnavailable takes what is out of stock out of the cart and lists it.
func (s *Server) removeUnavailable(c *cart) []any {
	var gone []any
	for _, l := range slices.Clone(c.lines) {
		available := s.inStock(l.item, l.quantity)
		if available == l.quantity {
			continue
		}
		product, _ := s.product(l.item)
		gone = append(gone, object{
			"item":             l.item,
			"product":          product.ID,
			"originalQuantity": l.quantity,
			"unavailable":      l.quantity - available,
			"available":        available,
		})
		c.setQuantity(l.id, available)
		s.record(OutOfStock, c, l.item)
	}
	return gone
}

// paymentResult completes the order once the return page brings back the
// paymentRef of a payment that was started. A second time it answers the same order.
func (s *Server) paymentResult(c *call) *reply {
	if c.bodyErr != nil {
		return c.bodyErr
	}
	fields, _ := c.body["paymentMethodFields"].(map[string]any)
	ref, _ := fields["paymentRef"].(string)
	candidates := []*cart{c.cart}
	if c.session != nil && c.session.ordered != nil {
		candidates = append(candidates, c.session.ordered)
	}
	for _, candidate := range candidates {
		if !slices.Contains(candidate.paymentRefs, ref) {
			continue
		}
		if !candidate.completed() {
			s.complete(candidate)
		}
		return &reply{http.StatusOK, s.order(candidate, nil)}
	}
	return refuse(http.StatusBadRequest, "paymentMethodFields", "no payment with this reference was started")
}

func (s *Server) complete(c *cart) {
	s.orderCount++
	c.order = strconv.Itoa(s.orderCount)
	c.changed = time.Now()
	for _, l := range c.lines {
		if level, limited := s.stock[l.item]; limited {
			s.stock[l.item] = max(level-l.quantity, 0)
		}
	}
	s.orderCompleted(c)
}
