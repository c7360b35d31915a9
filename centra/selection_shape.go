package centra

import "cmp"

// cartShape says where in a body the cart stands.
type cartShape uint8

const (
	noCart      cartShape = iota
	nullCart              // "selection" is null, which stands for a cart with nothing in it
	nestedCart            // Checkout API: inside "selection"
	flatCart              // Shop API: beside "selection", which is the cart's ID
	orderedCart           // Checkout API: there is the order that it has become
	ownCart               // what json.Marshal makes of a Selection: there is no "selection"
)

// decode reads Centra's answer of either shape.
func (s *Selection) decode(d *decoder) (envelope, error) {
	top, shape, err := s.decodeAnyShape(d)
	none := shape == noCart || shape == ownCart
	switch refused := len(top.errors) > 0; {
	case none && !refused && err == nil:
		err = errNoSelection
	case refused && (none || shape == nullCart): // it says nothing of the cart
		s.Items = nil
	}
	return top, err
}

func (s *Selection) decodeAnyShape(d *decoder) (envelope, cartShape, error) {
	s.PaymentMethods, s.ShippingMethods, s.Countries = []PaymentMethod{}, []ShippingMethod{}, []Country{}
	s.Discounts = noDiscounts()
	shape := noCart
	located, ordered := false, false
	country := ""
	var flatItems error // matters only where the cart turns out to be flat
	top, err := decodeBody(d, func(top *envelope) {
		switch string(d.key) {
		case "selection":
			shape = s.decodeSelection(d, shape)
		case "items":
			if shape == nestedCart {
				d.skip()
			} else {
				s.Items, flatItems = decodeItems(d)
			}
		case "order":
			ordered = d.hasOrder()
		case "paymentMethods", "paymentMethodsAvailable":
			s.PaymentMethods = decodePaymentMethods(d)
		case "shippingMethods", "shippingMethodsAvailable":
			s.ShippingMethods = decodeShippingMethods(d)
		case "countries":
			s.Countries = decodeCountries(d)
		case "location":
			s.Location.decode(d)
			located = true
		case "country": // in the Shop API all that is known of the location
			country = d.text()
		case "loggedIn":
			s.LoggedIn = d.present() // true, or the customer
		case "centraCheckoutScript": // here in the Shop API
			s.CheckoutScript = d.text()
		default:
			// Beside a cart of the Checkout API the same names mean other things.
			if shape == nestedCart || !s.member(d) {
				top.member(d)
			}
		}
	})
	switch {
	case err != nil:
	case shape == flatCart && flatItems != nil:
		err = flatItems
	case shape == flatCart:
		s.Location.Country = cmp.Or(s.Location.Country, country)
		if s.Items == nil { // an ID alone says nothing of a cart
			shape = noCart
		}
	case shape == nullCart && len(s.Items) > 0: // whose are they?
		shape = noCart
	case shape == nullCart:
		s.clearCart()
	case shape == noCart && ordered:
		s.clearCart()
		shape = orderedCart
	case shape == noCart && located && s.Items != nil && flatItems == nil:
		shape = ownCart
	}
	return top, shape, err
}

// decodeSelection reads the member that is the cart itself or its ID. PHP's [] is
// a cart with nothing in it. Any other value than these is no cart.
func (s *Selection) decodeSelection(d *decoder, before cartShape) cartShape {
	switch d.peek() {
	case '"':
		id, err := ParseSelectionID(d.text())
		if err != nil || before == nestedCart {
			break
		}
		s.ID = id
		return flatCart
	case '{':
		if before != flatCart {
			s.decodeNested(d)
			return nestedCart
		}
	case '[':
		if d.list(); !d.each(']') {
			s.clearCart()
			return nestedCart
		}
	case 'n', 'f':
		d.skip()
		return nullCart
	}
	d.fail(errNoSelection)
	return noCart
}

func (s *Selection) decodeNested(d *decoder) {
	s.clearCart()
	d.object()
	for d.next() {
		switch string(d.key) {
		case "selection": // like "id" documented nowhere, and seen
			s.ID, _ = ParseSelectionID(d.text())
		case "id":
			if id, err := ParseSelectionID(d.text()); err == nil {
				s.ID = cmp.Or(s.ID, id)
			}
		case "centraCheckoutScript": // here in the Checkout API
			s.CheckoutScript = d.text()
		default:
			if !s.member(d) {
				d.skip()
			}
		}
	}
}

// clearCart forgets what was read as the cart's own before the cart came.
func (s *Selection) clearCart() {
	*s = Selection{
		Items: []Item{}, Discounts: noDiscounts(),
		Location: s.Location, LoggedIn: s.LoggedIn, CheckoutScript: s.CheckoutScript,
		PaymentMethods: s.PaymentMethods, ShippingMethods: s.ShippingMethods, Countries: s.Countries,
	}
}

// member reads a member of the cart itself, wherever that stands. It returns
// false, and has read nothing, where it does not know the member.
func (s *Selection) member(d *decoder) bool {
	switch string(d.key) {
	case "items":
		s.Items = d.items()
	case "totals":
		s.Totals.decode(d)
	case "discounts":
		s.Discounts.decode(d)
	case "currency":
		s.Currency = d.text()
	case "currencyFormat":
		s.CurrencyFormat.decode(d)
	case "language":
		s.Language = d.text()
	case "paymentMethod":
		s.PaymentMethod = d.text()
	case "paymentMethodName":
		s.PaymentMethodName = d.text()
	case "shippingMethod":
		s.ShippingMethod = d.text()
	case "shippingMethodName":
		s.ShippingMethodName = d.text()
	case "address":
		s.Address.decode(d)
	case "shippingAddress":
		s.ShippingAddress.decode(d)
	case "comment", "comments", "additionalNotes":
		s.Comment = cmp.Or(d.text(), s.Comment)
	case "vatExempt":
		s.VATExempt = d.bool()
	case "pluginFields":
		s.PluginFields = d.rawObject()
	default:
		return false
	}
	return true
}
