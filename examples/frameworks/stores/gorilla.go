package stores

import (
	"errors"
	"io/fs"
	"net/http"

	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"

	"github.com/centra-go/cartabandonment/centra"
)

// Gorilla keeps it in a store of gorilla/sessions, and so in those of
// gin-contrib/sessions, which are the same.
type Gorilla struct {
	Store sessions.Store
	Name  string // of the session and its cookie; not one that the shop uses itself
}

// Load returns what is in the session. A cookie that cannot be read any more,
// because the key is another one or the session is gone, is none.
func (g Gorilla) Load(r *http.Request) (centra.Session, error) {
	own, err := g.session(r)
	if err != nil {
		return "", err
	}
	s, _ := own.Values[key].(string)
	return centra.Session(s), nil
}

// Save writes the session, and sets its cookie.
func (g Gorilla) Save(w http.ResponseWriter, r *http.Request, v centra.Session) error {
	own, err := g.session(r)
	if err != nil {
		return err
	}
	if own.Values[key] = string(v); v == "" {
		own.Options.MaxAge = -1
	}
	return setOnce(w.Header(), g.Name, func() error { return own.Save(r, w) })
}

// SameSiteStrict says whether the cookie is missing on the click from an e-mail.
func (g Gorilla) SameSiteStrict() bool {
	own, err := g.session(&http.Request{Header: http.Header{}})
	return err == nil && own.Options.SameSite == http.SameSiteStrictMode
}

// session reads it anew, past the registry that gorilla keeps for a request:
// Visitors.Do asks in another goroutine than the handler's.
func (g Gorilla) session(r *http.Request) (*sessions.Session, error) {
	own, err := g.Store.New(r, g.Name)
	var unreadable securecookie.Error
	if errors.As(err, &unreadable) && unreadable.IsDecode() || errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return own, err
}
