package centra_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra"
)

// failing is an answer of errors, each a message and where it happened.
func failing(data string, messagesAndPaths ...string) string {
	var all []string
	for i := 0; i < len(messagesAndPaths); i += 2 {
		path := ""
		if messagesAndPaths[i+1] != "" {
			path = `,"path":["` + strings.ReplaceAll(messagesAndPaths[i+1], ".", `","`) + `"]`
		}
		all = append(all, `{"message":"`+messagesAndPaths[i]+`"`+path+`}`)
	}
	return `{"data":` + data + `,"errors":[` + strings.Join(all, ",") + `]}`
}

// errNoKind stands for an error of none of the kinds.
var errNoKind = errors.New("refused")

// What Centra's errors mean, for a read, a change, and what must not be sent
// twice. An expired session and the plugin's refused token are other tests.
func TestStorefrontErrors(t *testing.T) {
	same := func(kind error) [3]error { return [3]error{kind, kind, kind} }
	tests := []struct {
		name   string
		status int
		body   string
		want   [3]error
	}{
		{"a limit", 200, failing("null", "Too many requests", ""), same(centra.ErrRateLimited)},
		{"a limit by status", 429, `{}`, same(centra.ErrRateLimited)},
		{"a fault within Centra", 200, failing("null", "Internal server error", "x"),
			[3]error{centra.ErrUnavailable, centra.ErrUnavailable, centra.ErrOutcomeUnknown}},
		{"a fault with its status", 500, failing("null", "Oops", "x"), [3]error{centra.ErrUnavailable, centra.ErrUnavailable, centra.ErrOutcomeUnknown}},
		{"a fault of a server's own", 200, failing("null", "internal system error", "x"),
			[3]error{centra.ErrUnavailable, centra.ErrUnavailable, centra.ErrOutcomeUnknown}},
		{"a part of the answer to what was carried out", 200, failing("null", "Product is gone", "x.selection"),
			[3]error{errNoKind, errNoKind, centra.ErrOutcomeUnknown}},
		{"no right to a part of it", 200, failing("null", "Forbidden", "x.selection.checkout"),
			[3]error{centra.ErrUnauthorized, centra.ErrUnauthorized, centra.ErrOutcomeUnknown}},
		{"a variable that is refused", 200, failing("null", "must be defined", "variable.input.country"), same(errNoKind)},
		{"not now", 200, failing("null", "Please try again later", "x"),
			[3]error{centra.ErrUnavailable, centra.ErrUnavailable, centra.ErrOutcomeUnknown}},
		{"no right to a field", 200, failing("null", "Forbidden", "x"), same(centra.ErrUnauthorized)},
		{"the cart is not there", 200, failing("null", "Selection not found", ""), same(centra.ErrSelectionNotFound)},
		{"the cart is not there, by its path", 200, failing("null", "Not found", "selection"), same(centra.ErrSelectionNotFound)},
		{"something else is not there", 200, failing("null", "Country not found", "x"), same(errNoKind)},
		{"a document that is not understood", 200, failing("null", "Cannot query field a on type B", ""), same(centra.ErrInvalidResponse)},
		{"the same with 400", 400, `{"errors":[{"message":"Syntax Error"}]}`, same(centra.ErrInvalidResponse)},
		{"a refusal of words", 200, failing("null", "Captcha verification failed", "x"), same(errNoKind)},
		{"an error without words", 200, `{"data":null,"errors":[{}]}`, same(centra.ErrInvalidResponse)},
		{"errors that are none", 200, `{"data":null,"errors":["x",null]}`, same(centra.ErrInvalidResponse)},
		{"data of something else", 200, `{"data":{"x":{"y":1}}}`, [3]error{centra.ErrInvalidResponse, centra.ErrInvalidResponse, centra.ErrOutcomeUnknown}},
		{"a cart without its lines", 200, `{"data":{"selection":{"id":"1"}}}`,
			[3]error{centra.ErrInvalidResponse, centra.ErrInvalidResponse, centra.ErrOutcomeUnknown}},
		{"a product of the world", 200, failing("null", "Not available internationally", "x"), same(errNoKind)},
		{"no data and no errors", 200, `{"data":null}`, [3]error{centra.ErrInvalidResponse, centra.ErrInvalidResponse, centra.ErrOutcomeUnknown}},
		{"nothing", 200, `{}`, [3]error{centra.ErrInvalidResponse, centra.ErrInvalidResponse, centra.ErrOutcomeUnknown}},
		{"a list", 200, `[]`, [3]error{centra.ErrInvalidResponse, centra.ErrInvalidResponse, centra.ErrOutcomeUnknown}},
		{"another endpoint", 404, `<html>not found</html>`, same(centra.ErrInvalidResponse)},
		{"another API", 404, `{"errors":{"selection":"not found"}}`, same(centra.ErrInvalidResponse)},
		{"not allowed", 403, `<html></html>`, same(centra.ErrUnauthorized)},
		{"down", 503, ``, [3]error{centra.ErrUnavailable, centra.ErrUnavailable, centra.ErrOutcomeUnknown}},
		{"moved", 301, readCartAnswer(storedCart), same(centra.ErrInvalidResponse)},
		{"data with a status that says no", 400, readCartAnswer(storedCart), same(centra.ErrInvalidResponse)},
	}
	calls := []struct {
		name string
		call call
	}{{"read", readSelection}, {"change", storeCountry}, {"once", paymentResult}}
	for _, test := range tests {
		for i, method := range calls {
			t.Run(test.name+"/"+method.name, func(t *testing.T) {
				rec := record(t, answer(test.status, test.body))
				err := method.call(t.Context(), newStorefront(t, rec.URL, quickRetries(), centra.WithPartialAddress()), token)
				e := asError(t, err)
				for _, kind := range kinds {
					if is := errors.Is(err, kind); is != errors.Is(test.want[i], kind) {
						t.Errorf("errors.Is(%q, %q) is %v", err, kind, is)
					}
				}
				if e.Session != token || e.StatusCode != test.status {
					t.Errorf("session %q, status %d", string(e.Session), e.StatusCode)
				}
			})
		}
	}
}

