package centratest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

var (
	countryNames  = map[string]string{"SE": "Sweden", "NO": "Norway", "DE": "Germany", "US": "United States"}
	languageNames = map[string]string{"sv": "Swedish", "en": "English", "de": "German"}
	addressFields = []string{"email", "firstName", "lastName", "company", "address1", "address2", "zipCode", "city",
		"state", "country", "phoneNumber", "vatNumber", "identityNumber", "houseNumber", "houseExtension"}
)

// selection answers the one shape that every GET and PUT of a cart has.
func (s *Server) selection(c *call) *reply {
	body := object{
		"selection":       s.selectionObject(c.cart),
		"paymentMethods":  paymentMethodList(),
		"paymentFields":   object{"address": object{"email": object{"required": true, "visible": true, "type": "email"}}, "shippingAddress": object{}},
		"shippingMethods": shippingMethodList(),
		"countries":       countryList(),
		"languages":       languageList(),
		"location": object{
			"country": c.cart.country, "name": countryNames[c.cart.country], "eu": c.cart.country == "SE" || c.cart.country == "DE",
			"language": c.cart.language, "shipTo": true, "state": nil, "stateName": "",
		},
	}
	selection := body["selection"].(object)
	if c.record.API == ShopAPI {
		selection["selection"] = c.cart.id
	}
	if c.cart.paymentMethod == KlarnaMethod {
		if c.record.API == ShopAPI {
			body["centraCheckoutScript"] = CheckoutScript()
		} else {
			selection["centraCheckoutScript"] = CheckoutScript()
		}
	}
	s.pad(body)
	return &reply{http.StatusOK, body}
}

func (s *Server) selectionObject(c *cart) object {
	return object{
		"currency": "SEK",
		"currencyFormat": object{
			"currency": "SEK", "name": "SEK", "prefix": "", "suffix": " SEK", "decimalPoint": ".", "decimalDigits": "2", "uri": "sek",
		},
		"language":         c.language,
		"market":           "1",
		"pricelist":        "19",
		"paymentMethod":    c.paymentMethod,
		"shippingMethod":   c.shippingMethod,
		"items":            s.itemList(c),
		"discounts":        object{},
		"totals":           s.totals(c),
		"address":          addressObject(c.address),
		"shippingAddress":  addressObject(c.shippingAddress),
		"terms":            false,
		"comment":          nil,
		"campaignSite":     "",
		"customAttributes": object{},
	}
}

func (s *Server) itemList(c *cart) []object {
	items := []object{}
	for _, l := range c.lines {
		p, _ := s.product(l.item)
		total := p.Price * int64(l.quantity)
		items = append(items, object{
			"item": l.item, "line": l.id, "sku": p.SKU, "ean": false, "size": p.Size, "quantity": l.quantity, "comment": "",
			"priceEach": money(p.Price), "priceEachAsNumber": number(p.Price), "priceEachBeforeDiscount": false,
			"totalPrice": money(total), "totalPriceAsNumber": number(total), "taxPercent": 0, "anyDiscount": false,
			"product": productObject(p),
		})
	}
	return items
}

func productObject(p Product) object {
	return object{
		"product": p.ID, "name": p.Name, "uri": p.URI, "sku": p.SKU, "excerpt": "", "description": false,
		"price": money(p.Price), "priceAsNumber": number(p.Price), "priceBeforeDiscount": money(p.Price),
		"brand": nil, "collection": nil, "categoryName": "All", "categoryUri": "all/" + p.URI, "silkProduct": "10" + p.ID,
		"variantName": false, "weight": "0.000", "metaTitle": false, "media": object{}, "relation": object{},
	}
}

func (s *Server) totals(c *cart) object {
	var sum int64
	quantity := 0
	for _, l := range c.lines {
		p, _ := s.product(l.item)
		sum += p.Price * int64(l.quantity)
		quantity += l.quantity
	}
	return object{
		"itemsTotalPrice": money(sum), "itemsTotalPriceAsNumber": number(sum),
		"totalDiscountPrice": false, "totalDiscountPriceAsNumber": 0,
		"shippingPrice": money(0), "shippingPriceAsNumber": 0, "handlingCostPrice": false,
		"taxDeducted": false, "taxPercent": 0, "totalQuantity": strconv.Itoa(quantity),
		"grandTotalPrice": money(sum), "grandTotalPriceAsNumber": number(sum), "grandTotalPriceTax": false,
	}
}

