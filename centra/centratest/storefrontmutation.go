package centratest

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/centra-go/cartabandonment/centra/centratest/internal/graphql"
)

// resolveStorefront makes the value of a field of Query or Mutation. What it
// does to a cart is what the other APIs do.
func (s *Server) resolveStorefront(c *call, field string, arguments map[string]any) (any, error) {
	text := func(name string) string {
		value, _ := arguments[name].(string)
		return value
	}
	whole := func(name string) int {
		value, _ := arguments[name].(float64)
		return int(value)
	}
	switch field {
	case "selection":
		return s.selectionNode(c.cart), nil
	case "session":
		return sessionNode(c.cart), nil
	case "order":
		if c.session.ordered == nil {
			return nil, nil
		}
		return s.orderNode(c.session.ordered), nil
	case "addItem":
		refused := s.do(c, (*Server).addItem, text("item"), strconv.Itoa(whole("quantity")))
		return s.payload(c, "AddItemPayload", refused, map[string]any{"line": s.lineOf(c)}), nil
	case "updateLine":
		if arguments["quantity"] == nil {
			return s.changed(c, nil), nil
		}
		return s.changed(c, s.do(c, (*Server).setLine, text("lineId"), strconv.Itoa(whole("quantity")))), nil
	case "deleteLine":
		return s.changed(c, s.do(c, (*Server).removeLine, text("lineId"))), nil
	case "addVoucher":
		c.body = map[string]any{"voucher": text("code")}
		return s.changed(c, s.do(c, (*Server).addVoucher)), nil
	case "removeVoucher":
		return s.changed(c, s.do(c, (*Server).removeVoucher, text("code"))), nil
	case "setPaymentMethod":
		return s.changed(c, s.do(c, (*Server).setPaymentMethod, methodNumber(paymentMethods, whole("id")).id)), nil
	case "setShippingMethod":
		return s.changed(c, s.do(c, (*Server).setShippingMethod, methodNumber(shippingMethods, whole("id")).id)), nil
	case "setCountryState":
		place := []string{text("countryCode")}
		if state := text("stateCode"); state != "" {
			place = append(place, state)
		}
		return s.changed(c, s.do(c, (*Server).setCountry, place...)), nil
	case "setLanguage":
		refused := s.do(c, (*Server).setLanguage, text("code"))
		return s.payload(c, "SessionPayload", refused, map[string]any{"session": sessionNode(c.cart)}), nil
	case "setAddress":
		return s.setAddress(c, arguments), nil
	case "setSelection":
		return s.setSelection(c, text("id"))
	case "handleWidgetEvent":
		return s.handleWidgetEvent(c, arguments["payload"].(map[string]any)), nil
	case "paymentInstructions":
		return s.paymentInstructions(c, arguments["input"].(map[string]any)), nil
	default: // paymentResult; the schema has no other field
		return s.storefrontResult(c, arguments["paymentMethodFields"].(map[string]any)), nil
	}
}

// do runs an operation of the other APIs and returns what it refused.
func (s *Server) do(c *call, do operation, args ...string) []any {
	c.args, c.line = args, ""
	return s.userErrors(do(s, c))
}

// methodNumber finds a method by its number, which counts from 1.
func methodNumber[T any](methods []T, number int) (found T) {
	if number >= 1 && number <= len(methods) {
		found = methods[number-1]
	}
	return found
}

func (s *Server) lineOf(c *call) any {
	for _, l := range c.cart.lines {
		if l.id == c.line {
			return s.lineNode(l)
		}
	}
	return nil
}

// userErrors are a refusal's errors in the Storefront API's shape.
func (s *Server) userErrors(answer *reply) []any {
	refused := []any{}
	unavailable, _ := answer.body["unavailable"].([]object)
	for _, gone := range unavailable {
		p, _ := s.product(gone["item"].(string))
		refused = append(refused, node("UnavailableItem", map[string]any{
			"message": "unavailable items", "path": nil,
			"originalQuantity": gone["originalQuantity"], "availableQuantity": gone["available"],
			"unavailableQuantity": gone["unavailable"],
			"item":                itemNode(p), "displayItem": displayItemNode(p),
		}))
	}
	if len(refused) > 0 {
		return refused
	}
	fields, _ := answer.body["errors"].(object)
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		message, _ := fields[field].(string)
		if shown, ok := answer.body["message"].(string); ok {
			message = shown
		}
		refused = append(refused, userError(message, field))
	}
	return refused
}

func userError(message string, path ...any) *graphql.Object {
	return node("UserErrorBase", map[string]any{"message": message, "path": path})
}

