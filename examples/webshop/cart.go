package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/centra-go/cartabandonment/centra"
)

// Carts and products are no part of the library. This is how a shop reaches
// such endpoints with Do of its client, and the session stays right.

// readCart reads the visitor's cart, with what api asks for. A visitor without a
// session has none, and no session is started for somebody who only looks.
func (s *shop) readCart(w http.ResponseWriter, r *http.Request, api centra.API) (cart *centra.Selection, err error) {
	err = s.visitors.Within(pageTimeout).Do(w, r, func(ctx context.Context, sess centra.Session) (centra.Session, error) {
		if sess == "" {
			cart = new(centra.Selection)
			return "", nil
		}
		read, err := api.Selection(ctx, sess)
		switch {
		case err == nil:
			cart = read
			return cart.Session, nil
		case s.api == "shop" && errors.Is(err, centra.ErrSelectionNotFound):
			// Ordered elsewhere, or 30 days old. The other APIs start a new cart by
			// themselves then; here the shop forgets the ID.
			cart = new(centra.Selection)
			return centra.NoSession, nil
		}
		return "", err
	})
	if err != nil {
		return nil, err
	}
	return cart, nil
}

// changeTimeout is how long a shopper waits for a change of the cart before they are
// told. A call that hangs would keep all their others waiting, too.
const changeTimeout = 10 * time.Second

// change makes one of the calls below for the visitor.
func (s *shop) change(w http.ResponseWriter, r *http.Request,
	call func(context.Context, centra.Session) (centra.Session, error)) error {
	visitors := s.visitors.Within(changeTimeout)
	return visitors.Do(w, r, func(ctx context.Context, sess centra.Session) (centra.Session, error) {
		if s.api == "shop" && sess == "" {
			return "", centra.ErrNoSession
		}
		return call(ctx, sess)
	})
}

const addItemDocument = `mutation addItem($item: String!) { addItem(item: $item) { ...answered } }`

// addItem puts one of the item into the visitor's cart.
func (s *shop) addItem(w http.ResponseWriter, r *http.Request, item string) error {
	visitors := s.visitors.Within(changeTimeout)
	return visitors.Do(w, r, func(ctx context.Context, sess centra.Session) (centra.Session, error) {
		var cart centra.Selection
		switch {
		case s.api == "storefront":
			return s.visitor.Do(ctx, sess, http.MethodPost, addItemDocument, map[string]any{"item": item}, &cart)
		case s.api == "shop" && sess == "":
			var err error
			if sess, err = s.visitor.Do(ctx, "", http.MethodPost, "/selections", nil, &cart); err != nil {
				return "", err
			}
		}
		return s.visitor.Do(ctx, sess, http.MethodPost, s.path(sess, "items", item), nil, &cart)
	})
}

const (
	updateLineDocument = `mutation updateLine($line: String!, $quantity: Int) {
		updateLine(lineId: $line, quantity: $quantity) { ...answered }
	}`
	deleteLineDocument = `mutation deleteLine($line: String!) { deleteLine(lineId: $line) { ...answered } }`
)

// setQuantity changes a line of the visitor's cart; 0 removes it.
func (s *shop) setQuantity(w http.ResponseWriter, r *http.Request, line string, quantity int) error {
	return s.change(w, r, func(ctx context.Context, sess centra.Session) (centra.Session, error) {
		var cart centra.Selection
		switch {
		case s.api == "storefront" && quantity == 0:
			return s.visitor.Do(ctx, sess, http.MethodPut, deleteLineDocument, map[string]any{"line": line}, &cart)
		case s.api == "storefront":
			return s.visitor.Do(ctx, sess, http.MethodPut, updateLineDocument,
				map[string]any{"line": line, "quantity": quantity}, &cart)
		}
		path := s.path(sess, "lines", line, "quantity", strconv.Itoa(quantity))
		return s.visitor.Do(ctx, sess, http.MethodPut, path, nil, &cart)
	})
}

// setPaymentMethod decides what the checkout shows, such as Klarna's widget.
func (s *shop) setPaymentMethod(w http.ResponseWriter, r *http.Request, method string) error {
	return s.change(w, r, func(ctx context.Context, sess centra.Session) (centra.Session, error) {
		if s.api == "storefront" {
			cart, err := s.checkout.UpdateFields(ctx, sess, centra.Fields{PaymentMethod: method})
			if err != nil {
				return "", err
			}
			return cart.Session, nil
		}
		var cart centra.Selection
		return s.visitor.Do(ctx, sess, http.MethodPut, s.path(sess, "payment-methods", method), nil, &cart)
	})
}

// path is below the base URL in the Checkout API, below the selection in the
// Shop API.
func (s *shop) path(sess centra.Session, segments ...string) string {
	var b strings.Builder
	if s.api == "shop" {
		b.WriteString("/selections/" + url.PathEscape(string(sess)))
	}
	for _, segment := range segments {
		b.WriteString("/" + url.PathEscape(segment))
	}
	return b.String()
}

// product is what the shop shows of a product of Centra's.
type product struct {
	Name  text   `json:"name"`
	URI   text   `json:"uri"`
	Price text   `json:"price"`
	Sizes []size `json:"items"`
}

type size struct {
	Item  text `json:"item"`
	Name  text `json:"name"`
	Stock text `json:"stock"` // "yes", "no", or how many
}

// SoldOut reports whether no size can be bought.
func (p product) SoldOut() bool {
	for _, size := range p.Sizes {
		if !size.SoldOut() {
			return false
		}
	}
	return true
}

// SoldOut reports whether Centra says that none is left.
func (s size) SoldOut() bool { return s.Stock == "no" || s.Stock == "0" }

// text is a string, or what PHP writes where one is missing: false, null, 0.
type text string

// UnmarshalJSON keeps strings and numbers, and takes all else for "".
func (t *text) UnmarshalJSON(b []byte) error {
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	*t = ""
	switch v := v.(type) {
	case string:
		*t = text(v)
	case float64:
		*t = text(b)
	}
	return nil
}

// products reads the catalogue. It belongs to no visitor, so the call has no
// session: NoSession keeps the Checkout API from starting one. The Storefront
// API's catalogue is another subject; its shop sells what it was told to.
func (s *shop) products(ctx context.Context) ([]product, error) {
	if s.api == "storefront" {
		return s.sells, nil
	}
	var answer struct {
		Products []product `json:"products"`
	}
	session := centra.NoSession
	if s.api == "shop" {
		session = ""
	}
	_, err := s.visitor.Do(ctx, session, http.MethodPost, "/products", map[string]int{"limit": 24}, &answer)
	return answer.Products, err
}
