package checkoutscript

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
)

// Handler forwards events to Centra: PUT /payment-fields in the Checkout API,
// PUT /selections/{selection}/checkout-fields in the Shop API. Mount it where the
// listener posts to, such as [CallbackPath]. It is safe for concurrent use.
type Handler struct {
	config Config
	order  *order
}

var (
	errMethod    = errors.New("checkoutscript: an event must be posted")
	errCrossSite = errors.New("checkoutscript: posted from another site")
)

// ServeHTTP forwards one event and answers as the package documentation says.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	var a answer
	event, err := h.receive(r)
	if err == nil {
		a.SuspendIgnore = event.SuspendIgnore()
		a.Selection, err = h.Capture(w, r, event.Fields())
	} else {
		h.report(r.Context(), Outcome{Duration: time.Since(start), Err: err})
	}
	a.write(w, err)
}

func (h *Handler) receive(r *http.Request) (*Event, error) {
	if r.Method != http.MethodPost {
		return nil, errMethod
	}
	if h.config.CrossOrigin.Check(r) != nil {
		return nil, errCrossSite
	}
	return decode(r, h.config.MaxBytes)
}

// Capture sends fields that the shop learned without a widget, for instance from
// its own checkout form, just as an event is sent: with the visitor's consent
// as CartAbandonmentEmail, whatever f says, through Filter, in order with the
// session's other updates, within Timeout. The e-mail address is f.Email, or that
// of the address or shipping address.
//
// It saves a session that Centra changed, so call it before the response is
// written; it writes none itself. It does not look at where the request came
// from: protect the form as any other.
//
// The error is an [*centra.Error] (Fields says what Centra refused), [ErrBusy],
// [session.ErrStore], or matches context.DeadlineExceeded or context.Canceled.
func (h *Handler) Capture(w http.ResponseWriter, r *http.Request, f centra.Fields) (*centra.Selection, error) {
	start := time.Now()
	h.prepare(r, &f)
	sel, err := h.forward(w, r, f)
	h.report(r.Context(), Outcome{
		CartAbandonmentEmail: f.CartAbandonmentEmail,
		Duration:             time.Since(start),
		Err:                  err,
	})
	return sel, err
}

// prepare decides over CartAbandonmentEmail; without an address to mail to there
// is nothing to agree to.
func (h *Handler) prepare(r *http.Request, f *centra.Fields) {
	if f.Email == "" && f.Address != nil {
		f.Email = f.Address.Email
	}
	if f.Email == "" && f.ShippingAddress != nil {
		f.Email = f.ShippingAddress.Email
	}
	f.CartAbandonmentEmail = centra.NotSent
	choice := centra.NotSent
	if looksLikeEmail(f.Email) {
		choice = centra.YesNo(h.config.Consent(r, *f))
	}
	if h.config.Filter != nil {
		h.config.Filter(r, f)
	}
	if f.CartAbandonmentEmail = choice; f.Email == "" {
		f.CartAbandonmentEmail = centra.NotSent
	}
}

// forward makes the call when its turn has come, and keeps the session that
// Centra answers.
func (h *Handler) forward(w http.ResponseWriter, r *http.Request, f centra.Fields) (*centra.Selection, error) {
	ctx, cancel := context.WithTimeout(r.Context(), h.config.Timeout)
	defer cancel()
	loaded, err := h.config.Sessions.Load(r)
	if err != nil {
		return nil, &session.StoreError{Op: "load", Err: err}
	}
	if loaded == "" { // a new visitor, of whom nothing can be overtaken
		sel, err := h.config.API.UpdateFields(ctx, "", f)
		return h.keep(w, r, "", answeredSession(sel, err), sel, err)
	}
	turn, err := h.order.wait(ctx, loaded)
	if err != nil {
		return nil, err
	}
	defer turn.end() // after the session is saved, lest a later one be overwritten
	sel, err := h.config.API.UpdateFields(ctx, turn.session(), f)
	now := cmp.Or(answeredSession(sel, err), turn.session())
	if err == nil && now != turn.session() && sel.Empty() {
		err = errExpired
	}
	turn.rotate(now)
	return h.keep(w, r, loaded, now, sel, err)
}

// errExpired: Centra answers a call with a dead token as if it were a new
// visitor's. The call succeeds, on an empty cart that nobody will be reminded of.
var errExpired = fmt.Errorf("checkoutscript: the session has expired, and its cart with it: %w", centra.ErrSelectionNotFound)

// answeredSession is the session that an answer names; failures name one too.
func answeredSession(sel *centra.Selection, err error) centra.Session {
	var failed *centra.Error
	if errors.As(err, &failed) {
		return failed.Session
	}
	if sel != nil {
		return sel.Session
	}
	return ""
}

// keep saves the session if it changed. Where that fails the visitor goes on with
// a token that may be dead, so it is a failure even if the call was none.
func (h *Handler) keep(w http.ResponseWriter, r *http.Request, loaded, now centra.Session, sel *centra.Selection, err error) (*centra.Selection, error) {
	if now != "" && now != loaded {
		if saveErr := h.config.Sessions.Save(w, r, now); saveErr != nil {
			return nil, errors.Join(err, &session.StoreError{Op: "save", Err: saveErr})
		}
	}
	return sel, err
}

func (h *Handler) report(ctx context.Context, o Outcome) {
	if o.Err != nil {
		p := describe(o.Err)
		o.Code = p.Code
		h.config.Logger.LogAttrs(ctx, p.level(), "checkoutscript: event not forwarded", p.attrs(o)...)
	}
	if h.config.Observe != nil {
		h.config.Observe(ctx, o)
	}
}
