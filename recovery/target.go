package recovery

import (
	"errors"
	"net/url"
	"slices"
	"strings"
)

// DefaultKeepParams are the parameters that mailers, ad networks and shops'
// analytics tell a campaign by. It returns a new slice, for adding to.
func DefaultKeepParams() []string {
	return []string{
		"utm_*", "gclid", "gbraid", "wbraid", "dclid", "fbclid", "msclkid", "ttclid", "twclid", "li_fat_id", "_kx",
	}
}

const (
	maxKeptParams = 20
	maxKeptBytes  = 2 << 10
)

// target is a place of the host's own configuration to send a visitor to.
type target struct {
	location string // without its fragment
	fragment string // with its #
	origin   string // "" on this site
	params   []string
}

// parseTarget accepts an absolute path and an absolute http or https URL, and
// nothing that a browser might read as something else.
func parseTarget(s string, link cartLink) (target, error) {
	var t target
	if s == "" {
		return t, errMissing
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' || s[i] == '\\' {
			return t, errors.New("must be a URL without spaces, backslashes, control characters" +
				" and unescaped letters beyond ASCII")
		}
	}
	u, err := url.Parse(s)
	if err != nil {
		return t, errors.New("is not a URL")
	}
	switch {
	case strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "//"):
	case (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil:
		t.origin = u.Scheme + "://" + u.Host
	default:
		return t, errors.New("must be an absolute path or an http or https URL")
	}
	if _, loop := link.match(u.EscapedPath()); loop && (t.origin == "" || t.origin == link.origin) {
		return t, errors.New("must not be a cart link itself")
	}
	t.location = s
	if i := strings.IndexByte(s, '#'); i >= 0 {
		t.location, t.fragment = s[:i], s[i:]
	}
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		name, _, _ := strings.Cut(pair, "=")
		if name, err := url.QueryUnescape(name); err == nil && name != "" {
			t.params = append(t.params, name)
		}
	}
	return t, nil
}

// with returns the target's URL with the campaign parameters of a link's query.
func (t target) with(rawQuery string, keep keepParams) string {
	if rawQuery == "" {
		return t.location + t.fragment
	}
	var b strings.Builder
	b.WriteString(t.location)
	separator := byte('?')
	if strings.IndexByte(t.location, '?') >= 0 {
		separator = '&'
	}
	kept, limit := 0, b.Len()+maxKeptBytes
	names := slices.Clip(t.params) // what append adds is this request's
	for pair := range strings.SplitSeq(rawQuery, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil || !keep.match(name) || slices.Contains(names, name) {
			continue
		}
		if value, err = url.QueryUnescape(value); err != nil {
			continue
		}
		// Escaped anew: what is kept is data, whatever it was.
		name, value = url.QueryEscape(name), url.QueryEscape(value)
		if kept == maxKeptParams || b.Len()+len(name)+len(value)+2 > limit {
			break
		}
		names = append(names, name)
		b.WriteByte(separator)
		b.WriteString(name)
		b.WriteByte('=')
		b.WriteString(value)
		separator = '&'
		kept++
	}
	b.WriteString(t.fragment)
	return b.String()
}

// keepParams are the names of Config.KeepParams.
type keepParams struct{ exact, prefixes []string }

func parseKeepParams(names []string) (keepParams, error) {
	var k keepParams
	if names == nil {
		names = DefaultKeepParams()
	}
	for _, name := range names {
		prefix, any := strings.CutSuffix(name, "*")
		switch {
		case prefix == "", strings.Contains(prefix, "*"):
			return k, errors.New("each must be a name, or the beginning of one and a *")
		case any:
			k.prefixes = append(k.prefixes, prefix)
		default:
			k.exact = append(k.exact, name)
		}
	}
	return k, nil
}

func (k keepParams) match(name string) bool {
	for _, prefix := range k.prefixes {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return slices.Contains(k.exact, name)
}
