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
}

var checkoutDialect = dialect{api: "checkout", sign: signCheckout, token: tokenOf}

// NewCheckoutAPI makes a client for the Checkout API below baseURL, such as
// https://shop.centra.com/api/checkout or, for one of several plugins,
// https://shop.centra.com/api/checkout/52. It makes no call.
//
// With [WithSecret] it has the shop's rights; without, those that Centra gives
// to anybody. For what browsers send use [CheckoutAPI.AsShopper].
func NewCheckoutAPI(baseURL string, opts ...Option) (*CheckoutAPI, error) {
	c, err := newClient(checkoutDialect, "NewCheckoutAPI", baseURL, opts)
	if err != nil {
		return nil, err
	}
	return &CheckoutAPI{c}, nil
}

// AsShopper returns a client that shares this one's connections and limits but
// has no more rights than the shopper's browser: it never sends the secret, and
// sends the origin of [WithOrigin], if there is one, for Centra to check against
// the plugin's allowed origins.
func (a *CheckoutAPI) AsShopper() *CheckoutAPI {
	shopper := *a.client
	shopper.credentials = &credentials{origin: a.client.origin}
	return &CheckoutAPI{&shopper}
}

// HasSecret reports whether calls have the shop's rights, which no browser may
// be lent.
func (a *CheckoutAPI) HasSecret() bool { return a.client.secret != "" }

// Format prints where the client leads, whatever the verb: fmt would print the
// secret.
func (a CheckoutAPI) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "centra.CheckoutAPI("+a.client.String()+")")
}

// Selection reads the cart of a session: GET /selection. Where the cart was
// ordered and there is no other yet, Centra answers the order: nothing is in the
// cart.
func (a *CheckoutAPI) Selection(ctx context.Context, s Session) (*Selection, error) {
	return a.client.selection(ctx, a.request(http.MethodGet, "/selection", s))
}

// AttachSelection makes the cart called id the one of the session, in place of
// any other: PUT /selection/{selection}. It may need the secret. A cart that was
// completed, has expired or never was is [ErrSelectionNotFound].
func (a *CheckoutAPI) AttachSelection(ctx context.Context, s Session, id SelectionID) (*Selection, error) {
	r := a.request(http.MethodPut, "/selection/{selection}", s)
	if _, err := ParseSelectionID(string(id)); err != nil {
		r.refuse("the selection ID is malformed", ErrInvalidSelectionID)
	}
	r.path = "/selection/" + string(id)
	return a.client.selection(ctx, r)
}

// UpdateFields stores checkout fields in the cart of a session:
// PUT /payment-fields. With an e-mail address and CartAbandonmentEmail: Yes
// Centra starts the mailer's countdown. Fields that Centra refuses are in
// [Error.Fields].
func (a *CheckoutAPI) UpdateFields(ctx context.Context, s Session, f Fields) (*Selection, error) {
	return a.client.updateFields(ctx, a.request(http.MethodPut, "/payment-fields", s), f)
}

// StartPayment begins to pay: POST /payment. Where the stock no longer covers
// the cart it fails with an [*OutOfStockError]. It is not repeated once anything
// was sent.
func (a *CheckoutAPI) StartPayment(ctx context.Context, s Session, p Payment) (*PaymentAction, error) {
	return a.client.startPayment(ctx, a.request(http.MethodPost, "/payment", s), p)
}

// PaymentResult completes the order with every GET and POST variable that the
// shopper brought to the return page: POST /payment-result. It is not repeated
// once anything was sent.
func (a *CheckoutAPI) PaymentResult(ctx context.Context, s Session, values url.Values) (*Order, error) {
	return a.client.paymentResult(ctx, a.request(http.MethodPost, "/payment-result", s), values)
}

// Do calls any other endpoint: path is below the base URL, begins with / and
// may have a query; escape IDs in it with url.PathEscape. GET, HEAD and PUT may be
// repeated; POST, PATCH and DELETE are not, once anything was sent. in is sent as
// JSON unless nil. The answer is decoded into out by encoding/json unless nil; a
// *Selection and a *json.RawMessage do what they should. The session to keep is
// returned in any case. With [NoSession] Centra answers without one, and "" is
// returned.
func (a *CheckoutAPI) Do(ctx context.Context, s Session, method, path string, in, out any) (Session, error) {
	r := a.request(method, "", s)
	if s == NoSession {
		r.session, r.noSession = "", true
	}
	return a.client.do(ctx, r, path, in, out)
}

// request builds a call; endpoint names it and is, unless it is replaced, its path.
func (a *CheckoutAPI) request(method, endpoint string, s Session) request {
	r := request{
		op: method + " " + endpoint, method: method, path: endpoint, session: s,
		repeatable: repeatableVerb(method),
	}
	err := s.checkToken()
	if s == NoSession && endpoint != "" { // which only Do may ask for
		err = ErrInvalidSession
	}
	if err != nil {
		r.refuse("the session is malformed", err)
	}
	return r
}

func signCheckout(c *client, h http.Header, s Session) {
	if s != "" {
		h["Api-Token"] = []string{string(s)}
	}
	if c.secret != "" {
		h["Authorization"] = []string{"Bearer " + c.secret}
	} else if c.origin != "" {
		h["Origin"] = []string{c.origin}
	}
}

// tokenOf is the session that the body of an answer names, which may be cut.
func tokenOf(body []byte) Session {
	d := decoder{data: body}
	top, _ := decodeBody(&d, func(top *envelope) { top.member(&d) })
	return Session(top.token)
}
