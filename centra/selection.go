package centra

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
)

// Selection is a cart as Centra answers it: what is in it, what it costs and
// what the shopper has entered. All APIs decode to the same shape.
//
// Its JSON has Centra's names and normal types (a number is a number, an empty
// list is a list), and neither session, ID nor script, so a page may have it; it
// can be read back. A Selection is not changed after it was returned and may be
// read concurrently.
type Selection struct {
	// Session is the one to keep from now on: tokens rotate.
	Session Session `json:"-"`
	// ID is what a cart link names. The Checkout API does not show it.
	ID SelectionID `json:"-"`

	Items              []Item           `json:"items"`
	Totals             Totals           `json:"totals"`
	Discounts          Discounts        `json:"discounts"`
	Currency           string           `json:"currency"` // ISO 4217, "SEK"
	CurrencyFormat     CurrencyFormat   `json:"currencyFormat"`
	Language           string           `json:"language"` // ISO 639-1, "sv"
	Location           Location         `json:"location"`
	Address            Address          `json:"address"`
	ShippingAddress    Address          `json:"shippingAddress"`
	PaymentMethod      string           `json:"paymentMethod"` // the one that is chosen
	PaymentMethodName  string           `json:"paymentMethodName"`
	PaymentMethods     []PaymentMethod  `json:"paymentMethods"` // those to choose from
	ShippingMethod     string           `json:"shippingMethod"`
	ShippingMethodName string           `json:"shippingMethodName"`
	ShippingMethods    []ShippingMethod `json:"shippingMethods"`
	Countries          []Country        `json:"countries"` // that the shop sells to; empty in the Shop API
	Comment            string           `json:"comment"`   // the shopper's, also called additionalNotes
	VATExempt          bool             `json:"vatExempt"`
	LoggedIn           bool             `json:"loggedIn"` // a customer is signed in

	// PluginFields is what widgets such as Qliro, Klarna Payments and Ingrid tell
	// the page after every change, as Centra wrote it; nil where there is nothing.
	PluginFields json.RawMessage `json:"pluginFields,omitempty"`

	// CheckoutScript is centraCheckoutScript: JavaScript without a <script> tag,
	// there while a widget such as Klarna Checkout is active.
	CheckoutScript string `json:"-"`

	raw string
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
// that a *Selection can be the result of Do, and what a Selection itself is in
// JSON. It refuses a body without a cart rather than returning an empty one.
func (s *Selection) UnmarshalJSON(body []byte) error {
	var decoded Selection
	d := decoder{data: body, kept: string(body)}
	top, shape, err := decoded.decodeAnyShape(&d)
	switch {
	case err != nil:
		return err
	case len(top.errors) > 0:
		return errRefused
	case shape == noCart:
		return errNoSelection
	}
	decoded.Session = Session(cmp.Or(top.token, string(decoded.ID)))
	decoded.raw = d.kept
	*s = decoded
	return nil
}

var (
	errNoSelection = errors.New("no selection in the body")
	errRefused     = errors.New("the body holds errors")
)

// cartShape says where in a body the cart stands.
type cartShape uint8

const (
	noCart     cartShape = iota
	nullCart             // "selection" is null, which stands for a cart with nothing in it
	nestedCart           // Checkout API: inside "selection"
	flatCart             // Shop API: beside "selection", which is the cart's ID
	ownCart              // what json.Marshal makes of a Selection: there is no "selection"
)

// decode reads Centra's answer of either shape.
func (s *Selection) decode(d *decoder) (envelope, error) {
	top, shape, err := s.decodeAnyShape(d)
	if err == nil && (shape == noCart || shape == ownCart) && len(top.errors) == 0 {
		err = errNoSelection
	}
	return top, err
}

func (s *Selection) decodeAnyShape(d *decoder) (envelope, cartShape, error) {
	s.PaymentMethods, s.ShippingMethods, s.Countries = []PaymentMethod{}, []ShippingMethod{}, []Country{}
	s.Discounts = noDiscounts()
	shape := noCart
	located := false
	country := ""
	top, err := decodeBody(d, func(top *envelope) {
		switch string(d.key) {
		case "selection":
			shape = s.decodeSelection(d, shape)
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
	case shape == flatCart:
		s.Location.Country = cmp.Or(s.Location.Country, country)
		if s.Items == nil { // an ID alone says nothing of a cart
			shape = noCart
		}
	case shape == nullCart && len(s.Items) > 0: // whose are they?
		shape = noCart
	case shape == noCart && located && s.Items != nil:
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
		s.clearCart()
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
		case "selection", "id": // documented nowhere, both seen
			s.ID, _ = ParseSelectionID(d.text())
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
		Items: []Item{}, Discounts: noDiscounts(), Location: s.Location, LoggedIn: s.LoggedIn, CheckoutScript: s.CheckoutScript,
		PaymentMethods: s.PaymentMethods, ShippingMethods: s.ShippingMethods, Countries: s.Countries,
	}
}

// member reads a member of the cart itself, wherever that stands. It returns
// false, and has read nothing, where it does not know the member.
func (s *Selection) member(d *decoder) bool {
	switch string(d.key) {
	case "items":
		s.Items = decodeItems(d)
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
