package centra_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra"
)

func TestDoPaths(t *testing.T) {
	tests := []struct {
		name, path, op string
	}{
		{"one segment", "/countries", "GET /countries"},
		{"the root", "/", "GET /"},
		{"a trailing slash", "/countries/", "GET /countries"},
		{"more segments", "/items/1-1/quantity/2", "GET /items/..."},
		{"a query", "/products?limit=2&q=a%20b", "GET /products"},
		{"a query with slashes and dots", "/products?next=/../x", "GET /products"},
		{"an escaped slash", "/uri/jacket%2Fred", "GET /uri/..."},
		{"an escaped space and percent", "/uri/100%25%20wool", "GET /uri/..."},
		{"dots inside a segment", "/uri/a..b/...", "GET /uri/..."},
		{"escaped UTF-8", "/uri/%C3%A5", "GET /uri/..."},
		{"doubly escaped dots stay one segment", "/uri/%252e%252e", "GET /uri/..."},
		{"reserved characters", "/uri/a;b=c,d:e@f", "GET /uri/..."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rec := record(t, answer(404, `{}`))
			for prefix, c := range map[string]api{checkoutPath: newCheckout(t, rec.URL), shopPath: newShop(t, rec.URL)} {
				_, err := c.Do(t.Context(), centra.Session(cartID), http.MethodGet, test.path, nil, nil)
				if e := asError(t, err); e.Op != test.op {
					t.Errorf("op %q, want %q", e.Op, test.op)
				}
				all := rec.sent()
				if got, want := all[len(all)-1].Request, "GET "+prefix+test.path; got != want {
					t.Errorf("request %q, want %q", got, want)
				}
			}
		})
	}
}

func TestDoRefusesPaths(t *testing.T) {
	tests := []struct {
		name, path string
	}{
		{"empty", ""},
		{"relative", "countries"},
		{"another host", "https://evil.example/"},
		{"another host without a scheme", "//evil.example/"},
		{"query only", "?a=b"},
		{"parent", "/../secret"},
		{"parent at the end", "/a/.."},
		{"parent inside", "/a/../b"},
		{"here", "/./a"},
		{"escaped parent", "/%2e%2e/a"},
		{"half-escaped parent", "/.%2E/a"},
		{"parent with an escaped slash", "/..%2Fa"},
		{"parent behind an escaped slash", "/a%2f..%2fb"},
		{"parent at the end behind an escaped slash", "/a%2f.."},
		{"parent with an escaped backslash", "/..%5Ca"},
		{"backslash", `/a\b`},
		{"backslash parent", `/..\a`},
		{"fragment", "/a#b"},
		{"fragment in the query", "/a?b#c"},
		{"line break", "/a\r\nX-Evil: 1"},
		{"line break in the query", "/a?b=\nc"},
		{"NUL", "/a\x00"},
		{"space", "/a b"},
		{"not ASCII", "/å"},
		{"broken escape", "/a%zz"},
		{"half an escape", "/a%2"},
	}
	rec := record(t, answer(200, `{}`))
	clients := map[string]api{"checkout": newCheckout(t, rec.URL), "shop": newShop(t, rec.URL)}
	for _, test := range tests {
		for name, c := range clients {
			t.Run(name+"/"+test.name, func(t *testing.T) {
				session, err := c.Do(t.Context(), token, http.MethodGet, test.path, nil, nil)
				if e := asError(t, err); e.Attempts != 0 || e.Session != token || session != token {
					t.Errorf("%d attempts, session %v and %v, want none and the one given", e.Attempts, e.Session, session)
				}
				if strings.Contains(err.Error(), "evil") {
					t.Errorf("the error quotes the path: %v", err)
				}
			})
		}
	}
	if got := rec.sent(); len(got) != 0 {
		t.Errorf("requests were sent: %+v", got)
	}
}

