package centra

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"unicode/utf8"
)

// Selection is a cart as Centra answers it: what is in it, what it costs and
// what the shopper has entered. Both APIs decode to the same shape.
//
// Its JSON has Centra's names and normal types (a number is a number, an empty
// list is a list), and neither session nor script, so a page may have it. A
// Selection is not changed after it was returned and may be read concurrently.
type Selection struct {
	// Session is the one to keep from now on: tokens rotate.
	Session Session `json:"-"`
	// ID is what a cart link names. The Checkout API does not show it.
	ID SelectionID `json:"-"`

	Items           []Item   `json:"items"`
	Totals          Totals   `json:"totals"`
	Currency        string   `json:"currency"` // ISO 4217, "SEK"
	Language        string   `json:"language"` // ISO 639-1, "sv"
	Location        Location `json:"location"`
	Address         Address  `json:"address"`
	ShippingAddress Address  `json:"shippingAddress"`
	PaymentMethod   string   `json:"paymentMethod"`
	ShippingMethod  string   `json:"shippingMethod"`
	LoggedIn        bool     `json:"loggedIn"` // a customer is signed in

	// CheckoutScript is centraCheckoutScript: JavaScript without a <script> tag,
	// there while a widget such as Klarna Checkout is active.
	CheckoutScript string `json:"-"`

	raw string
}

// Item is one line of a cart. Prices are in the selection's currency, in major
// units; those for display are formatted by Centra ("100.00 SEK").
type Item struct {
	Item               string  `json:"item"` // the display item, product ID and size ID: "1-1"
	Line               string  `json:"line"` // the line of the cart, for changing it
	SKU                string  `json:"sku"`
	EAN                string  `json:"ean"`
	Size               string  `json:"size"`
	Quantity           int     `json:"quantity"`
	PriceEach          string  `json:"priceEach"`
	PriceEachAsNumber  float64 `json:"priceEachAsNumber"`
	TotalPrice         string  `json:"totalPrice"`
	TotalPriceAsNumber float64 `json:"totalPriceAsNumber"`
	Product            Product `json:"product"`
}

// Product is what a line of a cart says of its product.
type Product struct {
	Product     string `json:"product"` // the product's ID
	Name        string `json:"name"`
	URI         string `json:"uri"`
	VariantName string `json:"variantName"`
	BrandName   string `json:"brandName"`
}

// Totals are the sums of a cart, in its currency and in major units.
type Totals struct {
	ItemsTotalPrice            string  `json:"itemsTotalPrice"`
	ItemsTotalPriceAsNumber    float64 `json:"itemsTotalPriceAsNumber"`
	TotalDiscountPrice         string  `json:"totalDiscountPrice"`
	TotalDiscountPriceAsNumber float64 `json:"totalDiscountPriceAsNumber"`
	ShippingPrice              string  `json:"shippingPrice"`
	ShippingPriceAsNumber      float64 `json:"shippingPriceAsNumber"`
	GrandTotalPrice            string  `json:"grandTotalPrice"`
	GrandTotalPriceAsNumber    float64 `json:"grandTotalPriceAsNumber"`
	TotalQuantity              int     `json:"totalQuantity"`
}

// Location is where Centra believes the shopper to be.
type Location struct {
	Country     string `json:"country"` // ISO 3166-1 alpha-2
	CountryName string `json:"name"`
	State       string `json:"state"`
}

// Empty reports whether nothing is in the cart.
func (s *Selection) Empty() bool { return len(s.Items) == 0 }

// Raw returns the whole body that Centra answered, for what the types do not
// know. It holds the session: do not hand it to a browser. It is a copy, and nil
// for a client made [WithoutRaw].
func (s *Selection) Raw() json.RawMessage { return rawCopy(s.raw) }

func rawCopy(body string) json.RawMessage {
	if body == "" {
		return nil
	}
	return json.RawMessage(body)
}

// LogValue says how large the cart is, not what is in it or whose it is.
func (s Selection) LogValue() slog.Value {
	return slog.GroupValue(slog.Any("session", s.Session), slog.Int("items", len(s.Items)))
}

// Format prints the same whatever the verb.
func (s Selection) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "cart of %d items, %s", len(s.Items), s.Session)
}

// UnmarshalJSON decodes the body of a Checkout API or Shop API response, so
// that a *Selection can be the result of Do. It refuses a body without a
// selection rather than returning an empty cart.
func (s *Selection) UnmarshalJSON(body []byte) error {
	var decoded Selection
	d := decoder{data: string(body)}
	top, err := decoded.decode(&d)
	if err != nil {
		return err
	}
	if len(top.errors) > 0 {
		return errRefused
	}
	decoded.raw = d.data
	*s = decoded
	return nil
}

var (
	errNotUTF8     = errors.New("the body is not UTF-8")
	errNoSelection = errors.New("no selection in the body")
	errItems       = errors.New("the items are not a list of objects")
	errRefused     = errors.New("the body holds errors")
)

// envelope is what stands around every answer.
type envelope struct {
	token  string
	errors map[string]string
}

// member reads a member of the envelope, or skips one that it does not know.
func (e *envelope) member(d *decoder) {
	switch d.key {
	case "token":
		e.token = d.text()
	case "errors":
		e.errors = d.texts()
	default:
		d.skip()
	}
}

// decodeBody reads a whole body, which must be one object or nothing, and calls
// member to read each member of it.
func decodeBody(d *decoder, member func(*envelope)) (envelope, error) {
	var top envelope
	if !utf8.ValidString(d.data) {
		return top, errNotUTF8
	}
	if d.object() {
		for d.next() {
			member(&top)
		}
	}
	return top, d.done()
}

