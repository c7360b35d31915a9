package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/centra-go/cartabandonment/centra"
)

const addItem = `mutation addItem($item: String!) { addItem(item: $item) { ...answered } }`

// shopper is a session of the Storefront API with a cart in it.
type shopper struct {
	session centra.Session
	cart    *centra.Selection
}

// storefront walks the Storefront API.
func (v *verifier) storefront() error {
	api, err := centra.NewStorefrontAPI(v.endpoint, v.secret, v.clientOptions()...)
	if err != nil {
		return errors.Join(errUsage, err)
	}
	partial, err := centra.NewStorefrontAPI(v.endpoint, v.secret, v.clientOptions(centra.WithPartialAddress())...)
	if err != nil {
		return errors.Join(errUsage, err)
	}
	first, err := v.newShopper(api)
	if err != nil {
		return step("a first item", err)
	}
	v.report.holds("a change of the cart can be the first call of a session", first.session != "",
		"Read the cart once before the first item is added")
	v.report.holds("a cart shows its ID", first.cart.ID != "", "Cart links cannot be compared with the visitor's cart")

	for _, walk := range []func(*centra.StorefrontAPI, *shopper) error{
		v.storefrontTokens, v.storefrontErrors, v.storefrontLinks, v.storefrontDeadLinks,
	} {
		if err := walk(api, first); err != nil {
			return err
		}
	}
	if err := v.storefrontAddress(api, partial); err != nil {
		return err
	}
	if err := v.storefrontMails(api); err != nil {
		return err
	}
	if v.pay {
		return v.storefrontPay(api)
	}
	v.report.unknown("what a payment answers", "not asked for; see -pay")
	return nil
}

func (v *verifier) newShopper(api *centra.StorefrontAPI) (*shopper, error) {
	s := &shopper{cart: new(centra.Selection)}
	var err error
	s.session, err = api.Do(v.ctx, "", http.MethodPost, addItem, map[string]any{"item": v.item}, s.cart)
	if err == nil && s.cart.Empty() {
		err = errors.New("the cart is empty afterwards")
	}
	return s, err
}

// storefrontTokens looks at what names a session.
func (v *verifier) storefrontTokens(api *centra.StorefrontAPI, s *shopper) error {
	sel, err := api.Selection(v.ctx, s.session)
	if err != nil {
		return step("reading the cart", err)
	}
	v.report.seen("an answer to a session names its token", yesNo(namesToken(sel.Raw())))
	v.report.seen("reading the cart brings another token", yesNo(sel.Session != s.session))
	s.session = sel.Session
	v.report.holds("the session still has its cart", sel.ID == s.cart.ID && !sel.Empty(),
		"Tokens are not followed as they should be: please report it")

	v.calls = nil
	started, err := api.Selection(v.ctx, "verify-no-such-session")
	const question = "a session that Centra does not know"
	refused := len(v.calls) > 0 && v.calls[0].Failure == "not_found"
	switch {
	case err == nil && refused:
		status := strconv.Itoa(v.calls[0].StatusCode)
		v.report.fits(question, "is refused as expired (status "+status+"), and another can be started")
	case err == nil && started.Session != "verify-no-such-session":
		v.report.differs(question, "is replaced without a word",
			"Visitors whose session has expired are not told from those whose token is new: please report it")
	default:
		v.report.differs(question, what(err), "Visitors whose session has expired would not get another: please report it")
	}
	return nil
}

func namesToken(body []byte) bool {
	var answer struct{ Extensions struct{ Token string } }
	return json.Unmarshal(body, &answer) == nil && answer.Extensions.Token != ""
}

// storefrontErrors looks at how Centra fails.
func (v *verifier) storefrontErrors(api *centra.StorefrontAPI, s *shopper) error {
	_, err := api.Do(v.ctx, s.session, http.MethodGet, `{ thereIsNoSuchField }`, nil, nil)
	v.report.check("a document that Centra does not understand", errors.Is(err, centra.ErrInvalidResponse), what(err),
		"Faults of this library would be taken for refusals: please report it")
	wrong, err := centra.NewStorefrontAPI(v.endpoint, "verify-no-such-token", v.clientOptions()...)
	if err != nil {
		return errors.Join(errUsage, err)
	}
	_, err = wrong.Selection(v.ctx, "")
	v.report.check("a plugin's token that is wrong", errors.Is(err, centra.ErrUnauthorized), what(err),
		"A wrong token would not be told to you: please report it")
	return nil
}

// storefrontLinks opens a cart from another session, as a link in a mail does.
func (v *verifier) storefrontLinks(api *centra.StorefrontAPI, s *shopper) error {
	sel, err := api.AttachSelection(v.ctx, "", s.cart.ID)
	v.report.accepted("a link opens the cart in a session of its own", err, "Recovery cannot work: please report it")
	if err != nil {
		return nil
	}
	device := sel.Session
	again, err := api.Selection(v.ctx, s.session)
	if err != nil {
		return step("reading the cart in its first session", err)
	}
	s.session = again.Session
	v.report.seen("the first session still has the cart, too", yesNo(again.ID == s.cart.ID))

	other, err := v.newShopper(api)
	if err != nil {
		return step("another cart", err)
	}
	if sel, err = api.AttachSelection(v.ctx, other.session, s.cart.ID); err != nil {
		return step("attaching to a session with another cart", err)
	}
	v.report.holds("a link takes the place of another cart", sel.ID == s.cart.ID, pleaseReport)
	_, err = api.AttachSelection(v.ctx, device, other.cart.ID)
	v.report.seen("the cart that a link took the place of can still be opened", yesNo(err == nil))
	return nil
}

// storefrontDeadLinks looks at what an ID answers that is none.
func (v *verifier) storefrontDeadLinks(api *centra.StorefrontAPI, s *shopper) error {
	v.report.seen("an unknown ID answers", v.deadForm(api, s.session, unknownID))
	_, err := api.AttachSelection(v.ctx, s.session, unknownID)
	v.report.dead("a link with an unknown ID is a dead link", err)
	sel, err := api.Selection(v.ctx, s.session)
	if err != nil {
		return step("reading the cart after a dead link", err)
	}
	v.report.holds("a dead link leaves the visitor's cart alone", !sel.Empty(),
		"Set Confirm of package recovery to Always")
	return nil
}

// deadForm says in which form Centra answers setSelection.
func (v *verifier) deadForm(api *centra.StorefrontAPI, s centra.Session, id centra.SelectionID) string {
	var data struct {
		SetSelection *struct {
			Selection  *struct{ ID *string }
			UserErrors []json.RawMessage
		}
	}
	_, err := api.Do(v.ctx, s, http.MethodPut,
		`mutation setSelection($id: String!) { setSelection(id: $id) { selection { id } userErrors { message path } } }`,
		map[string]any{"id": string(id)}, &data)
	switch payload := data.SetSelection; {
	case payload == nil:
		return "errors, " + what(err)
	case len(payload.UserErrors) > 0 && payload.Selection == nil:
		return "userErrors, and null"
	case len(payload.UserErrors) > 0:
		return "userErrors, and a selection"
	case payload.Selection == nil:
		return "null"
	}
	return "a selection, as if nothing was wrong"
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}
