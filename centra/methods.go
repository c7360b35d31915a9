package centra

import "cmp"

// PaymentMethod is one that the shopper can choose.
type PaymentMethod struct {
	PaymentMethod        string  `json:"paymentMethod"` // its ID, for Fields.PaymentMethod
	Name                 string  `json:"name"`
	Type                 string  `json:"paymentMethodType"`
	HandlingCost         string  `json:"handlingCost"`
	HandlingCostAsNumber float64 `json:"handlingCostAsNumber"`
	SupportsInitiateOnly bool    `json:"supportsInitiateOnly"` // can be shown before there is an address
	ProvidesAddress      bool    `json:"providesCustomerAddressAfterPayment"`
}

// ShippingMethod is one that the shopper can choose.
type ShippingMethod struct {
	ShippingMethod string  `json:"shippingMethod"` // its ID, for Fields.ShippingMethod
	Name           string  `json:"name"`
	Price          string  `json:"price"`
	PriceAsNumber  float64 `json:"priceAsNumber"`
}

// decodePaymentMethods reads the Checkout API's list or the Shop API's object
// whose keys are the methods' IDs.
func decodePaymentMethods(d *decoder) []PaymentMethod {
	methods := []PaymentMethod{}
	for end := d.list(); d.element(end); {
		var method PaymentMethod
		id := d.elementName(end)
		method.decode(d)
		method.PaymentMethod = cmp.Or(method.PaymentMethod, id)
		methods = append(methods, method)
	}
	return methods
}

func (m *PaymentMethod) decode(d *decoder) {
	if !d.object() {
		return
	}
	for d.next() {
		switch string(d.key) {
		case "paymentMethod":
			m.PaymentMethod = d.text()
		case "name":
			m.Name = d.text()
		case "paymentMethodType":
			m.Type = d.text()
		case "handlingCost":
			m.HandlingCost = d.text()
		case "handlingCostAsNumber":
			m.HandlingCostAsNumber = d.float()
		case "supportsInitiateOnly":
			m.SupportsInitiateOnly = d.bool()
		case "providesCustomerAddressAfterPayment":
			m.ProvidesAddress = d.bool()
		default:
			d.skip()
		}
	}
}

func decodeShippingMethods(d *decoder) []ShippingMethod {
	methods := []ShippingMethod{}
	for end := d.list(); d.element(end); {
		var method ShippingMethod
		id := d.elementName(end)
		method.decode(d)
		method.ShippingMethod = cmp.Or(method.ShippingMethod, id)
		methods = append(methods, method)
	}
	return methods
}

func (m *ShippingMethod) decode(d *decoder) {
	if !d.object() {
		return
	}
	for d.next() {
		switch string(d.key) {
		case "shippingMethod":
			m.ShippingMethod = d.text()
		case "name":
			m.Name = d.text()
		case "price":
			m.Price = d.text()
		case "priceAsNumber":
			m.PriceAsNumber = d.float()
		default:
			d.skip()
		}
	}
}
