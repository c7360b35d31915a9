package recovery

import (
	"cmp"
	"errors"
	"net/url"
	"strings"
)

const placeholder = "{selection}"

// cartLink is the path of a cart link, as the segments around the ID.
type cartLink struct {
	before, after []string // unescaped
	origin        string
	plainHTTP     bool
	pattern       string // for http.ServeMux
	disallow      string // for robots.txt
}

// parseCartLink never quotes the link in an error: somebody may have pasted one
// from an e-mail, with an ID in it.
func parseCartLink(link string) (cartLink, error) {
	if link == "" {
		return cartLink{}, errMissing
	}
	var l cartLink
	u, err := url.Parse(link)
	switch {
	case err != nil || u.Opaque != "":
		return cartLink{}, errors.New("is not a URL")
	case u.Scheme != "https" && u.Scheme != "http", u.Host == "":
		return cartLink{}, errors.New("must be an absolute https URL, as the mailing plugin needs it")
	case u.User != nil:
		return cartLink{}, errors.New("must not hold a user name")
	case strings.Contains(u.RawQuery, "selection}"):
		return cartLink{}, errors.New("the ID must be a segment of the path, not a query parameter:" +
			" analytics and logs keep those")
	}
	l.origin = u.Scheme + "://" + u.Host
	l.plainHTTP = u.Scheme == "http"

	// RawPath is as it was written: braces keep EscapedPath from being that.
	path := strings.TrimPrefix(cmp.Or(u.RawPath, u.EscapedPath()), "/")
	path, slash := strings.CutSuffix(path, "/")
	found := false
	for segment := range strings.SplitSeq(path, "/") {
		plain, err := url.PathUnescape(segment)
		switch {
		case err != nil:
			return cartLink{}, errors.New("the path is not escaped correctly")
		case plain == placeholder && found:
			return cartLink{}, errors.New("must hold {selection} once")
		case plain == placeholder:
			found = true
			l.disallow = l.pattern + "/"
			l.pattern += "/" + placeholder
			continue
		case plain == "", plain == ".", plain == "..", strings.ContainsAny(plain, `/\{}*$`):
			return cartLink{}, errors.New("the path must consist of plain segments and one whole segment {selection}")
		case found:
			l.after = append(l.after, plain)
		default:
			l.before = append(l.before, plain)
		}
		l.pattern += "/" + url.PathEscape(plain)
	}
	switch {
	case !found:
		return cartLink{}, errors.New("must hold {selection} as a segment of its path, where the mailing plugin puts the ID")
	case len(l.before)+len(l.after) == 0:
		return cartLink{}, errors.New("the path needs a segment beside {selection}," +
			" or every page of the shop would be a cart link")
	}
	if len(l.after) > 0 {
		l.disallow += "*" + strings.TrimPrefix(l.pattern, l.disallow+placeholder)
	}
	if slash {
		l.pattern += "/{$}"
	}
	return l, nil
}

// match returns the segment in place of the ID, still escaped: a real ID needs
// no escaping, so whatever is escaped is none. One trailing slash is let pass.
func (l *cartLink) match(escapedPath string) (id string, ok bool) {
	rest, ok := strings.CutPrefix(escapedPath, "/")
	if !ok || l.pattern == "" {
		return "", false
	}
	return l.matchFrom(0, rest)
}

// matchMounted also takes what http.StripPrefix leaves of the path: its end, from
// any segment before the ID on, with or without a slash in front.
func (l *cartLink) matchMounted(escapedPath string) (id string, ok bool) {
	rest := strings.TrimPrefix(escapedPath, "/")
	for first := range len(l.before) + 1 {
		if id, ok = l.matchFrom(first, rest); ok {
			return id, true
		}
	}
	return "", false
}

// matchFrom matches a path that begins with the segment first.
func (l *cartLink) matchFrom(first int, rest string) (id string, ok bool) {
	for _, want := range l.before[first:] {
		var segment string
		if segment, rest, ok = strings.Cut(rest, "/"); !ok || !sameSegment(segment, want) {
			return "", false
		}
	}
	id, rest, ok = strings.Cut(rest, "/")
	for _, want := range l.after {
		var segment string
		if !ok {
			return "", false
		}
		if segment, rest, ok = strings.Cut(rest, "/"); !sameSegment(segment, want) {
			return "", false
		}
	}
	return id, id != "" && rest == ""
}

// sameSegment compares as http.ServeMux does, after unescaping.
func sameSegment(escaped, want string) bool {
	if escaped == want {
		return true
	}
	if strings.IndexByte(escaped, '%') < 0 {
		return false
	}
	plain, err := url.PathUnescape(escaped)
	return err == nil && plain == want
}
