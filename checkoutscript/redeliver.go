package checkoutscript

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/centra-go/cartabandonment/centra"
)

// Redeliver sends to Centra what Config.Later was given. It takes the visitor's
// turn and looks at the cart first. An address is not sent where
//
//   - the cart was ordered or emptied, or is gone;
//   - the cart has another address, unless that is known to be older: then it is
//     newer;
//   - the cart has this very address already: whoever sent it sent a consent with
//     it, which may have been a no, and the shopper's last word counts. A yes is
//     sent all the same where the last word that is known is an earlier no;
//   - it is known that the shopper decided something later: in this process, or
//     in any where the turns keep notes.
//
// It returns nil where Centra has the address, an error that matches [ErrDropped]
// where it never will, and any other where it is worth trying again, not before
// [centra.Error.RetryAfter] if that is set. Delivering twice is harmless. A
// Pending that is more than a day old is dropped.
//
// Config.Observe and Config.Trace are told of it too.
func (h *Handler) Redeliver(ctx context.Context, p Pending) error {
	began := time.Now()
	ctx, end := h.config.begin(ctx, "redeliver")
	o := Outcome{Op: "redeliver", CartAbandonmentEmail: p.Fields.CartAbandonmentEmail}
	var first atomic.Bool
	o.Code, o.Err = h.redeliver(ctx, p, &first)
	o.First, o.Duration = first.Load(), time.Since(began)
	h.config.tell(ctx, o, end)
	return o.Err
}

func (h *Handler) redeliver(ctx context.Context, p Pending, first *atomic.Bool) (Code, error) {
	if err := p.check(time.Now()); err != nil {
		return Dropped, err
	}
	deliver := func(ctx context.Context, s centra.Session) (centra.Session, error) {
		now, err := h.deliver(ctx, s, p, first)
		if now != "" {
			h.decisions.follow(s, now) // which a call without a browser tells nobody
		}
		return now, err
	}
	err := h.config.Visitors.DoSession(ctx, p.Session, deliver)
	switch {
	case err == nil:
		return Redelivered, nil
	case errors.Is(err, ErrDropped):
	case errors.Is(err, centra.ErrSelectionNotFound):
		err = &droppedError{"the cart was ordered, emptied or is gone", err}
	case errors.Is(err, centra.ErrInvalidSession):
		err = &droppedError{"its session is malformed", err}
	case describe(err).Code == Refused:
		err = &droppedError{"Centra refused it", err}
	default:
		return codeOf(err), err
	}
	return Dropped, err
}

// deliver makes the calls of Redeliver, and returns the session to remember. It may
// be given up while it runs.
func (h *Handler) deliver(
	ctx context.Context, s centra.Session, p Pending, first *atomic.Bool,
) (centra.Session, error) {
	known := h.known(ctx, p.Session, s)
	if known.overtakes(p) {
		return "", errNewer
	}
	cart, now, err := h.look(ctx, s, s)
	if err != nil {
		return now, err
	}
	fields := centra.Fields{Email: p.Fields.Email, CartAbandonmentEmail: p.Fields.CartAbandonmentEmail}
	there, older := digestsOf(cart), append(known.emails(), p.Before)
	withdrawal := fields.CartAbandonmentEmail == centra.No
	switch same := slices.Contains(there, digestOf(fields.Email)); {
	case len(there) == 0:
	case withdrawal && !same:
		fields.Email = "" // the no stands, and the cart keeps its address
	case withdrawal:
	case same && !known.no():
		return now, nil
	case same: // the no is the older one
	case !slices.ContainsFunc(older, func(digest string) bool { return slices.Contains(there, digest) }):
		return now, errNewer
	}
	_, later, err := h.update(ctx, now, fields)
	if later != "" {
		now = later
	}
	if err == nil {
		first.Store(h.delivered(ctx, p.CapturedAt, fields, p.Session, s, now))
	}
	return now, err
}

var errNewer = &droppedError{reason: "the shopper has decided anew meanwhile"}

// digestsOf are the digests of the e-mail addresses in a cart.
func digestsOf(cart *centra.Selection) (digests []string) {
	for _, email := range []string{cart.Address.Email, cart.ShippingAddress.Email} {
		if email != "" {
			digests = append(digests, digestOf(email))
		}
	}
	return digests
}
