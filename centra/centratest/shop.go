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
	{"POST", "selections/payment-result", (*Server).paymentResult},
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
	}
	if endpoint := c.segments[len(c.segments)-1]; c.record.Method != http.MethodGet && endpoint != "selections" {
		if refused := s.unknownFields(c.body, endpoint); refused != nil {
			return refused
		}
	}
	switch {
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
	if c.bodyErr != nil {
		return c.bodyErr
	}
	country, known := countryOf(textOr(c.body["country"], "SE"))
	language, knownLanguage := languageOf(textOr(c.body["language"], "sv"))
	errors := object{}
	if unknown := s.unknownFields(c.body, "selections"); unknown != nil {
		errors = unknown.body["errors"].(object)
	}
	if !known {
		errors["country"] = "country not found"
	}
	if !knownLanguage {
		errors["language"] = "language not found"
	}
	if len(errors) > 0 {
		return &reply{status: http.StatusBadRequest, body: object{"errors": errors}}
	}
	c.cart = s.storeNewCart()
	c.cart.country, c.cart.language = country.code, language.code
	return made(c, s.selection(c))
}

func textOr(v any, missing string) string {
	if text, ok := v.(string); ok {
		return text
	}
	return missing
}
