package centra

import (
	"errors"
	"strings"
)

// storefrontAnswer is the body of any answer of the Storefront API: what it says
// of the session, what it refuses, and what the fields of a document bring.
type storefrontAnswer struct {
	token      string
	data       bool // there is any: not null, which stands beside errors
	errors     []storefrontError
	userErrors []userError

	cart    *Selection // of the last field that has one; nil where that is null
	emptied bool       // it is null
	stored  storedAddresses
	action  *PaymentAction
	order   *Order
	result  string // SUCCESS or FAILED

	session     Session // to keep
	sameSession bool    // see [Selection]

	raw        string // the whole body; "" for a client made WithoutRaw
	start, end int    // of the data in it
}

// storefrontError is one of errors: the document, or a field of it, failed.
type storefrontError struct {
	message string
	path    []string
}

// userError is one of userErrors: Centra refuses what was sent.
type userError struct {
	message string
	path    []string
	item    *UnavailableItem // for one of that type
}

var errNoData = errors.New("neither data nor errors in the body")

// decode reads a whole body. What was read of one that is spoiled further down
// stays: its token counts.
func (a *storefrontAnswer) decode(d *decoder) (envelope, error) {
	top, err := decodeBody(d, func(top *envelope) {
		switch string(d.key) {
		case "data":
			a.decodeData(d)
		case "errors":
			a.decodeErrors(d)
		case "extensions":
			a.decodeExtensions(d)
			top.token = a.token
		default:
			d.skip()
		}
	})
	if err == nil && !a.data && len(a.errors) == 0 {
		err = errNoData
	}
	return top, err
}

func (a *storefrontAnswer) decodeExtensions(d *decoder) {
	for ok := d.object(); ok && d.next(); {
		if string(d.key) == "token" {
			a.token = d.text()
		} else {
			d.skip()
		}
	}
}

func (a *storefrontAnswer) decodeErrors(d *decoder) {
	for end := d.list(); d.element(end); {
		var e storefrontError
		for ok := d.object(); ok && d.next(); {
			switch string(d.key) {
			case "message":
				e.message = d.text()
			case "path":
				e.path = decodePath(d)
			default:
				d.skip()
			}
		}
		a.errors = append(a.errors, e)
	}
}

// decodePath reads names and indices.
func decodePath(d *decoder) []string {
	var path []string
	for end := d.list(); d.element(end); {
		path = append(path, d.text())
	}
	return path
}

// decodeData reads the fields of a document: the session, the cart itself, or
// what a mutation answers, in which the cart stands.
func (a *storefrontAnswer) decodeData(d *decoder) {
	a.data = d.peek() == '{'
	a.start = d.pos
	for ok := d.object(); ok && d.next(); {
		switch {
		case string(d.key) == "selection":
			a.decodeCart(d)
		case string(d.key) == "session":
			a.stored.decodeSession(d)
		case d.peek() == '{':
			a.decodePayload(d)
		default:
			d.skip()
		}
	}
	a.end = d.pos
}

func (a *storefrontAnswer) decodePayload(d *decoder) {
	for ok := d.object(); ok && d.next(); {
		switch string(d.key) {
		case "selection":
			a.decodeCart(d)
		case "userErrors":
			a.decodeUserErrors(d)
		case "action":
			a.decodeAction(d)
		case "type":
			a.result = d.text()
		case "order":
			a.order = decodeStorefrontOrder(d)
		default:
			d.skip()
		}
	}
}

func (a *storefrontAnswer) decodeUserErrors(d *decoder) {
	for end := d.list(); d.element(end); {
		var e userError
		var item UnavailableItem
		for ok := d.object(); ok && d.next(); {
			switch string(d.key) {
			case "__typename":
				if d.text() == "UnavailableItem" {
					e.item = &item
				}
			case "message":
				e.message = d.text()
			case "path":
				e.path = decodePath(d)
			case "originalQuantity":
				item.OriginalQuantity = d.int()
			case "availableQuantity":
				item.Available = d.int()
			case "unavailableQuantity":
				item.Unavailable = d.int()
			case "item":
				item.Item = decodeID(d, "id")
			case "displayItem":
				item.Product = decodeID(d, "id")
			default:
				d.skip()
			}
		}
		a.userErrors = append(a.userErrors, e)
	}
}

// decodeID reads one text member of an object, such as {"code": "SE"}.
func decodeID(d *decoder, name string) (id string) {
	for ok := d.object(); ok && d.next(); {
		if string(d.key) == name {
			id = d.text()
		} else {
			d.skip()
		}
	}
	return id
}

// explain takes over what Centra says to the shopper: of the messages about one
// field the first, of all of them each.
func (a *storefrontAnswer) explain(e *Error) {
	for _, refused := range a.userErrors {
		if refused.message == "" || refused.item != nil {
			continue
		}
		e.Messages = append(e.Messages, refused.message)
		if len(refused.path) == 0 {
			continue
		}
		if e.Fields == nil {
			e.Fields = map[string]string{}
		}
		if name := strings.Join(refused.path, "."); e.Fields[name] == "" {
			e.Fields[name] = refused.message
		}
	}
}

// unavailable are the lines that the stock no longer covers.
func (a *storefrontAnswer) unavailable() (items []UnavailableItem) {
	for _, refused := range a.userErrors {
		if refused.item != nil {
			items = append(items, *refused.item)
		}
	}
	return items
}

// visitorsToken is the token that the answer names, for a visitor to keep: never
// the plugin's own.
func (a *storefrontAnswer) visitorsToken(plugins string) Session {
	if a.token == plugins {
		return ""
	}
	return Session(a.token)
}

// selection is the cart as the caller gets it: where there is none, an empty one.
func (a *storefrontAnswer) selection() *Selection {
	if a == nil {
		return nil
	}
	if a.cart == nil {
		a.cart = &Selection{}
	}
	s := a.cart
	s.Session, s.sameSession, s.raw = a.session, a.sameSession, a.raw
	s.Items, s.Countries = some(s.Items), some(s.Countries)
	s.PaymentMethods, s.ShippingMethods = some(s.PaymentMethods), some(s.ShippingMethods)
	s.Discounts = noDiscounts()
	return s
}

// noCart reports whether a body shows no cart where one was asked for: null is a
// cart with nothing in it.
func (a *storefrontAnswer) noCart() bool {
	return a.cart == nil && !a.emptied || a.cart != nil && a.cart.Items == nil
}

// lastCart is the cart as it was last valid; nil where none came.
func (a *storefrontAnswer) lastCart() *Selection {
	if a.cart == nil {
		return nil
	}
	return a.selection()
}

// some returns a list that is written as one in JSON, not as null.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
