package centratest

import "net/http"

// selection answers with the call's cart, in the shape of the call's API. The
// Storefront API reads afterwards what it asked for.
func (s *Server) selection(c *call) *reply {
	switch c.record.API {
	case ShopAPI:
		return s.flatSelection(c)
	case StorefrontAPI:
		return &reply{status: http.StatusOK, body: object{}}
	}
	body := s.aroundSelection(c.cart)
	selection := s.cartObject(c.cart)
	selection["items"] = s.nestedItems(c.cart)
	selection["totals"] = s.checkoutTotals(c.cart)
	selection["additionalNotes"] = ""
	selection["terms"] = false
	selection["customAttributes"] = object{}
	body["selection"] = selection
	body["paymentMethods"] = paymentMethodList()
	body["shippingMethods"] = shippingMethodList()
	body["paymentFields"] = s.paymentFields(c.cart)
	s.pad(body)
	return &reply{status: http.StatusOK, body: body}
}

// aroundSelection is what every answer of the Checkout API tells of the session.
func (s *Server) aroundSelection(c *cart) object {
	chosen, _ := languageOf(c.language)
	return object{
		"countries": countryList(),
		"languages": languageList(),
		"language":  chosen.object(),
		"location":  location(c),
	}
}

// nestedItems are the lines of the Checkout API, with the product as an object.
func (s *Server) nestedItems(c *cart) []object {
	items := []object{}
	for _, l := range c.lines {
		p, _ := s.product(l.item)
		item := itemObject(l, p)
		item["product"] = productObject(p)
		items = append(items, item)
	}
	return items
}

func (s *Server) checkoutTotals(c *cart) object {
	totals := s.totals(c)
	totals.setAmount("handlingCostPrice", s.sums(c).handling)
	return totals
}

// paymentFields say what the checkout's form has to ask for. A widget that asks
// for the address leaves the country.
func (s *Server) paymentFields(c *cart) object {
	visible := !paymentMethodOf(c.paymentMethod).addressAfter
	field := func(kind string, required, visible bool) object {
		return object{"type": kind, "required": required, "visible": visible}
	}
	address, shipping := object{}, object{}
	for _, name := range addressNames {
		required := visible && name != "company" && name != "address2" && name != "state" && name != "vatNumber"
		address[name] = field("string", required || name == "country", visible || name == "country")
		if name != "vatNumber" {
			shipping[name] = address[name]
		}
	}
	for _, name := range []string{"identityNumber", "houseNumber", "houseExtension"} {
		address[name] = field("string", false, false)
	}
	shipping["houseNumber"], shipping["houseExtension"] = address["houseNumber"], address["houseExtension"]
	address["newsletter"] = field("boolean", false, true)
	return object{"termsAndConditions": field("boolean", true, true), "address": address, "shippingAddress": shipping}
}
