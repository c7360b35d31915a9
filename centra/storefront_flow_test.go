package centra_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
)

// shopper is a visitor of a shop over the Storefront API, who keeps what came back.
type shopper struct {
	t       *testing.T
	api     *centra.StorefrontAPI
	session centra.Session
}

func (s *shopper) keep(sel *centra.Selection, err error) *centra.Selection {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
	s.session = sel.Session
	return sel
}

func (s *shopper) add(item string) *centra.Selection {
	s.t.Helper()
	var sel centra.Selection
	session, err := s.api.Do(s.t.Context(), s.session, http.MethodPost,
		"mutation addItem($item: String!) { addItem(item: $item) { ...answered } }", map[string]any{"item": item}, &sel)
	if session != sel.Session {
		s.t.Errorf("Do returned %v, the cart has %v", session, sel.Session)
	}
	return s.keep(&sel, err)
}

func (s *shopper) read() *centra.Selection {
	s.t.Helper()
	return s.keep(s.api.Selection(s.t.Context(), s.session))
}

// pay pays with the dummy method, and returns the order.
func (s *shopper) pay() *centra.Order {
	s.t.Helper()
	action, err := s.api.StartPayment(s.t.Context(), s.session, centra.Payment{
		ReturnPage: "https://shop.example.com/thanks", FailedPage: "https://shop.example.com/failed", TermsAndConditions: true,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.session = action.Session
	back, err := url.Parse(action.URL)
	if err != nil || action.Action != centra.ActionRedirect {
		s.t.Fatalf("action %s to %s", action.Action, action.URL)
	}
	order, err := s.api.PaymentResult(s.t.Context(), s.session, back.Query())
	if err != nil {
		s.t.Fatal(err)
	}
	s.session = order.Session
	return order
}

// The whole flow under each thing that is not known of Centra, with and without
// tokens that rotate on every answer: one mail, to who agreed, with a link that
// brings the cart back, and none after the order.
func TestStorefrontFlow(t *testing.T) {
	tests := []struct {
		name string
		opts []centratest.Option
	}{
		{"as the fake has it", nil},
		{"a dead link is an error", []centratest.Option{centratest.WithDeadSelection(centratest.DeadIsError)}},
		{"a dead link is null", []centratest.Option{centratest.WithDeadSelection(centratest.DeadIsNull)}},
		{"errors with 401", []centratest.Option{centratest.WithGraphQLErrorStatus(401)}},
		{"a widget's address opts in", []centratest.Option{centratest.WithWidgetOptIn()}},
		{"a payment opts in", []centratest.Option{centratest.WithPaymentOptIn()}},
		{"addresses add up", []centratest.Option{centratest.WithAddressAddingUp()}},
		{"a token only where it is new", []centratest.Option{centratest.WithTokenWhenNew()}},
		{"no is ignored", []centratest.Option{centratest.WithNoIgnored()}},
	}
	for _, test := range tests {
		for name, rotate := range map[string]int{"": 0, ", rotating": 1} {
			t.Run(test.name+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { flow(t, rotate, test.opts) })
			})
		}
	}
}