// A character that net/url would escape by itself must not undo the caller's
// escapes elsewhere in the path: %2F would become a slash.
func TestDoKeepsEscapesBesideUnescapedCharacters(t *testing.T) {
	for _, path := range []string{"/uri/{a}%2Fb", `/uri/"a"%2Fb`, "/uri/a|b%2Fc", "/uri/[a]%2Fb"} {
		rec := record(t, answer(200, `{}`))
		_, err := newCheckout(t, rec.URL).Do(t.Context(), token, http.MethodGet, path, nil, nil)
		if got := rec.sent(); err == nil && !strings.Contains(got[0].Request, "%2F") {
			t.Errorf("%s was sent as %s", path, got[0].Request)
		}
	}
}

func TestDoMethods(t *testing.T) {
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} {
		rec := record(t, answer(200, `{"token":"rotated"}`))
		session, err := newCheckout(t, rec.URL).Do(t.Context(), token, method, "/items", nil, nil)
		want := centra.Session("rotated")
		if method == "HEAD" { // has no body
			want = token
		}
		if err != nil || string(session) != string(want) {
			t.Errorf("%s: session %v, error %v; want %v", method, session, err, want)
		}
		if got := rec.only(t).Request; got != method+" /api/checkout/52/items" {
			t.Errorf("%s was sent as %s", method, got)
		}
	}
	for _, method := range []string{"G ET", "GET\r\n", "gét"} {
		rec := record(t, answer(200, `{}`))
		_, err := newCheckout(t, rec.URL).Do(t.Context(), token, method, "/items", nil, nil)
		if err == nil || len(rec.sent()) != 0 || errors.Is(err, centra.ErrUnavailable) {
			t.Errorf("%q: error %v, %d requests; want an error that does not blame Centra", method, err, len(rec.sent()))
		}
	}
}

func TestDoResults(t *testing.T) {
	type country struct {
		Country string `json:"country"`
	}
	tests := []struct {
		name    string
		status  int
		body    string
		out     any
		want    any // what out holds afterwards
		kind    error
		session centra.Session
	}{
		{"no body and no out", 204, "", nil, nil, nil, token},
		{"no body but an out", 200, "", new(country), &country{}, centra.ErrInvalidResponse, token},
		{"an object", 200, `{"token":"new","country":"SE"}`, new(country), &country{"SE"}, nil, "new"},
		{"a list", 200, `[{"country":"SE"}]`, new([]country), &[]country{{"SE"}}, nil, token},
		{"a raw message", 200, `{"a": 1}`, new(json.RawMessage), rawMessage(`{"a": 1}`), nil, token},
		{"not looked at", 200, `{"token":"new","country":1}`, nil, nil, nil, "new"},
		{"another type", 200, `{"token":"new","country":1}`, new(country), &country{}, centra.ErrInvalidResponse, "new"},
		{"errors with 200", 200, `{"token":"new","errors":{"country":"no"}}`, new(country), &country{}, nil, "new"},
		{"an error", 400, `{"token":"new","errors":{"country":"no"}}`, new(country), &country{}, nil, "new"},
		{"not found, whatever it was", 404, `{"token":"new"}`, new(country), &country{}, nil, "new"},
		{"no such selection", 404, `{"token":"new","errors":{"selection":"not found"}}`, new(country), &country{}, centra.ErrSelectionNotFound, "new"},
		{"HTML", 200, `<html></html>`, nil, nil, centra.ErrInvalidResponse, token},
		{"HTML behind JSON", 200, `{"token":"new"}<html>`, nil, nil, centra.ErrInvalidResponse, "new"},
		{"truncated", 200, `{"token":"new","country":"S`, new(country), &country{}, centra.ErrInvalidResponse, "new"},
		{"truncated in the token", 200, `{"token":"ne`, new(country), &country{}, centra.ErrInvalidResponse, token},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rec := record(t, answer(test.status, test.body))
			session, err := newCheckout(t, rec.URL).Do(t.Context(), token, http.MethodGet, "/x", nil, test.out)
			fails := test.kind != nil || test.status >= 400 || strings.Contains(test.body, "errors")
			if (err != nil) != fails || !errors.Is(err, test.kind) && test.kind != nil {
				t.Errorf("error %v, want %v", err, test.kind)
			}
			if string(session) != string(test.session) {
				t.Errorf("session %q, want %q", string(session), string(test.session))
			}
			if fails && asError(t, err).Session != session {
				t.Errorf("the error has another session than Do returned")
			}
			if diff := cmp.Diff(test.want, test.out); diff != "" {
				t.Errorf("out (-want +got):\n%s", diff)
			}
		})
	}
}

