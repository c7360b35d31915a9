package centratest

import (
	"slices"
	"strconv"

	"github.com/centra-go/cartabandonment/centra/centratest/internal/graphql"
)

// What the Storefront API shows of a cart. Functions are what is only made when
// a document asks for it.

func node(typeName string, fields map[string]any) *graphql.Object {
	return &graphql.Object{Type: typeName, Fields: fields}
}

func (s *Server) selectionNode(c *cart) *graphql.Object {
	var id any // none while nothing is in the cart
	if len(c.lines) > 0 {
		id = c.id
	}
	total := s.sums(c)
	return node("Selection", map[string]any{
		"id": id, "lines": s.lineNodes(c), "grandTotal": monetary(total.grand), "discounts": voucherNodes(c, total),
		"language": languageNode(c.language), "comment": c.comment,
		"checkout": func(map[string]any) any { return s.checkoutNode(c) },
	})
}

func (s *Server) lineNodes(c *cart) []any {
	lines := []any{}
	for _, l := range c.lines {
		lines = append(lines, s.lineNode(l))
	}
	return lines
}

func (s *Server) lineNode(l *line) *graphql.Object {
	p, _ := s.product(l.item)
	before := max(p.PriceBefore, p.Price)
	var brand any
	if p.Brand != "" {
		brand = node("Brand", map[string]any{"id": 1, "name": p.Brand, "uri": "brand"})
	}
	return node("ProductLine", map[string]any{
		"id": l.id, "name": p.Name, "productVariantName": "", "size": p.Size, "quantity": l.quantity,
		"productNumber": p.SKU, "comment": "", "brand": brand, "item": itemNode(p), "displayItem": displayItemNode(p),
		"hasDiscount": before != p.Price, "taxPercent": taxPercent,
		"unitPrice": withOrWithoutTax(p.Price), "unitOriginalPrice": withOrWithoutTax(before),
		"lineValue":         withOrWithoutTax(p.Price * int64(l.quantity)),
		"originalLineValue": withOrWithoutTax(before * int64(l.quantity)),
	})
}

func itemNode(p Product) *graphql.Object {
	return node("Item", map[string]any{"id": p.Item, "sku": p.SKU, "name": p.Size})
}

func displayItemNode(p Product) *graphql.Object {
	id, _ := strconv.Atoi(p.ID) // 0 for an ID that is no number, which Centra has not
	media := []any{}
	if p.Image != "" {
		source := node("MediaSource", map[string]any{"url": p.Image, "mimeType": "image/jpeg"})
		media = append(media, node("ProductMedia", map[string]any{"id": id, "altText": p.Name, "source": source}))
	}
	return node("DisplayItem", map[string]any{"id": id, "name": p.Name, "uri": p.URI, "media": media})
}

func withOrWithoutTax(ore int64) func(map[string]any) any {
	return func(arguments map[string]any) any {
		if arguments["includingTax"] == false {
			return monetary(withoutTax(ore))
		}
		return monetary(ore)
	}
}

func monetary(ore int64) *graphql.Object {
	return node("MonetaryValue", map[string]any{
		"value": number(ore), "formattedValue": money(ore),
		"currency": node("Currency", map[string]any{
			"id": 3, "code": "SEK", "name": "SEK", "prefix": "", "suffix": " SEK", "decimalPoint": ".", "decimalDigits": 2,
			"denominator": 100,
		}),
	})
}

func voucherNodes(c *cart, total sums) []any {
	vouchers := []any{}
	for _, v := range c.vouchers {
		vouchers = append(vouchers, node("CodeVoucher", map[string]any{
			"name": v.Name, "code": v.Code, "value": monetary(-v.off(total.items)),
		}))
	}
	return vouchers
}

func (s *Server) checkoutNode(c *cart) *graphql.Object {
	var script, billing any
	if paymentMethodOf(c.paymentMethod).hasWidget() {
		script = CheckoutScript()
	}
	shipping := c.shippingAddress
	if len(shipping) == 0 {
		shipping = c.address
	}
	if c.separateBilling {
		billing = addressNode(c.address)
	}
	return node("CheckoutSelection", map[string]any{
		"checkoutScript": script, "widgets": s.widgetNodes(c),
		"shippingAddress":        addressNode(shipping),
		"separateBillingAddress": billing, "hasSeparateBillingAddress": c.separateBilling,
		"paymentMethod": paymentMethodNode(c.paymentMethod), "paymentMethods": paymentMethodNodes(),
		"shippingMethod": shippingMethodNode(c.shippingMethod, c), "shippingMethods": shippingMethodNodes(c),
		"totals": s.totalNodes(c),
	})
}

func (s *Server) widgetNodes(c *cart) []any {
	widgets := []any{}
	switch c.paymentMethod {
	case KlarnaMethod:
		widgets = append(widgets, node("KlarnaCheckoutWidget", map[string]any{
			"kind": "PAYMENT", "replaceSnippet": c.replaceSnippet,
		}))
	case KlarnaPaymentsMethod:
		widgets = append(widgets, node("KlarnaPaymentWidget", map[string]any{
			"kind": "PAYMENT", "client_token": "client-token-" + c.snippet(), "replace_snippet": c.replaceSnippet,
			"authorizePayload": map[string]any{"order_amount": s.sums(c).grand, "order_lines": []any{}},
		}))
	case QliroMethod:
		widgets = append(widgets, node("QliroWidget", map[string]any{"kind": "PAYMENT", "html": qliroForm(c)}))
	}
	if s.config.ingrid {
		widgets = append(widgets, node("IngridWidget", map[string]any{
			"kind": "SHIPPING", "snippet": `<div id="ingrid-` + c.snippet() + `"></div>`, "sessionId": "ingrid-" + c.snippet(),
			"reload": c.replaceSnippet, "deliveryOptionsAvailable": len(c.lines) > 0,
		}))
	}
	c.replaceSnippet = false // said once
	return widgets
}

