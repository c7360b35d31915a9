package centratest

import "github.com/centra-go/cartabandonment/centra/centratest/internal/graphql"

// paymentInstructions begins to pay.
func (s *Server) paymentInstructions(c *call, input map[string]any) *graphql.Object {
	shipping := input["shippingAddress"].(map[string]any)
	billing, _ := input["separateBillingAddress"].(map[string]any)
	payment, shippingMethod := input["paymentMethod"].(float64), input["shippingMethod"].(float64)
	refused := s.storeStorefrontAddresses(c.cart, shipping, billing)
	if refused == nil && payment != 0 {
		refused = s.do(c, (*Server).setPaymentMethod, methodNumber(paymentMethods, int(payment)).id)
	}
	if len(refused) == 0 && shippingMethod != 0 {
		refused = s.do(c, (*Server).setShippingMethod, methodNumber(shippingMethods, int(shippingMethod)).id)
	}
	if input["termsAndConditions"] != true {
		refused = append(refused, userError("must be accepted", "termsAndConditions"))
	}
	if len(refused) > 0 {
		return s.payload(c, "PaymentInstructionsPayload", refused, map[string]any{"action": nil})
	}
	if comment, ok := input["comment"].(string); ok {
		c.cart.comment = comment
	}
	if email := c.cart.storefrontEmail(); s.config.paymentOptsIn {
		s.reportOptIn(c.cart, email, true)
	} else if email != "" {
		c.cart.email = email
	}
	page, _ := input["paymentReturnPage"].(string)
	answer := s.beginPayment(c, page)
	action, refused := s.actionNode(answer), s.userErrors(answer)
	if action == nil && len(refused) == 0 { // there is no action for what failed, nor for a payment elsewhere
		refused = append(refused, userError("The payment failed.", "paymentMethod"))
	}
	s.detachOrdered(c)
	return s.payload(c, "PaymentInstructionsPayload", refused, map[string]any{"action": action})
}

// actionNode is a payment's action in the Storefront API's shape, nil for none.
func (s *Server) actionNode(answer *reply) any {
	fields := map[string]any{
		"formType": answer.body["formType"], "formFields": plainMap(answer.body["formFields"]),
		"html": answer.body["formHtml"], "script": answer.body["code"], "url": answer.body["url"],
	}
	switch {
	case answer.order != nil:
		fields["order"], fields["action"] = s.orderNode(answer.order), "SUCCESS"
		return node("SuccessPaymentAction", fields)
	case answer.body["action"] == "redirect":
		fields["action"] = "REDIRECT"
		return node("RedirectPaymentAction", fields)
	case answer.body["action"] == "form":
		fields["action"] = "FORM"
		return node("FormPaymentAction", fields)
	case answer.body["action"] == "javascript":
		fields["action"] = "JAVASCRIPT"
		return node("JavascriptPaymentAction", fields)
	}
	return nil
}

func plainMap(v any) any {
	if o, ok := v.(object); ok {
		return map[string]any(o)
	}
	return nil
}

// storefrontResult completes the order. What the other APIs answer as a redirect
// has no form here and is a failure.
func (s *Server) storefrontResult(c *call, fields map[string]any) *graphql.Object {
	c.body = map[string]any{"paymentMethodFields": fields}
	answer := s.paymentResult(c)
	refused := s.userErrors(answer)
	if answer.order == nil && len(refused) == 0 {
		refused = append(refused, userError("The payment has to be made again.", "paymentMethodFields"))
	}
	if answer.order != nil {
		s.detachOrdered(c)
		return s.payload(c, "PaymentResultSuccessPayload", refused, map[string]any{
			"type": "SUCCESS", "order": s.orderNode(answer.order),
		})
	}
	return s.payload(c, "PaymentResultFailedPayload", refused, map[string]any{"type": "FAILED"})
}

// detachOrdered gives the session a cart of its own once it has ordered.
func (s *Server) detachOrdered(c *call) {
	if c.session.cart.completed() {
		c.session.ordered, c.session.cart = c.session.cart, s.storeNewCart()
		c.session.cart.lifetime = StorefrontCartLifetime
		c.cart = c.session.cart
	}
}
