package centratest

import (
	"net/http"
	"slices"
)

// SetStock sets how many of the item can be sold. An item without a stock level
// never runs out. Orders reduce the level.
func (s *Server) SetStock(item string, quantity int) {
	s.update(func() { s.stock[item] = max(quantity, 0) })
}

// inStock reports how many of wanted can be sold.
func (s *Server) inStock(item string, wanted int) int {
	if level, limited := s.stock[item]; limited {
		return min(level, wanted)
	}
	return wanted
}

// removeUnavailable takes what is out of stock out of the cart and lists it.
func (s *Server) removeUnavailable(c *cart) []object {
	var gone []object
	for _, l := range slices.Clone(c.lines) {
		available := s.inStock(l.item, l.quantity)
		if available == l.quantity {
			continue
		}
		gone = append(gone, s.unavailable(l.item, l.quantity, available))
		c.setQuantity(l.id, available)
		s.record(OutOfStock, c, l.item)
	}
	return gone
}

func (s *Server) unavailable(item string, wanted, available int) object {
	product, _ := s.product(item)
	return object{
		"item": item, "product": product.ID,
		"originalQuantity": wanted, "unavailable": wanted - available, "available": available,
	}
}

// outOfStock is the 410, with the selection as it is now unless the Server was
// made [WithSelectionlessStock].
func (s *Server) outOfStock(c *call, gone []object) *reply {
	answer := &reply{body: object{}}
	if !s.config.bare410 {
		answer = s.selection(c)
	}
	answer.status = http.StatusGone
	answer.body["errors"] = object{"stock": "unavailable items"}
	answer.body["unavailable"] = gone
	return answer
}

// soldMeanwhile is the 410 of a payment's result, nil where there is stock.
// Centra looks then only if it is set to prevent overselling.
func (s *Server) soldMeanwhile(c *call, paid *cart) *reply {
	if !s.config.preventOverselling {
		return nil
	}
	cancelled := s.sums(paid).grand
	gone := s.removeUnavailable(paid)
	if len(gone) == 0 {
		return nil
	}
	c.cart = paid
	answer := s.outOfStock(c, gone)
	cancellation := object{"currency": "SEK"}
	cancellation.setAmount("grandTotalPrice", cancelled)
	answer.body["cancellation"] = cancellation
	return answer
}
