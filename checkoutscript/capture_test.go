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

// Whoever takes the consent back is not reminded, in either API, by whatever way
// the shop is told.
func TestConsentWithdrawn(t *testing.T) {
	byEvent := func(event string, contentType string) func(*shop) (int, string) {
		return func(s *shop) (int, string) {
			w := s.send(post(contentType, event))
			return w.Code, string(readReply(t, w).Selection)
		}
	}
	for name, row := range map[string]struct {
		withdraw func(*shop) (int, string)
		sent     string
		code     checkoutscript.Code
	}{
		"Withdraw": {func(s *shop) (int, string) {
			r := httptest.NewRequest(http.MethodPost, "/reminder", nil)
			r.AddCookie(&http.Cookie{Name: cookieName, Value: s.token})
			if err := s.Withdraw(httptest.NewRecorder(), r); err != nil {
				t.Error(err)
			}
			return http.StatusOK, "-"
		}, " no", checkoutscript.Withdrawn},
		"the listener":                {byEvent(`{"cartAbandonmentWithdrawn": true}`, jsonType), " no", checkoutscript.Withdrawn},
		"the listener, by an address": {byEvent(`{"cartAbandonmentWithdrawn": true, "email": "a@b.se", "x": 1}`, jsonType), "a@b.se no", checkoutscript.Withdrawn},
		"a form":                      {byEvent(`cartAbandonmentWithdrawn=true&email=a%40b.se`, formType), "a@b.se no", checkoutscript.Withdrawn},
		"a Capture without consent": {func(s *shop) (int, string) {
			r := httptest.NewRequest(http.MethodPost, "/checkout?agreed=no", nil)
			r.AddCookie(&http.Cookie{Name: cookieName, Value: s.token})
			if _, err := s.Capture(httptest.NewRecorder(), r, centra.Fields{Email: "a@b.se"}); err != nil {
				t.Error(err)
			}
			return http.StatusOK, "-"
		}, "a@b.se no", checkoutscript.Captured},
	} {
		for api, open := range opened {
			t.Run(api+", "+name, func(t *testing.T) {
				s := open(t, func(c *checkoutscript.Config) {
					c.Consent = func(r *http.Request, _ centra.Fields) bool { return r.URL.Query().Get("agreed") != "no" }
				})
				s.send(post(jsonType, `{"email": "a@b.se"}`))
				if s.centra.Cart(s.selection).MailDue.IsZero() {
					t.Fatal("no reminder is due")
				}
				if status, selection := row.withdraw(s); status != http.StatusOK || selection == "" {
					t.Errorf("answered %d %s", status, selection)
				}
				if diff := cmp.Diff([]string{"a@b.se yes", row.sent}, s.updates(t)); diff != "" {
					t.Errorf("sent (-want +got):\n%s", diff)
				}
				if !s.centra.Cart(s.selection).MailDue.IsZero() {
					t.Error("the visitor is reminded all the same")
				}
				o := s.outcomes[1]
				if o.Code != row.code || o.CartAbandonmentEmail != centra.No || o.Err != nil {
					t.Errorf("outcome %+v", o)
				}
			})
		}
	}
}

// What does not take the consent back is an event like any other, and Centra
// hears nothing of a field that it does not know.
func TestConsentNotWithdrawn(t *testing.T) {
	for _, value := range []string{`false`, `"false"`, `null`, `0`, `"yes"`, `{}`} {
		s := newShopAPIShop(t, nil)
		s.send(post(jsonType, `{"email": "a@b.se", "cartAbandonmentWithdrawn": `+value+`}`))
		want := map[string]any{"email": "a@b.se", "cartAbandonmentEmail": true}
		if diff := cmp.Diff(want, s.lastBody(t)); diff != "" {
			t.Errorf("%s: body (-want +got):\n%s", value, diff)
		}
	}
}

func TestWithdrawWithoutACart(t *testing.T) {
	s := newShop(t, nil)
	r := httptest.NewRequest(http.MethodPost, "/reminder", nil)
	if err := s.Withdraw(httptest.NewRecorder(), r); !errors.Is(err, centra.ErrNoSession) {
		t.Errorf("without a session: %v", err)
	}
	s.centra.ExpireToken(s.token)
	r.AddCookie(&http.Cookie{Name: cookieName, Value: s.token})
	w := httptest.NewRecorder()
	if err := s.Withdraw(w, r); !errors.Is(err, centra.ErrSelectionNotFound) || savedSession(w) != "" {
		t.Errorf("with an expired one: %v", err)
	}
}
