package centratest

import (
	"cmp"
)

// The parts of an answer that the Checkout API and the Shop API write alike.

// addressNames are the fields of an address that every answer has.
var addressNames = []string{
	"firstName", "lastName", "email", "phoneNumber", "company", "address1", "address2", "zipCode", "city",
	"state", "country", "vatNumber",
}

// otherAddressNames are those that an answer has once they were sent.
var otherAddressNames = []string{"newsletter", "identityNumber", "houseNumber", "houseExtension"}

// cartObject is a cart without its items, which the two APIs write differently,
// and without what stands around it.
func (s *Server) cartObject(c *cart) object {
	o := object{
		"language":           c.language,
		"currency":           "SEK",
		"paymentMethod":      c.paymentMethod,
		"paymentMethodName":  paymentMethodOf(c.paymentMethod).name,
		"shippingMethod":     c.shippingMethod,
		"shippingMethodName": shippingMethodOf(c.shippingMethod).name,
		"discounts":          s.discounts(c),
		"vatExempt":          false,
		"address":            addressObject(c.address),
		"shippingAddress":    addressObject(c.shippingAddress),
		"comment":            c.comment,
		"currencyFormat":     currencyFormat(),
	}
	if paymentMethodOf(c.paymentMethod).hasWidget() {
		o["centraCheckoutScript"] = CheckoutScript()
	}
	if plugins := s.pluginFields(c); plugins != nil {
		o["pluginFields"] = plugins
		c.replaceSnippet = false // said once
	}
	return o
}

func currencyFormat() object {
	return object{
		"currency": "SEK", "name": "SEK", "prefix": "", "suffix": " SEK",
		"decimalPoint": ".", "decimalDigits": "2", "uri": "sek",
	}
}

// itemObject is a line without its product.
func itemObject(l *line, p Product) object {
	before := cmp.Or(p.PriceBefore, p.Price)
	o := object{
		"item": l.item, "line": l.id, "sku": p.SKU, "ean": false, "size": p.Size, "quantity": l.quantity, "comment": "",
		"productUrl": nil, "category": nil, "anyDiscount": before != p.Price, "taxPercent": taxPercent,
	}
	o.setAmount("priceEach", p.Price)
	o.setAmount("totalPrice", p.Price*int64(l.quantity))
	o.setAmount("priceEachBeforeDiscount", before)
	o.setAmount("totalPriceBeforeDiscount", before*int64(l.quantity))
	o.setAmount("priceEachWithoutTax", withoutTax(p.Price))
	o.setAmount("priceEachReduction", before-p.Price)
	return o
}

func (s *Server) totals(c *cart) object {
	total := s.sums(c)
	o := object{"totalQuantity": total.quantity, "taxPercent": taxPercent}
	o.setAmount("itemsTotalPrice", total.items)
	o.setNoAmount("totalDiscountPrice")
	if total.discount > 0 {
		o.setAmount("totalDiscountPrice", -total.discount)
	}
	o.setAmount("shippingPrice", total.shipping)
	o.setNoAmount("taxDeducted")
	o.setNoAmount("taxAdded")
	o.setAmount("grandTotalPrice", total.grand)
	o.setAmount("grandTotalPriceTax", tax(total.grand))
	return o
}

func (s *Server) discounts(c *cart) object {
	total := s.sums(c)
	vouchers := []object{}
	for _, v := range c.vouchers {
		vouchers = append(vouchers, v.object(total.items))
	}
	o := object{"anyDiscount": total.discount > 0, "vouchers": vouchers, "automaticDiscounts": []object{}}
	o.setAmount("discount", -total.discount)
	return o
}

// addressObject writes what was sent; a field that Centra does not know is not kept.
func addressObject(sent map[string]any) object {
	address := object{}
	for _, name := range addressNames {
		address[name] = cmp.Or(sent[name], any(""))
	}
	for _, name := range otherAddressNames {
		if value, ok := sent[name]; ok {
			address[name] = value
		}
	}
	return address
}

func productObject(p Product) object {
	before := cmp.Or(p.PriceBefore, p.Price)
	o := object{
		"product": p.ID, "name": p.Name, "uri": p.URI, "sku": p.SKU, "productSku": p.SKU, "variantName": "",
		"brand": nil, "brandName": p.Brand, "brandUri": "", "collection": nil, "collectionName": "", "collectionUri": "",
		"category": "1", "categoryName": []any{"Shop"}, "categoryUri": "shop",
		"centraProduct": "10" + p.ID, "centraVariant": "20" + p.ID,
		"countryOrigin": "", "excerpt": "", "excerptHtml": "", "description": false, "descriptionHtml": "",
		"metaTitle": false, "metaDescription": "", "metaKeywords": "", "stockUnit": "", "weight": "0.000",
		"itemQuantityMinimum": 1, "itemQuantityMultipleOf": 1,
		"discountPercent": int((before - p.Price) * 100 / max(before, 1)),
		"showAsOnSale":    before != p.Price, "showAsNew": false,
		"itemTable": object{"x": []any{p.Size}, "y": []any{}, "dividerSymbol": "x"},
		"items":     []object{{"item": p.Item, "itemTableX": 0, "itemTableY": 0, "name": p.Size, "ean": false, "sku": p.SKU}},
		"media":     mediaObject(p), "relation": object{}, "tableMappings": encoded("{}"),
	}
	if p.Brand != "" {
		o["brand"], o["brandUri"] = "1", "brand"
	}
	o.setAmount("price", p.Price)
	o.setAmount("priceBeforeDiscount", before)
	return o
}

func mediaObject(p Product) object {
	if p.Image == "" {
		return object{}
	}
	return object{"standard": []any{p.Image}}
}

// listProducts shows as many products as "limit" says, all of them without it.
func (s *Server) listProducts(c *call) *reply {
	products, known := []object{}, make(map[string]object)
	limit, limited := c.body["limit"].(float64)
	for _, p := range s.catalogue {
		product := known[p.ID]
		if product == nil {
			if limited && len(products) >= int(limit) {
				continue
			}
			product = productObject(p)
			product["items"] = []object{}
			known[p.ID] = product
			products = append(products, product)
		}
		stock := "yes"
		if s.inStock(p.Item, 1) == 0 {
			stock = "no"
		}
		product["items"] = append(product["items"].([]object),
			object{"item": p.Item, "name": p.Size, "sku": p.SKU, "stock": stock})
	}
	return &reply{status: 200, body: object{"products": products, "productCount": len(products), "filter": object{}}}
}
