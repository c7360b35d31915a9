package centratest

import (
	"maps"
	"net/http"
	"slices"
	"time"
)

func (s *Server) setPaymentMethod(c *call) *reply {
	return s.choose(c, &c.cart.paymentMethod, "paymentMethod", paymentMethodOf(c.args[0]).id != "")
}

func (s *Server) setShippingMethod(c *call) *reply {
	return s.choose(c, &c.cart.shippingMethod, "shippingMethod", shippingMethodOf(c.args[0]).id != "")
}

func (s *Server) setLanguage(c *call) *reply {
	_, known := languageOf(c.args[0])
	return s.choose(c, &c.cart.language, "language", known)
}

func (s *Server) setCountry(c *call) *reply {
	country, known := countryOf(c.args[0])
	stateCode := ""
	if known && len(c.args) > 1 {
		state, knownState := country.state(c.args[1])
		if !knownState {
			return refuse(http.StatusBadRequest, "state", "state not found")
		}
		stateCode = state.code
	}
	if !known {
		return refuse(http.StatusBadRequest, "country", "country not found")
	}
	c.cart.state = stateCode
	return s.choose(c, &c.cart.country, "country", true)
}

func (s *Server) choose(c *call, setting *string, field string, known bool) *reply {
	if !known {
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
	if refused := s.storeFields(c); refused != nil {
		return refused
	}
	return s.selection(c)
}

// storeFields keeps what a PUT of fields or a POST of a payment brought, and
// reports to the mailer. It refuses before it changes anything.
func (s *Server) storeFields(c *call) *reply {
	fields := c.body
	if method, ok := fields["paymentMethod"].(string); ok {
		if paymentMethodOf(method).id == "" {
			return refuse(http.StatusBadRequest, "paymentMethod", "not available")
		}
		c.cart.paymentMethod = method
	}
	if comment, ok := fields["comment"].(string); ok {
		c.cart.comment = comment
	}
	address, _ := fields["address"].(map[string]any)
	shipping, _ := fields["shippingAddress"].(map[string]any)
	c.cart.storeAddresses(address, shipping)
	if email, ok := fields["email"].(string); ok && email != "" {
		c.cart.address = merge(c.cart.address, map[string]any{"email": email})
	}
	rest := maps.Clone(fields)
	maps.DeleteFunc(rest, func(name string, _ any) bool {
		return slices.Contains([]string{"address", "shippingAddress", "email", "cartAbandonmentEmail", "paymentMethod"}, name)
	})
	c.cart.fields = merge(c.cart.fields, rest)
	c.cart.changed = time.Now()
	s.record(FieldsUpdated, c.cart, "")

	email, _ := fieldAt("email", s.config.emailPlaces, fields).(string)
	s.reportOptIn(c.cart, email, fieldAt("cartAbandonmentEmail", s.config.optInPlaces, fields))
	return nil
}

// storeAddresses keeps what was entered before where nothing newer was sent.
func (c *cart) storeAddresses(address, shipping map[string]any) {
	c.address = merge(c.address, address)
	c.shippingAddress = merge(c.shippingAddress, shipping)
	for _, entered := range []map[string]any{address, shipping} {
		code, _ := entered["country"].(string)
		if country, known := countryOf(code); known {
			c.country = country.code
			return
		}
	}
}

// fieldAt returns the field from the first of the places that has it.
func fieldAt(name string, places []Place, fields map[string]any) any {
	for _, place := range places {
		within := fields
		if place != TopLevel {
			within, _ = fields[string(place)].(map[string]any)
		}
		if value, ok := within[name]; ok {
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
