package checkoutscript

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
)

// What a visitor decided last stands in the note of their turn too, where the turns
// keep notes: so that the process which works through the queue knows what another
// one was told. It is the time, the consent and the digest of the address that Centra
// has.

func (d decision) text() string { return fmt.Sprintf("%d %d %s", d.at.UnixNano(), d.said, d.email) }

func decisionOf(note string) decision {
	var nanoseconds int64
	var d decision
	if n, _ := fmt.Sscan(note, &nanoseconds, &d.said, &d.email); n == 0 {
		return decision{}
	}
	d.at = time.Unix(0, nanoseconds)
	return d
}

// known is when a visitor decided last, the digests of the addresses that Centra was
// told last, and whether a no was the last that it was told, as the other processes
// know it and as this one does. ctx is that of a call.
func (h *Handler) known(ctx context.Context, sessions ...centra.Session) (at time.Time, emails []string, no bool) {
	for _, d := range []decision{decisionOf(session.Note(ctx)), h.decisions.latest(sessions...)} {
		if d.at.After(at) {
			at = d.at
		}
		if d.email != "" {
			emails = append(emails, d.email)
		}
		no = no || d.said == centra.No
	}
	return at, emails, no
}

// delivered notes what Centra has been told, here and for the other processes, and
// reports whether that is the first yes for the cart.
func (h *Handler) delivered(ctx context.Context, at time.Time, f centra.Fields, sessions ...centra.Session) bool {
	leaveNote(ctx, delivered(at, f), f)
	return h.decisions.delivered(at, f, sessions...)
}

// leaveNote is for what was decided in a call.
func leaveNote(ctx context.Context, d decision, f centra.Fields) {
	if f.CartAbandonmentEmail != centra.NotSent {
		session.SetNote(ctx, d.over(decisionOf(session.Note(ctx))).text())
	}
}

// follow takes a decision along to the session that took the place of another.
// Where a cart is over, so is what waits for it.
func (h *Handler) follow(_ http.ResponseWriter, r *http.Request, from, to centra.Session) {
	h.decisions.follow(from, to)
	if to != "" {
		return
	}
	// A page may show an empty cart again and again.
	known := decisionOf(session.Note(r.Context()))
	if known.email != "" || time.Since(known.at) > time.Minute {
		session.SetNote(r.Context(), decision{at: time.Now()}.text())
	}
}
