package centra

// Discounts are what makes a cart cheaper. Amounts are negative.
type Discounts struct {
	AnyDiscount        bool                `json:"anyDiscount"`
	Discount           string              `json:"discount"` // the sum
	DiscountAsNumber   float64             `json:"discountAsNumber"`
	AutomaticDiscounts []AutomaticDiscount `json:"automaticDiscounts"` // given without a code
	Vouchers           []Voucher           `json:"vouchers"`           // that the shopper has redeemed
}

// AutomaticDiscount is one that the shop gives without being asked.
type AutomaticDiscount struct {
	Name             string  `json:"name"`
	PriceOff         string  `json:"priceOff"`
	PriceOffAsNumber float64 `json:"priceOffAsNumber"`
}

// Voucher is one that the shopper has redeemed.
type Voucher struct {
	Voucher          string  `json:"voucher"` // names it, for removing it
	Type             string  `json:"type"`    // "code", "uri" or "other"
	Description      string  `json:"description"`
	PriceOff         string  `json:"priceOff"`
	PriceOffAsNumber float64 `json:"priceOffAsNumber"`
}

func noDiscounts() Discounts {
	return Discounts{AutomaticDiscounts: []AutomaticDiscount{}, Vouchers: []Voucher{}}
}

func (v *Discounts) decode(d *decoder) {
	if !d.object() {
		return
	}
	for d.next() {
		switch string(d.key) {
		case "anyDiscount":
			v.AnyDiscount = d.bool()
		case "discount":
			v.Discount = d.text()
		case "discountAsNumber":
			v.DiscountAsNumber = d.float()
		case "automaticDiscounts":
			v.AutomaticDiscounts = []AutomaticDiscount{}
			for end := d.list(); d.element(end); {
				var discount AutomaticDiscount
				discount.decode(d)
				v.AutomaticDiscounts = append(v.AutomaticDiscounts, discount)
			}
		case "vouchers":
			v.Vouchers = []Voucher{}
			for end := d.list(); d.element(end); {
				var voucher Voucher
				voucher.decode(d)
				v.Vouchers = append(v.Vouchers, voucher)
			}
		default:
			d.skip()
		}
	}
}

func (a *AutomaticDiscount) decode(d *decoder) {
	if !d.object() {
		return
	}
	for d.next() {
		switch string(d.key) {
		case "name":
			a.Name = d.text()
		case "priceOff":
			a.PriceOff = d.text()
		case "priceOffAsNumber", "priceOffAsANumber": // the documentation's spelling
			a.PriceOffAsNumber = d.float()
		default:
			d.skip()
		}
	}
}

func (v *Voucher) decode(d *decoder) {
	if !d.object() {
		return
	}
	for d.next() {
		switch string(d.key) {
		case "voucher":
			v.Voucher = d.text()
		case "type":
			v.Type = d.text()
		case "description":
			v.Description = d.text()
		case "priceOff":
			v.PriceOff = d.text()
		case "priceOffAsNumber", "priceOffAsANumber":
			v.PriceOffAsNumber = d.float()
		default:
			d.skip()
		}
	}
}