// storeCountry is a change of one call to Centra, for a client WithPartialAddress.
var storeCountry call = func(ctx context.Context, c api, s centra.Session) error {
	_, err := c.UpdateFields(ctx, s, centra.Fields{Address: &centra.Address{Country: "SE"}})
	return err
}

func TestStorefrontUserErrors(t *testing.T) {
	const soldOut = `{"__typename":"UnavailableItem","message":"Gone","path":null,"originalQuantity":3,"availableQuantity":1,"unavailableQuantity":2,` +
		`"item":{"id":"2-1"},"displayItem":{"id":2}}`
	tests := []struct {
		name       string
		userErrors string
		fields     map[string]string
		messages   []string
		items      []centra.UnavailableItem
	}{
		{"one field", `{"__typename":"UserErrorBase","message":"Invalid zip code","path":["shippingAddress","zipCode"]}`,
			map[string]string{"shippingAddress.zipCode": "Invalid zip code"}, []string{"Invalid zip code"}, nil},
		{"two fields, one of them twice", `{"message":"A","path":["a"]},{"message":"B","path":["b"]},{"message":"C","path":["a"]}`,
			map[string]string{"a": "A", "b": "B"}, []string{"A", "B", "C"}, nil},
		{"no field", `{"__typename":"TomorrowsError","message":"No","path":null}`, nil, []string{"No"}, nil},
		{"stock", soldOut, nil, nil, []centra.UnavailableItem{{Item: "2-1", Product: "2", OriginalQuantity: 3, Available: 1, Unavailable: 2}}},
		{"stock and a field", soldOut + `,{"message":"A","path":["a"]}`, map[string]string{"a": "A"}, []string{"A"},
			[]centra.UnavailableItem{{Item: "2-1", Product: "2", OriginalQuantity: 3, Available: 1, Unavailable: 2}}},
		{"of a type of tomorrow", `{"__typename":"TomorrowsError","message":"A","path":["a"],"tomorrow":{"x":1}}`,
			map[string]string{"a": "A"}, []string{"A"}, nil},
		{"stock of what is deleted", `{"__typename":"UnavailableItem","message":"Gone","item":null,"displayItem":null}`, nil, nil, []centra.UnavailableItem{{}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			body := strings.TrimSuffix(refusing("setAddress", test.userErrors), "}") + "," + withToken + "}"
			g := storefrontServer(t, map[string][]string{"setAddress": {body}})
			err := storeCountry(t.Context(), newStorefront(t, g.URL, centra.WithPartialAddress()), token)
			e := asError(t, err)
			if e.Kind != nil || e.Session != newToken {
				t.Errorf("kind %v, session %q", e.Kind, string(e.Session))
			}
			if diff := cmp.Diff(test.fields, e.Fields); diff != "" {
				t.Errorf("fields (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.messages, e.Messages); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
			outOfStock, is := as[*centra.OutOfStockError](err)
			if is != (test.items != nil) {
				t.Fatalf("out of stock is %v", is)
			}
			if !is {
				return
			}
			if diff := cmp.Diff(test.items, outOfStock.Items); diff != "" {
				t.Errorf("items (-want +got):\n%s", diff)
			}
			if sel := outOfStock.Selection; sel == nil || sel.ID != storefrontCart || sel.Session != newToken {
				t.Errorf("the last valid cart is %v", sel)
			}
		})
	}
	t.Run("of the event before the address", func(t *testing.T) {
		g := storefrontServer(t, map[string][]string{"handleWidgetEventAndSetAddress": {
			`{"data":{"handleWidgetEvent":{"userErrors":[{"message":"A","path":["a"]}]},"setAddress":{"selection":` + storedCart + `,"userErrors":[]}}}`,
		}})
		_, err := newStorefront(t, g.URL, centra.WithPartialAddress()).UpdateFields(t.Context(), token,
			centra.Fields{Email: "a@b.se", Extra: map[string]any{"country": "SE"}})
		if e := asError(t, err); e.Fields["a"] != "A" {
			t.Errorf("error %v, fields %v", err, e.Fields)
		}
	})
}

// The body of a redirect is not Centra's, whatever it says.
func TestStorefrontRedirect(t *testing.T) {
	for _, body := range []string{
		strings.TrimSuffix(unauthorized, "}") + "," + withToken + "}",
		`{"data":{"selection":` + storedCart + `},` + withToken + `}`,
	} {
		rec := record(t, answer(302, body))
		_, err := newStorefront(t, rec.URL).Selection(t.Context(), token)
		wantKind(t, err, centra.ErrInvalidResponse)
		if got := asError(t, err).Session; got != token || len(rec.sent()) != 1 {
			t.Errorf("session %q after %d calls", string(got), len(rec.sent()))
		}
	}
}

// Parts of a cart that Centra could not read do not lose the rest.
func TestStorefrontPartialCart(t *testing.T) {
	missing := `{"id":"` + storefrontCart + `","lines":[null,` + oneLine + `]}`
	tests := []struct {
		name, body string
		items      int // -1: an error
	}{
		{"a line", failing(`{"selection":`+missing+`}`, "Internal server error", "selection.lines.0"), 1},
		{"the checkout", failing(`{"selection":`+missing+`}`, "x", "selection.checkout.totals", "y", "selection.lines.0"), 1},
		{"a line and something else", failing(`{"selection":`+missing+`}`, "x", "selection.lines.0", "y", "order"), -1},
		{"the cart itself", failing(`{"selection":null}`, "x", "selection"), -1},
		{"the cart itself, though it is there", failing(`{"selection":`+missing+`}`, "x", "selection"), -1},
		{"no path", failing(`{"selection":`+missing+`}`, "x", ""), -1},
		{"a line that is none", `{"data":{"selection":{"id":"1","lines":["x"]}}}`, -1},
		{"no cart", `{"data":{"selection":null}}`, -1},
		{"another type", `{"data":{"selection":"` + storefrontCart + `"}}`, -1},
		{"lines that are null", `{"data":{"selection":{"id":"1","lines":null}}}`, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rec := record(t, answer(200, test.body))
			sel, err := newStorefront(t, rec.URL).Selection(t.Context(), token)
			if test.items < 0 {
				if sel != nil || err == nil {
					t.Errorf("%v, %v; want an error", sel, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(sel.Items) != test.items || slices.Contains(sel.Items, centra.Item{}) {
				t.Errorf("items %+v", sel.Items)
			}
		})
	}
}

// A recovered cart is the cart itself with something in it, or none at all.
func TestStorefrontAttachSelection(t *testing.T) {
	attached := func(cart, userErrors string) string {
		return `{"data":{"setSelection":{"selection":` + cart + `,"userErrors":[` + userErrors + `]}}}`
	}
	const gone = `{"__typename":"UserErrorBase","message":"Selection cannot be set","path":["id"]}`
	const soldOut = `{"__typename":"UnavailableItem","message":"x"}`
	tests := []struct {
		name   string
		status int
		body   string
		want   error
	}{
		{"the cart", 200, attached(storedCart, ""), nil},
		{"the cart, less what was sold", 200, attached(storedCart, soldOut), nil},
		{"a refusal", 200, attached("null", gone), centra.ErrSelectionNotFound},
		{"a refusal beside the visitor's cart", 200, attached(`{"id":"another","lines":[`+oneLine+`]}`, gone), centra.ErrSelectionNotFound},
		{"null", 200, attached("null", ""), centra.ErrSelectionNotFound},
		{"an empty cart", 200, attached(nothingInIt, ""), centra.ErrSelectionNotFound},
		{"an empty cart with the ID", 200, attached(`{"id":"`+storefrontCart+`","lines":[]}`, ""), centra.ErrSelectionNotFound},
		{"all of it sold", 200, attached(nothingInIt, soldOut), centra.ErrSelectionNotFound},
		{"another cart", 200, attached(`{"id":"another","lines":[`+oneLine+`]}`, ""), centra.ErrSelectionNotFound},
		{"no ID", 200, attached(`{"lines":[`+oneLine+`]}`, ""), centra.ErrSelectionNotFound},
		{"an error that says so", 200, failing("null", "Selection not found", "setSelection"), centra.ErrSelectionNotFound},
		{"an error that says so by its status", 404, failing("null", "Not found", "setSelection"), centra.ErrSelectionNotFound},
		{"an error of other words", 200, failing("null", "Invalid ID", "setSelection"), centra.ErrSelectionNotFound},
		{"an error that says so, and not of what", 200, failing("null", "Not found", ""), centra.ErrSelectionNotFound},
		{"an error of other words elsewhere", 200, failing("null", "Invalid market", "market"), errNoKind},
		{"an error of the document", 200, failing("null", "Cannot query field", ""), centra.ErrInvalidResponse},
		{"Centra is down", 200, failing("null", "Internal server error", "setSelection"), centra.ErrUnavailable},
		{"a limit", 200, failing("null", "Too many attempts", "setSelection"), centra.ErrRateLimited},
		{"nothing", 200, `{"data":{}}`, centra.ErrInvalidResponse},
		{"another mutation's answer", 200, `{"data":{"setSelection":{"userErrors":[]}}}`, centra.ErrInvalidResponse},
		{"a cart without its lines", 200, attached(`{"id":"`+storefrontCart+`"}`, ""), centra.ErrInvalidResponse},
		{"a refusal alone", 200, `{"data":{"setSelection":{"userErrors":[` + gone + `]}}}`, centra.ErrSelectionNotFound},
		{"no such endpoint", 404, `not found`, centra.ErrInvalidResponse},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rec := record(t, answer(test.status, test.body))
			sel, err := newStorefront(t, rec.URL, quickRetries()).AttachSelection(t.Context(), token, storefrontCart)
			if test.want != nil {
				for _, kind := range kinds {
					if is := errors.Is(err, kind); is != errors.Is(test.want, kind) {
						t.Errorf("errors.Is(%v, %v) is %v", err, kind, is)
					}
				}
				if sel != nil || err == nil {
					t.Errorf("cart %v, error %v", sel, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if sel.ID != storefrontCart || sel.Empty() || sel.Session != token {
				t.Errorf("cart %v", sel)
			}
		})
	}
	t.Run("a malformed ID", func(t *testing.T) {
		rec := record(t, answer(200, "{}"))
		_, err := newStorefront(t, rec.URL).AttachSelection(t.Context(), token, `x"}`)
		if !errors.Is(err, centra.ErrInvalidSelectionID) || len(rec.sent()) > 0 {
			t.Errorf("error %v, %d calls", err, len(rec.sent()))
		}
	})
}

// An answer that must start a session and brings none is nobody's.
func TestStorefrontStartsNoSessionSilently(t *testing.T) {
	const plugins = `"extensions":{"token":"` + pluginToken + `"}`
	for name, body := range map[string]string{
		"no token":                `{"data":{"selection":` + storedCart + `}}`,
		"the plugin's own token":  `{"data":{"selection":` + storedCart + `},` + plugins + `}`,
		"a token no header takes": `{"data":{"selection":` + storedCart + `},"extensions":{"token":"a b"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			rec := record(t, answer(200, body))
			sel, err := newStorefront(t, rec.URL).Selection(t.Context(), "")
			wantKind(t, err, centra.ErrInvalidResponse)
			if sel != nil || asError(t, err).Session != "" {
				t.Errorf("cart %v, session %q", sel, string(asError(t, err).Session))
			}
		})
	}
	t.Run("the plugin's token is never a visitor's", func(t *testing.T) {
		for status, body := range map[int]string{
			200: `{"data":{"selection":` + storedCart + `},` + plugins + `}`,
			503: `{"data":null,"errors":[],` + plugins + `}`,
		} {
			rec := record(t, answer(status, body))
			sel, err := newStorefront(t, rec.URL, quickRetries()).Selection(t.Context(), token)
			var session centra.Session
			if err != nil {
				session = asError(t, err).Session
			} else {
				session = sel.Session
			}
			if session != token {
				t.Errorf("with %d the session is %q", status, string(session))
			}
			for _, s := range rec.sent() {
				if got := s.Header.Get("Authorization"); got != "Bearer "+string(token) {
					t.Errorf("sent with %q", got)
				}
			}
		}
	})
	t.Run("a retry uses the newer token", func(t *testing.T) {
		g := storefrontServer(t, map[string][]string{"selection": {readCartAnswer(storedCart)}})
		var n int
		g.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if n++; n == 1 {
				answer(503, `{"errors":[{"message":"x"}],`+withToken+`}`)(w, r)
				return
			}
			if got := r.Header.Get("Authorization"); got != "Bearer "+string(newToken) {
				t.Errorf("the second attempt is signed with %q", got)
			}
			answer(200, readCartAnswer(storedCart))(w, r)
		})
		sel, err := newStorefront(t, g.URL, quickRetries()).Selection(t.Context(), token)
		if err != nil || sel.Session != newToken {
			t.Errorf("%v, %v", sel, err)
		}
	})
}
