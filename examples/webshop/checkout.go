package main

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/centra-go/cartabandonment/centra"
)

// reminderCookie keeps whether the shopper wants the reminder, "yes" or "no".
// The page's script writes it too, so it is not HttpOnly.
const reminderCookie = "reminder"

// mayRemind decides about cartAbandonmentEmail: by the form, else by an earlier
// answer. Where nobody was asked, as when a widget sends its event, this shop's
// terms allow one reminder, and a switch above the widget declines it. What
// yours may say is for your lawyer.
func mayRemind(r *http.Request) bool {
	// A box that is not ticked sends nothing, so a hidden "no" stands before it.
	if answers := r.PostForm["reminder"]; len(answers) > 0 {
		return slices.Contains(answers, "yes")
	}
	answer, err := r.Cookie(reminderCookie)
	return err != nil || answer.Value != "no"
}

// rememberAnswer keeps what a form asked for the events of a widget.
func rememberAnswer(w http.ResponseWriter, r *http.Request) {
	if !r.PostForm.Has("reminder") {
		return
	}
	answer := "no"
	if mayRemind(r) {
		answer = "yes"
	}
	http.SetCookie(w, &http.Cookie{Name: reminderCookie, Value: answer, Path: "/", SameSite: http.SameSiteLaxMode})
}

// decideReminder keeps what the shopper answered beside the widget, and tells
// Centra: a no stops what an earlier yes has started, and a yes counts for the
// address that Centra has already.
func (s *shop) decideReminder(w http.ResponseWriter, r *http.Request) error {
	rememberAnswer(w, r)
	tell := s.callback.Withdraw
	if mayRemind(r) {
		tell = s.callback.Agree
	}
	err := tell(w, r)
	if errors.Is(err, centra.ErrNoSession) || errors.Is(err, centra.ErrSelectionNotFound) {
		return nil // no cart to be reminded of
	}
	return err
}

// saveDetails is the flow without a widget: the form's values go to Centra by
// the same call that a widget's event leads to, and in order with those.
func (s *shop) saveDetails(w http.ResponseWriter, r *http.Request) (*centra.Selection, error) {
	address := formAddress(r)
	return s.callback.Capture(w, r, centra.Fields{Email: address.Email, Address: address})
}

func formAddress(r *http.Request) *centra.Address {
	value := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	return &centra.Address{
		Email: value("email"), FirstName: value("firstName"), LastName: value("lastName"),
		Address1: value("address1"), Address2: value("address2"), ZipCode: value("zipCode"), City: value("city"),
		State: value("state"), Country: value("country"), PhoneNumber: value("phoneNumber"),
	}
}

// returnPath is where a payment provider sends the shopper.
const returnPath = "/payment-return"

// startPayment pays for what is in the cart, with the details that Centra has.
func (s *shop) startPayment(w http.ResponseWriter, r *http.Request) (action *centra.PaymentAction, err error) {
	payment := centra.Payment{
		ReturnPage:         s.origin + returnPath,
		FailedPage:         s.origin + "/checkout?payment=failed",
		TermsAndConditions: true,
	}
	err = s.visitors.Do(w, r, func(ctx context.Context, sess centra.Session) (centra.Session, error) {
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
		done, err := s.visitor.PaymentResult(ctx, sess, r.Form)
		if err != nil {
			return s.afterLostAnswer(ctx, sess, err)
		}
		order = done
		return s.afterPayment(done.Session, done), nil
	})
	return order, err
}

// afterPayment is the session that a visitor has after a payment. In the Shop
// API it ends with an order: the ID is the cart's. In the others it goes on, with
// a new cart.
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

// afterLostAnswer looks at the cart before anything is said about a payment
// whose answer was lost: it may well have been carried out, and "please try again"
// would be a second order.
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