// addressObject has every field that Centra knows, and those it was sent.
func addressObject(sent map[string]any) object {
	if len(sent) == 0 {
		return object{}
	}
	address := object{"newsletter": false}
	for _, name := range addressFields {
		address[name] = ""
	}
	for name, value := range sent {
		if name != "cartAbandonmentEmail" {
			address[name] = value
		}
	}
	return address
}

// order is the answer to a completed payment, added to extra.
func (s *Server) order(c *cart, extra object) object {
	body := object{
		"order": c.order, "status": "untouched", "orderDate": c.changed.UTC().Format("2006-01-02 15:04:05"), "currency": "SEK",
		"items": s.itemList(c), "totals": s.totals(c), "discounts": object{},
		"address": addressObject(c.address), "shippingAddress": addressObject(c.shippingAddress),
		"paymentMethod": c.paymentMethod, "paymentMethodData": object{}, "shippingMethod": c.shippingMethod,
	}
	for name, value := range extra {
		body[name] = value
	}
	return body
}

func (s *Server) listProducts(*call) *reply {
	products := []object{}
	for i, p := range s.catalogue {
		if slices.IndexFunc(s.catalogue, func(q Product) bool { return q.ID == p.ID }) != i {
			continue
		}
		product := productObject(p)
		items := []object{}
		for _, q := range s.catalogue {
			if q.ID == p.ID {
				stock := "yes"
				if s.inStock(q.Item, 1) == 0 {
					stock = "no"
				}
				items = append(items, object{"item": q.Item, "name": q.Size, "sku": q.SKU, "stock": stock})
			}
		}
		product["items"] = items
		products = append(products, product)
	}
	return &reply{http.StatusOK, object{"products": products, "productCount": strconv.Itoa(len(products)), "filter": object{}}}
}

func paymentMethodList() []object {
	var list []object
	for _, method := range paymentMethods {
		list = append(list, object{
			"paymentMethod": method, "name": strings.ReplaceAll(method, "-", " "), "paymentMethodType": false,
			"handlingCost": false, "providesCustomerAddressAfterPayment": method == KlarnaMethod,
		})
	}
	return list
}

func shippingMethodList() []object {
	var list []object
	for _, method := range shippingMethods {
		list = append(list, object{"shippingMethod": method, "name": method, "price": money(0), "priceAsNumber": 0, "shipper": nil})
	}
	return list
}

func countryList() []object {
	list := []object{}
	for _, code := range []string{"DE", "NO", "SE", "US"} {
		list = append(list, object{"country": code, "name": countryNames[code], "eu": code == "DE" || code == "SE", "states": object{}})
	}
	return list
}

func languageList() []object {
	list := []object{}
	for _, code := range []string{"de", "en", "sv"} {
		list = append(list, object{"language": code, "name": languageNames[code], "default": code == "sv"})
	}
	return list
}

// pad grows a response with what makes real ones large, long lists of small objects.
func (s *Server) pad(body object) {
	if s.config.responseSize <= 0 {
		return
	}
	if s.paddedCountries == nil {
		// Made once, so that benchmarks do not measure it.
		countries := countryList()
		for size := len(appendPHP(nil, body)); size < s.config.responseSize; {
			country := paddingCountry(len(countries))
			countries = append(countries, country)
			size += len(appendPHP(nil, country)) + len(",")
		}
		s.paddedCountries = appendPHP(nil, countries)
	}
	body["countries"] = s.paddedCountries
}

func paddingCountry(i int) object {
	states := []object{}
	for j := range 10 {
		states = append(states, object{"state": fmt.Sprintf("S%d", j), "name": fmt.Sprintf("State %d of country %03d", j, i)})
	}
	return object{"country": fmt.Sprintf("X%d", i), "name": fmt.Sprintf("Country %03d", i), "eu": false, "shipTo": "1", "states": states}
}

func money(ore int64) string { return fmt.Sprintf("%d.%02d SEK", ore/100, ore%100) }

func number(ore int64) float64 { return float64(ore) / 100 }
