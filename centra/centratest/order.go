package centratest

import (
	"maps"
	"net/http"
	"strconv"
	"time"
)

// complete turns a cart into an order, which the mailer is told.
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

// ordered answers with the order that the cart has become. The Checkout API has
// it in "order", the Shop API (and an older page of the Checkout API's
// documentation) has "order" as the number with everything else beside it. An
// order that was not made by this very call is 200.
func (s *Server) ordered(c *call, completed *cart, isNew bool, beside object) *reply {
	if c.record.API == StorefrontAPI {
		return &reply{status: http.StatusOK, body: object{}, order: completed}
	}
	order := s.orderObject(completed)
	body := object{}
	status := http.StatusOK
	if isNew && (c.record.API == ShopAPI || completed.paymentMethod == ExternalMethod) {
		status = http.StatusCreated
	}
	switch {
	case c.record.API == ShopAPI:
		order["items"], order["totals"] = s.flatItems(completed), s.shopTotals(completed)
		maps.Copy(body, order)
	default:
		order["items"], order["totals"] = s.nestedItems(completed), s.checkoutTotals(completed)
		body = s.aroundSelection(completed)
		if s.config.flatOrders {
			maps.Copy(body, order)
		} else {
			body["order"] = order
		}
	}
	maps.Copy(body, beside)
	return &reply{status: status, body: body}
}

// orderObject is an order without its items and totals, which the APIs write differently.
func (s *Server) orderObject(c *cart) object {
	order := s.cartObject(c)
	delete(order, "centraCheckoutScript")
	delete(order, "pluginFields")
	delete(order, "comment")
	maps.Copy(order, object{
		"order": c.order, "status": "untouched", "statusDescription": "Pending", "message": "Thank you for your order!",
		"date":          c.changed.UTC().Format("2006-01-02 15:04:05"),
		"affiliateHtml": `<img src="https://tracking.example/pixel.gif" alt="">`,
		"address":       orderAddress(c.address), "shippingAddress": orderAddress(c.shippingAddress),
		"giftMessage": "", "additionalNotes": "", "shipments": []object{},
		"paymentMethodData": paymentMethodData(c),
	})
	return order
}

// orderAddress also names the country.
func orderAddress(sent map[string]any) object {
	address := addressObject(sent)
	code, _ := address["country"].(string)
	country, _ := countryOf(code)
	address["countryName"] = country.name
	return address
}

func paymentMethodData(c *cart) object {
	if c.paymentMethod == KlarnaPaymentsMethod {
		return object{"redirect_url": "https://pay.klarna.example/" + c.order}
	}
	return object{}
}
