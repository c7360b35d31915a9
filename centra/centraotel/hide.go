package centraotel

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/centra-go/cartabandonment/recovery"
)

// HideCartLink returns shop within what instrument puts around it, for
// instrumentation that records the path of requests, such as package otelhttp's.
// Where the path is that of a cart link, or looks like one, instrument sees
// "/abandoned-cart/{selection}" and no query, in the URL and in RequestURI. The shop
// sees the request as it came; its r.Pattern reaches instrument. Put it around
// everything else that looks at requests.
func HideCartLink(
	instrument func(http.Handler) http.Handler, shop http.Handler, links ...*recovery.Handler,
) http.Handler {
	var hiders []hider
	for _, link := range links {
		hiders = append(hiders, newHider(link.Pattern()))
	}
	instrumented := instrument(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		came, hidden := r.Context().Value(cameKey{}).(*http.Request)
		if !hidden {
			shop.ServeHTTP(w, r)
			return
		}
		whole := r.WithContext(r.Context())
		whole.URL, whole.RequestURI = came.URL, came.RequestURI
		defer func() { r.Pattern, came.Pattern = whole.Pattern, whole.Pattern }()
		shop.ServeHTTP(w, whole)
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, h := range hiders {
			if path, found := h.hide(r.URL.Path); found {
				shown := r.WithContext(context.WithValue(r.Context(), cameKey{}, r))
				shown.URL = &url.URL{Scheme: r.URL.Scheme, Host: r.URL.Host, Path: path}
				shown.RequestURI = path
				r = shown
				break
			}
		}
		instrumented.ServeHTTP(w, r)
	})
}

type cameKey struct{}

// hider knows where the ID stands in the path of a cart link: behind a segment, or
// if none is before it in front of one. A path that has this segment anywhere is
// hidden from there on, whatever else is wrong with it.
type hider struct {
	segment string
	before  bool // the ID comes before the segment
}

const placeholder = "{selection}"

func newHider(pattern string) hider {
	before, after, _ := strings.Cut(pattern, placeholder)
	literals := segments(before)
	if len(literals) > 0 {
		return hider{segment: unescaped(literals[len(literals)-1])}
	}
	return hider{segment: unescaped(segments(after)[0]), before: true}
}

func (h hider) hide(path string) (shown string, found bool) {
	parts := segments(path)
	is := func(part string) bool { return strings.EqualFold(part, h.segment) }
	if h.before {
		found = len(parts) > 1 && slices.ContainsFunc(parts[1:], is)
		return "/" + placeholder + "/" + h.segment, found
	}
	i := slices.IndexFunc(parts, is)
	if i < 0 || i == len(parts)-1 {
		return "", false
	}
	return "/" + strings.Join(append(parts[:i:i], h.segment, placeholder), "/"), true
}

func segments(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r == '/' || r == '\\' })
}

func unescaped(segment string) string {
	if plain, err := url.PathUnescape(segment); err == nil {
		return plain
	}
	return segment
}
