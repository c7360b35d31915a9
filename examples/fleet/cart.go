package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/centra-go/cartabandonment/centra"
)

// Carts and payments are the shop's own. They pass through the same visitors as
// events and cart links, so that no two calls meet in one cart, in whichever
// process they are made.

const (
	readTimeout   = 4 * time.Second
	changeTimeout = 10 * time.Second
)

// readCart reads the visitor's cart. A visitor without a session has none, and no
// session is started for somebody who only looks.
func (s *shop) readCart(w http.ResponseWriter, r *http.Request, api centra.API) (cart *centra.Selection, err error) {
	visitors := s.visitors.Within(readTimeout)
	err = visitors.Do(w, r, func(ctx context.Context, sess centra.Session) (centra.Session, error) {
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
		return nil, err // and not what a call that was given up may still write
	}
	return cart, nil
}

const addItemDocument = `mutation addItem($item: String!) { addItem(item: $item) { ...answered } }`

// addItem puts one of the item into the visitor's cart.
func (s *shop) addItem(w http.ResponseWriter, r *http.Request, item string) error {
	visitors := s.visitors.Within(changeTimeout)
	return visitors.Do(w, r, func(ctx context.Context, sess centra.Session) (centra.Session, error) {
		var cart centra.Selection
		post := func(path string, in any) (centra.Session, error) {
			return s.visitor.Do(ctx, sess, http.MethodPost, path, in, &cart)
		}
		switch s.api {
		case "storefront":
			return post(addItemDocument, map[string]any{"item": item})
		case "shop":
			if sess == "" {
				var err error
				if sess, err = post("/selections", nil); err != nil {
					return "", err
				}
			}
			return post(path("selections", string(sess), "items", item), nil)
		}
		return post(path("items", item), nil)
	})
}

func path(segments ...string) string {
	var b strings.Builder
	for _, segment := range segments {
		b.WriteString("/" + url.PathEscape(segment))
	}
	return b.String()
}

// returnPath is where a payment provider sends the shopper.
const returnPath = "/payment-return"

// startPayment pays for what is in the cart, with the details that Centra has. It
// has all of the 30 s that visitors give a call.
func (s *shop) startPayment(w http.ResponseWriter, r *http.Request) (action *centra.PaymentAction, err error) {
	payment := centra.Payment{
		ReturnPage:         s.origin + returnPath,
		FailedPage:         s.origin + "/checkout?payment=failed",
		TermsAndConditions: true,
	}
	err = s.visitors.Do(w, r, func(ctx context.Context, sess centra.Session) (centra.Session, error) {
		if sess == "" {
			return "", centra.ErrNoSession
		}
		next, err := s.visitor.StartPayment(ctx, sess, payment)
		if err != nil {
			return s.afterLostAnswer(ctx, sess, err)
		}
		action = next
		return s.afterPayment(next.Session, next.Order), nil
	})
	return action, err
}

// finishPayment completes the order with what the visitor brought along.
func (s *shop) finishPayment(w http.ResponseWriter, r *http.Request) (order *centra.Order, err error) {
	if err := r.ParseForm(); err != nil {
		return nil, errors.New("the form cannot be read")
	}
	err = s.visitors.Do(w, r, func(ctx context.Context, sess centra.Session) (centra.Session, error) {
		if sess == "" {
			return "", centra.ErrNoSession
		}
		done, err := s.visitor.PaymentResult(ctx, sess, r.Form)
		if err != nil {
			return s.afterLostAnswer(ctx, sess, err)
		}
		order = done
		return s.afterPayment(done.Session, done), nil
	})
	return order, err
}

// afterPayment is the session that a visitor has after a payment. In the Shop API
// it ends with an order: the ID is the cart's. In the others it goes on, with a
// new cart.
func (s *shop) afterPayment(sess centra.Session, order *centra.Order) centra.Session {
	if s.api == "shop" && order != nil && order.Next == nil {
		return centra.NoSession
	}
	return sess
}

// What a cart says after a payment whose answer was lost.
var (
	errNotPaid   = errors.New("the payment's answer was lost, and the cart has not been ordered")
	errMaybePaid = errors.New("the payment's answer was lost, and the cart is no longer there")
)

// afterLostAnswer looks at the cart before anything is said about a payment whose
// answer was lost: it may well have been carried out, and "please try again" would
// be a second order.
func (s *shop) afterLostAnswer(ctx context.Context, sess centra.Session, err error) (centra.Session, error) {
	if !errors.Is(err, centra.ErrOutcomeUnknown) {
		return "", err
	}
	var failed *centra.Error
	if errors.As(err, &failed) && failed.Session != "" {
		sess = failed.Session
	}
	cart, lookErr := s.visitor.Selection(ctx, sess)
	switch {
	case lookErr == nil && !cart.Empty():
		return cart.Session, errNotPaid
	case lookErr == nil:
		return cart.Session, errMaybePaid
	case errors.Is(lookErr, centra.ErrSelectionNotFound):
		return "", errMaybePaid
	}
	return "", err
}
