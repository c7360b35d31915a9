package centra

import (
	"cmp"
	"errors"
	"sync"
)

// Item is one line of a cart. Prices are in the selection's currency, in major
// units; those for display are formatted by Centra ("100.00 SEK").
type Item struct {
	Item                             string  `json:"item"` // the display item, product ID and size ID: "1-1"
	Line                             string  `json:"line"` // the line of the cart, for changing it
	SKU                              string  `json:"sku"`
	EAN                              string  `json:"ean"`
	Size                             string  `json:"size"`
	Comment                          string  `json:"comment"`
	Quantity                         int     `json:"quantity"`
	PriceEach                        string  `json:"priceEach"`
	PriceEachAsNumber                float64 `json:"priceEachAsNumber"`
	PriceEachBeforeDiscount          string  `json:"priceEachBeforeDiscount"`
	PriceEachBeforeDiscountAsNumber  float64 `json:"priceEachBeforeDiscountAsNumber"`
	TotalPrice                       string  `json:"totalPrice"`
	TotalPriceAsNumber               float64 `json:"totalPriceAsNumber"`
	TotalPriceBeforeDiscount         string  `json:"totalPriceBeforeDiscount"`
	TotalPriceBeforeDiscountAsNumber float64 `json:"totalPriceBeforeDiscountAsNumber"`
	AnyDiscount                      bool    `json:"anyDiscount"`
	TaxPercent                       float64 `json:"taxPercent"`
	ProductURL                       string  `json:"productUrl"` // the product's page, where the shop has told Centra
	Product                          Product `json:"product"`
}

// Product is what a line of a cart says of its product.
type Product struct {
	Product     string `json:"product"` // the product's ID
	Name        string `json:"name"`
	URI         string `json:"uri"` // part of the product's page: "women/jackets/shell-jacket"
	VariantName string `json:"variantName"`
	BrandName   string `json:"brandName"`
	Image       string `json:"image"` // the URL of the first of Centra's media; the Shop API shows none
}

var errItems = errors.New("the items are not a list of objects")

// decodeItems reads a list of objects. Anything else is errItems, read to its end:
// it may stand where no items are looked for.
func decodeItems(d *decoder) ([]Item, error) {
	switch d.peek() {
	case '[', '{':
	case 'n', 'f':
		d.skip()
		return []Item{}, nil
	default:
		d.skip()
		return []Item{}, errItems
	}
	scratch := scratchItems.Get().(*[]Item)
	items := (*scratch)[:0]
	var err error
	for end := d.list(); d.element(end); {
		if d.peek() != '{' {
			d.skip()
			err = errItems
			continue
		}
		items = append(items, Item{})
		items[len(items)-1].decode(d)
	}
	exact := append([]Item{}, items...)
	if cap(items) <= maxScratch {
		clear(items)
		*scratch = items
		scratchItems.Put(scratch)
	}
	return exact, err
}

// items is decodeItems where there must be items.
func (d *decoder) items() []Item {
	items, err := decodeItems(d)
	if err != nil {
		d.fail(err)
	}
	return items
}

// maxScratch keeps one huge list from staying in memory for good.
const maxScratch = 500

// scratchItems are where items are gathered until their number is known: growing
// a slice of them costs more memory than the items do.
var scratchItems = sync.Pool{New: func() any { return new([]Item) }}

func (i *Item) decode(d *decoder) {
	if !d.object() {
		return
	}
	var name, brand string // of the product, beside it in the Shop API
	for d.next() {
		switch string(d.key) {
		case "item":
			i.Item = d.text()
		case "line":
			i.Line = d.text()
		case "sku":
			i.SKU = d.text()
		case "ean":
			i.EAN = d.text()
		case "size":
			i.Size = d.text()
		case "comment":
			i.Comment = d.text()
		case "quantity":
			i.Quantity = d.int()
		case "priceEach":
			i.PriceEach = d.text()
		case "priceEachAsNumber":
			i.PriceEachAsNumber = d.float()
		case "priceEachBeforeDiscount":
			i.PriceEachBeforeDiscount = d.text()
		case "priceEachBeforeDiscountAsNumber":
			i.PriceEachBeforeDiscountAsNumber = d.float()
		case "totalPrice":
			i.TotalPrice = d.text()
		case "totalPriceAsNumber":
			i.TotalPriceAsNumber = d.float()
		case "totalPriceBeforeDiscount":
			i.TotalPriceBeforeDiscount = d.text()
		case "totalPriceBeforeDiscountAsNumber":
			i.TotalPriceBeforeDiscountAsNumber = d.float()
		case "anyDiscount":
			i.AnyDiscount = d.bool()
		case "taxPercent":
			i.TaxPercent = d.float()
		case "productUrl":
			i.ProductURL = d.text()
		case "product":
			i.Product.decode(d)
		case "productName":
			name = d.text()
		case "brandName":
			brand = d.text()
		default:
			d.skip()
		}
	}
	i.Product.Name = cmp.Or(i.Product.Name, name)
	i.Product.BrandName = cmp.Or(i.Product.BrandName, brand)
}

// decode reads a product of the Checkout API, or its ID, which is what the Shop
// API has in this place.
func (p *Product) decode(d *decoder) {
	if d.peek() != '{' {
		p.Product = d.text()
		return
	}
	d.object()
	for d.next() {
		switch string(d.key) {
		case "product":
			p.Product = d.text()
		case "name":
			p.Name = d.text()
		case "uri":
			p.URI = d.text()
		case "variantName":
			p.VariantName = d.text()
		case "brandName":
			p.BrandName = d.text()
		case "image": // our own name
			p.Image = d.text()
		case "media":
			p.Image = cmp.Or(firstImage(d), p.Image)
		default:
			d.skip()
		}
	}
}

// firstImage reads {"standard": ["https://..."], "thumb": [...]}: the first URL
// of the standard size, or else the first of any.
func firstImage(d *decoder) string {
	var first, standard string
	if !d.object() { // PHP's [] where there is none
		return ""
	}
	for d.next() {
		isStandard := string(d.key) == "standard"
		url := ""
		for end := d.list(); d.each(end); {
			if url == "" {
				url = d.text()
			} else {
				d.skip()
			}
		}
		if isStandard {
			standard = url
		}
		first = cmp.Or(first, url)
	}
	return cmp.Or(standard, first)
}
