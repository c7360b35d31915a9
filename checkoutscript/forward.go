package checkoutscript

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/centra-go/cartabandonment/centra"
)

// delivery is an event, a Capture or a withdrawal of consent on its way to Centra.
type delivery struct {
	op         string        // see Outcome.Op
	end        func(Outcome) // of Config.Trace
	fields     centra.Fields // as they came; read only
	withdrawal bool          // nothing but a no
	agreement  bool          // nothing but a yes
	began      time.Time     // when they had been read

	// A call that is given up goes on in the background, so that what it brings
	// is handed over atomically.
	decided  atomic.Pointer[decided]
	answered atomic.Pointer[centra.Selection]
	first    atomic.Bool // see Outcome.First
	logged   atomic.Bool // a client of package centra has logged a failure
	queued   atomic.Bool // Config.Later has been called
}

// decided is what is sent: for whose cart, with which consent.
type decided struct {
	sent, session centra.Session // session is the newest
	fields        centra.Fields
	before        knowledge
}

func (d *delivery) choice() centra.Choice {
	if decided := d.decided.Load(); decided != nil {
		return decided.fields.CartAbandonmentEmail
	}
	return centra.NotSent
}

// forward makes the call when its turn has come. What cannot reach Centra is left
// to the host's queue, if there is one.
func (h *Handler) forward(w http.ResponseWriter, r *http.Request, d *delivery) (sel *centra.Selection, err error) {
	defer h.survive(r.Context(), &err)
	err = h.visitors.Do(w, r, func(ctx context.Context, s centra.Session) (now centra.Session, err error) {
		defer h.survive(ctx, &err)
		if s == "" {
			return "", noSessionError{}
		}
		// For the host's functions: not over when the browser leaves, and what they ask
		// Centra for is no call for the visitor.
		r := r.WithContext(centra.WatchCalls(ctx, nil))
		ctx = centra.WatchCalls(ctx, d.see)
		sent, fields := s, h.decide(r, d)
		if d.agreement {
			known, looked, err := h.look(ctx, s, sent)
			if err != nil {
				return looked, err
			}
			s, fields = looked, h.agreed(known)
			if fields.Email == "" { // whatever brings one says the same
				d.answered.Store(known)
				return s, nil
			}
		}
		if h.needsChoice(d, fields) {
			known, looked, err := h.look(ctx, s, sent)
			if err != nil {
				return looked, err
			}
			s, fields = looked, h.chosen(r, known, fields)
		}
		before := h.known(ctx, sent, s)
		d.decided.Store(&decided{sent, s, fields, before})
		sel, now, err := h.update(ctx, s, fields)
		switch {
		case err == nil:
			if h.config.remembers() {
				d.first.Store(h.delivered(ctx, d.began, fields, sent, s, now))
			}
			d.answered.Store(sel)
		case now != "":
			d.decided.Store(&decided{sent, now, fields, before})
		}
		if err != nil && fields.CartAbandonmentEmail == centra.No { // what waits already must not say yes after this
			leaveNote(ctx, undelivered(d.began, fields), fields)
			h.decisions.remember(d.began, fields, sent, s, now)
		}
		return now, err
	})
	if err == nil {
		return d.answered.Load(), nil
	}
	if h.config.Later != nil && d.answered.Load() == nil && canWait(err) {
		err = h.postpone(r, d, err)
	}
	return nil, err
}

var errPanic = errors.New("checkoutscript: a function of the host's panicked")

// survive makes an error of a panic of the host's functions, deferred by who calls
// them: the page has to be answered, so that its widget goes on.
func (h *Handler) survive(ctx context.Context, err *error) {
	switch p := recover(); p {
	case nil:
	case http.ErrAbortHandler:
		panic(p)
	default:
		*err = h.panicked(ctx, p)
	}
}

// panicked logs where it was, but not the value: that may hold what a shopper typed.
func (h *Handler) panicked(ctx context.Context, value any) error {
	h.config.Logger.ErrorContext(ctx, errPanic.Error(),
		slog.String("type", fmt.Sprintf("%T", value)), slog.String("stack", string(debug.Stack())))
	return errPanic
}

// see notes that there is a line about the failure in the client's log.
func (d *delivery) see(c centra.Call) {
	if c.Failure != "" {
		d.logged.Store(true)
	}
}

// decide asks Consent and Filter.
func (h *Handler) decide(r *http.Request, d *delivery) centra.Fields {
	if d.withdrawal {
		return centra.Fields{Email: d.fields.Email, CartAbandonmentEmail: centra.No}
	}
	if d.agreement {
		return centra.Fields{} // the address is in the cart
	}
	fields := d.fields
	if h.config.Later != nil {
		fields = cloneFields(fields) // it may be asked for again while a Filter still runs that never ends
	}
	h.prepare(r, &fields)
	return fields
}

// noSessionError is for a visitor without a session. An e-mail address in a cart
// that is not there is worth nothing, so no session is started for it.
type noSessionError struct{}

func (noSessionError) Error() string {
	return "checkoutscript: the visitor has no session, and so no cart"
}
func (noSessionError) Is(target error) bool { return target == centra.ErrNoSession }

// errExpired: Centra answers a call with a dead token as if it were a new
// visitor's. The call succeeds, on an empty cart that nobody has.
var errExpired = fmt.Errorf("checkoutscript: the session has expired, and its cart with it: %w",
	centra.ErrSelectionNotFound)

var errNoSelection = fmt.Errorf("checkoutscript: the API returned neither a selection nor an error: %w",
	centra.ErrInvalidResponse)

// update sends the fields and returns the session to keep. A session that only
// took the place of an expired one is never kept: the browser may have a better
// one by now, and the shop's own next call starts one if it has not.
func (h *Handler) update(ctx context.Context, s centra.Session, f centra.Fields) (
	*centra.Selection, centra.Session, error) {
	sel, err := h.config.API.UpdateFields(ctx, s, f)
	switch {
	case err == nil && sel == nil:
		return nil, "", errNoSelection
	case err == nil && sel.Replaces(s):
		if f.CartAbandonmentEmail == centra.Yes {
			// Nor is the shopper to be reminded of the empty cart that it came with.
			no := centra.Fields{Email: f.Email, CartAbandonmentEmail: centra.No}
			_, _ = h.config.API.UpdateFields(ctx, sel.Session, no)
		}
		return nil, "", errExpired
	case err == nil:
		return sel, sel.Session, nil
	}
	now := failedSession(err)
	if now == "" || now == s {
		return nil, "", hostError(err)
	}
	// A failure does not say whether the token was rotated or replaced: look.
	_, looked, lookErr := h.look(ctx, now, s)
	if errors.Is(lookErr, errExpired) {
		return nil, looked, errExpired
	}
	if looked != "" {
		now = looked
	}
	return nil, now, hostError(err)
}

// look reads the cart of a session, which is the one that was sent or came in its
// place, and returns the session to keep. An empty cart is as good as one that has
// expired.
func (h *Handler) look(ctx context.Context, s, sent centra.Session) (*centra.Selection, centra.Session, error) {
	sel, err := h.config.API.Selection(ctx, s)
	switch {
	case err != nil:
		return nil, failedSession(err), hostError(err)
	case sel == nil:
		return nil, "", errNoSelection
	case sel.Replaces(sent):
		return nil, "", errExpired
	case sel.Empty():
		return nil, sel.Session, errExpired
	}
	return sel, sel.Session, nil
}

func failedSession(err error) centra.Session {
	var failed *centra.Error
	if errors.As(err, &failed) {
		return failed.Session
	}
	return ""
}
