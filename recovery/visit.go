package recovery

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
)

var errPath = errors.New("recovery: the request's path is not the cart link's")

// visit is one request for a cart link.
type visit struct {
	*Handler
	w http.ResponseWriter
	r *http.Request

	id      centra.SelectionID
	session centra.Session // the visitor's, as it stands now
}

// open attaches the cart, or asks where it may not.
func (v *visit) open() Event {
	var err error
	if v.session, err = v.sessions.Load(v.r); err != nil {
		return v.failed(&session.StoreError{Op: "load", Err: err})
	}
	ctx, cancel := context.WithTimeout(v.r.Context(), v.timeout)
	defer cancel()

	outcome := Recovered
	if v.hasLinkedCart() {
		outcome = AlreadyCurrent // to attach it reads it, which shows whether it is still there
	} else if v.r.Method != http.MethodPost && v.confirm == OnConflict && v.session != "" {
		same := v.recovered.matches(v.r, v.session, v.id)
		own, err := v.ownCart(ctx)
		if err != nil {
			return v.failed(err)
		}
		if own != nil && !own.Empty() {
			if !same {
				return v.ask(PageConflict, own)
			}
			v.recovered.set(v.w, v.session, v.id) // the token may be a new one
			return v.redirect(ctx, own, AlreadyCurrent)
		}
	}

	sel, err := v.attach(ctx)
	switch {
	case errors.Is(err, errNotOwner):
		return v.dead(Event{Outcome: Refused})
	case isDead(err):
		return v.dead(Event{Outcome: NotFound, Err: err})
	case err != nil:
		return v.failed(err)
	}
	if outcome == Recovered {
		if err := v.save(sel.Session); err != nil {
			return v.failed(err)
		}
		if v.confirm == OnConflict && string(sel.Session) != string(v.id) {
			v.recovered.set(v.w, sel.Session, v.id)
		}
	}
	return v.redirect(ctx, sel, outcome)
}

// hasLinkedCart reports whether the visitor's cart is the link's, which only the
// Shop API shows: there a session is the cart's ID.
func (v *visit) hasLinkedCart() bool { return string(v.session) == string(v.id) }

// ownCart reads the cart that the visitor has; nil where it no longer exists.
func (v *visit) ownCart(ctx context.Context) (*centra.Selection, error) {
	own, err := v.api.Selection(ctx, v.session)
	if saveErr := v.keepRotated(own, err); saveErr != nil {
		return nil, saveErr
	}
	switch {
	case errors.Is(err, centra.ErrInvalidSession): // nothing that Centra ever gave out
		v.session = ""
		return nil, nil
	case errors.Is(err, centra.ErrSelectionNotFound):
		return nil, nil
	}
	return own, err
}

var (
	errNotOwner = errors.New("recovery: the cart is not this visitor's")
	errEmpty    = errors.New("recovery: the cart is empty")
)

// attach attaches the link's cart to the visitor's session, after showing it to
// Config.Owner.
func (v *visit) attach(ctx context.Context) (*centra.Selection, error) {
	if v.owner != nil {
		sel, err := v.attachTo(ctx, "")
		if err != nil {
			return nil, err
		}
		if !v.owner(v.r, sel) {
			return nil, errNotOwner
		}
		if v.session == "" || string(sel.Session) == string(v.id) { // that was all, or in the Shop API just a GET
			return sel, nil
		}
	}
	sel, err := v.attachTo(ctx, v.session)
	if errors.Is(err, centra.ErrInvalidSession) && v.session != "" {
		return v.attachTo(ctx, "") // as without a session
	}
	return sel, err
}

func (v *visit) attachTo(ctx context.Context, s centra.Session) (*centra.Selection, error) {
	sel, err := v.api.AttachSelection(ctx, s, v.id)
	if err == nil && sel.Empty() {
		err = errEmpty
	}
	if err != nil && s != "" {
		if saveErr := v.keepRotated(sel, err); saveErr != nil {
			return nil, saveErr
		}
	}
	return sel, err
}

// keepRotated saves the token that came in place of the visitor's, also with a
// failure: the old one may be dead. In the Shop API the session of a failed
// attach is the link's ID, which must not become the visitor's.
func (v *visit) keepRotated(sel *centra.Selection, err error) error {
	var latest centra.Session
	var failure *centra.Error
	switch {
	case sel != nil:
		latest = sel.Session
	case errors.As(err, &failure):
		latest = failure.Session
	}
	if latest == "" || latest == v.session || string(latest) == string(v.id) {
		return nil
	}
	v.session = latest
	return v.save(latest)
}

