package session

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/centra-go/cartabandonment/centra"
)

// DoSession is [Visitors.Do] for work without a request, such as a queue's: it
// takes the turn of the visitor who has s, or had it before it was replaced.
// Nothing is saved in the store; a session that takes the place of the one that
// call was given is remembered by the turns, so that the visitor's next request
// finds it. Waiting ends with ctx.
func (v *Visitors) DoSession(ctx context.Context, s centra.Session,
	call func(context.Context, centra.Session) (centra.Session, error)) error {
	if s == "" || s == centra.NoSession {
		return errNoSession
	}
	e := v.newErrand(ctx, call)
	e.session = s
	return e.carryOut()
}

var errNoSession = errors.New("session: DoSession needs a session")

// Session returns the session that a request brings, "" if there is none. It
// does not wait for the visitor's other calls, which may replace it at any
// moment: it is for work that is put off to [Visitors.DoSession], not for a call.
func (v *Visitors) Session(r *http.Request) (centra.Session, error) {
	s, err := v.store.Load(r)
	if err != nil {
		return "", &StoreError{Op: "load", Err: err}
	}
	if s == centra.NoSession {
		return "", nil
	}
	// Turns remember it for longer than the request lives, whose memory some
	// servers, such as fasthttp, use again.
	return centra.Session(strings.Clone(string(s))), nil
}
