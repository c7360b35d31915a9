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

	sameSession bool // certainly the cart of the session that was asked for, whatever its token is now
	raw         string
}

// Empty reports whether nothing is in the cart.
func (s *Selection) Empty() bool { return len(s.Items) == 0 }

// Replaces reports whether the cart came only because Centra did not know session any
// more, with which it was asked for: it has another one, and nothing is in it. The
// visitor may have a better one by now. In the Checkout API a token that rotates while
// the cart is empty looks the same; the Storefront API says where a session has expired.
// The first session of a visitor, who had "", replaces none.
func (s *Selection) Replaces(session Session) bool {
	return session != "" && s.Session != session && s.Empty() && !s.sameSession
}

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
