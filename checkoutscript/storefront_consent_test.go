package checkoutscript_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/centra-go/cartabandonment/checkoutscript"
)

// newPlainStorefrontShop has a client that was not made AtCheckout.
func newPlainStorefrontShop(t testing.TB, change func(*checkoutscript.Config)) *shop {
	t.Helper()
	s := emptyShop(t)
	s.token, s.selection = s.centra.NewStorefrontCart("1-1")
	api, err := centra.NewStorefrontAPI(s.centra.StorefrontURL(), centratest.SessionModeToken, s.options()...)
	if err != nil {
		t.Fatal(err)
	}
	s.client = api
	return s.open(t, api, change)
}

// fromVisitor is a request of the visitor whose cart it is.
func (s *shop) fromVisitor() *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/checkout", nil)
	r.AddCookie(&http.Cookie{Name: cookieName, Value: s.token})
	return r
}

// The step of a form that asks for the address and not for the e-mail address, which
// came before. Every address of this API carries consent, so the visitor's own goes
// with it: saying nothing would take back what was agreed.
func TestStorefrontAddressWithoutEmail(t *testing.T) {
	const known = "a@b.se"
	tests := []struct {
		name    string
		email   string        // that the cart has
		before  centra.Choice // that came with it
		consent bool
		asked   []string // for whom Consent is asked
		calls   []string
		optedIn string
	}{
		{"agreed", known, centra.Yes, true, []string{known}, []string{"selection", "addresses", "setAddress yes"}, known},
		{"changed their mind", known, centra.Yes, false, []string{known}, []string{"selection", "addresses", "setAddress no"}, ""},
		{"declined", known, centra.No, false, []string{known}, []string{"selection", "addresses", "setAddress no"}, ""},
		{"nobody to mail to", "", centra.NotSent, true, nil, []string{"selection", "addresses", "setAddress no"}, ""},
	}
	fields := map[string]centra.Fields{
		"Address":         {Address: &centra.Address{City: "Malmö", Country: "SE"}},
		"ShippingAddress": {ShippingAddress: &centra.Address{City: "Malmö", Country: "SE"}},
	}
	for _, test := range tests {
		for name, f := range fields {
			t.Run(test.name+", "+name, func(t *testing.T) {
				var asked []string
				s := newPlainStorefrontShop(t, func(c *checkoutscript.Config) {
					c.Consent = func(_ *http.Request, f centra.Fields) bool {
						asked = append(asked, f.Email)
						return test.consent
					}
				})
				if test.email != "" {
					s.putAddress(t, test.email, test.before)
				}
				before := len(s.storefrontCalls())
				sel, err := s.Capture(httptest.NewRecorder(), s.fromVisitor(), f)
				if err != nil {
					t.Fatal(err)
				}
				if got := sel.ShippingAddress; got.City != "Malmö" || got.Email != test.email {
					t.Errorf("the cart has the address %#v", got)
				}
				if diff := cmp.Diff(test.asked, asked); diff != "" {
					t.Errorf("Consent was asked for (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(test.calls, s.storefrontCalls()[before:]); diff != "" {
					t.Errorf("calls (-want +got):\n%s", diff)
				}
				if got := s.centra.Cart(s.selection).OptedIn; got != test.optedIn {
					t.Errorf("opted in: %q, want %q", got, test.optedIn)
				}
			})
		}
	}
}

// Carts of a client that was not made AtCheckout show no address. The handler sees it
// all the same: it would agree to nothing, and put an old address over a newer one.
func TestStorefrontPlainClient(t *testing.T) {
	t.Run("Agree", func(t *testing.T) {
		s := newPlainStorefrontShop(t, nil)
		s.putAddress(t, "a@b.se", centra.No)
		if err := s.Agree(httptest.NewRecorder(), s.fromVisitor()); err != nil {
			t.Fatal(err)
		}
		if got := s.centra.Cart(s.selection).OptedIn; got != "a@b.se" {
			t.Errorf("opted in: %q", got)
		}
	})
	t.Run("Redeliver", func(t *testing.T) {
		s := newPlainStorefrontShop(t, nil)
		s.putAddress(t, "newer@b.se", centra.Yes)
		if err := s.Redeliver(t.Context(), capture(s, "a@b.se")); err == nil {
			t.Error("the older address was sent")
		}
		if got := s.centra.Cart(s.selection).OptedIn; got != "newer@b.se" {
			t.Errorf("opted in: %q", got)
		}
	})
}

// Who agrees is reminded where the goods go, not where the invoice does.
func TestStorefrontAgreeWithAnInvoiceAddress(t *testing.T) {
	s := newStorefrontShop(t, nil)
	s.put(t, centra.Fields{
		CartAbandonmentEmail: centra.No,
		ShippingAddress:      &centra.Address{Email: "a@b.se", Country: "SE"},
		Address:              &centra.Address{Email: "invoices@b.se", Country: "SE"},
	})
	if err := s.Agree(httptest.NewRecorder(), s.fromVisitor()); err != nil {
		t.Fatal(err)
	}
	if got := s.centra.Cart(s.selection).OptedIn; got != "a@b.se" {
		t.Errorf("opted in: %q", got)
	}
	sel, err := s.client.Selection(t.Context(), centra.Session(s.token))
	if err != nil {
		t.Fatal(err)
	}
	if sel.Address.Email != "invoices@b.se" || sel.ShippingAddress.Email != "a@b.se" {
		t.Errorf("addresses %q and %q", sel.ShippingAddress.Email, sel.Address.Email)
	}
}