func (s *Server) changed(c *call, refused []any) *graphql.Object {
	return s.payload(c, "GenericSelectionMutationPayload", refused, nil)
}

// payload is what a mutation answers: the cart as it is now or, beside refusals,
// as it was last valid.
func (s *Server) payload(c *call, typeName string, refused []any, beside map[string]any) *graphql.Object {
	if refused == nil {
		refused = []any{}
	}
	fields := map[string]any{"selection": s.selectionNode(c.cart), "userErrors": refused}
	maps.Copy(fields, beside)
	return node(typeName, fields)
}

// setSelection attaches a cart to the session. The one before is left to its ID.
func (s *Server) setSelection(c *call, id string) (any, error) {
	target := s.liveCart(id)
	if target == nil {
		switch s.config.deadSelection {
		case DeadIsError:
			return nil, errors.New("selection not found")
		case DeadIsNull:
			return s.payload(c, "GenericSelectionMutationPayload", nil, map[string]any{"selection": nil}), nil
		default:
			return s.changed(c, []any{userError("selection not found", "id")}), nil
		}
	}
	c.cart, c.session.cart = target, target
	s.record(CartAttached, target, "")
	return s.changed(c, nil), nil
}

// setAddress stores the addresses and reports to the mailer. Left out, the
// opt-in is true: that is what the schema says.
func (s *Server) setAddress(c *call, arguments map[string]any) *graphql.Object {
	shipping := arguments["shippingAddress"].(map[string]any)
	billing, _ := arguments["separateBillingAddress"].(map[string]any)
	if refused := s.storeStorefrontAddresses(c.cart, shipping, billing); refused != nil {
		return s.changed(c, refused)
	}
	s.record(FieldsUpdated, c.cart, "")
	s.reportOptIn(c.cart, c.cart.storefrontEmail(), arguments["sendCartAbandonmentEmail"])
	return s.changed(c, nil)
}

func (s *Server) storeStorefrontAddresses(c *cart, shipping, billing map[string]any) (refused []any) {
	addresses := map[string]map[string]any{"shippingAddress": shipping, "separateBillingAddress": billing}
	for _, argument := range slices.Sorted(maps.Keys(addresses)) {
		address := addresses[argument]
		code, _ := address["country"].(string)
		if _, known := countryOf(code); address != nil && !known {
			refused = append(refused, userError("country not found", argument, "country"))
		}
	}
	if refused != nil {
		return refused
	}
	if s.config.addressAddsUp {
		shipping = merge(c.shippingAddress, shipping)
		if billing != nil && c.separateBilling {
			billing = merge(c.address, billing)
		}
	}
	c.separateBilling = billing != nil || c.separateBilling && s.config.addressAddsUp
	c.shippingAddress = shipping
	switch {
	case billing != nil:
		c.address = billing
	case !c.separateBilling:
		c.address = shipping
	}
	c.country, _ = shipping["country"].(string)
	c.changed = time.Now()
	return nil
}

func (c *cart) storefrontEmail() string {
	for _, address := range []map[string]any{c.shippingAddress, c.address} {
		if email, _ := address["email"].(string); email != "" {
			return email
		}
	}
	return ""
}

// widgetNames are names of widgets' events that have another name in Centra.
var widgetNames = map[string]string{"given_name": "firstName", "family_name": "lastName", "postal_code": "zipCode"}

// handleWidgetEvent takes the address that an event brings, which may stand at
// its top level or in an address of its own.
func (s *Server) handleWidgetEvent(c *call, payload map[string]any) *graphql.Object {
	entered := make(map[string]any)
	for _, within := range []any{payload, payload["address"], payload["billing_address"], payload["shippingAddress"]} {
		fields, _ := within.(map[string]any)
		for name, value := range fields {
			if known := widgetNames[name]; known != "" {
				name = known
			}
			if text, ok := value.(string); ok && text != "" && slices.Contains(addressNames, name) && name != "country" {
				entered[name] = text
			}
		}
	}
	c.cart.shippingAddress = merge(c.cart.shippingAddress, entered)
	if !c.cart.separateBilling {
		c.cart.address = merge(c.cart.address, entered)
	}
	c.cart.changed = time.Now()
	s.record(FieldsUpdated, c.cart, "")
	if email, _ := entered["email"].(string); s.config.widgetOptsIn {
		s.reportOptIn(c.cart, email, true)
	} else if email != "" {
		c.cart.email = email
	}
	return s.changed(c, nil)
}
