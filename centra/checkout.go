package centra

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// CheckoutAPI is a client of Centra's Checkout API. A call without a [Session]
// starts one and returns it. It is safe for concurrent use.
type CheckoutAPI struct {
	client *client
	secret string
	origin string
}

// NewCheckoutAPI makes a client for the Checkout API below baseURL, such as
// https://shop.centra.com/api/checkout or, for one of several plugins,
// https://shop.centra.com/api/checkout/52. It makes no call.
//
// With [WithSecret] it has the shop's rights; without, those that Centra gives
// to anybody. For what browsers send use [CheckoutAPI.AsShopper].
func NewCheckoutAPI(baseURL string, opts ...Option) (*CheckoutAPI, error) {
	c, err := newClient("NewCheckoutAPI", baseURL, opts)
	if err != nil {
		return nil, err
	}
	a := &CheckoutAPI{client: c, secret: c.secret}
	if a.secret == "" {
		a.origin = c.origin
	}
	return a, nil
}

// AsShopper returns a client that shares this one's connections and limits but
// has no more rights than the shopper's browser: it never sends the secret, and
// sends the origin of [WithOrigin], if there is one, for Centra to check against
// the plugin's allowed origins.
func (a *CheckoutAPI) AsShopper() *CheckoutAPI {
	return &CheckoutAPI{client: a.client, origin: a.client.origin}
}

// HasSecret reports whether calls have the shop's rights, which no browser may
// be lent.
func (a *CheckoutAPI) HasSecret() bool { return a.secret != "" }

// Format prints where the client leads, whatever the verb: fmt would print the
// secret.
func (a *CheckoutAPI) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "centra.CheckoutAPI("+a.client.base.Host+")")
}

// Selection reads the cart of a session: GET /selection.
func (a *CheckoutAPI) Selection(ctx context.Context, s Session) (*Selection, error) {
	r, err := a.request(http.MethodGet, "/selection", s)
	if err != nil {
		return nil, err
	}
	return a.client.selection(ctx, r)
}

// AttachSelection makes the cart called id the one of the session, in place of
// any other: PUT /selection/{selection}. It may need the secret. A cart that was
// completed, has expired or never was is [ErrSelectionNotFound].
func (a *CheckoutAPI) AttachSelection(ctx context.Context, s Session, id SelectionID) (*Selection, error) {
	r, err := a.request(http.MethodPut, "/selection/{selection}", s)
	if err != nil {
		return nil, err
	}
	if _, err := ParseSelectionID(string(id)); err != nil {
		return nil, a.client.invalid(r, "the selection ID is malformed", ErrInvalidSelectionID)
	}
	r.path = "/selection/" + string(id)
	return a.client.selection(ctx, r)
}

// UpdateFields stores checkout fields in the cart of a session:
// PUT /payment-fields. With an e-mail address and CartAbandonmentEmail: Yes
// Centra starts the mailer's countdown. Fields that Centra refuses are in
// [Error.Fields].
func (a *CheckoutAPI) UpdateFields(ctx context.Context, s Session, f Fields) (*Selection, error) {
	r, err := a.request(http.MethodPut, "/payment-fields", s)
	if err != nil {
		return nil, err
	}
	return a.client.updateFields(ctx, r, f)
}

// StartPayment begins to pay: POST /payment. Where the stock no longer covers
// the cart it fails with an [*OutOfStockError]. It is not repeated once anything
// was sent.
func (a *CheckoutAPI) StartPayment(ctx context.Context, s Session, p Payment) (*PaymentAction, error) {
	r, err := a.request(http.MethodPost, "/payment", s)
	if err != nil {
		return nil, err
	}
	return a.client.startPayment(ctx, r, p)
}

// PaymentResult completes the order with every GET and POST variable that the
// shopper brought to the return page: POST /payment-result. It is not repeated
// once anything was sent.
func (a *CheckoutAPI) PaymentResult(ctx context.Context, s Session, values url.Values) (*Order, error) {
	r, err := a.request(http.MethodPost, "/payment-result", s)
	if err != nil {
		return nil, err
	}
	return a.client.paymentResult(ctx, r, values)
}

// Do calls any other endpoint: path is below the base URL, begins with / and
// may have a query; escape IDs in it with url.PathEscape. in is sent as JSON
// unless nil. The answer is decoded into out by encoding/json unless nil; a
// *Selection and a *json.RawMessage do what they should. The session to keep is
// returned in any case. The session "none" asks Centra for an answer without one.
func (a *CheckoutAPI) Do(ctx context.Context, s Session, method, path string, in, out any) (Session, error) {
	r, err := a.request(method, "", s)
	if err != nil {
		return s, err
	}
	return a.client.do(ctx, r, path, in, out)
}

// request builds a call; op is its endpoint and, unless it is replaced, its path.
func (a *CheckoutAPI) request(method, endpoint string, s Session) (request, error) {
	r := request{op: method + " " + endpoint, method: method, path: endpoint, session: s}
	err := s.checkToken()
	if s == "none" && endpoint != "" { // asks Centra for no session, which only Do may
		err = ErrInvalidSession
	}
	if err != nil {
		return r, a.client.invalid(r, "the session is malformed", err)
	}
	r.header = make(http.Header, 8)
	if s != "" {
		r.header["Api-Token"] = []string{string(s)}
	}
	if a.secret != "" {
		r.header["Authorization"] = []string{"Bearer " + a.secret}
	}
	if a.origin != "" {
		r.header["Origin"] = []string{a.origin}
	}
	return r, nil
}
