package centra

import (
	"cmp"
	"encoding/json"
)

// decodeCart reads a cart, which is null where the session has none.
func (a *storefrontAnswer) decodeCart(d *decoder) {
	a.cart, a.emptied = nil, d.peek() == 'n'
	if d.peek() == '{' {
		a.cart = new(Selection)
		a.cart.decodeStorefront(d, &a.stored)
		return
	}
	d.skip()
}

// decodeStorefront reads a cart of the Storefront API. Items stay nil where the
// document did not ask for the lines. The addresses are read once more in full,
// for what this API knows and an Address does not.
func (s *Selection) decodeStorefront(d *decoder, stored *storedAddresses) {
	for ok := d.object(); ok && d.next(); {
		switch string(d.key) {
		case "id":
			s.ID, _ = ParseSelectionID(d.text())
		case "lines":
			s.Items = decodeLines(d)
		case "grandTotal":
			s.Totals.GrandTotalPrice, s.Totals.GrandTotalPriceAsNumber, s.Currency = decodeMoney(d)
		case "language":
			s.Language = decodeID(d, "code")
		case "comment":
			s.Comment = d.text()
		case "checkout":
			s.decodeCheckout(d, stored)
		default:
			d.skip()
		}
	}
	for i := range s.Items {
		s.Totals.TotalQuantity += s.Items[i].Quantity
	}
}

func (s *Selection) decodeCheckout(d *decoder, stored *storedAddresses) {
	for ok := d.object(); ok && d.next(); {
		switch string(d.key) {
		case "checkoutScript":
			s.CheckoutScript = d.text()
		case "widgets":
			s.PluginFields = decodeWidgets(d)
		case "shippingAddress":
			stored.shipping.decode(d)
			s.ShippingAddress = stored.shipping.address()
		case "separateBillingAddress":
			stored.separate = d.peek() == '{'
			stored.billing.decode(d)
			s.Address = stored.billing.address()
		case "paymentMethod":
			chosen := decodeStorefrontPaymentMethod(d)
			s.PaymentMethod, s.PaymentMethodName = chosen.PaymentMethod, chosen.Name
		case "paymentMethods":
			for end := d.list(); d.element(end); {
				s.PaymentMethods = append(s.PaymentMethods, decodeStorefrontPaymentMethod(d))
			}
		case "shippingMethod":
			chosen := decodeStorefrontShippingMethod(d)
			s.ShippingMethod, s.ShippingMethodName = chosen.ShippingMethod, chosen.Name
		case "shippingMethods":
			for end := d.list(); d.element(end); {
				s.ShippingMethods = append(s.ShippingMethods, decodeStorefrontShippingMethod(d))
			}
		case "totals":
			_ = s.Totals.decodeRows(d)
		default:
			d.skip()
		}
	}
	if !stored.separate {
		s.Address = s.ShippingAddress
	}
}

// decodeWidgets reads what the widgets tell the page, as a page has it of the
// other APIs: an object, and nil where there are none.
func decodeWidgets(d *decoder) json.RawMessage {
	if d.peek() != '[' {
		d.skip()
		return nil
	}
	raw := d.raw()
	if len(raw) < len(`[{}]`) {
		return nil
	}
	fields, err := json.Marshal(map[string]json.RawMessage{"widgets": raw})
	if err != nil { // only after an error of our own
		return nil
	}
	return fields
}

// decodeLines reads the lines of a cart. Centra may answer null for one: it is
// left out.
func decodeLines(d *decoder) []Item {
	scratch := scratchItems.Get().(*[]Item)
	items := (*scratch)[:0]
	for end := d.list(); d.element(end); {
		if d.peek() == 'n' {
			d.skip()
			continue
		}
		items = append(items, Item{})
		items[len(items)-1].decodeLine(d)
	}
	exact := append([]Item{}, items...)
	clear(items)
	*scratch = items
	scratchItems.Put(scratch)
	return exact
}

func (i *Item) decodeLine(d *decoder) {
	if d.peek() != '{' {
		d.fail(errItems)
		return
	}
	for ok := d.object(); ok && d.next(); {
		switch string(d.key) {
		case "id":
			i.Line = d.text()
		case "name":
			i.Product.Name = d.text()
		case "productVariantName":
			i.Product.VariantName = d.text()
		case "size":
			i.Size = d.text()
		case "comment":
			i.Comment = d.text()
		case "quantity":
			i.Quantity = d.int()
		case "item":
			i.decodeItem(d)
		case "displayItem":
			i.Product.decodeDisplayItem(d)
		case "unitPrice":
			i.PriceEach, i.PriceEachAsNumber, _ = decodeMoney(d)
		case "unitOriginalPrice":
			i.PriceEachBeforeDiscount, i.PriceEachBeforeDiscountAsNumber, _ = decodeMoney(d)
		case "lineValue":
			i.TotalPrice, i.TotalPriceAsNumber, _ = decodeMoney(d)
		case "originalLineValue":
			i.TotalPriceBeforeDiscount, i.TotalPriceBeforeDiscountAsNumber, _ = decodeMoney(d)
		case "hasDiscount":
			i.AnyDiscount = d.bool()
		default:
			d.skip()
		}
	}
}

