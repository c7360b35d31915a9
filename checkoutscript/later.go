package checkoutscript

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
)

// ErrDeferred says that Centra could not be reached and the capture waits in the
// host's queue: see Config.Later. It comes with the failure that it matches too.
var ErrDeferred = errors.New("checkoutscript: Centra cannot be reached, the capture waits in the queue")

// canWait reports whether a failure will pass by itself.
func canWait(err error) bool {
	if errors.Is(err, session.ErrStore) {
		return false
	}
	for _, passing := range []error{
		centra.ErrUnavailable, centra.ErrRateLimited, centra.ErrOutcomeUnknown,
		centra.ErrInvalidResponse, // what a proxy says while Centra is away, or an answer that was cut
		session.ErrBusy, context.DeadlineExceeded, context.Canceled,
	} {
		if errors.Is(err, passing) {
			return true
		}
	}
	return false
}

// laterReserve is what remains for Config.Later of an event's time.
func laterReserve(timeout time.Duration) time.Duration { return min(timeout/4, time.Second) }

// postpone leaves what could not reach Centra to the host's queue, in what is left
// of the event's time. It returns cause where there is nothing to keep.
func (h *Handler) postpone(r *http.Request, d *delivery, cause error) error {
	end := d.began.Add(h.config.Timeout)
	grace := laterReserve(h.config.Timeout) / 4 // to return in, once the context has ended
	ctx, cancel := context.WithDeadline(context.WithoutCancel(r.Context()), end.Add(-grace))
	defer cancel()
	kept := make(chan error, 1)
	go func() {
		err := errGoexit
		defer func() {
			if p := recover(); p != nil {
				err = h.panicked(ctx, p)
			}
			kept <- err
		}()
		err = h.keep(ctx, r, d)
	}()
	giveUp := time.NewTimer(time.Until(end))
	defer giveUp.Stop()
	var err error
	select {
	case err = <-kept:
	case <-giveUp.C:
		err = context.DeadlineExceeded
	}
	switch {
	case err == nil:
		return &deferredError{cause}
	case !d.queued.Load(): // nothing to keep, or unknown whether there is
		return cause
	}
	return &queueError{cause: cause, err: err}
}

var errGoexit = errors.New("checkoutscript: Config.Later ended its goroutine")

var errNothingToKeep = errors.New("checkoutscript: nothing to keep")

// keep hands a Pending to the host, if there is an address with consent and a
// cart: an address of somebody who did not agree has no place in a queue, but that
// they no longer do has. Where the event's turn never came, Consent and Filter have
// not been asked yet, and whose cart it is about says the store.
func (h *Handler) keep(ctx context.Context, r *http.Request, d *delivery) error {
	known := d.decided.Load()
	if known == nil {
		r = r.WithContext(ctx)
		s, err := h.visitors.Session(r)
		if err != nil || s == "" {
			return errNothingToKeep
		}
		known = &decided{s, s, h.decide(r, d), knowledge{h.decisions.latest(s)}}
		d.decided.Store(known)
	}
	consent := known.fields.CartAbandonmentEmail
	p := Pending{
		Version:    pendingVersion,
		Session:    known.session,
		Fields:     centra.Fields{Email: known.fields.Email, CartAbandonmentEmail: consent},
		CapturedAt: d.began,
	}
	if before := known.before.emails(); len(before) > 0 {
		p.Before = before[0]
	}
	if consent == centra.No { // whatever becomes of it: what waits already must not say yes after this
		h.decisions.remember(d.began, known.fields, known.sent, known.session)
	}
	switch {
	case d.withdrawal, consent == centra.Yes:
	case consent == centra.No && known.before.yes(): // which it takes back; the address is no matter
		p.Fields.Email = ""
	default:
		return errNothingToKeep
	}
	d.queued.Store(true)
	if err := h.config.Later(ctx, p); err != nil {
		return err
	}
	h.decisions.remember(d.began, p.Fields, known.sent, known.session)
	return nil
}

// deferredError is ErrDeferred with what it comes from.
type deferredError struct{ cause error }

func (e *deferredError) Error() string   { return ErrDeferred.Error() + ": " + e.cause.Error() }
func (e *deferredError) Unwrap() []error { return []error{ErrDeferred, e.cause} }

// Format prints the text of Error whatever the verb.
func (e *deferredError) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, e.Error()) }

// errQueue is what every queueError matches.
var errQueue = errors.New("checkoutscript: Centra cannot be reached, and Config.Later failed")

// queueError is a failure of Config.Later beside the one that it was to make good.
// The host's own text stays out of it: it may quote the Pending.
type queueError struct{ cause, err error }

func (e *queueError) Error() string {
	if errors.Is(e.err, context.DeadlineExceeded) {
		return errQueue.Error() + ": it did not return in time"
	}
	return fmt.Sprintf("%v: %T", errQueue, e.err)
}

// Format prints the text of Error whatever the verb.
func (e *queueError) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, e.Error()) }

// Unwrap returns what it matches: the failure of the queue, and its cause.
func (e *queueError) Unwrap() []error { return []error{errQueue, e.err, e.cause} }
