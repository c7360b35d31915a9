package centra

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// StorefrontAPI is a client of Centra's Storefront API, which is GraphQL. It is
// experimental. The fields it asks for and their types are those of Centra's public
// schema, and so is that setAddress opts the shopper in where it is not told
// otherwise. Sessions, tokens and "Unauthorized" are as Centra's own storefront
// takes them. Uncertain, since documented nowhere:
//
//   - what a cart link answers whose cart is gone: anything but the cart itself with
//     something in it is [ErrSelectionNotFound];
//   - whether setAddress clears what is left out: it is sent again, see
//     [WithPartialAddress];
//   - whether a widget's e-mail address starts the countdown by itself, and whether a
//     later "no" stops it: the visitor's choice is sent after every event that has an
//     e-mail address;
//   - with which status and in which words Centra fails: words count before the status;
//   - whether a session that has expired is always told by "Unauthorized": another token
//     that comes without it is the visitor's own.
//
// examples/verify finds out with a plugin of your own.
//
// A [Session] is a session token. A call without one carries the plugin's token,
// which makes a session; the token that Centra answers is the one to keep. A
// method may make more than one call to Centra, each of which is told to
// [WithObserve] and [WatchCalls]. It is safe for concurrent use.
type StorefrontAPI struct {
	client    *client // what it holds is printed by no fmt verb, since it is behind a pointer
	documents *storefrontDocuments
}

// NewStorefrontAPI makes a client for the Storefront API at endpoint, the whole
// URL of a plugin. token is the plugin's session mode token: it belongs on the
// server, and no browser may see it. It makes no call.
//
// Without [WithSharedSecret] it has no more rights than a shopper's browser.
func NewStorefrontAPI(endpoint, token string, opts ...Option) (*StorefrontAPI, error) {
	if !validSecret(token) {
		return nil, errNoToken
	}
	d := dialect{api: "storefront", sign: signStorefront, tellsExpired: true, token: func(body []byte) Session {
		var answer storefrontAnswer
		_, _ = answer.decode(&decoder{data: body})
		return answer.visitorsToken(token)
	}}
	c, err := newClient(d, "NewStorefrontAPI", endpoint, opts)
	if err != nil {
		return nil, err
	}
	if c.secret != "" {
		return nil, errWrongSecret
	}
	c.storefront.token = token
	return &StorefrontAPI{client: c, documents: cartDocuments()}, nil
}

var (
	errNoToken     = errors.New("centra: NewStorefrontAPI: the token is empty or has characters that no header can carry")
	errWrongSecret = errors.New("centra: NewStorefrontAPI: WithSecret is for the Checkout API; see WithSharedSecret")
)

// AtCheckout returns a client whose carts hold what a checkout shows: addresses,
// methods, all sums, [Selection.CheckoutScript] and the widgets in
// [Selection.PluginFields]. To answer that Centra asks shipping and tax services,
// which takes its time: use it for checkout pages and for the handler of package
// checkoutscript, and the other client for all else. It shares this one's
// connections and limits.
func (a *StorefrontAPI) AtCheckout() *StorefrontAPI {
	return &StorefrontAPI{client: a.client, documents: checkoutDocuments()}
}

// HasSecret reports whether calls have the shop's rights, which no browser may
// be lent.
func (a *StorefrontAPI) HasSecret() bool { return a.client.storefront.secret != "" }

// Format prints where the client leads, whatever the verb: fmt would print the
// token.
func (a StorefrontAPI) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "centra.StorefrontAPI("+a.client.String()+")")
}

// Selection reads the cart of a session: query selection. Where the session has
// expired it starts another: the cart that is returned is then empty and its
// session a new one, just as in the Checkout API.
func (a *StorefrontAPI) Selection(ctx context.Context, s Session) (*Selection, error) {
	answer, err := a.ask(ctx, a.request(a.documents.selection, s, nil), aboutCart)
	if isExpired(err) {
		return a.start(ctx, s)
	}
	return answer.selection(), err
}

// AttachSelection makes the cart called id the one of the session, in place of
// any other: mutation setSelection. Where the session has expired it starts
// another first.
//
// A cart that was ordered, has expired or never was is [ErrSelectionNotFound].
// What Centra answers then is uncertain, so anything but the cart itself with
// something in it counts: refusals, null, an empty cart, or another one. Lines
// that the stock no longer covers are for the checkout to show.
func (a *StorefrontAPI) AttachSelection(ctx context.Context, s Session, id SelectionID) (*Selection, error) {
	attach := func(s Session) (*storefrontAnswer, error) {
		r := a.request(a.documents.setSelection, s, map[string]any{"id": string(id)})
		if _, err := ParseSelectionID(string(id)); err != nil {
			r.refuse("the selection ID is malformed", ErrInvalidSelectionID)
		}
		return a.ask(ctx, r, func(x *exchange, answer *storefrontAnswer) error { return x.attached(answer, id) })
	}
	answer, err := attach(s)
	if isExpired(err) {
		started, err := a.start(ctx, s)
		if err != nil {
			return nil, err
		}
		answer, err = attach(started.Session)
		return answer.selection(), refusedAgain(err, s)
	}
	return answer.selection(), err
}

// attached is the error of an answer that is not the cart that was asked for.
func (x *exchange) attached(answer *storefrontAnswer, id SelectionID) error {
	if len(answer.errors) > 0 && !answer.partial() {
		e, said := x.faulty(answer), answer.errors[0]
		refused := e.Kind == nil && said.aboutCart()
		gone := answer.atDocument() && errors.Is(e, ErrInvalidResponse) && said.says(goneWords...)
		if refused || gone { // there is nothing but the ID that could be
			e.Kind, e.reason = ErrSelectionNotFound, ""
		}
		return e
	}
	if answer.noCart() && len(answer.userErrors) == 0 {
		return x.failed(x.unreadable(), errNoSelection.Error(), nil)
	}
	if answer.cart == nil || answer.cart.ID != id || answer.cart.Empty() {
		if x.seen == CartEmpty { // the link's, and not the visitor's own
			x.seen = CartUnknown
		}
		e := x.failed(ErrSelectionNotFound, "", nil)
		answer.explain(e)
		return e
	}
	return nil
}

// request builds the call for a document.
func (a *StorefrontAPI) request(doc storefrontDocument, s Session, variables any) request {
	r := request{
		op: doc.op, method: http.MethodPost, session: s,
		repeatable: doc.repeatable, anyEndpoint: true, // 404 is the endpoint's, not a cart's
	}
	err := s.checkToken()
	if s == NoSession {
		err = ErrInvalidSession
	}
	if err != nil {
		r.refuse("the session is malformed", err)
	}
	if r.body, err = doc.body(variables); err != nil {
		r.refuse("the variables cannot be written as a JSON object", nil)
	}
	return r
}

func signStorefront(c *client, h http.Header, s Session) {
	token := c.storefront.token
	if s != "" && s != NoSession {
		token = string(s)
	}
	h["Authorization"] = []string{"Bearer " + token}
	if c.storefront.secret != "" {
		h["X-Shared-Secret"] = []string{c.storefront.secret}
	}
}
