package recovery

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/centra-go/cartabandonment/centra"
)

// turn is the part of a visit that speaks to Centra, while the visitor's other
// calls wait. It may be given up while it runs: what it has of the visit it only
// reads, and the visit does not look at what it found unless it has ended.
type turn struct {
	*Handler
	ctx context.Context
	r   *http.Request // read only: the visit may go on with it
	id  centra.SelectionID

	before   centra.Session // the visitor's, when the turn came
	session  centra.Session // as it stands now
	replaced bool           // session only took the place of one that has expired
	unsure   bool           // session came with a failure, which does not say
	looked   bool           // its cart has been read
}

// finding is what a turn found out.
type finding struct {
	code Code
	err  error             // why the link is dead
	cart *centra.Selection // the link's, which the visitor has now
	mark *mark             // what the browser is to keep from now on

	own, linked *centra.Selection // where the visitor is asked, what is known of the carts

	before, now centra.Session
}

var (
	errNotOwner = errors.New("recovery: the cart is not this visitor's")
	errEmpty    = errors.New("recovery: the cart is empty")
	errOther    = errors.New("recovery: the API answered with another cart than the link's")
	errNoAnswer = errors.New("recovery: the API answered neither a cart nor an error")
)

// take decides what becomes of the link's cart, and returns the session that the
// visitor has from now on.
func (t *turn) take() (finding, centra.Session, error) {
	f, err := t.decide()
	switch {
	case errors.Is(err, errNotOwner):
		f, err = finding{code: Refused}, nil
	case errors.Is(err, errEmpty), errors.Is(err, centra.ErrSelectionNotFound):
		f, err = finding{code: NotFound, err: err}, nil
	}
	if t.unsure && f.cart == nil {
		t.look()
	}
	f.before, f.now = t.before, t.session
	switch {
	case f.cart != nil:
		return f, t.session, err
	case t.before == "": // a session without the link's cart in it is no use
		return f, centra.NoSession, err
	case t.replaced: // the browser may have a better one by now; the shop's own calls will find out
		return f, t.before, err
	}
	return f, t.session, err
}

// decide attaches the link's cart, unless that would cost the visitor another
// one that they were not asked about.
func (t *turn) decide() (finding, error) {
	var marks []mark
	var recovered, moved, again bool
	if t.before != "" {
		marks = t.marks(t.r, t.before)
		recovered = slices.ContainsFunc(marks, func(m mark) bool { return m.of(t.id) && m.in(t.before) })
		latest, known := t.recent.get(t.before)
		moved = known && !latest.in(t.before) // whoever had this session has just got another, with a recovered cart
		again = moved && latest.of(t.id)      // this one: a double click
	}
	current := t.hasLinkedCart() // to attach it reads it, which shows whether it is still there
	switch {
	case t.r.Method == http.MethodPost || t.confirm == Never: // asked, or not to be asked
		current = current || recovered || again
	case moved && !again: // another tab has opened another link
		return finding{code: Asked}, nil
	case t.before != "" && !current:
		own, err := t.ownCart()
		switch {
		case err != nil:
			return finding{}, err
		case own == nil || own.Empty():
		case own.ID == t.id, own.ID == "" && recovered && t.resemblesMarked(own, marks):
			return t.found(AlreadyCurrent, own, recovered), nil
		default:
			linked, err := t.linkedCart(own)
			return finding{code: Asked, own: own, linked: linked}, err
		}
		current = again
	}
	sel, err := t.attach()
	if err != nil {
		return finding{}, err
	}
	if current {
		return t.found(AlreadyCurrent, sel, recovered || again), nil
	}
	return t.found(Recovered, sel, true), nil
}

func (t *turn) resemblesMarked(own *centra.Selection, marks []mark) bool {
	return slices.ContainsFunc(marks, func(m mark) bool { return m.of(t.id) && m.resembles(own) })
}

// found is that sel, the link's cart, is the visitor's now. That it was recovered
// is remembered at once: by the time the browser has the cookie, another request
// is under way.
func (t *turn) found(code Code, sel *centra.Selection, recovered bool) finding {
	f := finding{code: code, cart: sel}
	if recovered {
		m := newMark(t.id, t.session, sel)
		t.remember(m, t.before, t.session)
		f.mark = &m
	}
	return f
}

// hasLinkedCart reports whether the visitor's cart is the link's, as only the
// Shop API shows without a call: there a session is the cart's ID.
func (t *turn) hasLinkedCart() bool { return string(t.before) == string(t.id) }

