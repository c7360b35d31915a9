package centratest

import (
	"maps"
	"net/http"
	"slices"
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
		return refuse(http.StatusNotFound, "item", "not found")
	}
	wanted := c.cart.quantity(item) + quantity
	if s.inStock(item, wanted) < wanted {
		return refuse(http.StatusBadRequest, "item", "not enough in stock")
	}
	c.cart.add(item, quantity)
	return s.itemsChanged(c, item)
}

func (s *Server) setLine(c *call) *reply {
	quantity, err := strconv.Atoi(c.args[1])
	if err != nil || quantity < 0 {
		return refuse(http.StatusBadRequest, "quantity", "not a number")
	}
	if !c.cart.setQuantity(c.args[0], quantity) {
		return refuse(http.StatusNotFound, "line", "not found")
	}
	return s.itemsChanged(c, "")
}

func (s *Server) removeLine(c *call) *reply {
	if !c.cart.setQuantity(c.args[0], 0) {
		return refuse(http.StatusNotFound, "line", "not found")
	}
	return s.itemsChanged(c, "")
}

func (s *Server) itemsChanged(c *call, item string) *reply {
	c.cart.changed = time.Now()
	s.record(ItemsChanged, c.cart, item)
	return s.selection(c)
}

func (s *Server) setPaymentMethod(c *call) *reply {
	return s.choose(c, &c.cart.paymentMethod, "paymentMethod", paymentMethods)
}

func (s *Server) setShippingMethod(c *call) *reply {
	return s.choose(c, &c.cart.shippingMethod, "shippingMethod", shippingMethods)
}

func (s *Server) setCountry(c *call) *reply {
	return s.choose(c, &c.cart.country, "country", slices.Collect(maps.Keys(countryNames)))
}

func (s *Server) setLanguage(c *call) *reply {
	return s.choose(c, &c.cart.language, "language", slices.Collect(maps.Keys(languageNames)))
}

func (s *Server) choose(c *call, setting *string, field string, known []string) *reply {
	if !slices.Contains(known, c.args[0]) {
		return refuse(http.StatusBadRequest, field, "not available")
	}
	*setting = c.args[0]
	c.cart.changed = time.Now()
	return s.selection(c)
}

func (s *Server) updateFields(c *call) *reply {
	if c.bodyErr != nil {
		return c.bodyErr
	}
	if refused := s.storeFields(c.cart, c.body); refused != nil {
		return refused
	}
	return s.selection(c)
}

// storeFields keeps what a PUT of fields or a POST of a payment brought, and
// reports to the mailer. It refuses before it changes anything.
func (s *Server) storeFields(c *cart, fields map[string]any) *reply {
	method, hasMethod := fields["paymentMethod"].(string)
	if hasMethod && !slices.Contains(paymentMethods, method) {
		return refuse(http.StatusBadRequest, "paymentMethod", "not available")
	}
	if hasMethod {
		c.paymentMethod = method
	}
	address, _ := fields["address"].(map[string]any)
	shipping, _ := fields["shippingAddress"].(map[string]any)
	c.address = merge(c.address, address)
	c.shippingAddress = merge(c.shippingAddress, shipping)
	if country, _ := address["country"].(string); countryNames[country] != "" {
		c.country = country
	}

	email, _ := firstOf("email", fields, address).(string)
	if email != "" {
		c.address = merge(c.address, map[string]any{"email": email})
	}
	abandonment := firstOf("cartAbandonmentEmail", fields, address)
	if abandonment != nil {
		c.abandonment = abandonment
	}
	rest := maps.Clone(fields)
	maps.DeleteFunc(rest, func(name string, _ any) bool {
		return slices.Contains([]string{"address", "shippingAddress", "email", "cartAbandonmentEmail", "paymentMethod"}, name)
	})
	c.fields = merge(c.fields, rest)
	c.changed = time.Now()
	s.record(FieldsUpdated, c, "")
	if abandonment == true && validEmail(email) {
		s.orderCreated(c, email)
	}
	return nil
}

// firstOf returns the field from the first of the maps that has it.
func firstOf(name string, maps ...map[string]any) any {
	for _, m := range maps {
		if value, ok := m[name]; ok {
			return value
		}
	}
	return nil
}

// merge never changes old: snapshots and responses may still hold it.
func merge(old, changes map[string]any) map[string]any {
	if len(changes) == 0 {
		return old
	}
	merged := make(map[string]any, len(old)+len(changes))
	maps.Copy(merged, old)
	maps.Copy(merged, changes)
	return merged
}
