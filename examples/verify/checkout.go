package main

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/centra-go/cartabandonment/centra"
)

// checkout walks the Checkout API.
func (v *verifier) checkout() error {
	var rights []centra.Option
	if v.secret != "" {
		rights = append(rights, centra.WithSecret(v.secret))
	}
	if v.origin != "" {
		rights = append(rights, centra.WithOrigin(v.origin))
	}
	shop, err := centra.NewCheckoutAPI(v.endpoint, v.clientOptions(rights...)...)
	if err != nil {
		return errors.Join(errUsage, err)
	}
	l := legacy{
		make: func(more ...centra.Option) (centra.API, error) {
			api, err := centra.NewCheckoutAPI(v.endpoint, v.clientOptions(append(more, rights...)...)...)
			if err != nil {
				return nil, err
			}
			return api.AsShopper(), nil
		},
		start: func(api centra.API) (centra.Session, *centra.Selection, error) {
			sel := new(centra.Selection)
			session, err := api.Do(v.ctx, "", http.MethodPost, "/items/"+url.PathEscape(v.item), nil, sel)
			if err == nil && sel.Empty() {
				err = errors.New("the cart is empty afterwards")
			}
			return session, sel, err
		},
	}
	shopper := shop.AsShopper()
	session, _, err := l.start(shopper)
	if err != nil {
		return step("a first item", err)
	}
	v.report.fits("a change of the cart can be the first call of a session", yesNo(session != ""))
	sel, err := shopper.Selection(v.ctx, session)
	if err != nil {
		return step("reading the cart", err)
	}
	v.report.seen("reading the cart brings another token", yesNo(sel.Session != session))
	v.legacyParts(sel)

	const unknown = "verify-no-such-session"
	replaced, err := shopper.Selection(v.ctx, unknown)
	healed := err == nil && replaced.Session != unknown && replaced.Empty()
	v.report.check("a session that Centra does not know", healed, what(err),
		"Visitors whose session has expired would not get another: please report it")
	_, err = shop.AttachSelection(v.ctx, sel.Session, unknownID)
	v.report.dead("a link with an unknown ID is a dead link", err)
	v.checkoutLink(shop)
	if err := v.legacyMails(l); err != nil {
		return err
	}
	return v.legacyPay(l)
}

// checkoutLink opens a cart as a link in a mail does, with a browser's rights and
// with the shop's.
func (v *verifier) checkoutLink(shop *centra.CheckoutAPI) {
	const question = "PUT /selection/{selection} needs the secret"
	if v.selection == "" {
		v.report.unknown(question, "CENTRA_SELECTION, the ID of an open cart, is not set")
		return
	}
	_, err := shop.AsShopper().AttachSelection(v.ctx, "", v.selection)
	switch {
	case err == nil:
		v.report.seen(question, "no: the client for recovery can do without")
	case errors.Is(err, centra.ErrUnauthorized) && shop.HasSecret():
		_, err = shop.AttachSelection(v.ctx, "", v.selection)
		v.report.check(question, err == nil, "yes, and with it: "+what(err), "Look at the plugin's settings")
	case errors.Is(err, centra.ErrUnauthorized):
		v.report.differs(question, "yes", "Set CENTRA_SECRET")
	default:
		v.report.unknown(question, what(err))
	}
}
