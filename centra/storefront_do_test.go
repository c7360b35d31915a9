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

func TestStorefrontDoResults(t *testing.T) {
	type data struct {
		Countries []struct{ Code string }
	}
	countries := `{"data":{"countries":[{"code":"SE"}]},` + withToken + `}`
	tests := []struct {
		name    string
		body    string
		out     any
		want    any
		fails   bool
		kind    error
		session centra.Session
	}{
		{"data", countries, new(data), &data{[]struct{ Code string }{{"SE"}}}, false, nil, newToken},
		{"raw data", countries, new(json.RawMessage), rawMessage(`{"countries":[{"code":"SE"}]}`), false, nil, newToken},
		{"not looked at", countries, nil, nil, false, nil, newToken},
		{"another type", `{"data":{"countries":1},` + withToken + `}`, new(data), &data{}, true, centra.ErrInvalidResponse, newToken},
		{"no data", `{"data":null}`, new(data), &data{}, true, centra.ErrInvalidResponse, token},
		{"errors", failing("null", "Captcha", "x"), new(data), &data{}, true, nil, token},
		{"refused", `{"data":{"x":{"userErrors":[{"message":"No","path":["item"]}]},"countries":[{"code":"SE"}]}}`, new(data),
			&data{[]struct{ Code string }{{"SE"}}}, true, nil, token},
		{"HTML", `<html>`, new(data), &data{}, true, centra.ErrInvalidResponse, token},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rec := record(t, answer(200, test.body))
			got, err := newStorefront(t, rec.URL).Do(t.Context(), token, http.MethodGet, `{ countries { code } }`, nil, test.out)
			if (err != nil) != test.fails || test.kind != nil && !errors.Is(err, test.kind) {
				t.Errorf("error %v, want %v", err, test.kind)
			}
			if got != test.session {
				t.Errorf("session %q, want %q", string(got), string(test.session))
			}
			if err != nil && asError(t, err).Session != got {
				t.Error("the error has another session than Do returned")
			}
			if diff := cmp.Diff(test.want, test.out); diff != "" {
				t.Errorf("out (-want +got):\n%s", diff)
			}
		})
	}
}

// A *Selection is filled from a cart wherever it stands, and left alone where
// there is none.
func TestStorefrontDoIntoSelection(t *testing.T) {
	before := centra.Selection{Currency: "before"}
	tests := []struct {
		name, body string
		fails      bool
	}{
		{"a query", readCartAnswer(storedCart), false},
		{"a mutation", changed("addItem", storedCart), false},
		{"the last of two", `{"data":{"a":{"selection":` + nothingInIt + `},"b":{"selection":` + storedCart + `}}}`, false},
		{"beside refusals", refusing("addItem", `{"message":"x"}`), false},
		{"null", changed("addItem", "null"), true},
		{"null beside refusals", `{"data":{"addItem":{"selection":null,"userErrors":[{"message":"x","path":["item"]}]}}}`, true},
		{"without its lines", changed("addItem", `{"id":"`+storefrontCart+`"}`), true},
		{"no cart", `{"data":{"addItem":{"userErrors":[]}}}`, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rec := record(t, answer(200, test.body))
			sel := before
			_, err := newStorefront(t, rec.URL).Do(t.Context(), token, http.MethodPut, `mutation x { x }`, nil, &sel)
			if test.fails {
				if test.name == "null beside refusals" {
					if asError(t, err).Fields["item"] != "x" {
						t.Errorf("error %v is not the refusal", err)
					}
				} else {
					wantKind(t, err, centra.ErrInvalidResponse)
				}
				if diff := cmp.Diff(before, sel, unexported); diff != "" {
					t.Errorf("changed (-before +after):\n%s", diff)
				}
				return
			}
			if (err != nil) != (test.name == "beside refusals") {
				t.Error(err)
			}
			if sel.ID != storefrontCart || len(sel.Items) != 1 || sel.Session != token || string(sel.Raw()) != test.body {
				t.Errorf("cart %v, raw %s", sel, sel.Raw())
			}
		})
	}
}

