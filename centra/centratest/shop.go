package centratest

import (
	"net/http"
	"slices"
	"strings"
)

var shopRoutes = []route{
	{"POST", "selections", (*Server).newSelection},
	{"GET", "selections/*", (*Server).selection},
	{"GET", "selection/*", (*Server).selection}, // Centra's documentation writes both
	{"GET", "products", (*Server).listProducts},
	{"POST", "products", (*Server).listProducts},
}

// shopCartRoutes stand below selections/{selection}.
var shopCartRoutes = slices.Concat(cartRoutes, []route{
	{"PUT", "checkout-fields", (*Server).updateFields},
})

// answerShop answers without a token: the Shop API keeps no sessions.
func (s *Server) answerShop(c *call) *reply {
	switch {
	case c.fault != nil:
		return c.fault.reply()
	case c.record.Header.Get("API-Authorization") != s.config.secret:
		return refuse(http.StatusUnauthorized, "authorization", "wrong secret")
	}
	do, id := findShopRoute(c)
	switch {
	case do == nil:
		return s.unknownRoute(c)
	case id == "":
		return do(s, c)
	case c.locked:
		return paymentUnderWay()
	}
	c.cart = s.liveCart(id)
	if ordered := s.carts[id]; c.cart == nil && ordered != nil && ordered.completed() && isPaymentResult(c.segments) {
		c.cart = ordered // a payment result may come twice
	}
	if c.cart == nil {
		return selectionNotFound()
	}
	return do(s, c)
}

// findShopRoute returns the ID of the selection that the path names, "" for a
// route that needs none.
func findShopRoute(c *call) (do operation, id string) {
	method, segments := c.record.Method, c.segments
	if do, args := findRoute(shopRoutes, method, segments); do != nil {
		return do, strings.Join(args, "")
	}
	if len(segments) < 3 {
		return nil, ""
	}
	args, ok := matchPath([]string{"selections", "*"}, segments[:2])
	if !ok {
		return nil, ""
	}
	do, c.args = findRoute(shopCartRoutes, method, segments[2:])
	return do, args[0]
}

func (s *Server) newSelection(c *call) *reply {
	c.cart = s.storeNewCart()
	return s.selection(c)
}
