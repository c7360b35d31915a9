package session

import (
	"net/http"

	"github.com/centra-go/cartabandonment/centra"
)

// Store keeps the Centra session of the visitor who sent a request. It is used
// by several requests at once, also of the same visitor. One whose cookie is
// SameSite=Strict says so, see [Visitors.Strict]; sessiontest.Run proves the rest.
type Store interface {
	// Load returns the visitor's session, or "" and no error where there is
	// none. An error means that it is unknown whether there is one: the caller
	// must not overwrite anything then.
	Load(r *http.Request) (centra.Session, error)

	// Save keeps s for the visitor, in place of what was there; "" forgets it.
	// It is called before the response's header is written, and possibly more
	// than once for a request; the last call counts, and a cookie is in the header
	// once all the same.
	Save(w http.ResponseWriter, r *http.Request, s centra.Session) error
}
