package main

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/centra-go/cartabandonment/centra"
)

// shop walks the Shop API.
func (v *verifier) shop() error {
	api, err := centra.NewShopAPI(v.endpoint, v.secret, v.clientOptions()...)
	if err != nil {
		return errors.Join(errUsage, err)
	}
	empty := func(api centra.API) (centra.Session, error) {
		return api.Do(v.ctx, "", http.MethodPost, "/selections", nil, new(centra.Selection))
	}
	l := legacy{
		make: func(more ...centra.Option) (centra.API, error) {
			return centra.NewShopAPI(v.endpoint, v.secret, v.clientOptions(more...)...)
		},
		start: func(api centra.API) (centra.Session, *centra.Selection, error) {
			session, err := empty(api)
			if err != nil {
				return "", nil, err
			}
			sel := new(centra.Selection)
			_, err = api.Do(v.ctx, session, http.MethodPost, below(session, "/items/"+url.PathEscape(v.item)), nil, sel)
			if err == nil && sel.Empty() {
				err = errors.New("the cart is empty afterwards")
			}
			return session, sel, err
		},
	}
	session, sel, err := l.start(api)
	if err != nil {
		return step("a first item", err)
	}
	v.report.holds("a cart shows its ID", string(sel.ID) == string(session), pleaseReport)
	v.legacyParts(sel)
	_, err = api.AttachSelection(v.ctx, "", centra.SelectionID(session))
	v.report.accepted("a link opens the cart", err, "Recovery cannot work: please report it")
	_, err = api.Do(v.ctx, session, http.MethodGet, "/selection/"+url.PathEscape(string(session)), nil, nil)
	v.report.seen("GET /selection/{selection}, as one page of the documentation has it", what(err))
	_, err = api.AttachSelection(v.ctx, "", unknownID)
	v.report.dead("a link with an unknown ID is a dead link", err)

	// With nothing in the cart there is nothing to complete.
	if session, err = empty(api); err != nil {
		return step("an empty cart", err)
	}
	nothing := map[string]any{"paymentMethodFields": map[string]any{}}
	_, err = api.Do(v.ctx, session, http.MethodPost, below(session, "/payment-result"), nothing, nil)
	v.report.check("the payment's result stands below the selection", !isMissing(err), what(err),
		"Use ShopAPI.Do with /selections/payment-result")
	_, err = api.Do(v.ctx, session, http.MethodPost, "/selections/payment-result", nothing, nil)
	v.report.seen("POST /selections/payment-result, as one page of the documentation has it", what(err))
	if err := v.legacyMails(l); err != nil {
		return err
	}
	return v.legacyPay(l)
}

func below(s centra.Session, path string) string {
	return "/selections/" + url.PathEscape(string(s)) + path
}

// isMissing reports whether there is no such endpoint.
func isMissing(err error) bool {
	var e *centra.Error
	return errors.As(err, &e) && (e.StatusCode == http.StatusNotFound || e.StatusCode == http.StatusMethodNotAllowed)
}
