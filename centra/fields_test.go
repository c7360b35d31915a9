package centra_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/jarcoal/httpmock"

	"github.com/centra-go/cartabandonment/centra"
)

func TestFieldsOnTheWire(t *testing.T) {
	inAddress := []centra.Option{centra.WithFieldsInAddress()}
	tests := []struct {
		name   string
		opts   []centra.Option
		fields centra.Fields
		want   string
	}{
		{"nothing", nil, centra.Fields{}, `{}`},
		{"consent", nil, centra.Fields{Email: "a@example.com", CartAbandonmentEmail: centra.Yes},
			`{"email":"a@example.com","cartAbandonmentEmail":true}`},
		{"no consent", nil, centra.Fields{Email: "a@example.com", CartAbandonmentEmail: centra.No},
			`{"email":"a@example.com","cartAbandonmentEmail":false}`},
		{"consent not asked for", nil, centra.Fields{Email: "a@example.com"}, `{"email":"a@example.com"}`},
		{"consent without an address", nil, centra.Fields{CartAbandonmentEmail: centra.Yes}, `{"cartAbandonmentEmail":true}`},
		{"consent beside Extra", nil,
			centra.Fields{CartAbandonmentEmail: centra.No, Extra: map[string]any{"a": 1}}, `{"cartAbandonmentEmail":false,"a":1}`},
		{"every field", nil,
			centra.Fields{
				Email: "a@example.com", CartAbandonmentEmail: centra.Yes, PaymentMethod: "klarna", ShippingMethod: "std",
				Address: fullAddress(), ShippingAddress: &centra.Address{Country: "NO"},
			},
			`{"email":"a@example.com","cartAbandonmentEmail":true,"paymentMethod":"klarna","shippingMethod":"std",
				"address":` + fullAddressJSON + `,"shippingAddress":{"country":"NO"}}`},
		{"an empty address", nil, centra.Fields{Address: &centra.Address{}}, `{"address":{}}`},
		{"newsletter declined", nil, centra.Fields{Address: &centra.Address{Newsletter: centra.No}}, `{"address":{"newsletter":false}}`},

		{"Extra alone is verbatim", nil,
			centra.Fields{Extra: map[string]any{
				"email": "x@example.com", "paymentMethod": nil,
				"additionalFields": map[string]any{"suspendIgnore": []any{"a", 1.5, nil}},
				"raw":              json.RawMessage(`{"a":[]}`),
			}},
			`{"email":"x@example.com","paymentMethod":null,
				"additionalFields":{"suspendIgnore":["a",1.5,null]},"raw":{"a":[]}}`},
		{"typed fields win over Extra", nil,
			centra.Fields{
				Email: "typed@example.com", CartAbandonmentEmail: centra.No, PaymentMethod: "typed", ShippingMethod: "typed",
				Extra: map[string]any{
					"email": "x", "cartAbandonmentEmail": true, "paymentMethod": "x", "shippingMethod": "x", "kept": "x",
				},
			},
			`{"email":"typed@example.com","cartAbandonmentEmail":false,"paymentMethod":"typed","shippingMethod":"typed","kept":"x"}`},
		{"typed fields win inside addresses", nil,
			centra.Fields{
				Address:         &centra.Address{City: "Typed", Newsletter: centra.Yes},
				ShippingAddress: &centra.Address{ZipCode: "111"},
				Extra: map[string]any{
					"address":         map[string]any{"city": "x", "newsletter": "x", "careOf": "kept"},
					"shippingAddress": json.RawMessage(`{"zipCode":"x","doorCode":1234}`),
				},
			},
			`{"address":{"city":"Typed","newsletter":true,"careOf":"kept"},"shippingAddress":{"zipCode":"111","doorCode":1234}}`},
		{"Extra's address as a type of the host's", nil,
			centra.Fields{
				Address: &centra.Address{City: "Typed"},
				Extra:   map[string]any{"address": struct{ City, Floor string }{"x", "3"}},
			},
			`{"address":{"city":"Typed","City":"x","Floor":"3"}}`},
		{"a typed address replaces what is no object", nil,
			centra.Fields{Address: &centra.Address{City: "Typed"}, Extra: map[string]any{"address": []any{}}},
			`{"address":{"city":"Typed"}}`},
		{"large numbers in Extra keep their digits", nil,
			centra.Fields{
				Address: &centra.Address{City: "Typed"},
				Extra:   map[string]any{"address": json.RawMessage(`{"n":12345678901234567890}`)},
			},
			`{"address":{"city":"Typed","n":12345678901234567890}}`},

		{"in the address too", inAddress, centra.Fields{Email: "a@example.com", CartAbandonmentEmail: centra.Yes},
			`{"email":"a@example.com","cartAbandonmentEmail":true,"address":{"email":"a@example.com","cartAbandonmentEmail":true}}`},
		{"in the address that is there", inAddress,
			centra.Fields{
				Email: "a@example.com", CartAbandonmentEmail: centra.No,
				Address: &centra.Address{Email: "b@example.com", City: "Typed"},
				Extra:   map[string]any{"address": map[string]any{"careOf": "kept"}},
			},
			`{"email":"a@example.com","cartAbandonmentEmail":false,
				"address":{"email":"a@example.com","cartAbandonmentEmail":false,"city":"Typed","careOf":"kept"}}`},
		{"in the address: never in the shipping address", inAddress,
			centra.Fields{CartAbandonmentEmail: centra.Yes, ShippingAddress: &centra.Address{City: "Typed"}},
			`{"cartAbandonmentEmail":true,"address":{"cartAbandonmentEmail":true},"shippingAddress":{"city":"Typed"}}`},
		{"in the address: nothing to repeat", inAddress, centra.Fields{PaymentMethod: "klarna"}, `{"paymentMethod":"klarna"}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			extra := fmt.Sprintf("%#v", test.fields.Extra)
			rec := record(t, answer(200, emptyCart))
			if _, err := newCheckout(t, rec.URL, test.opts...).UpdateFields(t.Context(), token, test.fields); err != nil {
				t.Fatal(err)
			}
			sameJSON(t, test.want, rec.only(t).Body)
			if now := fmt.Sprintf("%#v", test.fields.Extra); now != extra {
				t.Errorf("the caller's Extra was changed: %s, was %s", now, extra)
			}

			rec = record(t, answer(200, emptyCart))
			if _, err := newShop(t, rec.URL, test.opts...).UpdateFields(t.Context(), centra.Session(cartID), test.fields); err != nil {
				t.Fatal(err)
			}
			sameJSON(t, test.want, rec.only(t).Body)
		})
	}
}

func fullAddress() *centra.Address {
	return &centra.Address{
		Email: "b@example.com", Newsletter: centra.Yes, FirstName: "Test", LastName: "Testsson", Company: "AB & Co",
		Address1: "Gatan 1", Address2: "lgh 2", ZipCode: "11122", City: "Malmö", State: "M", Country: "SE",
		PhoneNumber: "+46123", VATNumber: "SE1", IdentityNumber: "19", HouseNumber: "7", HouseExtension: "b",
	}
}

const fullAddressJSON = `{"email":"b@example.com","newsletter":true,"firstName":"Test","lastName":"Testsson","company":"AB & Co",
	"address1":"Gatan 1","address2":"lgh 2","zipCode":"11122","city":"Malmö","state":"M","country":"SE",
	"phoneNumber":"+46123","vatNumber":"SE1","identityNumber":"19","houseNumber":"7","houseExtension":"b"}`

// Digits beyond a float64 survive on their way from an event to Centra.
func TestFieldsKeepDigits(t *testing.T) {
	rec := record(t, answer(200, emptyCart))
	fields := centra.Fields{
		Address: &centra.Address{City: "Malmö"},
		Extra: map[string]any{
			"n":       json.Number("12345678901234567890"),
			"address": json.RawMessage(`{"m":98765432109876543210}`),
		},
	}
	if _, err := newCheckout(t, rec.URL).UpdateFields(t.Context(), token, fields); err != nil {
		t.Fatal(err)
	}
	for _, digits := range []string{"12345678901234567890", "98765432109876543210"} {
		if body := rec.only(t).Body; !strings.Contains(body, digits) {
			t.Errorf("%s is not in %s", digits, body)
		}
	}
}

// What JSON cannot say is an error before any call, and its text is safe.
func TestUnwritableBodies(t *testing.T) {
	mock := httpmock.NewMockTransport()
	mock.RegisterNoResponder(httpmock.NewStringResponder(200, fitsAll))
	c := newCheckout(t, "https://shop.example.com", centra.WithTransport(mock), centra.WithFieldsInAddress())
	tests := []struct {
		name   string
		fields centra.Fields
	}{
		{"a channel", centra.Fields{Extra: map[string]any{"c": make(chan int)}}},
		{"not a number", centra.Fields{Extra: map[string]any{"n": math.NaN()}}},
		{"in an address", centra.Fields{Address: &centra.Address{}, Extra: map[string]any{"address": math.Inf(1)}}},
		{"in a shipping address", centra.Fields{ShippingAddress: &centra.Address{}, Extra: map[string]any{"shippingAddress": math.Inf(1)}}},
		{"in an address that is not typed", centra.Fields{Email: "a@example.com", Extra: map[string]any{"address": math.Inf(1)}}},
		{"broken JSON that quotes itself", centra.Fields{Extra: map[string]any{"r": json.RawMessage(`a@example.com`)}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, update := c.UpdateFields(t.Context(), token, test.fields)
			_, pay := c.StartPayment(t.Context(), token, centra.Payment{Fields: test.fields})
			_, do := c.Do(t.Context(), token, http.MethodPut, "/payment-fields", test.fields.Extra, nil)
			for _, err := range []error{update, pay, do} {
				e := asError(t, err)
				if e.Attempts != 0 || e.StatusCode != 0 || e.Session != token {
					t.Errorf("%d attempts, status %d, session %v; want none, none, the one given", e.Attempts, e.StatusCode, e.Session)
				}
				if strings.Contains(err.Error(), "@") {
					t.Errorf("the error quotes the body: %v", err)
				}
			}
		})
	}
	if n := mock.GetTotalCallCount(); n != 0 {
		t.Errorf("%d calls were made", n)
	}
}
