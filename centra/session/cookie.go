package session

import (
	"cmp"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/centra-go/cartabandonment/centra"
)

// Cookie is a [Store] that keeps the session in a cookie of the visitor's
// browser. The zero value is ready to use and as strict as a cart link from an
// e-mail allows: a __Host- name, Secure, HttpOnly, SameSite=Lax, Path=/ and no
// Domain, so no script reads it and no other host, subdomains included, sets or
// receives it. It must not be changed after its first use.
//
// The value is the session itself. It is the visitor's own, and all that it
// opens is the visitor's cart; no signature would add to that.
type Cookie struct {
	// Name is the cookie's name without its prefix; "centra-session" by default.
	// [NewVisitors] refuses one that is none. Shops on one host, on whatever port,
	// need different names unless their carts are the same.
	Name string

	// MaxAge is how long the browser keeps the cookie after it was last saved;
	// 30 days by default, as long as Centra keeps a guest's cart.
	MaxAge time.Duration

	// Strict makes it SameSite=Strict: the browser then withholds it on the click
	// from an e-mail, and the visitor seems to have no cart. See Confirm in
	// package recovery before you set it.
	Strict bool

	// InsecurePlainHTTP leaves out Secure and the __Host- prefix, so that the
	// cookie works on http://localhost. Anybody on the network can read and set
	// such a cookie: for development only.
	InsecurePlainHTTP bool
}

// ErrDuplicateCookie says that a request has the cookie more than once. One of
// them was set by somebody else, and nothing tells which.
var ErrDuplicateCookie = errors.New("session: the session cookie was sent more than once")

// ErrUnstorable says that a session has characters that no cookie can carry.
var ErrUnstorable = errors.New("session: the session does not fit a cookie")

const (
	defaultCookieName = "centra-session"
	defaultMaxAge     = 30 * 24 * time.Hour
	maxCookieValue    = 2048
)

// check looks at what net/http and browsers would drop without a word.
func (c Cookie) check() error {
	if strings.HasPrefix(c.Name, "__") { // browsers give such names a meaning
		return errors.New("session: Cookie.Name must not begin with __: __Host- is added by itself")
	}
	if err := (&http.Cookie{Name: c.name()}).Valid(); err != nil {
		return errors.New("session: Cookie.Name has characters that the name of a cookie must not have")
	}
	return nil
}

func (c Cookie) name() string {
	switch {
	case c.InsecurePlainHTTP:
		return cmp.Or(c.Name, defaultCookieName)
	case c.Name == "":
		return "__Host-" + defaultCookieName
	}
	return "__Host-" + c.Name
}

// SameSiteStrict returns Strict; see [Visitors.Strict].
func (c Cookie) SameSiteStrict() bool { return c.Strict }

// Load returns the cookie's value, "" where there is none or it is one that Save
// would not have written, and [ErrDuplicateCookie] where there are several.
func (c Cookie) Load(r *http.Request) (centra.Session, error) {
	switch cookies := r.CookiesNamed(c.name()); {
	case len(cookies) > 1:
		return "", ErrDuplicateCookie
	case len(cookies) == 1 && storable(cookies[0].Value):
		return centra.Session(cookies[0].Value), nil
	}
	return "", nil
}

// Save sets the cookie, or deletes it for "". It fails with [ErrUnstorable],
// and leaves the cookie alone, for a session that does not fit a cookie.
func (c Cookie) Save(w http.ResponseWriter, _ *http.Request, s centra.Session) error {
	if s != "" && !storable(string(s)) {
		return ErrUnstorable
	}
	cookie := http.Cookie{
		Name: c.name(), Value: string(s), Path: "/",
		HttpOnly: true, Secure: !c.InsecurePlainHTTP, SameSite: http.SameSiteLaxMode,
	}
	if c.Strict {
		cookie.SameSite = http.SameSiteStrictMode
	}
	maxAge := c.MaxAge
	if maxAge <= 0 {
		maxAge = defaultMaxAge
	}
	if cookie.MaxAge = max(int(maxAge/time.Second), 1); s == "" {
		cookie.MaxAge = -1
	}
	dropSetCookie(w.Header(), cookie.Name)
	http.SetCookie(w, &cookie)
	return nil
}

// dropSetCookie takes back what an earlier Save of the same response said:
// browsers disagree about a cookie that is set twice.
func dropSetCookie(h http.Header, name string) {
	var kept []string
	for _, line := range h["Set-Cookie"] {
		if !strings.HasPrefix(line, name+"=") {
			kept = append(kept, line)
		}
	}
	if kept == nil {
		h.Del("Set-Cookie")
		return
	}
	h["Set-Cookie"] = kept
}

// storable reports whether s is a cookie-value of RFC 6265, of a sane length.
func storable(s string) bool {
	if s == "" || len(s) > maxCookieValue {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c > '~' || strings.IndexByte(`",;\`, c) >= 0 {
			return false
		}
	}
	return true
}
