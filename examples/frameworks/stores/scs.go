package stores

import (
	"context"
	"net/http"

	"github.com/alexedwards/scs/v2"

	"github.com/centra-go/cartabandonment/centra"
)

// SCS keeps it with alexedwards/scs, by a manager of its own. LoadAndSave is not
// needed, whether or not the shop has it for its own sessions.
type SCS struct{ own *scs.SessionManager }

// NewSCS returns the store beside the shop's sessions: with the same backend and
// the same kind of cookie, whose name has -centra at its end.
func NewSCS(shop *scs.SessionManager) SCS {
	own := scs.New()
	own.Store, own.Codec, own.HashTokenInStore = shop.Store, shop.Codec, shop.HashTokenInStore
	own.Cookie, own.Lifetime = shop.Cookie, lifetime
	own.Cookie.Name += "-centra"
	return SCS{own}
}

// Load returns what is in the session now, not when the request began.
func (s SCS) Load(r *http.Request) (centra.Session, error) {
	ctx, err := s.session(r)
	if err != nil {
		return "", err
	}
	return centra.Session(s.own.GetString(ctx, key)), nil
}

// Save writes the session at once, and sets its cookie.
func (s SCS) Save(w http.ResponseWriter, r *http.Request, v centra.Session) error {
	ctx, err := s.session(r)
	if err != nil {
		return err
	}
	s.own.Put(ctx, key, string(v))
	return setOnce(w.Header(), s.own.Cookie.Name, func() error {
		token, expiry, err := s.own.Commit(ctx)
		if err == nil {
			s.own.WriteSessionCookie(ctx, w, token, expiry)
		}
		return err
	})
}

// SameSiteStrict says whether the cookie is missing on the click from an e-mail.
func (s SCS) SameSiteStrict() bool { return s.own.Cookie.SameSite == http.SameSiteStrictMode }

func (s SCS) session(r *http.Request) (context.Context, error) {
	token := ""
	if cookie, err := r.Cookie(s.own.Cookie.Name); err == nil {
		token = cookie.Value
	}
	return s.own.Load(r.Context(), token)
}

// InSCS keeps it in the shop's own session, for a shop that has it there already.
// LoadAndSave has to be in front of all that speaks to Centra for a visitor, also
// of the handlers' Wrap: without it scs panics. The sessions must have no
// IdleTimeout, with which every page writes its visitor's session back.
type InSCS struct {
	Sessions *scs.SessionManager
	Key      string // where the shop keeps Centra's session
}

// Load returns what was in the session when the request began, or has been saved since.
func (s InSCS) Load(r *http.Request) (centra.Session, error) {
	return centra.Session(s.Sessions.GetString(r.Context(), s.Key)), nil
}

// Save writes the session at once, while the visitor's turn is held and an error
// can be told. LoadAndSave sets the cookie.
func (s InSCS) Save(_ http.ResponseWriter, r *http.Request, v centra.Session) error {
	s.Sessions.Put(r.Context(), s.Key, string(v))
	_, _, err := s.Sessions.Commit(r.Context())
	return err
}

// SameSiteStrict says whether the cookie is missing on the click from an e-mail.
func (s InSCS) SameSiteStrict() bool { return s.Sessions.Cookie.SameSite == http.SameSiteStrictMode }