func (s *Server) totalNodes(c *cart) []any {
	total := s.sums(c)
	rows := []any{}
	add := func(kind string, ore int64) {
		rows = append(rows, node("SelectionTotalRowBase", map[string]any{"type": kind, "price": monetary(ore)}))
	}
	add("ITEMS_SUBTOTAL", total.items)
	if total.discount > 0 {
		add("DISCOUNT", -total.discount)
	}
	add("SHIPPING", total.shipping)
	if total.handling > 0 {
		add("HANDLING", total.handling)
	}
	add("GRAND_TOTAL", total.grand)
	add("INCLUDING_TAX_TOTAL", tax(total.grand))
	return rows
}

func paymentMethodNode(id string) *graphql.Object {
	i := slices.IndexFunc(paymentMethods, func(m paymentMethod) bool { return m.id == id })
	if i < 0 {
		return nil
	}
	m := paymentMethods[i]
	kind, ok := map[string]string{
		KlarnaMethod: "KLARNA_CHECKOUT_V3", KlarnaPaymentsMethod: "KLARNA_PAYMENTS", QliroMethod: "QLIRO_ONE",
		ExternalMethod: "EXTERNAL_PAYMENT",
	}[id]
	if !ok {
		kind = "DUMMY"
	}
	return node("PaymentMethod", map[string]any{
		"id": i + 1, "uri": m.id, "name": m.name, "kind": kind, "active": true, "addressAfterPayment": m.addressAfter,
		"initiateOnlySupported": false, "handlingCost": monetary(m.handling),
	})
}

func paymentMethodNodes() []any {
	nodes := []any{}
	for _, m := range paymentMethods {
		nodes = append(nodes, paymentMethodNode(m.id))
	}
	return nodes
}

func shippingMethodNode(id string, c *cart) *graphql.Object {
	i := slices.IndexFunc(shippingMethods, func(m shippingMethod) bool { return m.id == id })
	if i < 0 {
		return nil
	}
	m := shippingMethods[i]
	return node("ShippingMethod", map[string]any{
		"id": i + 1, "name": m.name, "comment": nil, "price": monetary(m.price), "selected": c.shippingMethod == id,
	})
}

func shippingMethodNodes(c *cart) []any {
	nodes := []any{}
	for _, m := range shippingMethods {
		nodes = append(nodes, shippingMethodNode(m.id, c))
	}
	return nodes
}

// addressNode writes an address whichever API it came from.
func addressNode(sent map[string]any) *graphql.Object {
	fields := make(map[string]any)
	for _, name := range []string{
		"email", "firstName", "lastName", "phoneNumber", "cellPhoneNumber", "faxNumber", "address1", "address2", "zipCode",
		"city", "stateOrProvince", "companyName", "attention", "vatNumber",
	} {
		fields[name] = sent[name]
	}
	if fields["companyName"] == nil {
		fields["companyName"] = sent["company"]
	}
	code, _ := sent["country"].(string)
	stateCode, _ := sent["state"].(string)
	fields["country"], fields["state"] = countryNode(code), stateNode(code, stateCode)
	return node("Address", fields)
}

func countryNode(code string) *graphql.Object {
	country, known := countryOf(code)
	if !known {
		return nil
	}
	states := []any{}
	for _, s := range country.states {
		states = append(states, stateNode(code, s.code))
	}
	return node("Country", map[string]any{
		"code": country.code, "name": country.name, "isEU": country.eu, "shipTo": true, "states": states,
	})
}

func stateNode(countryCode, stateCode string) *graphql.Object {
	country, _ := countryOf(countryCode)
	s, known := country.state(stateCode)
	if !known {
		return nil
	}
	return node("CountryState", map[string]any{"code": s.code, "name": s.name})
}

func languageNode(code string) *graphql.Object {
	l, known := languageOf(code)
	if !known {
		return nil
	}
	return node("Language", map[string]any{"code": l.code, "name": l.name, "default": l.code == "sv"})
}

func sessionNode(c *cart) *graphql.Object {
	return node("Session", map[string]any{
		"country": countryNode(c.country), "countryState": stateNode(c.country, c.state),
		"language":  languageNode(c.language),
		"market":    node("Market", map[string]any{"id": 1, "name": "Sweden"}),
		"pricelist": node("Pricelist", map[string]any{"id": 19, "name": "SEK"}),
		"loggedIn":  nil,
	})
}

func (s *Server) orderNode(c *cart) *graphql.Object {
	orderNumber, _ := strconv.Atoi(c.order)
	return node("Order", map[string]any{
		"id": "order-" + c.order, "number": orderNumber, "status": "PENDING",
		"orderDate": c.changed.UTC().Format("2006-01-02T15:04:05-07:00"),
		"lines":     s.lineNodes(c), "totals": s.totalNodes(c), "discountsApplied": voucherNodes(c, s.sums(c)),
		"shippingAddress": addressNode(c.shippingAddress), "billingAddress": addressNode(c.address),
		"paymentMethod": paymentMethodNode(c.paymentMethod), "shippingMethod": shippingMethodNode(c.shippingMethod, c),
		"language": languageNode(c.language), "country": countryNode(c.country), "comment": c.comment,
		"affiliateHtml": "", "paymentHtml": "",
	})
}
