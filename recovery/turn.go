package recovery

import (
	"context"
	"errors"
	"net/http"

	"github.com/centra-go/cartabandonment/centra"
)

// turn is the part of a visit that speaks to Centra, while the visitor's other
// calls wait. It may be given up while it runs, so it shares nothing with the
// visit that is written to.
type turn struct {
	*Handler
	ctx context.Context
	r   *http.Request // with ctx
	id  centra.SelectionID

	session centra.Session // the visitor's, as it stands now

}

// finding is what a turn found out.
type finding struct {
	code     Code
	own      *centra.Selection // the cart that the visitor has, where it stays
	cart     *centra.Selection // the cart whose checkout comes next
	remember bool              // that this very cart is the visitor's now
}

var (
	errNotOwner = errors.New("recovery: the cart is not this visitor's")
	errEmpty    = errors.New("recovery: the cart is empty")
)

// decide attaches the link's cart, unless that would cost the visitor another
// one that they were not asked about.
func (t *turn) decide() (finding, error) {
	code := Recovered
	switch {
	case t.hasLinkedCart():
		code = AlreadyCurrent // to attach it reads it, which shows whether it is still there
	case t.r.Method != http.MethodPost && t.confirm == OnConflict && t.session != "":
		same := t.recovered.matches(t.r, t.session, t.id)
		own, err := t.ownCart()
		switch {
		case err != nil:
			return finding{}, err
		case own == nil || own.Empty():
		case same || (own.ID != "" && own.ID == t.id):
			return finding{code: AlreadyCurrent, cart: own, remember: same}, nil // the token may be a new one
		default:
			return finding{code: Asked, own: own}, nil
		}
	}
	sel, err := t.attach()
	if err != nil {
		return finding{}, err
	}
	shown := string(sel.Session) == string(t.id) // so that later visits see it without being told
	return finding{code: code, cart: sel, remember: code == Recovered && t.confirm == OnConflict && !shown}, nil
}

// keep is the session that the visitor has from now on. One that Centra made for
// a visitor without a cart is worth keeping only with the link's cart in it.
func (t *turn) keep(f finding, err error) centra.Session {
	if t.session == "" && (err != nil || f.code == Asked) {
		return centra.NoSession
	}
	return t.session
}

// hasLinkedCart reports whether the visitor's cart is the link's, as only the
// Shop API shows without a call: there a session is the cart's ID.
func (t *turn) hasLinkedCart() bool { return string(t.session) == string(t.id) }

// ownCart reads the cart that the visitor has; nil where it no longer exists.
func (t *turn) ownCart() (*centra.Selection, error) {
	own, err := t.api.Selection(t.ctx, t.session)
	t.rotate(own, err)
	switch {
	case errors.Is(err, centra.ErrInvalidSession): // nothing that Centra ever gave out
		return nil, nil
	case errors.Is(err, centra.ErrSelectionNotFound):
		return nil, nil
	}
	return own, err
}

// attach attaches the link's cart to the visitor's session, after showing it to
// Config.Owner.
func (t *turn) attach() (*centra.Selection, error) {
	if t.owner != nil {
		sel, err := t.attachTo("")
		if err != nil {
			return nil, err
		}
		if !t.owner(t.r, sel) {
			return nil, errNotOwner
		}
		if t.session == "" || string(sel.Session) == string(t.id) { // that was all, or in the Shop API just a GET
			t.session = sel.Session
			return sel, nil
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
		return nil, err
	case sel.Empty():
		return sel, errEmpty
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
	if latest != "" && string(latest) != string(t.id) {
		t.session = latest
	}
}