func flow(t *testing.T, rotateEvery int, opts []centratest.Option) {
	server := centratest.NewServer(t, append(opts, centratest.WithoutSocket(), centratest.WithPaymentMethod(centratest.DummyMethod))...)
	server.RotateTokens(rotateEvery)
	api, err := centra.NewStorefrontAPI(server.StorefrontURL(), centratest.SessionModeToken, centra.WithTransport(server.Transport()))
	if err != nil {
		t.Fatal(err)
	}
	visitor := &shopper{t: t, api: api}
	visitor.add("1-1")
	cart := visitor.add("2-1")
	if len(cart.Items) != 2 || cart.ID == "" || cart.Currency != "SEK" {
		t.Fatalf("cart %v", cart)
	}

	// A form, then an event whose address is half, then the whole of it.
	visitor.keep(api.UpdateFields(t.Context(), visitor.session, centra.Fields{
		ShippingAddress: &centra.Address{FirstName: "Test", City: "Malmö", Country: "SE"},
	}))
	visitor.keep(api.UpdateFields(t.Context(), visitor.session, centra.Fields{
		Extra: map[string]any{"postal_code": "11122", "additionalFields": map[string]any{"suspendIgnore": true}},
	}))
	visitor.keep(api.UpdateFields(t.Context(), visitor.session, centra.Fields{
		Email: "test@example.com", CartAbandonmentEmail: centra.Yes, Extra: map[string]any{"email": "test@example.com", "country": "swe"},
	}))
	entered := visitor.keep(api.AtCheckout().Selection(t.Context(), visitor.session)).ShippingAddress
	if want := (centra.Address{Email: "test@example.com", FirstName: "Test", City: "Malmö", ZipCode: "11122", Country: "SE"}); entered != want {
		t.Errorf("entered %#v", entered)
	}

	// Another who did not agree.
	other := &shopper{t: t, api: api}
	other.add("3-1")
	other.keep(api.UpdateFields(t.Context(), other.session, centra.Fields{Email: "other@example.com", CartAbandonmentEmail: centra.No}))

	time.Sleep(2 * time.Hour)
	mails := server.Outbox()
	if len(mails) != 1 || mails[0].To != "test@example.com" {
		t.Fatalf("mails %+v", mails)
	}
	id, err := centra.ParseSelectionID(path.Base(mails[0].Link))
	if err != nil {
		t.Fatal(err)
	}

	// The link, on another device.
	device := &shopper{t: t, api: api}
	recovered := device.keep(api.AttachSelection(t.Context(), "", id))
	if recovered.ID != cart.ID || len(recovered.Items) != 2 {
		t.Errorf("recovered %v", recovered)
	}
	if order := device.pay(); order.Order == "" || len(order.Items) != 2 {
		t.Errorf("order %v", order)
	}
	if left := device.read(); !left.Empty() {
		t.Errorf("after the order the cart is %v", left)
	}
	time.Sleep(2 * time.Hour)
	if again := server.Outbox(); len(again) != 1 {
		t.Errorf("mails %+v", again[1:])
	}

	// The link once more, and one that never was.
	for _, dead := range []centra.SelectionID{id, "0123456789abcdef0123456789abcdef"} {
		_, err := api.AttachSelection(t.Context(), device.session, dead)
		if !errors.Is(err, centra.ErrSelectionNotFound) {
			t.Errorf("a dead link: %v", err)
		}
		device.session = asError(t, err).Session
	}

	// The first device's session has no cart of its own any more, and a session that
	// is long gone is replaced by reading.
	time.Sleep(40 * 24 * time.Hour)
	if _, err := api.UpdateFields(t.Context(), "long-gone", centra.Fields{CartAbandonmentEmail: centra.No}); !errors.Is(err, centra.ErrSelectionNotFound) {
		t.Errorf("an event of an expired session: %v", err)
	}
	fresh := &shopper{t: t, api: api, session: "long-gone"}
	if sel := fresh.read(); sel.Session == "long-gone" || !sel.Empty() {
		t.Errorf("an expired session is replaced by %v", sel)
	}
	fresh.add("1-1")
	checkAsked(t, server)
}

// checkAsked looks at what arrived: checkout was read where it had to be.
func checkAsked(t *testing.T, server *centratest.Server) {
	t.Helper()
	for _, r := range server.Requests() {
		if r.AsksCheckout && r.Operation != "addresses" && r.Operation != "selection" {
			t.Errorf("%s asks for checkout", r.Operation)
		}
		if slices.Contains(r.Fields, "setAddress") && r.Variables["optIn"] == nil {
			t.Errorf("%s without the opt-in", r.Operation)
		}
	}
}

// A withdrawal reaches Centra without an e-mail address, and clears none.
func TestStorefrontWithdrawal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := centratest.NewServer(t, centratest.WithoutSocket())
		api, err := centra.NewStorefrontAPI(server.StorefrontURL(), centratest.SessionModeToken, centra.WithTransport(server.Transport()))
		if err != nil {
			t.Fatal(err)
		}
		visitor := &shopper{t: t, api: api}
		visitor.add("1-1")
		visitor.keep(api.UpdateFields(t.Context(), visitor.session, centra.Fields{Email: "test@example.com", CartAbandonmentEmail: centra.Yes}))
		visitor.keep(api.UpdateFields(t.Context(), visitor.session, centra.Fields{CartAbandonmentEmail: centra.No}))
		if got := visitor.keep(api.AtCheckout().Selection(t.Context(), visitor.session)).ShippingAddress.Email; got != "test@example.com" {
			t.Errorf("the e-mail address is %q", got)
		}
		time.Sleep(2 * time.Hour)
		if mails := server.Outbox(); len(mails) > 0 {
			t.Errorf("mails %+v", mails)
		}
	})
}