func rawMessage(text string) *json.RawMessage {
	raw := json.RawMessage(text)
	return &raw
}

func TestDoIntoSelection(t *testing.T) {
	const shopCart = `{"selection":{"selection":"0123456789abcdef0123456789abcdef","items":[{"item":"1-1"}]}}`
	const checkoutCart = `{"token":"new","selection":{"items":[{"item":"1-1"}]}}`
	tests := []struct {
		name    string
		client  func(testing.TB, string) api
		body    string
		session centra.Session
		want    centra.Session
	}{
		{"checkout rotates", func(t testing.TB, u string) api { return newCheckout(t, u) }, checkoutCart, token, "new"},
		{"checkout starts", func(t testing.TB, u string) api { return newCheckout(t, u) }, checkoutCart, "", "new"},
		{"shop starts", func(t testing.TB, u string) api { return newShop(t, u) }, shopCart, "", "0123456789abcdef0123456789abcdef"},
		{"shop keeps", func(t testing.TB, u string) api { return newShop(t, u) }, shopCart,
			"0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rec := record(t, answer(200, test.body))
			var sel centra.Selection
			session, err := test.client(t, rec.URL).Do(t.Context(), test.session, http.MethodPost, "/selections", nil, &sel)
			if err != nil {
				t.Fatal(err)
			}
			if string(session) != string(test.want) || string(sel.Session) != string(test.want) {
				t.Errorf("session %q and %q, want %q", string(session), string(sel.Session), string(test.want))
			}
			if len(sel.Items) != 1 || string(sel.Raw()) != test.body {
				t.Errorf("%d items, raw %s", len(sel.Items), sel.Raw())
			}
		})
	}
}

// An answer without a session leaves nothing to keep: "none" would be taken for a
// session, and a session that came all the same would be another visitor's cart.
func TestDoWithNoSession(t *testing.T) {
	tests := []struct {
		name   string
		status int
		body   string
		fails  bool
	}{
		{"an answer", 200, `{"products":[]}`, false},
		{"an answer with a session", 200, `{"token":"new","products":[]}`, false},
		{"a failure", 400, `{"errors":{"x":"no"}}`, true},
		{"a failure with a session", 503, `{"token":"new"}`, true},
		{"HTML", 200, `{"token":"new"}<html>`, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec := record(t, answer(tt.status, tt.body))
			for name, c := range map[string]api{"checkout": newCheckout(t, rec.URL, quickRetries()), "shop": newShop(t, rec.URL, quickRetries())} {
				session, err := c.Do(t.Context(), centra.NoSession, http.MethodGet, "/products", nil, new(json.RawMessage))
				if session != "" || (err != nil) != tt.fails {
					t.Errorf("%s: session %q, error %v", name, string(session), err)
				}
				if err != nil && asError(t, err).Session != "" {
					t.Errorf("%s: the error has the session %q", name, string(asError(t, err).Session))
				}
			}
			for _, request := range rec.sent() {
				want := "none"
				if strings.Contains(request.Request, shopPath) {
					want = ""
				}
				if got := request.Header.Get("Api-Token"); got != want {
					t.Errorf("%s was sent with the token %q", request.Request, got)
				}
			}
		})
	}
	rec := record(t, answer(200, emptyCart))
	for _, call := range []call{readSelection, updateFields, attachSelection, startPayment, paymentResult} {
		wantKind(t, call(t.Context(), newCheckout(t, rec.URL), centra.NoSession), centra.ErrInvalidSession)
	}
	if n := len(rec.sent()); n != 0 {
		t.Errorf("%d calls about nobody's cart were sent", n)
	}
}
