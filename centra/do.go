package centra

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// do is Do of either API.
func (c *client) do(ctx context.Context, r request, path string, in, out any) (_ Session, err error) {
	r.anyEndpoint = true
	r.prepare(path, in)
	x, err := c.send(ctx, r)
	defer x.end(&err)
	if err != nil {
		return x.session, err
	}
	if !success(x.status) {
		err := x.failure()
		var e *Error
		errors.As(err, &e)
		return e.Session, err
	}
	if x.response.Len() == 0 && out == nil {
		return x.session, nil
	}
	d := decoder{data: x.response.Bytes()}
	var found sighting
	top, err := decodeBody(&d, func(top *envelope) { found.member(&d, top) })
	if err != nil {
		e := x.invalidBody(err, top)
		return e.Session, e
	}
	cart := found.cart(len(top.errors) > 0)
	x.seen = cart.state
	session := x.next(Session(top.token))
	if len(top.errors) > 0 {
		e := x.refused(top)
		return e.Session, e
	}
	x.allAdded = cart.state == CartFilled && cart.quantity <= x.adds
	switch out := out.(type) {
	case nil:
	case *Selection: // whatever stands in its place in JSON otherwise, here it must be Centra's
		if err = x.into(out); err != nil {
			return session, err
		}
		if x.token == nil && session == "" && !x.noSession {
			session = Session(out.ID) // as after POST /selections
		}
		out.Session = session
	default:
		if json.Unmarshal(d.data, out) != nil {
			e := x.failed(x.unreadable(), "the body does not fit the type to decode into", nil)
			e.Session = session
			return session, e
		}
	}
	return session, nil
}

// prepare checks what the caller of Do wants to send.
func (r *request) prepare(path string, in any) {
	r.op = "Do"
	if !slices.Contains(methods, r.method) {
		r.refuse("the method must be one of "+strings.Join(methods, ", "), nil)
		return
	}
	r.op = r.method
	var ok bool
	if r.path, r.query, ok = splitPath(path); !ok {
		r.refuse("the path must begin with /, have no . or .. segments and be escaped", nil)
		return
	}
	r.op = endpoint(r.method, r.path)
	r.adds = added(r.method, r.path)
	if in == nil {
		return
	}
	var err error
	if r.body, err = json.Marshal(in); err != nil {
		r.refuse("the body cannot be written as JSON", nil)
	}
}

// added is how many items a call puts into a cart, as its path says:
// POST /items/{item}, or /items/{item}/quantity/{quantity}.
func added(method, path string) int {
	if method != http.MethodPost || !strings.HasPrefix(path, "/items/") {
		return 0
	}
	if _, number, ok := strings.Cut(path, "/quantity/"); ok {
		if quantity, err := strconv.Atoi(number); err == nil {
			return quantity
		}
	}
	return 1
}

// repeatableVerb reports whether a call with this method may be made twice, as
// far as the method says it.
func repeatableVerb(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPut:
		return true
	}
	return false
}

var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
}

// splitPath checks a caller's path, which may hold what came from a visitor: it
// must arrive at Centra as it is written here.
func splitPath(path string) (escaped, query string, ok bool) {
	escaped, query, _ = strings.Cut(path, "?")
	if !strings.HasPrefix(escaped, "/") || strings.HasPrefix(escaped, "//") || strings.Contains(path, "#") {
		return "", "", false
	}
	for i := range len(path) {
		if path[i] <= ' ' || path[i] > '~' {
			return "", "", false
		}
	}
	for segment := range strings.SplitSeq(escaped, "/") {
		plain, err := url.PathUnescape(segment)
		if err != nil || strings.Contains(plain, `\`) {
			return "", "", false
		}
		for part := range strings.SplitSeq(plain, "/") {
			if part == "." || part == ".." {
				return "", "", false
			}
		}
	}
	// net/url escapes anew what is only partly escaped, and loses a %2F.
	plain, _ := url.PathUnescape(escaped)
	u := url.URL{Path: plain, RawPath: escaped}
	return escaped, query, u.EscapedPath() == escaped || !strings.Contains(escaped, "%")
}

// endpoint names a call by the first segment of its path: an ID may follow.
func endpoint(method, path string) string {
	first, rest, _ := strings.Cut(path[1:], "/")
	if rest != "" {
		first += "/..."
	}
	return method + " /" + first
}
