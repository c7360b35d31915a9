package centratest

import "net/http"

// flatSelection is a cart of the Shop API: "selection" is its ID, and everything
// else stands beside it.
func (s *Server) flatSelection(c *call) *reply {
	body := s.cartObject(c.cart)
	body["selection"] = c.cart.id
	body["country"] = c.cart.country
	body["customer"] = ""
	body["market"] = "1"
	body["pricelist"] = "19"
	body["paymentMethodsAvailable"] = paymentMethodsByID()
	body["shippingMethodsAvailable"] = shippingMethodsByID()
	body["items"] = s.flatItems(c.cart)
	body["totals"] = s.shopTotals(c.cart)
	if c.line != "" {
		body["line"] = c.line
	}
	s.pad(body)
	return &reply{status: http.StatusOK, body: body}
}

// made answers that something was made: 201 in the Shop API.
func made(c *call, answer *reply) *reply {
	if c.record.API == ShopAPI && answer.status == http.StatusOK {
		answer.status = http.StatusCreated
	}
	return answer
}

// flatItems are the lines of the Shop API, with the product's ID as text.
func (s *Server) flatItems(c *cart) []object {
	items := []object{}
	for _, l := range c.lines {
		p, _ := s.product(l.item)
		item := itemObject(l, p)
		item["product"] = p.ID
		item["productName"] = p.Name
		item["brandName"] = p.Brand
		item["silkProduct"] = "10" + p.ID
		item["silkVariant"] = "20" + p.ID
		items = append(items, item)
	}
	return items
}

func (s *Server) shopTotals(c *cart) object {
	totals := s.totals(c)
	total := s.sums(c)
	totals["handlingCostAddedToShippingPrice"] = total.handling > 0
	totals.setAmount("shippingPrice", total.shipping+total.handling)
	return totals
}
