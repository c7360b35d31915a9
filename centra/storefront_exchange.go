package centra

import (
	"context"
	"errors"
	"net/http"
)

// judge returns the error of an answer that is one.
type judge func(*exchange, *storefrontAnswer) error

// ask makes one call and reads its answer.
func (a *StorefrontAPI) ask(ctx context.Context, r request, is judge) (answer *storefrontAnswer, err error) {
	if address := a.client.storefront.shopperAddress(ctx); address != "" && r.session == "" {
		r.header = http.Header{"X-Forwarded-For": {address}}
	}
	x, err := a.client.send(ctx, r)
	x.expired = r.instead != ""
	defer x.end(&err)
	defer x.startedNone(&err)
	if err != nil {
		return nil, err
	}
	answer = new(storefrontAnswer)
	if err := x.readStorefront(answer); err != nil {
		return nil, err
	}
	if err := is(x, answer); err != nil {
		return nil, err
	}
	return answer, nil
}

// readStorefront reads the body, which tells more than the status: it is not
// known with which one Centra sends errors.
func (x *exchange) readStorefront(answer *storefrontAnswer) error {
	if x.status < 400 && !success(x.status) {
		x.response.Reset() // a redirect's body is not Centra's
	}
	d := x.decoder()
	_, err := answer.decode(d)
	answer.session = x.next(answer.visitorsToken(x.storefront.token))
	answer.sameSession = x.isSessions()
	answer.see(x)
	if err == nil && (success(x.status) || len(answer.errors) > 0) {
		answer.raw = d.kept
		return nil
	}
	if success(x.status) {
		return x.failed(x.unreadable(), err.Error(), nil)
	}
	switch kind := x.statusKind(envelope{}); {
	case kind == nil:
		return x.failed(ErrInvalidResponse, reasonNotTheAPI, nil)
	case errors.Is(kind, ErrUnauthorized):
		return x.failed(kind, reasonToken, nil)
	default:
		return x.failed(kind, "", nil)
	}
}

// see notes whether anything is in the cart that was answered.
func (a *storefrontAnswer) see(x *exchange) {
	switch {
	case a.noCart():
		x.seen = CartUnknown
	case a.cart != nil && !a.cart.Empty():
		x.seen = CartFilled
	default:
		x.seen = CartEmpty
	}
}

// start starts a session in place of one that has expired. Its cart is empty.
func (a *StorefrontAPI) start(ctx context.Context, expired Session) (*Selection, error) {
	r := a.request(cartDocuments().selection, "", nil)
	r.instead = expired
	answer, err := a.ask(ctx, r, aboutCart)
	return answer.selection(), err
}

// startedNone leaves the caller with the expired session where no other came, or
// only with a failure.
func (x *exchange) startedNone(err *error) {
	if x.instead == "" || *err == nil && x.session != "" {
		return
	}
	x.session = x.instead
	var e *Error
	if errors.As(*err, &e) {
		e.Session = x.instead
	}
}

// aboutCart is for the answer to a query for the cart.
func aboutCart(x *exchange, answer *storefrontAnswer) error {
	switch {
	case len(answer.errors) > 0 && !answer.partial():
		return x.faulty(answer)
	case answer.cart == nil || answer.noCart():
		return x.failed(x.unreadable(), errNoSelection.Error(), nil)
	}
	return x.sessionless()
}

// aboutChange is for the answer to a change of the cart.
func aboutChange(x *exchange, answer *storefrontAnswer) error {
	switch {
	case len(answer.errors) > 0 && !answer.partial():
		return x.faulty(answer)
	case len(answer.userErrors) > 0:
		return x.refusedChange(answer)
	case answer.noCart():
		return x.failed(x.unreadable(), errNoSelection.Error(), nil)
	}
	return x.sessionless()
}

// refusedAgain turns the refusal of a session that was started a moment ago into
// what it is: it is not the session that is wrong. The caller keeps theirs.
func refusedAgain(err error, before Session) error {
	var e *Error
	if errors.As(err, &e) && isExpired(err) {
		e.Kind, e.reason, e.cause, e.Session = ErrUnauthorized, reasonToken, nil, before
	}
	return err
}

// sessionless is the error of a call that was to start a session where none came:
// what it did is nobody's.
func (x *exchange) sessionless() error {
	if x.session == "" {
		return x.failed(x.unreadable(), "no session came with the answer", nil)
	}
	return nil
}

// refusedChange is the error of userErrors.
func (x *exchange) refusedChange(answer *storefrontAnswer) error {
	e := x.failed(nil, "", nil)
	answer.explain(e)
	if items := answer.unavailable(); len(items) > 0 {
		return &OutOfStockError{Items: items, Selection: answer.lastCart(), Err: e}
	}
	return e
}

// errExpired is the cause of an error that says that Centra does not know the
// session any more.
var errExpired = errors.New("centra: the session has expired")

func isExpired(err error) bool { return errors.Is(err, errExpired) }

// Words for [Error.Error].
const (
	reasonExpired   = "the session has expired"
	reasonToken     = "the plugin's token or the shared secret was refused, or may not do this"
	reasonDocument  = "the document was not understood"
	reasonNotTheAPI = "what answers is not the Storefront API"
)

// isSessions reports whether the call was signed with a visitor's token and not
// with the plugin's.
func (x *exchange) isSessions() bool { return x.given != "" && x.instead == "" }

// faulty is the error of errors.
func (x *exchange) faulty(answer *storefrontAnswer) *Error {
	kind, reason := answer.kind(), ""
	refused := errors.Is(kind, errTokenRefused) ||
		kind == nil && x.status == http.StatusUnauthorized && answer.atDocument()
	switch {
	case !x.repeatable && answer.within():
		return x.failed(ErrOutcomeUnknown, "", nil)
	case refused && x.isSessions() && (!x.hostsDocument || answer.atDocument()):
		x.expired, x.seen = true, CartEmpty // whatever session may come with it
		return x.failed(ErrSelectionNotFound, reasonExpired, errExpired)
	case refused:
		return x.failed(ErrUnauthorized, reasonToken, nil)
	case errors.Is(kind, ErrUnavailable) && !x.repeatable: // in the middle of it
		return x.failed(ErrOutcomeUnknown, "", nil)
	case kind == nil:
		if kind = x.statusKind(envelope{}); kind == nil && answer.atDocument() {
			kind, reason = ErrInvalidResponse, reasonDocument
		}
	}
	e := x.failed(kind, reason, nil)
	for _, said := range answer.errors {
		if kind == nil && said.message != "" {
			e.Messages = append(e.Messages, said.message)
		}
	}
	return e
}
