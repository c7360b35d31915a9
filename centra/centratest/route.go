package centratest

import (
	"net/url"
	"path"
	"strings"
)

// operation does one thing to the call's cart.
type operation func(*Server, *call) *reply

// route is a method and a path below the API's base URL; * stands for a parameter.
type route struct {
	method, path string
	do           operation
}

// cartRoutes work on one cart. The Checkout API has them at its base URL, the
// Shop API below /selections/{selection}.
var cartRoutes = []route{
	{"POST", "items/*", (*Server).addItem},
	{"POST", "items/*/quantity/*", (*Server).addItem},
	{"PUT", "lines/*/quantity/*", (*Server).setLine},
	{"DELETE", "lines/*", (*Server).removeLine},
	{"POST", "vouchers", (*Server).addVoucher},
	{"DELETE", "vouchers/*", (*Server).removeVoucher},
	{"PUT", "payment-methods/*", (*Server).setPaymentMethod},
	{"PUT", "shipping-methods/*", (*Server).setShippingMethod},
	{"PUT", "countries/*", (*Server).setCountry},
	{"PUT", "countries/*/states/*", (*Server).setCountry},
	{"PUT", "languages/*", (*Server).setLanguage},
	{"POST", "payment", (*Server).startPayment},
	{"POST", "payment-result", (*Server).paymentResult},
}

func findRoute(routes []route, method string, segments []string) (do operation, args []string) {
	for _, r := range routes {
		if r.method != method {
			continue
		}
		if args, ok := matchPath(strings.Split(r.path, "/"), segments); ok {
			return r.do, args
		}
	}
	return nil, nil
}

func matchPath(pattern, segments []string) (args []string, ok bool) {
	if len(pattern) != len(segments) {
		return nil, false
	}
	for i, want := range pattern {
		switch {
		case want == "*" && segments[i] != "":
			arg, err := url.PathUnescape(segments[i])
			if err != nil {
				return nil, false
			}
			args = append(args, arg)
		case want != segments[i]:
			return nil, false
		}
	}
	return args, true
}

// splitPath finds the API of an escaped path and the segments below its base
// URL. Dots that a client forgot to escape change the endpoint, as in Centra.
func splitPath(escaped string) (API, []string) {
	clean := path.Clean("/" + escaped)
	for api, base := range map[API]string{CheckoutAPI: checkoutPath, ShopAPI: shopPath, StorefrontAPI: storefrontPath} {
		if api == StorefrontAPI && clean == base {
			return api, nil
		}
		rest, ok := strings.CutPrefix(clean, base+"/")
		if !ok {
			continue
		}
		segments := strings.Split(rest, "/")
		if isPluginID(segments[0]) {
			segments = segments[1:]
		}
		return api, segments
	}
	return "", strings.Split(strings.TrimPrefix(clean, "/"), "/")
}

func isPluginID(segment string) bool {
	return segment != "" && strings.Trim(segment, "0123456789") == ""
}

// showPath hides what may be a selection ID.
func showPath(segments []string) string {
	shown := make([]string, len(segments))
	for i, segment := range segments {
		if len(segment) > 20 {
			segment = "{hidden}"
		}
		shown[i] = segment
	}
	return "/" + strings.Join(shown, "/")
}
