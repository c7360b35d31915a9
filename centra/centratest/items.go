package centratest

import (
	"net/http"
	"strconv"
	"time"
)

func (s *Server) addItem(c *call) *reply {
	item, quantity := c.args[0], 1
	if len(c.args) > 1 {
		var err error
		if quantity, err = strconv.Atoi(c.args[1]); err != nil || quantity < 1 {
			return refuse(http.StatusBadRequest, "quantity", "not a positive number")
		}
	}
	if _, known := s.product(item); !known {
		return refuse(http.StatusNotFound, "item", "product item not found")
	}
	before := c.cart.quantity(item)
	available := max(s.inStock(item, before+quantity)-before, 0)
	if available < quantity && !s.config.preventOverselling {
		return refuse(http.StatusBadRequest, "item", "not enough in stock")
	}
	if available > 0 {
		c.line = c.cart.add(item, available)
	}
	return s.changedItem(c, item, quantity, available, true)
}

func (s *Server) setLine(c *call) *reply {
	quantity, err := strconv.Atoi(c.args[1])
	if err != nil || quantity < 0 {
		return refuse(http.StatusBadRequest, "quantity", "not a number")
	}
	item := c.cart.itemOf(c.args[0])
	if item == "" {
		return refuse(http.StatusNotFound, "line", "not found")
	}
	available := quantity
	if s.config.preventOverselling {
		available = s.inStock(item, quantity)
	}
	c.line = c.args[0]
	c.cart.setQuantity(c.line, available)
	return s.changedItem(c, item, quantity, available, false)
}

func (s *Server) removeLine(c *call) *reply {
	if !c.cart.setQuantity(c.args[0], 0) {
		return refuse(http.StatusNotFound, "line", "not found")
	}
	c.line = c.args[0]
	return s.itemsChanged(c, "")
}

// changedItem answers a change of one item. What is not in stock of it was left
// out, which the answer lists: 200 for a part of it, 410 for all.
func (s *Server) changedItem(c *call, item string, wanted, available int, isNew bool) *reply {
	if available == wanted {
		answer := s.itemsChanged(c, item)
		if isNew {
			answer = made(c, answer)
		}
		return answer
	}
	s.record(OutOfStock, c.cart, item)
	gone := []object{s.unavailable(item, wanted, available)}
	if available == 0 {
		return s.outOfStock(c, gone)
	}
	answer := s.itemsChanged(c, item)
	answer.body["unavailable"] = gone
	return answer
}

func (s *Server) itemsChanged(c *call, detail string) *reply {
	c.cart.changed = time.Now()
	s.record(ItemsChanged, c.cart, detail)
	return s.selection(c)
}
