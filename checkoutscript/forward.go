package checkoutscript

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/centra-go/cartabandonment/centra"
)

// forward makes the call when its turn has come. The fields are the handler's
// own: they are changed.
func (h *Handler) forward(w http.ResponseWriter, r *http.Request, f centra.Fields) (
	sel *centra.Selection, choice centra.Choice, err error) {
	// A call that is given up goes on in the background, so that what it brings
	// is handed over atomically.
	var told atomic.Uint32
	var answered atomic.Pointer[centra.Selection]
	err = h.visitors.Do(w, r, func(ctx context.Context, s centra.Session) (centra.Session, error) {
		if s == "" {
			return "", noSessionError{}
		}
		fields := f
		h.prepare(r, &fields)
		told.Store(uint32(fields.CartAbandonmentEmail))
		sel, now, err := h.update(ctx, s, fields)
		answered.Store(sel)
		return now, err
	})
	choice = centra.Choice(told.Load())
	if err != nil {
		return nil, choice, err
	}
	return answered.Load(), choice, nil
}

// noSessionError is for a visitor without a session. An e-mail address in a cart
// that is not there is worth nothing, so no session is started for it.
type noSessionError struct{}

func (noSessionError) Error() string {
	return "checkoutscript: the visitor has no session, and so no cart"
}
func (noSessionError) Is(target error) bool { return target == centra.ErrNoSession }

// errExpired: Centra answers a call with a dead token as if it were a new
// visitor's. The call succeeds, on an empty cart that nobody will be reminded of.
var errExpired = fmt.Errorf("checkoutscript: the session has expired, and its cart with it: %w", centra.ErrSelectionNotFound)

// update sends the fields and returns the session to keep. A session that only
// took the place of an expired one is never kept: the browser may have a better
// one by now, and the shop's own next call starts one if it has not.
func (h *Handler) update(ctx context.Context, s centra.Session, f centra.Fields) (*centra.Selection, centra.Session, error) {
	sel, err := h.config.API.UpdateFields(ctx, s, f)
	if err == nil {
		if sel == nil {
			return nil, "", centra.ErrInvalidResponse
		}
		if sel.Session != s && sel.Empty() {
			return nil, "", errExpired
		}
		return sel, sel.Session, nil
	}
	now := failedSession(err)
	if now == "" || now == s {
		return nil, "", hostError(err)
	}
	// A refusal does not say whether the token was rotated or replaced: look.
	own, readErr := h.config.API.Selection(ctx, now)
	switch {
	case readErr != nil:
		if later := failedSession(readErr); later != "" {
			now = later
		}
	case own.Empty():
		return nil, "", errExpired
	default:
		now = own.Session
	}
	return nil, now, hostError(err)
}

func failedSession(err error) centra.Session {
	var failed *centra.Error
	if errors.As(err, &failed) {
		return failed.Session
	}
	return ""
}
