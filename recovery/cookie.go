package recovery

import (
	"errors"
	"net/http"
	"slices"
	"strings"
)

// markCookie carries the mark. Every handler of a shop has its own.
type markCookie struct {
	name   string // with its prefix
	secure bool
}

const (
	hostPrefix        = "__Host-"
	defaultCookieName = "centra-recovered-" // and the link's path

	// markMaxAge is as long as Centra keeps a guest's cart, in seconds.
	markMaxAge = 30 * 24 * 60 * 60
)

// parseCookieName returns the cookie for Config.CookieName.
func parseCookieName(name string, link cartLink, plainHTTP bool) (markCookie, error) {
	if name == "" {
		name = defaultCookieName + link.name()
	}
	switch {
	case strings.HasPrefix(strings.ToLower(name), "__"): // browsers give such names a meaning
		return markCookie{}, errors.New("must not begin with __: __Host- is added by itself")
	case strings.ContainsFunc(name, func(c rune) bool { return !isTokenChar(c) }):
		return markCookie{}, errors.New("has characters that the name of a cookie must not have")
	case !plainHTTP:
		name = hostPrefix + name
	}
	return markCookie{name: name, secure: !plainHTTP}, nil
}

func isTokenChar(c rune) bool {
	return c > ' ' && c <= '~' && !strings.ContainsRune(`()<>@,;:\"/[]?={}`, c)
}

// name is the path of the link as a cookie's name can hold it, a different one
// for every path: segments with dots between, a * where the ID is not the last.
func (l *cartLink) name() string {
	segments := slices.Clone(l.before)
	if len(l.after) > 0 {
		segments = append(append(segments, "*"), l.after...)
	}
	const upperhex = "0123456789ABCDEF"
	var b strings.Builder
	for i, segment := range segments {
		if i > 0 {
			b.WriteByte('.')
		}
		for _, c := range []byte(segment) {
			switch {
			case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_',
				c == '*' && segment == "*":
				b.WriteByte(c)
			default:
				b.Write([]byte{'%', upperhex[c>>4], upperhex[c&15]})
			}
		}
	}
	return b.String()
}

func (c markCookie) set(w http.ResponseWriter, m mark) { c.write(w, string(m), markMaxAge) }

func (c markCookie) forget(w http.ResponseWriter) { c.write(w, "", -1) }

func (c markCookie) write(w http.ResponseWriter, value string, maxAge int) {
	c.unset(w)
	http.SetCookie(w, &http.Cookie{
		Name: c.name, Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: c.secure, SameSite: http.SameSiteLaxMode,
	})
}

// unset takes back what the response said before: browsers disagree about a
// cookie that is set twice.
func (c markCookie) unset(w http.ResponseWriter) {
	h := w.Header()
	if !slices.ContainsFunc(h["Set-Cookie"], c.sets) {
		return
	}
	kept := slices.DeleteFunc(slices.Clone(h["Set-Cookie"]), c.sets)
	if h["Set-Cookie"] = kept; len(kept) == 0 {
		h.Del("Set-Cookie")
	}
}

func (c markCookie) sets(line string) bool {
	rest, ok := strings.CutPrefix(line, c.name)
	return ok && strings.HasPrefix(rest, "=")
}

// sent returns the marks that the browser sent.
func (c markCookie) sent(r *http.Request) (marks []mark) {
	if !slices.ContainsFunc(r.Header["Cookie"], func(line string) bool { return strings.Contains(line, c.name) }) {
		return nil // as nearly always
	}
	for _, cookie := range r.CookiesNamed(c.name) {
		// What is remembered of it must not be the request's memory, which some servers, such
		// as fasthttp, use again.
		if m, ok := parseMark(strings.Clone(cookie.Value)); ok {
			marks = append(marks, m)
		}
	}
	return marks
}
