package centratest

import "slices"

// Product is one product in one size: what one item ID stands for.
type Product struct {
	Item  string // item ID, as in POST /items/{item}
	ID    string // product ID; sizes of one product share it
	Name  string
	URI   string // the last part of the product's address
	SKU   string
	Size  string
	Price int64 // in öre, 1/100 of a Swedish krona

	PriceBefore int64  // before a discount, in öre; 0: there is none
	Brand       string // may be empty
	Image       string // URL of a picture; empty: the product has none
}

func seedProducts() []Product {
	return []Product{
		{
			Item: "1-1", ID: "1", Name: "Merino Beanie", URI: "merino-beanie", SKU: "BEANIE-ONE", Size: "One size",
			Price: 49900, Brand: "Fjord",
		},
		{Item: "2-1", ID: "2", Name: "Café Shirt", URI: "cafe-shirt", SKU: "SHIRT-S", Size: "S", Price: 119900},
		{Item: "2-2", ID: "2", Name: "Café Shirt", URI: "cafe-shirt", SKU: "SHIRT-M", Size: "M", Price: 119900},
		{Item: "3-1", ID: "3", Name: "Raincoat", URI: "raincoat", SKU: "RAINCOAT-M", Size: "M", Price: 289950},
	}
}

// Products returns the catalogue.
func (s *Server) Products() []Product { return slices.Clone(s.catalogue) }

func (s *Server) product(item string) (Product, bool) {
	i := slices.IndexFunc(s.catalogue, func(p Product) bool { return p.Item == item })
	if i < 0 {
		return Product{}, false
	}
	return s.catalogue[i], true
}