// Stock that ran out: the payment says so with the cart as it stands, and a
// recovered cart shows it at the checkout.
func TestStorefrontOutOfStock(t *testing.T) {
	server := centratest.NewServer(t, centratest.WithoutSocket())
	api, err := centra.NewStorefrontAPI(server.StorefrontURL(), centratest.SessionModeToken, centra.WithTransport(server.Transport()))
	if err != nil {
		t.Fatal(err)
	}
	visitor := &shopper{t: t, api: api}
	visitor.add("1-1")
	visitor.add("2-1")
	server.SetStock("2-1", 0)
	_, err = api.StartPayment(context.Background(), visitor.session, centra.Payment{
		Fields:     centra.Fields{Email: "test@example.com"},
		ReturnPage: "https://shop.example.com/thanks", FailedPage: "https://shop.example.com/failed", TermsAndConditions: true,
	})
	outOfStock, is := as[*centra.OutOfStockError](err)
	if !is || len(outOfStock.Items) != 1 || outOfStock.Items[0].Item != "2-1" {
		t.Fatalf("error %v", err)
	}
	if sel := outOfStock.Selection; sel == nil || len(sel.Items) != 1 || sel.Items[0].Item != "1-1" {
		t.Errorf("the cart is %v", sel)
	}
	if strings.Contains(err.Error(), "2-1") {
		t.Errorf("the error says %v", err)
	}
}

// An order that is paid at once says as much as one that a payment's result completes,
// whether or not carts are shown as at the checkout.
func TestStorefrontOrdersAreWhole(t *testing.T) {
	for name, atCheckout := range map[string]bool{"cart": false, "checkout": true} {
		t.Run(name, func(t *testing.T) {
			ordered := func(method string, pay func(*shopper) *centra.Order) *centra.Order {
				server := centratest.NewServer(t, centratest.WithoutSocket(), centratest.WithPaymentMethod(method))
				api, err := centra.NewStorefrontAPI(server.StorefrontURL(), centratest.SessionModeToken, centra.WithTransport(server.Transport()))
				if err != nil {
					t.Fatal(err)
				}
				if atCheckout {
					api = api.AtCheckout()
				}
				visitor := &shopper{t: t, api: api}
				visitor.add("1-1")
				visitor.keep(api.UpdateFields(t.Context(), visitor.session, centra.Fields{
					Address:         &centra.Address{Company: "Example AB", Country: "SE"},
					ShippingAddress: &centra.Address{Email: "test@example.com", FirstName: "Test", City: "Malmö", Country: "SE"},
				}))
				return pay(visitor)
			}
			atOnce := ordered(centratest.SuccessMethod, func(s *shopper) *centra.Order {
				action, err := s.api.StartPayment(t.Context(), s.session, centra.Payment{
					ReturnPage: "https://shop.example.com/thanks", FailedPage: "https://shop.example.com/failed", TermsAndConditions: true,
				})
				if err != nil {
					t.Fatal(err)
				}
				return action.Order
			})
			later := ordered(centratest.DummyMethod, (*shopper).pay)
			if len(later.Items) != 1 || later.Totals.GrandTotalPrice == "" || later.ShippingAddress.City != "Malmö" ||
				later.Address.Company != "Example AB" || later.Currency != "SEK" || later.Status == "" || later.Date == "" {
				t.Fatalf("the result's order lacks something: %#v", later)
			}
			same := cmp.FilterPath(func(p cmp.Path) bool {
				last := p.Last().String()
				return last == ".Session" || last == ".Date" || last == ".Line"
			}, cmp.Ignore())
			if diff := cmp.Diff(later, atOnce, unexported, same); diff != "" {
				t.Errorf("(-by its result +at once):\n%s", diff)
			}
		})
	}
}
