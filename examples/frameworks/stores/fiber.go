package stores

import (
	"cmp"
	"context"
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/adaptor"
	fibersession "github.com/gofiber/fiber/v3/middleware/session"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
)

// Fiber keeps it in the storage of fiber's session middleware. The middleware
// itself is not needed, whether or not the shop has it for its own sessions.
type Fiber struct {
	// Sessions are the shop's, as session.NewWithStore returns them. The cookie is
	// of the same kind, and named centra.
	Sessions *fibersession.Store
}

// Load returns what is in the storage now.
func (f Fiber) Load(r *http.Request) (centra.Session, error) {
	cookie, err := r.Cookie(key)
	if err != nil {
		return "", nil
	}
	b, err := f.Sessions.Storage.GetWithContext(r.Context(), f.record(cookie.Value))
	return centra.Session(b), err
}

// Save writes to the storage, and sets the cookie. A cookie that names nothing
// in the storage is replaced: it may be somebody else's choice.
func (f Fiber) Save(w http.ResponseWriter, r *http.Request, v centra.Session) error {
	had, err := f.Load(r)
	if err != nil {
		return err
	}
	cookie := &http.Cookie{
		Name: key, Value: f.Sessions.KeyGenerator(),
		Path: cmp.Or(f.Sessions.CookiePath, "/"), Domain: f.Sessions.CookieDomain,
		MaxAge: int(lifetime.Seconds()), Secure: f.Sessions.CookieSecure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	if f.SameSiteStrict() {
		cookie.SameSite = http.SameSiteStrictMode
	}
	if sent, err := r.Cookie(key); err == nil && had != "" {
		cookie.Value = sent.Value
	}
	if v == "" {
		cookie.MaxAge = -1
		err = f.Sessions.Storage.DeleteWithContext(r.Context(), f.record(cookie.Value))
	} else {
		err = f.Sessions.Storage.SetWithContext(r.Context(), f.record(cookie.Value), []byte(v), lifetime)
	}
	if err != nil {
		return err
	}
	return setOnce(w.Header(), key, func() error { http.SetCookie(w, cookie); return nil })
}

// SameSiteStrict says whether the cookie is missing on the click from an e-mail.
func (f Fiber) SameSiteStrict() bool {
	return strings.EqualFold(f.Sessions.CookieSameSite, fiber.CookieSameSiteStrictMode)
}

func (f Fiber) record(id string) string { return key + "-" + id }

// FiberHandler is h for fiber. The request that h gets has memory and a context of
// its own, those of fiber's user: fasthttp uses the rest again for the next request.
func FiberHandler(h http.Handler) fiber.Handler {
	return func(c fiber.Ctx) error {
		r, err := request(c)
		if err != nil {
			return fiber.ErrBadRequest
		}
		return adaptor.HTTPHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { h.ServeHTTP(w, r) }))(c)
	}
}

// FiberDo is [session.Visitors.Do] in a handler of fiber. call may outlive c: take
// out before what it needs, by strings.Clone.
func FiberDo(c fiber.Ctx, visitors *session.Visitors,
	call func(context.Context, centra.Session) (centra.Session, error)) (err error) {
	failed := FiberHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err = visitors.Do(w, r, call)
	}))(c)
	if failed != nil {
		return failed
	}
	return err
}

func request(c fiber.Ctx) (*http.Request, error) {
	theirs, err := adaptor.ConvertRequest(c, true)
	if err != nil {
		return nil, err
	}
	target := strings.Clone(theirs.RequestURI)
	r, err := http.NewRequestWithContext(c.Context(), strings.Clone(theirs.Method), target, theirs.Body)
	if err != nil {
		return nil, err
	}
	r.RequestURI, r.Host, r.RemoteAddr = target, strings.Clone(theirs.Host), theirs.RemoteAddr
	r.ContentLength, r.TLS = theirs.ContentLength, theirs.TLS
	for name, values := range theirs.Header {
		r.Header.Set(strings.Clone(name), strings.Clone(values[0]))
	}
	return r, nil
}
