package centratest

import (
	"net/http"
	"slices"
)

// shopFields are the fields that each endpoint of the Shop API knows. The
// documentation has no complete list: these are the ones that it names.
var shopFields = map[string][]string{
	"selections":      {"country", "state", "language", "market", "pricelist", "ipAddress"},
	"checkout-fields": checkoutShopFields,
	"payment": slices.Concat(checkoutShopFields, []string{
		"paymentReturnPage", "paymentFailedPage", "paymentInitiateOnly", "ipAddress",
	}),
	"payment-result": {"paymentMethodFields"},
	"vouchers":       {"voucher"},
}

var checkoutShopFields = []string{
	"address", "shippingAddress", "paymentMethod", "shippingMethod", "additionalFields", "comment", "consents",
	"paymentMethodSpecificFields", "newsletter", "language", "termsAndConditions",
}

// unknownFields refuses what the Shop API does not know, nil if it knows all.
// E-mail address and opt-in are known where they count.
func (s *Server) unknownFields(fields map[string]any, endpoint string) *reply {
	errors := object{}
	known, reads := shopFields[endpoint]
	if !reads {
		return nil
	}
	takesAddress := slices.Contains(known, "address")
	for name := range fields {
		if !slices.Contains(known, name) && !(takesAddress && s.countsAt(name, TopLevel)) {
			errors[name] = "unknown"
		}
	}
	for _, place := range []Place{InAddress, InShippingAddress} {
		address, _ := fields[string(place)].(map[string]any)
		for name := range address {
			isAddress := slices.Contains(addressNames, name) || slices.Contains(otherAddressNames, name)
			if takesAddress && !isAddress && !s.countsAt(name, place) {
				errors[name] = "unknown"
			}
		}
	}
	if len(errors) == 0 {
		return nil
	}
	return &reply{status: http.StatusBadRequest, body: object{"errors": errors}}
}

func (s *Server) countsAt(name string, place Place) bool {
	switch name {
	case "email":
		return slices.Contains(s.config.emailPlaces, place)
	case "cartAbandonmentEmail":
		return slices.Contains(s.config.optInPlaces, place)
	}
	return false
}
