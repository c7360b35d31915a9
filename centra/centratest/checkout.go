package centratest

import (
	"net/http"
	"slices"
	"strings"
)

var checkoutRoutes = slices.Concat(cartRoutes, []route{
	{"GET", "selection", (*Server).selection},
	{"PUT", "selection/*", (*Server).attachSelection},
	{"PUT", "payment-fields", (*Server).updateFields},
	{"GET", "products", (*Server).listProducts},
	{"POST", "products", (*Server).listProducts},
})

// answerCheckout answers with the session token in the body, whatever happened.
func (s *Server) answerCheckout(c *call) (answer *reply) {
	var fresh bool
	if sent := c.record.Header.Get("API-Token"); sent == "none" {
		c.cart = s.newCart()
	} else {
		c.session, fresh = s.resume(sent)
		c.cart = c.session.cart
	}
	var do operation
	do, c.args = findRoute(checkoutRoutes, c.record.Method, c.segments)
	switch {
	case c.fault != nil:
		answer = c.fault.reply()
	case !s.mayCallCheckout(c.record.Header):
		answer = refuse(http.StatusUnauthorized, "authorization", "wrong secret or origin")
	case do == nil:
		answer = s.unknownRoute(c)
	case c.locked:
		answer = paymentUnderWay()
	default:
		answer = do(s, c)
	}
	if c.session != nil {
		answer.body["token"] = s.respond(c.session, fresh, c.fault != nil && c.fault.rotate)
	}
	return answer
}

// mayCallCheckout lets the secret pass, and without one the allowed origins.
func (s *Server) mayCallCheckout(header http.Header) bool {
	if sent := header.Get("Authorization"); sent != "" {
		secret, bearer := strings.CutPrefix(sent, "Bearer ")
		return bearer && secret == s.config.secret
	}
	allowed := s.config.allowedOrigins
	return len(allowed) == 0 || slices.Contains(allowed, header.Get("Origin"))
}

func (s *Server) attachSelection(c *call) *reply {
	if c.session == nil {
		return refuse(http.StatusBadRequest, "token", "there is no session to attach the selection to")
	}
	if s.config.attachNeedsSecret && c.record.Header.Get("Authorization") == "" {
		return refuse(http.StatusUnauthorized, "authorization", "attaching a selection needs the secret")
	}
	target := s.liveCart(c.args[0])
	if target == nil {
		return selectionNotFound()
	}
	c.cart, c.session.cart = target, target
	s.record(CartAttached, target, "")
	return s.selection(c)
}

func selectionNotFound() *reply {
	return refuse(http.StatusNotFound, "selection", "not found")
}

func paymentUnderWay() *reply {
	return refuse(http.StatusConflict, "selection", "its payment result is being processed")
}
