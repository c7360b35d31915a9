package centra

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// ShopAPI is a client of Centra's Shop API, which is for servers only: its
// secret travels with every call, so there is no call with a shopper's rights.
// The API keeps no sessions; a [Session] here is a selection ID. It is safe for
// concurrent use.
type ShopAPI struct {
	client *client
}

var shopDialect = dialect{api: "shop", sign: signShop}

// NewShopAPI makes a client for the Shop API below baseURL, such as
// https://shop.centra.com/api/shop. It makes no call.
func NewShopAPI(baseURL, secret string, opts ...Option) (*ShopAPI, error) {
	if !validSecret(secret) {
		return nil, errNoSecret
	}
	c, err := newClient(shopDialect, "NewShopAPI", baseURL, opts)
	if err != nil {
		return nil, err
	}
	c.secret = secret
	return &ShopAPI{c}, nil
}

// HasSecret reports true: every call has the shop's rights, which no browser may
// be lent.
func (a *ShopAPI) HasSecret() bool { return true }

// Format prints where the client leads, whatever the verb: fmt would print the
// secret.
func (a ShopAPI) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "centra.ShopAPI("+a.client.String()+")")
}

var errNoSecret = errors.New("centra: NewShopAPI: the secret is empty or has characters that no header can carry")

// Selection reads a cart: GET /selections/{selection}.
func (a *ShopAPI) Selection(ctx context.Context, s Session) (*Selection, error) {
	return a.client.selection(ctx, a.request(http.MethodGet, "", s))
}

// AttachSelection fetches the cart called id, so that the shop can keep its ID
// as the visitor's session: GET /selections/{selection}. Nothing changes in
// Centra; s is only what [Error.Session] says after a failure. A cart that was completed, has
// expired or never was is [ErrSelectionNotFound].
func (a *ShopAPI) AttachSelection(ctx context.Context, s Session, id SelectionID) (*Selection, error) {
	r := a.request(http.MethodGet, "", Session(id))
	r.session = s // which stays the visitor's if this fails
	if r.refusal != "" {
		r.refusal, r.kind = "the selection ID is malformed", ErrInvalidSelectionID
	}
	sel, err := a.client.selection(ctx, r)
	if err != nil {
		return nil, err
	}
	sel.Session = Session(id)
	return sel, nil
}

// UpdateFields stores checkout fields in a cart:
// PUT /selections/{selection}/checkout-fields. With an e-mail address and
// CartAbandonmentEmail: Yes Centra starts the mailer's countdown. Fields that
// Centra refuses are in [Error.Fields].
func (a *ShopAPI) UpdateFields(ctx context.Context, s Session, f Fields) (*Selection, error) {
	return a.client.updateFields(ctx, a.request(http.MethodPut, "/checkout-fields", s), f)
}

// StartPayment begins to pay: POST /selections/{selection}/payment. Where the
// stock no longer covers the cart it fails with an [*OutOfStockError]. It is not
// repeated once anything was sent.
func (a *ShopAPI) StartPayment(ctx context.Context, s Session, p Payment) (*PaymentAction, error) {
	return a.client.startPayment(ctx, a.request(http.MethodPost, "/payment", s), p)
}

// PaymentResult completes the order with every GET and POST variable that the
// shopper brought to the return page: POST /selections/{selection}/payment-result.
// It is not repeated once anything was sent.
func (a *ShopAPI) PaymentResult(ctx context.Context, s Session, values url.Values) (*Order, error) {
	return a.client.paymentResult(ctx, a.request(http.MethodPost, "/payment-result", s), values)
}

// Do calls any other endpoint; see [CheckoutAPI.Do]. The session is not part of
// the request, so put the selection ID into the path. It returns the session
// given; without one, the ID of the selection that out now holds, as after
// POST /selections.
func (a *ShopAPI) Do(ctx context.Context, s Session, method, path string, in, out any) (Session, error) {
	r := request{op: method, method: method, session: s, repeatable: repeatableVerb(method)}
	if s == NoSession {
		r.session, r.noSession = "", true
	}
	return a.client.do(ctx, r, path, in, out)
}

// request builds a call about the cart of s. The ID becomes part of the path,
// so whatever could change the path is refused here.
func (a *ShopAPI) request(method, endpoint string, s Session) request {
	r := request{
		op: method + " /selections/{selection}" + endpoint, method: method,
		path: "/selections/" + string(s) + endpoint, session: s, cart: SelectionID(s), repeatable: repeatableVerb(method),
	}
	if s == "" {
		r.refuse("no session", ErrNoSession)
	} else if _, err := ParseSelectionID(string(s)); err != nil {
		r.refuse("the session is no selection ID", ErrInvalidSession)
	}
	return r
}

func signShop(c *client, h http.Header, _ Session) {
	h["Api-Authorization"] = []string{c.secret}
}
