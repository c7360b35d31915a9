package centra

// Totals are the sums of a cart, in its currency and in major units. Items,
// discount, shipping, handling and both taxes add up to the grand total: what
// makes a cart cheaper is negative. Where HandlingCostInShipping is set, the
// shipping price holds the handling cost already.
type Totals struct {
	ItemsTotalPrice            string  `json:"itemsTotalPrice"`
	ItemsTotalPriceAsNumber    float64 `json:"itemsTotalPriceAsNumber"`
	TotalDiscountPrice         string  `json:"totalDiscountPrice"`
	TotalDiscountPriceAsNumber float64 `json:"totalDiscountPriceAsNumber"`
	ShippingPrice              string  `json:"shippingPrice"`
	ShippingPriceAsNumber      float64 `json:"shippingPriceAsNumber"`
	HandlingCostPrice          string  `json:"handlingCostPrice"` // of the payment method
	HandlingCostPriceAsNumber  float64 `json:"handlingCostPriceAsNumber"`
	HandlingCostInShipping     bool    `json:"handlingCostAddedToShippingPrice"`
	TaxDeducted                string  `json:"taxDeducted"`
	TaxDeductedAsNumber        float64 `json:"taxDeductedAsNumber"`
	TaxAdded                   string  `json:"taxAdded"`
	TaxAddedAsNumber           float64 `json:"taxAddedAsNumber"`
	TaxPercent                 float64 `json:"taxPercent"`
	GrandTotalPrice            string  `json:"grandTotalPrice"`
	GrandTotalPriceAsNumber    float64 `json:"grandTotalPriceAsNumber"`
	GrandTotalPriceTax         string  `json:"grandTotalPriceTax"` // the tax within the grand total
	GrandTotalPriceTaxAsNumber float64 `json:"grandTotalPriceTaxAsNumber"`
	TotalQuantity              int     `json:"totalQuantity"`
}

func (t *Totals) decode(d *decoder) {
	if !d.object() {
		return
	}
	for d.next() {
		switch string(d.key) {
		case "itemsTotalPrice":
			t.ItemsTotalPrice = d.text()
		case "itemsTotalPriceAsNumber":
			t.ItemsTotalPriceAsNumber = d.float()
		case "totalDiscountPrice":
			t.TotalDiscountPrice = d.text()
		case "totalDiscountPriceAsNumber":
			t.TotalDiscountPriceAsNumber = d.float()
		case "shippingPrice":
			t.ShippingPrice = d.text()
		case "shippingPriceAsNumber":
			t.ShippingPriceAsNumber = d.float()
		case "handlingCostPrice":
			t.HandlingCostPrice = d.text()
		case "handlingCostPriceAsNumber":
			t.HandlingCostPriceAsNumber = d.float()
		case "handlingCostAddedToShippingPrice":
			t.HandlingCostInShipping = d.bool()
		case "taxDeducted":
			t.TaxDeducted = d.text()
		case "taxDeductedAsNumber":
			t.TaxDeductedAsNumber = d.float()
		case "taxAdded":
			t.TaxAdded = d.text()
		case "taxAddedAsNumber":
			t.TaxAddedAsNumber = d.float()
		case "taxPercent":
			t.TaxPercent = d.float()
		case "grandTotalPrice":
			t.GrandTotalPrice = d.text()
		case "grandTotalPriceAsNumber":
			t.GrandTotalPriceAsNumber = d.float()
		case "grandTotalPriceTax":
			t.GrandTotalPriceTax = d.text()
		case "grandTotalPriceTaxAsNumber":
			t.GrandTotalPriceTaxAsNumber = d.float()
		case "totalQuantity":
			t.TotalQuantity = d.int()
		default:
			d.skip()
		}
	}
}
