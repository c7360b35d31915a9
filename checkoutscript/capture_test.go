package checkoutscript_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
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

func (s *shop) lastBody(t testing.TB) map[string]any {
	t.Helper()
	requests := s.centra.Requests()
	if len(requests) == 0 {
		t.Fatal("no call to Centra")
	}
	return parseTree(t, string(requests[len(requests)-1].Body))
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

func TestCapture(t *testing.T) {
	tests := map[string]struct {
		fields centra.Fields
		want   map[string]any
	}{
		"email": {
			centra.Fields{Email: "a@b.se"},
			map[string]any{"email": "a@b.se", "cartAbandonmentEmail": true},
		},
		"email in the address": {
			centra.Fields{Address: &centra.Address{Email: "a@b.se"}},
			map[string]any{"email": "a@b.se", "cartAbandonmentEmail": true, "address": map[string]any{"email": "a@b.se"}},
		},
		"email in the shipping address": {
			centra.Fields{Address: &centra.Address{City: "Malmö"}, ShippingAddress: &centra.Address{Email: "a@b.se"}},
			map[string]any{"email": "a@b.se", "cartAbandonmentEmail": true,
				"address": map[string]any{"city": "Malmö"}, "shippingAddress": map[string]any{"email": "a@b.se"}},
		},
		"opted in without an address": {
			centra.Fields{CartAbandonmentEmail: centra.Yes, PaymentMethod: centratest.DummyMethod},
			map[string]any{"paymentMethod": centratest.DummyMethod},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := newShop(t, nil)
			s.centra.RotateNext()
			r := httptest.NewRequest(http.MethodPost, "/checkout", nil)
			r.AddCookie(&http.Cookie{Name: cookieName, Value: s.token})
			w := httptest.NewRecorder()
			sel, err := s.Capture(w, r, test.fields)
			if err != nil || sel.Empty() {
				t.Fatalf("Capture = %v, %v", sel, err)
			}
			if diff := cmp.Diff(test.want, s.lastBody(t)); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
			if got := savedSession(w); got != string(sel.Session) || got == s.token {
				t.Error("the session in the cookie is not the rotated one")
			}
			if w.Body.Len() > 0 || len(w.Header()) != 1 {
				t.Errorf("wrote a response: %v %s", w.Header(), w.Body)
			}
			if diff := cmp.Diff([]checkoutscript.Code{checkoutscript.Captured}, s.codes()); diff != "" {
				t.Errorf("outcomes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCaptureFails(t *testing.T) {
	s := newShop(t, nil)
	s.centra.FailNext(centratest.StatusFault(422, map[string]string{"email": "not valid"}))
	r := httptest.NewRequest(http.MethodPost, "/checkout", nil)
	r.AddCookie(&http.Cookie{Name: cookieName, Value: s.token})
	sel, err := s.Capture(httptest.NewRecorder(), r, centra.Fields{Email: "a@b.se"})
	var refused *centra.Error
	if !errors.As(err, &refused) || refused.Fields["email"] != "not valid" || sel != nil {
		t.Errorf("Capture = %v, %v", sel, err)
	}
	if diff := cmp.Diff([]checkoutscript.Code{checkoutscript.Refused}, s.codes()); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
}