// decode reads a response of either API.
func (s *Selection) decode(d *decoder) (envelope, error) {
	found := false
	var id string
	top, err := decodeBody(d, func(top *envelope) {
		switch d.key {
		case "selection":
			found = true
			id = s.decodeSelection(d)
		case "centraCheckoutScript": // here in the Shop API
			s.CheckoutScript = d.text()
		case "location":
			s.Location.decode(d)
		case "loggedIn":
			s.LoggedIn = d.present() // true, or the customer
		default:
			top.member(d)
		}
	})
	if err == nil && !found && len(top.errors) == 0 {
		err = errNoSelection
	}
	s.Session = Session(cmp.Or(top.token, id))
	return top, err
}

// decodeSelection reads the cart itself and returns its ID, which only the Shop
// API shows. Uncertain: the documentation has no example of where; "selection"
// and "id" are both understood. PHP's [] is a cart with nothing in it, and so is
// null; any other value is no cart.
func (s *Selection) decodeSelection(d *decoder) (id string) {
	s.Items = []Item{}
	switch d.peek() {
	case '{':
	case '[':
		if d.list(); d.element(']') {
			d.fail(errNoSelection)
		}
		return ""
	case 'n', 'f':
		d.skip()
		return ""
	default:
		d.fail(errNoSelection)
		return ""
	}
	d.object()
	for d.next() {
		switch d.key {
		case "selection", "id":
			id = d.text()
		case "items":
			s.Items = decodeItems(d)
		case "totals":
			s.Totals.decode(d)
		case "currency":
			s.Currency = d.text()
		case "language":
			s.Language = d.text()
		case "paymentMethod":
			s.PaymentMethod = d.text()
		case "shippingMethod":
			s.ShippingMethod = d.text()
		case "address":
			s.Address.decode(d)
		case "shippingAddress":
			s.ShippingAddress.decode(d)
		case "centraCheckoutScript": // here in the Checkout API
			s.CheckoutScript = d.text()
		default:
			d.skip()
		}
	}
	return id
}

func decodeItems(d *decoder) []Item {
	items := []Item{}
	switch d.peek() {
	case '[', '{':
	case 'n', 'f':
		d.skip()
		return items
	default:
		d.fail(errItems)
		return items
	}
	scratch := scratchItems.Get().(*[]Item)
	items = (*scratch)[:0]
	end := d.list()
	for d.element(end) {
		if d.peek() != '{' {
			d.fail(errItems)
			break
		}
		items = append(items, Item{})
		items[len(items)-1].decode(d)
	}
	exact := append([]Item{}, items...)
	clear(items)
	*scratch = items
	scratchItems.Put(scratch)
	return exact
}

// scratchItems are where items are gathered until their number is known: growing
// a slice of them costs more memory than the items do.
var scratchItems = sync.Pool{New: func() any { return new([]Item) }}

func (i *Item) decode(d *decoder) {
	if !d.object() {
		return
	}
	for d.next() {
		switch d.key {
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
		case "quantity":
			i.Quantity = d.int()
		case "priceEach":
			i.PriceEach = d.text()
		case "priceEachAsNumber":
			i.PriceEachAsNumber = d.float()
		case "totalPrice":
			i.TotalPrice = d.text()
		case "totalPriceAsNumber":
			i.TotalPriceAsNumber = d.float()
		case "product":
			i.Product.decode(d)
		default:
			d.skip()
		}
	}
}

func (p *Product) decode(d *decoder) {
	if !d.object() {
		return
	}
	for d.next() {
		switch d.key {
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
		default:
			d.skip()
		}
	}
}

func (t *Totals) decode(d *decoder) {
	if !d.object() {
		return
	}
	for d.next() {
		switch d.key {
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
		case "grandTotalPrice":
			t.GrandTotalPrice = d.text()
		case "grandTotalPriceAsNumber":
			t.GrandTotalPriceAsNumber = d.float()
		case "totalQuantity":
			t.TotalQuantity = d.int()
		default:
			d.skip()
		}
	}
}

func (l *Location) decode(d *decoder) {
	if !d.object() {
		return
	}
	for d.next() {
		switch d.key {
		case "country":
			l.Country = d.text()
		case "name":
			l.CountryName = d.text()
		case "state":
			l.State = d.text()
		default:
			d.skip()
		}
	}
}

func (a *Address) decode(d *decoder) {
	if !d.object() {
		return
	}
	for d.next() {
		switch d.key {
		case "email":
			a.Email = d.text()
		case "newsletter":
			a.Newsletter = d.choice()
		case "firstName":
			a.FirstName = d.text()
		case "lastName":
			a.LastName = d.text()
		case "company":
			a.Company = d.text()
		case "address1":
			a.Address1 = d.text()
		case "address2":
			a.Address2 = d.text()
		case "zipCode":
			a.ZipCode = d.text()
		case "city":
			a.City = d.text()
		case "state":
			a.State = d.text()
		case "country":
			a.Country = d.text()
		case "phoneNumber":
			a.PhoneNumber = d.text()
		case "vatNumber":
			a.VATNumber = d.text()
		case "identityNumber":
			a.IdentityNumber = d.text()
		case "houseNumber":
			a.HouseNumber = d.text()
		case "houseExtension":
			a.HouseExtension = d.text()
		default:
			d.skip()
		}
	}
}
