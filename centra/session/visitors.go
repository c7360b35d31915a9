package session

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/centra-go/cartabandonment/centra"
)

// Visitors is the one place through which a shop speaks to Centra for its
// visitors: the handlers of this library, and the shop's own pages, cart changes
// and payments. Parallel updates of one cart race inside Centra and its tokens
// rotate, so whoever goes around it can lose a visitor's cart.
//
// Make one with [NewVisitors] and share it. It is safe for concurrent use and
// starts no goroutine that outlives its calls.
type Visitors struct {
	store     Store
	inRequest bool // it is a Cookie: what a request brings does not change, and nothing takes time

	turns   Turns
	logger  *slog.Logger
	timeout time.Duration // of a call, from when its turn has come
	total   time.Duration // of Do as a whole; 0 for no bound of its own
	expired expiredSessions
	carts   carts

	followers *followers
}

// Option changes Visitors at their construction.
type Option func(*Visitors) error

// WithTurns replaces the turns of one process by others, such as those of
// package redisturns for a shop that runs in several.
func WithTurns(t Turns) Option {
	return func(v *Visitors) error {
		if t == nil {
			return errors.New("session: WithTurns: the turns are nil")
		}
		v.turns = t
		return nil
	}
}

// WithLogger logs what a host should mend, without a session: calls that do not
// end in time and calls that panic. The default is silence.
func WithLogger(logger *slog.Logger) Option {
	return func(v *Visitors) error {
		if logger == nil {
			return errors.New("session: WithLogger: the logger is nil")
		}
		v.logger = logger
		return nil
	}
}

// WithTimeout bounds a call, from when its turn has come; the default is 30 s,
// more than a client of package centra takes by default.
func WithTimeout(d time.Duration) Option {
	return func(v *Visitors) error {
		if d <= 0 {
			return errors.New("session: WithTimeout: must be positive")
		}
		v.timeout = d
		return nil
	}
}

const defaultTimeout = 30 * time.Second

// NewVisitors returns the visitors whose sessions are kept in store, with turns
// within this process unless [WithTurns] says otherwise.
func NewVisitors(store Store, opts ...Option) (*Visitors, error) {
	if store == nil {
		return nil, errors.New("session: NewVisitors: the store is nil; session.Cookie{} needs nothing else")
	}
	if c, ok := store.(interface{ check() error }); ok { // a Cookie, or what embeds one
		if err := c.check(); err != nil {
			return nil, err
		}
	}
	_, cookie := store.(Cookie)
	v := &Visitors{
		store: store, inRequest: cookie,

		logger:  slog.New(slog.DiscardHandler),
		timeout: defaultTimeout,
		expired: expiredSessions{newMemory[time.Time]()},
		carts:   newCarts(),

		followers: new(followers),
	}
	for _, opt := range opts {
		if err := opt(v); err != nil {
			return nil, err
		}
	}
	if v.turns == nil {
		v.turns = NewTurns()
	}
	return v, nil
}

// Within returns the same visitors, for calls that must answer soon: Do then
// ends within total of its beginning, the waiting, the store and the call
// together. A call that had to wait is not begun unless a quarter of total is left, or a
// second of a long one. They share turns, store, followers and memory with v.
func (v *Visitors) Within(total time.Duration) *Visitors {
	within := *v
	within.total = total
	return &within
}

// Strict reports whether the store's cookie is SameSite=Strict, so that it is
// missing on the click from an e-mail. A [Store] says so by a method
// SameSiteStrict() bool; one without it is not strict.
func (v *Visitors) Strict() bool {
	s, ok := v.store.(interface{ SameSiteStrict() bool })
	return ok && s.SameSiteStrict()
}

// Do makes a call to Centra, or several, for the visitor who sent r. It waits
// for the visitor's earlier calls, hands call the newest session that is known
// (empty for a visitor who has none), and keeps the session that call returns:
// the one that Centra answered last, such as [centra.Selection.Session]. Where
// call returns an error and no session, the one in its [*centra.Error] counts.
// Returning "" or the session that it was given says that nothing changed;
// returning [centra.NoSession] forgets the visitor's session.
//
// Waiting ends with the request. Once its turn has come a call runs to its end
// under a deadline of its own (see [WithTimeout] and [Visitors.Within]), also
// when the browser leaves: its context keeps the request's values but not its
// cancellation. A call that does not end in time is given up: Do fails with an
// error that matches context.DeadlineExceeded, and the next call has its turn.
// Such a call may still be running: after that error leave alone what it writes.
//
// A session that only takes the place of an expired one (another session, with
// nothing in its cart) is not kept at first, since the browser may have a better
// one by now. If a request still brings the expired one three seconds later, the
// browser has not. The same goes for NoSession after a call that found no such
// cart. If something is in its cart, since the call has put it there, it is kept at
// once, but no other browser that brings the expired one is led to it.
//
// Do learns all this from the clients of package centra, of calls made with the context
// that call was given. Those made without a session are not the visitor's: one that they
// start is kept if it is returned, but no other browser is led to it either. Do cannot tell
// so where its token rotates in a later call of the same Do: that looks like the visitor's.
// Make those for somebody else's session with [centra.WatchCalls](ctx, nil). An answer that
// shows no cart tells little: where such a call may be the first with a session, as a login
// may, read the cart before.
//
// The error is that of call, or [ErrBusy], a [*StoreError], or one that matches
// the context's error. Call Do before the response's body is written: the
// session is saved in w's header. A panic of call passes through.
//
// call runs in another goroutine, and one that is given up may outlive the
// request. What a framework uses again for the next one, such as a *gin.Context, an
// echo.Context or a fiber.Ctx, has no place in it: take out before what it needs.
// Do not call Do within it: it would wait for itself.
func (v *Visitors) Do(w http.ResponseWriter, r *http.Request,
	call func(context.Context, centra.Session) (centra.Session, error)) error {
	e := v.newErrand(r.Context(), call)
	e.response = response{w: w, r: r}
	if v.inRequest {
		var err error
		if e.session, err = v.Session(r); err != nil {
			return err
		}
	}
	return e.carryOut()
}
