package checkoutscript_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/centra-go/cartabandonment/checkoutscript"
)

// newStorefrontShop uses the Storefront API as a checkout does.
func newStorefrontShop(t testing.TB, change func(*checkoutscript.Config)) *shop {
	t.Helper()
	s := emptyShop(t)
	s.token, s.selection = s.centra.NewStorefrontCart("1-1")
	api, err := centra.NewStorefrontAPI(s.centra.StorefrontURL(), centratest.SessionModeToken, s.options()...)
	if err != nil {
		t.Fatal(err)
	}
	s.client = api.AtCheckout()
	return s.open(t, s.client, change)
}

// storefrontCalls are the operations that Centra was asked for, and the consent
// that went with them.
func (s *shop) storefrontCalls() []string {
	var calls []string
	for _, r := range s.centra.Requests() {
		call := r.Operation
		if consent, sent := r.Variables["optIn"]; sent {
			call += map[bool]string{true: " yes", false: " no"}[consent.(bool)]
		}
		calls = append(calls, call)
	}
	return calls
}

// An event, in either encoding, goes whole to handleWidgetEvent, and consent to
// setAddress where there is an address to agree for.
func TestStorefrontEvents(t *testing.T) {
	const jsonType, formType = "application/json", "application/x-www-form-urlencoded"
	yes := func(*http.Request, centra.Fields) bool { return true }
	no := func(*http.Request, centra.Fields) bool { return false }
	tests := []struct {
		name, encoding, body string
		consent              func(*http.Request, centra.Fields) bool
		calls                []string
		payload              map[string]any
		optedIn              string
	}{
		{"JSON with consent", jsonType, `{"email":"a@b.se","country":"swe","additionalFields":{"suspendIgnore":7},"sendCartAbandonmentEmail":true}`, yes,
			[]string{"addresses", "handleWidgetEventAndSetAddress yes"},
			map[string]any{"email": "a@b.se", "country": "swe", "additionalFields": map[string]any{"suspendIgnore": 7.0}}, "a@b.se"},
		{"a form without consent", formType, "email=a%40b.se&additionalFields[suspendIgnore]=7&cartAbandonmentEmail=true", no,
			[]string{"addresses", "handleWidgetEventAndSetAddress no"},
			map[string]any{"email": "a@b.se", "additionalFields": map[string]any{"suspendIgnore": "7"}}, ""},
		{"half an address", jsonType, `{"email":"a@b","additionalFields":{"suspendIgnore":7}}`, yes,
			[]string{"handleWidgetEvent"}, map[string]any{"email": "a@b", "additionalFields": map[string]any{"suspendIgnore": 7.0}}, ""},
		{"no address", jsonType, `{"additionalFields":{"suspendIgnore":7,"event":"ingrid_v2_shipping_option_changed"}}`, yes,
			[]string{"handleWidgetEvent"},
			map[string]any{"additionalFields": map[string]any{"suspendIgnore": 7.0, "event": "ingrid_v2_shipping_option_changed"}}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newStorefrontShop(t, func(c *checkoutscript.Config) { c.Consent = test.consent })
			w := s.send(post(test.encoding, test.body))
			reply := readReply(t, w)
			if w.Code != 200 || len(reply.Selection) == 0 || !strings.Contains(string(reply.SuspendIgnore), "7") {
				t.Fatalf("answered %d %s", w.Code, w.Body)
			}
			if diff := cmp.Diff(test.calls, s.storefrontCalls()); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			requests := s.centra.Requests()
			if diff := cmp.Diff(test.payload, requests[len(requests)-1].Variables["payload"]); diff != "" {
				t.Errorf("payload (-want +got):\n%s", diff)
			}
			if got := s.centra.Cart(s.selection).OptedIn; got != test.optedIn {
				t.Errorf("opted in: %q, want %q", got, test.optedIn)
			}
		})
	}
}

// A capture, a withdrawal, and what waited in a queue.
func TestStorefrontCaptures(t *testing.T) {
	t.Run("withdrawal", func(t *testing.T) {
		s := newStorefrontShop(t, nil)
		s.putAddress(t, "a@b.se", centra.Yes)
		r := httptest.NewRequest(http.MethodPost, "/withdraw", nil)
		r.AddCookie(&http.Cookie{Name: cookieName, Value: s.token})
		if err := s.Withdraw(httptest.NewRecorder(), r); err != nil {
			t.Fatal(err)
		}
		if got := s.centra.Cart(s.selection); got.OptedIn != "" {
			t.Errorf("opted in: %q", got.OptedIn)
		}
		if got := s.storefrontCalls(); got[len(got)-1] != "setAddress no" {
			t.Errorf("calls %q", got)
		}
	})
	t.Run("from the queue", func(t *testing.T) {
		s := newStorefrontShop(t, nil)
		if err := s.Redeliver(t.Context(), capture(s, "a@b.se")); err != nil {
			t.Fatal(err)
		}
		if got := s.centra.Cart(s.selection).OptedIn; got != "a@b.se" {
			t.Errorf("opted in: %q", got)
		}
	})
	t.Run("from the queue, to a cart with a newer address", func(t *testing.T) {
		s := newStorefrontShop(t, nil)
		s.putAddress(t, "newer@b.se", centra.Yes)
		if err := s.Redeliver(t.Context(), capture(s, "a@b.se")); err == nil {
			t.Error("the older address was sent")
		}
		if got := s.centra.Cart(s.selection).OptedIn; got != "newer@b.se" {
			t.Errorf("opted in: %q", got)
		}
	})
	t.Run("from the queue, of a session that has expired", func(t *testing.T) {
		s := newStorefrontShop(t, nil)
		s.centra.ExpireToken(s.token)
		if err := s.Redeliver(t.Context(), capture(s, "a@b.se")); err == nil {
			t.Error("the address of a session that is gone was sent")
		}
		if got := s.storefrontCalls(); slices.Contains(got, "setAddress yes") {
			t.Errorf("calls %q", got)
		}
	})
}

// The event of an expired session is 404 and changes no cookie; without a session
// there is no call at all.
func TestStorefrontWithoutACart(t *testing.T) {
	s := newStorefrontShop(t, nil)
	event := func() *http.Request { return post("application/json", `{"email":"a@b.se"}`) }
	if w := send(s.Handler, event(), ""); w.Code != http.StatusConflict || len(s.centra.Requests()) > 0 {
		t.Errorf("without a session: %d %s", w.Code, w.Body)
	}
	for range 2 {
		w := send(s.Handler, event(), "expired")
		if w.Code != http.StatusNotFound || savedSession(w) != "" || readReply(t, w).code() != checkoutscript.SelectionNotFound {
			t.Errorf("with an expired session: %d %s, cookie %q", w.Code, w.Body, savedSession(w))
		}
	}
}