func (i *Item) decodeItem(d *decoder) {
	for ok := d.object(); ok && d.next(); {
		switch string(d.key) {
		case "id":
			i.Item = d.text()
		case "sku":
			i.SKU = d.text()
		default:
			d.skip()
		}
	}
}

func (p *Product) decodeDisplayItem(d *decoder) {
	for ok := d.object(); ok && d.next(); {
		switch string(d.key) {
		case "id":
			p.Product = d.text()
		case "uri":
			p.URI = d.text()
		case "media":
			for end := d.list(); d.element(end); {
				p.Image = cmp.Or(p.Image, decodeMedia(d))
			}
		default:
			d.skip()
		}
	}
}

// decodeMedia reads {"source": {"url": "https://..."}}.
func decodeMedia(d *decoder) (url string) {
	for ok := d.object(); ok && d.next(); {
		if string(d.key) == "source" {
			url = decodeID(d, "url")
		} else {
			d.skip()
		}
	}
	return url
}

// decodeMoney reads a MonetaryValue.
func decodeMoney(d *decoder) (text string, number float64, currency string) {
	for ok := d.object(); ok && d.next(); {
		switch string(d.key) {
		case "value":
			number = d.float()
		case "formattedValue":
			text = d.text()
		case "currency":
			currency = decodeID(d, "code")
		default:
			d.skip()
		}
	}
	return text, number, currency
}

// decodeRows reads the sums of a checkout or an order, one row for each, and
// returns their currency where that was asked for.
func (t *Totals) decodeRows(d *decoder) (currency string) {
	for end := d.list(); d.element(end); {
		var kind, text, code string
		var number float64
		for ok := d.object(); ok && d.next(); {
			switch string(d.key) {
			case "type":
				kind = d.text()
			case "price":
				text, number, code = decodeMoney(d)
			default:
				d.skip()
			}
		}
		currency = cmp.Or(currency, code)
		switch kind {
		case "ITEMS_SUBTOTAL":
			t.ItemsTotalPrice, t.ItemsTotalPriceAsNumber = text, number
		case "DISCOUNT":
			t.TotalDiscountPrice, t.TotalDiscountPriceAsNumber = text, number
		case "SHIPPING":
			t.ShippingPrice, t.ShippingPriceAsNumber = text, number
		case "HANDLING":
			t.HandlingCostPrice, t.HandlingCostPriceAsNumber = text, number
		case "TAX_ADDED_TOTAL":
			t.TaxAdded, t.TaxAddedAsNumber = text, number
		case "TAX_DEDUCT_TOTAL":
			t.TaxDeducted, t.TaxDeductedAsNumber = text, number
		case "INCLUDING_TAX_TOTAL":
			t.GrandTotalPriceTax, t.GrandTotalPriceTaxAsNumber = text, number
		case "GRAND_TOTAL":
			t.GrandTotalPrice, t.GrandTotalPriceAsNumber = text, number
		}
	}
	return currency
}

func decodeStorefrontPaymentMethod(d *decoder) (m PaymentMethod) {
	for ok := d.object(); ok && d.next(); {
		switch string(d.key) {
		case "id":
			m.PaymentMethod = d.text()
		case "name":
			m.Name = d.text()
		case "kind":
			m.Type = d.text()
		case "addressAfterPayment":
			m.ProvidesAddress = d.bool()
		case "initiateOnlySupported":
			m.SupportsInitiateOnly = d.bool()
		case "handlingCost":
			m.HandlingCost, m.HandlingCostAsNumber, _ = decodeMoney(d)
		default:
			d.skip()
		}
	}
	return m
}

func decodeStorefrontShippingMethod(d *decoder) (m ShippingMethod) {
	for ok := d.object(); ok && d.next(); {
		switch string(d.key) {
		case "id":
			m.ShippingMethod = d.text()
		case "name":
			m.Name = d.text()
		case "price":
			m.Price, m.PriceAsNumber, _ = decodeMoney(d)
		default:
			d.skip()
		}
	}
	return m
}
