package checkoutscript

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
)

// What a visitor decided last stands in the note of their turn too, where the turns
// keep notes: so that the process which works through the queue knows what another
// one was told. It is the time, the consent, whether there has been a yes, and the digest
// of the address that Centra has.

func (d decision) text() string {
	return fmt.Sprintf("%d %d %t %s", d.at.UnixNano(), d.said, d.told, d.email)
}

func decisionOf(note string) decision {
	if note == "" {
		return decision{}
	}
	var nanoseconds int64
	var d decision
	if n, _ := fmt.Sscan(note, &nanoseconds, &d.said, &d.told, &d.email); n == 0 {
		return decision{}
	}
	d.at = time.Unix(0, nanoseconds)
	return d
}

// knowledge is what is known of a visitor: the last decisions as the other processes
// know it and as this one does.
type knowledge []decision

// known is what is known of a visitor. ctx is that of a call.
func (h *Handler) known(ctx context.Context, sessions ...centra.Session) knowledge {
	return knowledge{decisionOf(session.Note(ctx)), h.decisions.latest(sessions...)}
}

// overtakes reports whether the visitor has decided something else after p.
func (k knowledge) overtakes(p Pending) bool {
	return slices.ContainsFunc(k, func(d decision) bool {
		return d.at.After(p.CapturedAt) && (d.said != centra.No || p.Fields.CartAbandonmentEmail != centra.No)
	})
}

// emails are digests of the addresses that Centra was told last; the first is the
// most likely.
func (k knowledge) emails() (emails []string) {
	for _, d := range k {
		if d.email != "" {
			emails = append(emails, d.email)
		}
	}
	return emails
}

// no reports whether the last that Centra was told is one.
func (k knowledge) no() bool {
	return slices.ContainsFunc(k, func(d decision) bool { return d.said == centra.No })
}

// yes reports whether Centra was once told one.
func (k knowledge) yes() bool {
	return slices.ContainsFunc(k, func(d decision) bool { return d.told })
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