// ownCart reads the cart that the visitor has; nil where it no longer exists.
func (t *turn) ownCart() (*centra.Selection, error) {
	own, err := t.api.Selection(t.ctx, t.before)
	t.looked = true
	if own == nil && err == nil {
		err = errNoAnswer
	}
	t.rotate(own, err)
	switch {
	case errors.Is(err, centra.ErrInvalidSession): // nothing that Centra ever gave out
		return nil, nil
	case errors.Is(err, centra.ErrSelectionNotFound):
		return nil, nil
	case err == nil && own.Empty():
		t.replaced = own.Replaces(t.before)
	}
	return own, hostError(err)
}

// linkedCart reads the link's cart where that changes nothing: in the Shop API,
// where a session is the ID of a cart and own shows it. It returns nil where it
// cannot tell, and an error where nobody needs to be asked.
func (t *turn) linkedCart(own *centra.Selection) (*centra.Selection, error) {
	if own.ID == "" || string(own.ID) != string(own.Session) {
		return nil, nil
	}
	linked, err := t.api.Selection(t.ctx, centra.Session(t.id))
	switch {
	case errors.Is(err, centra.ErrSelectionNotFound):
		return nil, err
	case err != nil || linked == nil:
		return nil, nil
	case linked.Empty():
		return nil, errEmpty
	case t.owner != nil:
		if err := t.owned(linked); err != nil {
			return nil, err
		}
	}
	return linked, nil
}

// owned asks Config.Owner. What that asks Centra for is no call for the visitor.
func (t *turn) owned(sel *centra.Selection) error {
	owned := t.owner(t.r.WithContext(centra.WatchCalls(t.ctx, nil)), sel)
	if err := t.ctx.Err(); err != nil { // what it says now may be for want of time
		return err
	}
	if !owned {
		return errNotOwner
	}
	return nil
}

// look finds out whether a session that came with a failure has the visitor's
// cart, or only took the place of an expired one. Where that cannot be told it is
// kept: the old one is dead for certain.
func (t *turn) look() {
	own, err := t.api.Selection(t.ctx, t.session)
	t.rotate(own, err)
	t.replaced = own != nil && (own.Replaces(t.before) || t.replaced && own.Empty())
}

// attach attaches the link's cart to the visitor's session, after showing it to
// Config.Owner.
func (t *turn) attach() (*centra.Selection, error) {
	if t.owner != nil {
		sel, err := t.attachTo("")
		if err != nil {
			return nil, err
		}
		if err := t.owned(sel); err != nil {
			return nil, err
		}
		if t.session == "" || string(sel.Session) == string(t.id) { // that was all, or in the Shop API just a GET
			t.session = sel.Session
			return sel, nil
		}
	}
	if t.session != "" && !t.looked && !t.hasLinkedCart() {
		// That the session has expired shows in its own cart. An attach to it brings
		// another session too, with something in it, just as if the token had been
		// rotated, and whoever else holds the expired one would be led there.
		if _, err := t.ownCart(); err != nil {
			return nil, err
		}
	}
	sel, err := t.attachTo(t.session)
	if errors.Is(err, centra.ErrInvalidSession) && t.session != "" {
		sel, err = t.attachTo("") // as without a session
	} else if t.session != "" {
		t.rotate(sel, err)
	}
	if err == nil && sel.Session != "" {
		t.session = sel.Session
	}
	return sel, err
}

func (t *turn) attachTo(s centra.Session) (*centra.Selection, error) {
	sel, err := t.api.AttachSelection(t.ctx, s, t.id)
	switch {
	case err != nil:
		return nil, hostError(err)
	case sel == nil:
		return nil, errNoAnswer
	case sel.Empty():
		return sel, errEmpty
	case sel.ID != "" && sel.ID != t.id: // what Centra fell back to for a cart that it could not attach
		return sel, errOther
	}
	return sel, nil
}

// rotate takes over the token that came in place of the visitor's, also with a
// failure: the old one may be dead. In the Shop API a session is the cart's ID,
// and the link's becomes the visitor's by a success alone.
func (t *turn) rotate(sel *centra.Selection, err error) {
	var latest centra.Session
	var failure *centra.Error
	switch {
	case sel != nil:
		latest = sel.Session
	case errors.As(err, &failure):
		latest = failure.Session
	}
	if latest == "" || string(latest) == string(t.id) {
		return
	}
	if sel == nil && latest != t.session {
		t.unsure = true
	}
	t.session = latest
}
