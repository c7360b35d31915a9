package checkoutscript_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/checkoutscript"
)

func TestCallbackConsent(t *testing.T) {
	consents := func(_ *http.Request, f centra.Fields) bool { return f.Extra["consent"] == "yes" }
	tests := map[string]struct {
		event string
		want  any // cartAbandonmentEmail as Centra gets it
	}{
		"agreed":                {`{"email": "a@b.se", "consent": "yes"}`, true},
		"not agreed":            {`{"email": "a@b.se", "consent": "no"}`, false},
		"agreed, in an address": {`{"shippingAddress": {"email": "a@b.se"}, "consent": "yes"}`, true},
		"no address":            {`{"consent": "yes"}`, nil},
		"half-typed address":    {`{"email": "a@", "consent": "yes"}`, nil},
		"the browser's own yes": {`{"email": "a@b.se", "cartAbandonmentEmail": true}`, false},
		"yes without address":   {`{"cartAbandonmentEmail": true, "address": {"cartAbandonmentEmail": true}}`, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := newShop(t, func(c *checkoutscript.Config) { c.Consent = consents })
			s.send(post(jsonType, test.event))
			body := s.lastBody(t)
			if got, sent := body["cartAbandonmentEmail"]; got != test.want || sent != (test.want != nil) {
				t.Errorf("cartAbandonmentEmail = %v, want %v", got, test.want)
			}
			if email := body["email"]; test.want != nil && email != "a@b.se" {
				t.Errorf("email = %v", email)
			}
		})
	}
}

func TestCallbackFilter(t *testing.T) {
	tests := map[string]struct {
		filter func(*http.Request, *centra.Fields)
		want   map[string]any
	}{
		"removes": {
			func(_ *http.Request, f *centra.Fields) { delete(f.Extra, "pricelist") },
			map[string]any{"email": "a@b.se", "cartAbandonmentEmail": true},
		},
		"replaces": {
			func(_ *http.Request, f *centra.Fields) { f.Extra = map[string]any{"comment": "web"} },
			map[string]any{"email": "a@b.se", "comment": "web", "cartAbandonmentEmail": true},
		},
		"removes the e-mail address": {
			func(_ *http.Request, f *centra.Fields) { *f = centra.Fields{} },
			map[string]any{},
		},
		"does not decide over consent": {
			func(_ *http.Request, f *centra.Fields) { f.Extra, f.CartAbandonmentEmail = nil, centra.No },
			map[string]any{"email": "a@b.se", "cartAbandonmentEmail": true},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := newShopAPIShop(t, func(c *checkoutscript.Config) { c.Filter = test.filter })
			s.send(post(jsonType, `{"email": "a@b.se", "pricelist": 7}`))
			if diff := cmp.Diff(test.want, s.lastBody(t)); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
		})
	}
	s := newShop(t, func(c *checkoutscript.Config) {
		c.Filter = func(_ *http.Request, f *centra.Fields) { f.Extra["broken"] = func() {} }
	})
	if w := s.send(post(jsonType, jsonEvent)); w.Code != http.StatusInternalServerError || readReply(t, w).code() != "internal" {
		t.Errorf("fields that are no JSON: answered %d %s", w.Code, w.Body)
	}
}

// optIn is how a host's own types may say it.
type optIn struct {
	OptIn bool `json:"cartAbandonmentEmail"`
	City  string
}

// Only Consent says that a shopper agreed, whatever stands in Extra and however
// deep, and also if it was Filter that put it there.
func TestConsentIsNowhereElse(t *testing.T) {
	extra := func() map[string]any {
		return map[string]any{
			"cartAbandonmentEmail": true, "CARTABANDONMENTEMAIL": "true", "comment": "web",
			"address": map[string]any{"cartAbandonmentEmail": true, "city": "Malmö"},
			"list":    []any{map[string]any{"cartabandonmentemail": 1}, 7},
			"typed":   optIn{true, "Lund"},
			"raw":     json.RawMessage(`{"cartAbandonmentEmail":true,"n":12345678901234567890}`),
			"text":    map[string]string{"cartAbandonmentEmail": "true"},
		}
	}
	want := map[string]any{
		"email": "a@b.se", "cartAbandonmentEmail": false, "comment": "web",
		"address": map[string]any{"city": "Malmö"}, "list": []any{map[string]any{}, json.Number("7")},
		"typed": map[string]any{"City": "Lund"}, "raw": map[string]any{"n": json.Number("12345678901234567890")},
		"text": map[string]any{},
	}
	for name, row := range map[string]struct {
		extra  map[string]any
		filter func(*http.Request, *centra.Fields)
	}{
		"from the caller": {extra(), nil},
		"from Filter":     {nil, func(_ *http.Request, f *centra.Fields) { f.Extra = extra() }},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t, func(c *checkoutscript.Config) {
				c.Consent = func(_ *http.Request, f centra.Fields) bool {
					for name := range f.Extra {
						if strings.EqualFold(name, "cartAbandonmentEmail") {
							t.Errorf("Consent is shown %s", name)
						}
					}
					return false
				}
				c.Filter = row.filter
				c.API = watchedAPI{c.API, func(f centra.Fields) {
					if text, err := json.Marshal(f.Extra); err != nil || strings.Contains(strings.ToLower(string(text)), "cartabandonmentemail") {
						t.Errorf("the API is given %s, %v", text, err)
					}
				}}
			})
			r := httptest.NewRequest(http.MethodPost, "/checkout", nil)
			r.AddCookie(&http.Cookie{Name: cookieName, Value: s.token})
			_, err := s.Capture(httptest.NewRecorder(), r, centra.Fields{Email: "a@b.se", Extra: row.extra})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, s.lastBody(t)); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
		})
	}
}

// watchedAPI shows what an API is given; clients of package centra drop it too.
type watchedAPI struct {
	checkoutscript.API
	see func(centra.Fields)
}

func (a watchedAPI) UpdateFields(ctx context.Context, s centra.Session, f centra.Fields) (*centra.Selection, error) {
	a.see(f)
	return a.API.UpdateFields(ctx, s, f)
}

// What Capture is given stays its caller's.
func TestFilterDoesNotChangeTheCallersFields(t *testing.T) {
	given := func() centra.Fields {
		return centra.Fields{
			Address: &centra.Address{Email: "a@b.se"}, ShippingAddress: &centra.Address{City: "Malmö"},
			Extra: map[string]any{"a": map[string]any{"b": []any{map[string]any{"c": "d"}}}, "cartAbandonmentEmail": true},
		}
	}
	change := func(f *centra.Fields) {
		f.Address.City, f.ShippingAddress.City = "Lund", "Lund"
		f.Extra["new"] = true
		a := f.Extra["a"].(map[string]any)
		a["b"].([]any)[0].(map[string]any)["c"] = "changed"
		a["b"].([]any)[0] = nil
		maps.DeleteFunc(f.Extra, func(string, any) bool { return true })
	}
	s := newShop(t, func(c *checkoutscript.Config) {
		c.Filter = func(_ *http.Request, f *centra.Fields) { change(f) }
	})
	r := httptest.NewRequest(http.MethodPost, "/checkout", nil)
	r.AddCookie(&http.Cookie{Name: cookieName, Value: s.token})
	fields := given()
	if _, err := s.Capture(httptest.NewRecorder(), r, fields); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(given(), fields); diff != "" {
		t.Errorf("the caller's fields (-before +after):\n%s", diff)
	}
}