func (v *visit) save(s centra.Session) error {
	if err := v.sessions.Save(v.w, v.r, s); err != nil {
		return &session.StoreError{Op: "save", Err: err}
	}
	return nil
}

// isDead reports whether an attach failed because of the link: there is no such
// cart, nothing is in it, or Centra answered and refused for a reason that has
// to do neither with the shop nor with the moment.
func isDead(err error) bool {
	if errors.Is(err, errEmpty) || errors.Is(err, centra.ErrSelectionNotFound) {
		return true
	}
	for _, kind := range []error{centra.ErrUnauthorized, centra.ErrRateLimited, centra.ErrUnavailable, centra.ErrInvalidResponse} {
		if errors.Is(err, kind) {
			return false
		}
	}
	var failure *centra.Error
	return errors.As(err, &failure) && failure.StatusCode != 0
}

// redirect sends the visitor to the checkout of the cart.
func (v *visit) redirect(ctx context.Context, sel *centra.Selection, outcome Outcome) Event {
	v.seeOther(v.checkoutOf(ctx, sel).with(v.r.URL.RawQuery, v.keep))
	return Event{Outcome: outcome}
}

func (v *visit) dead(e Event) Event {
	v.seeOther(v.deadLink.with(v.r.URL.RawQuery, v.keep))
	return e
}

func (v *visit) seeOther(location string) {
	v.w.Header()["Location"] = []string{location}
	v.w.WriteHeader(http.StatusSeeOther)
}

func (v *visit) checkoutOf(ctx context.Context, sel *centra.Selection) target {
	if v.choose == nil || sel == nil {
		return v.checkout
	}
	chosen := v.choose(ctx, sel)
	if chosen == "" {
		return v.checkout
	}
	t, err := parseTarget(chosen, v.link)
	if err != nil {
		v.logger.ErrorContext(ctx, "recovery: Config.Target returned no usable URL; the visitor goes to Config.Checkout",
			slog.Any("error", err))
		return v.checkout
	}
	return t
}

// ask shows the page with the button. Its status is 200: nothing went wrong, and
// proxies and monitors take an error's page for theirs.
func (v *visit) ask(kind PageKind, own *centra.Selection) Event {
	v.show(Page{Kind: kind, Status: http.StatusOK, Keep: v.checkoutOf(v.r.Context(), own).with(v.r.URL.RawQuery, v.keep)})
	return Event{Outcome: Asked}
}

// askRobot shows the same page. To a prefetch it is an error, so that browsers
// throw it away and the click itself comes here.
func (v *visit) askRobot(signature string) Event {
	p := Page{Kind: PageConfirm, Status: http.StatusOK, Keep: v.checkout.with(v.r.URL.RawQuery, v.keep)}
	if isPrefetch(v.r.Header) && v.r.Method == http.MethodGet {
		p.Status = http.StatusServiceUnavailable
	}
	v.w.Header()["Vary"] = append(v.w.Header()["Vary"], prefetchHeaders[:]...)
	v.show(p)
	return Event{Outcome: NotAPerson, Signature: signature}
}

const (
	defaultRetryAfter = 30 * time.Second
	maxRetryAfter     = 10 * time.Minute
)

// failed answers that it may work later, and tells the shop why it did not.
func (v *visit) failed(err error) Event {
	retryAfter := defaultRetryAfter
	var failure *centra.Error
	if errors.As(err, &failure) && failure.RetryAfter > 0 {
		retryAfter = min(max(failure.RetryAfter, time.Second), maxRetryAfter)
	}
	v.w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter/time.Second)))
	v.show(Page{Kind: PageUnavailable, Status: http.StatusServiceUnavailable})

	ctx := v.r.Context()
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return Event{Outcome: Canceled, Err: err}
	case errors.Is(err, centra.ErrUnauthorized):
		v.logger.ErrorContext(ctx, "recovery: Centra refuses this shop, so no cart is recovered:"+
			" check the secret and the allowed origins of Config.API", slog.Any("error", err))
		return Event{Outcome: Misconfigured, Err: err}
	}
	v.logger.WarnContext(ctx, "recovery: a visitor's cart could not be opened", slog.Any("error", err))
	return Event{Outcome: Unavailable, Err: err}
}

// show answers with one of the small pages, or for HEAD with its header.
func (v *visit) show(p Page) {
	h := v.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", v.policy)
	if v.r.Method == http.MethodHead {
		v.w.WriteHeader(p.Status)
		return
	}
	v.page(v.w, v.r, p)
}