func TestStorefrontDoDocuments(t *testing.T) {
	tests := []struct {
		name, method, document string
		in                     any
		op                     string
		fragments              string // that are added
	}{
		{"a query without a name", "GET", `{ countries { code } }`, nil, "query", ""},
		{"a query with one", "GET", "\n query countries { countries { code } }", nil, "query countries", ""},
		{"close together", "GET", `query{countries{code}}`, nil, "query", ""},
		{"arguments", "PUT", `mutation setLanguage($code: String!) { x }`, map[string]any{"code": "sv"}, "mutation setLanguage", ""},
		{"a name that looks like an ID", "PUT", `mutation m4711 { x }`, nil, "mutation", ""},
		{"a name that is too long", "PUT", `mutation ` + strings.Repeat("m", 41) + ` { x }`, nil, "mutation", ""},
		{"a cart", "GET", `{ selection { ...shown } }`, nil, "query", "cart line shown"},
		{"an answer", "POST", `mutation x { x { ...answered } }`, nil, "mutation x", "answered cart line refusal refusals shown"},
		{"fragments of one's own", "POST", `mutation x { x { ...answered } } fragment answered on Y { selection { ...shown } } fragment shown on Z { id }`, nil,
			"mutation x", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rec := record(t, answer(500, `{}`))
			_, err := newStorefront(t, rec.URL, centra.WithRetry(centra.Retry{})).Do(t.Context(), token, test.method, test.document, test.in, nil)
			if e := asError(t, err); e.Op != test.op {
				t.Errorf("op %q, want %q", e.Op, test.op)
			}
			var body struct{ Query string }
			if err := json.Unmarshal([]byte(rec.only(t).Body), &body); err != nil {
				t.Fatal(err)
			}
			added, whole := strings.CutPrefix(body.Query, test.document)
			if !whole {
				t.Errorf("sent %s", body.Query)
			}
			for name := range strings.FieldsSeq(test.fragments) {
				if strings.Count(added, "fragment "+name+" on ") != 1 {
					t.Errorf("fragment %s is not added once in %s", name, added)
				}
			}
			if want := len(strings.Fields(test.fragments)); strings.Count(added, "fragment ") != want {
				t.Errorf("added %s", added)
			}
		})
	}
	t.Run("by its class", func(t *testing.T) {
		for method, want := range map[string]int{"GET": 3, "PUT": 3, "POST": 1} {
			rec := record(t, answer(503, ``))
			_, err := newStorefront(t, rec.URL, quickRetries()).Do(t.Context(), token, method, `mutation x { x }`, nil, nil)
			if len(rec.sent()) != want || err == nil {
				t.Errorf("%s: sent %d times, want %d", method, len(rec.sent()), want)
			}
		}
	})
}

func TestStorefrontDoRefuses(t *testing.T) {
	tests := []struct {
		name, method, document string
		in                     any
	}{
		{"a path", "GET", "/selection", nil},
		{"nothing", "GET", "", nil},
		{"a subscription", "GET", "subscription x { x }", nil},
		{"a method of another class", "DELETE", "{ x }", nil},
		{"variables that are no object", "GET", "{ x }", []int{1}},
		{"variables that are no JSON", "GET", "{ x }", json.RawMessage(canaryEmail)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rec := record(t, answer(200, `{}`))
			got, err := newStorefront(t, rec.URL).Do(t.Context(), token, test.method, test.document, test.in, nil)
			if e := asError(t, err); e.Attempts != 0 || e.Session != token || got != token || len(rec.sent()) != 0 {
				t.Errorf("error %v after %d calls, session %q", err, len(rec.sent()), string(got))
			}
		})
	}
	t.Run("no session is not kept", func(t *testing.T) {
		rec := record(t, answer(200, `{"data":{"x":1},`+withToken+`}`))
		got, err := newStorefront(t, rec.URL).Do(t.Context(), centra.NoSession, http.MethodGet, `{ x }`, nil, nil)
		if err != nil || got != "" {
			t.Errorf("%q, %v", string(got), err)
		}
		if _, err := newStorefront(t, rec.URL).Selection(t.Context(), centra.NoSession); !errors.Is(err, centra.ErrInvalidSession) {
			t.Errorf("Selection: %v", err)
		}
	})
}
