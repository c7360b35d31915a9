package centra_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/centra-go/cartabandonment/centra"
)

// fieldAnswers answer whatever UpdateFields asks.
func fieldAnswers(stored string) map[string][]string {
	return map[string][]string{
		"selection":         {readCartAnswer(storedCart)},
		"addresses":         {stored},
		"setAddress":        {changed("setAddress", storedCart)},
		"handleWidgetEvent": {changed("handleWidgetEvent", storedCart)},
		"handleWidgetEventAndSetAddress": {`{"data":{"handleWidgetEvent":{"__typename":"GenericSelectionMutationPayload","userErrors":[]},` +
			`"setAddress":{"selection":` + storedCart + `,"userErrors":[]}}}`},
		"setShippingMethod": {changed("setShippingMethod", storedCart)},
		"setPaymentMethod":  {changed("setPaymentMethod", storedCart)},
	}
}

// What the shopper entered before, in full.
const (
	storedShipping = `{"email":"old@example.com","firstName":"Test","lastName":"Testsson","companyName":"Example AB","attention":"Desk","vatNumber":"SE1",` +
		`"address1":"Storgatan 1","address2":"2","zipCode":"11122","city":"Malmö","stateOrProvince":"Skåne","phoneNumber":"1","cellPhoneNumber":"2","faxNumber":"3",` +
		`"country":{"code":"SE"},"state":{"code":"M"}}`
	storedInput = `"firstName":"Test","lastName":"Testsson","companyName":"Example AB","attention":"Desk","vatNumber":"SE1","address1":"Storgatan 1",` +
		`"address2":"2","zipCode":"11122","city":"Malmö","stateOrProvince":"Skåne","phoneNumber":"1","cellPhoneNumber":"2","faxNumber":"3","country":"SE","state":"M"`
)

func TestStorefrontUpdateFields(t *testing.T) {
	const mail = "test@example.com"
	nothing := entered("null", "null", "NO")
	event := map[string]any{"additionalFields": map[string]any{"suspendIgnore": true}}
	tests := []struct {
		name      string
		stored    string
		fields    centra.Fields
		ops       string
		variables string // of the last call but those for methods
	}{
		{"consent", nothing, centra.Fields{Email: mail, CartAbandonmentEmail: centra.Yes},
			"query addresses, mutation setAddress", `{"shipping":{"country":"NO","email":"test@example.com"},"optIn":true}`},
		{"no consent", nothing, centra.Fields{Email: mail, CartAbandonmentEmail: centra.No},
			"query addresses, mutation setAddress", `{"shipping":{"country":"NO","email":"test@example.com"},"optIn":false}`},
		{"nothing is known of consent", nothing, centra.Fields{Email: mail},
			"query addresses, mutation setAddress", `{"shipping":{"country":"NO","email":"test@example.com"},"optIn":false}`},
		{"a withdrawal", entered(storedShipping, "null", "NO"), centra.Fields{CartAbandonmentEmail: centra.No},
			"query addresses, mutation setAddress", `{"shipping":{"email":"old@example.com",` + storedInput + `},"optIn":false}`},
		{"what was entered stays", entered(storedShipping, "null", "NO"), centra.Fields{Email: mail, CartAbandonmentEmail: centra.Yes},
			"query addresses, mutation setAddress", `{"shipping":{"email":"test@example.com",` + storedInput + `},"optIn":true}`},
		{"a billing address of its own stays", entered(storedShipping, `{"companyName":"Boss","country":{"code":"DE"}}`, "NO"), centra.Fields{Email: mail},
			"query addresses, mutation setAddress", `{"shipping":{"email":"test@example.com",` + storedInput + `},
				"billing":{"country":"DE","email":"test@example.com","companyName":"Boss"},"optIn":false}`},
		{"an invoice address keeps its own e-mail address", entered(storedShipping, `{"email":"invoices@example.com","country":{"code":"DE"}}`, "NO"),
			centra.Fields{Email: mail, CartAbandonmentEmail: centra.Yes},
			"query addresses, mutation setAddress", `{"shipping":{"email":"test@example.com",` + storedInput + `},
				"billing":{"country":"DE","email":"invoices@example.com"},"optIn":true}`},
		{"a billing address with the same e-mail address gets the new one", entered(storedShipping, `{"email":"old@example.com","country":{"code":"DE"}}`, "NO"),
			centra.Fields{Email: mail}, "query addresses, mutation setAddress", `{"shipping":{"email":"test@example.com",` + storedInput + `},
				"billing":{"country":"DE","email":"test@example.com"},"optIn":false}`},
		{"two addresses with an e-mail address each", nothing,
			centra.Fields{Email: mail, Address: &centra.Address{Email: "invoices@example.com"}, ShippingAddress: &centra.Address{Email: "old@example.com"}},
			"query addresses, mutation setAddress", `{"shipping":{"country":"NO","email":"test@example.com"},
				"billing":{"country":"NO","email":"invoices@example.com"},"optIn":false}`},
		{"a state stays in its country", entered(storedShipping, "null", "NO"), centra.Fields{Address: &centra.Address{Country: "FI"}},
			"query addresses, mutation setAddress", `{"shipping":{"email":"old@example.com",` +
				strings.NewReplacer(`"SE","state":"M"`, `"FI"`, `"stateOrProvince":"Skåne",`, "").Replace(storedInput) + `},"optIn":false}`},
		{"Address is the shipping address", nothing, centra.Fields{Address: &centra.Address{Email: mail, FirstName: "A", Company: "B", HouseNumber: "5"}},
			"query addresses, mutation setAddress", `{"shipping":{"country":"NO","email":"test@example.com","firstName":"A","companyName":"B"},"optIn":false}`},
		{"two addresses", nothing, centra.Fields{Email: mail, Address: &centra.Address{City: "A"}, ShippingAddress: &centra.Address{City: "B", Country: "fin"}},
			"query addresses, mutation setAddress", `{"shipping":{"country":"FI","email":"test@example.com","city":"B"},
				"billing":{"country":"FI","email":"test@example.com","city":"A"},"optIn":false}`},
		{"an event alone", nothing, centra.Fields{Extra: event}, "mutation handleWidgetEvent", `{"payload":{"additionalFields":{"suspendIgnore":true}}}`},
		{"an event with consent", nothing, centra.Fields{Email: mail, CartAbandonmentEmail: centra.Yes, Extra: event},
			"query addresses, mutation handleWidgetEventAndSetAddress",
			`{"payload":{"additionalFields":{"suspendIgnore":true}},"shipping":{"country":"NO","email":"test@example.com"},"optIn":true}`},
		{"Klarna's event", entered(storedShipping, "null", "NO"), centra.Fields{Email: mail, CartAbandonmentEmail: centra.Yes, Extra: map[string]any{
			"email": mail, "postal_code": json.Number("22233"), "country": "swe", "given_name": "Klara",
		}}, "query addresses, mutation handleWidgetEventAndSetAddress", `{"payload":{"email":"test@example.com","postal_code":22233,"country":"swe","given_name":"Klara"},
			"shipping":{"email":"test@example.com",` + strings.NewReplacer("11122", "22233", `"Test"`, `"Klara"`).Replace(storedInput) + `},"optIn":true}`},
		{"an event with an address in it", nothing, centra.Fields{Email: mail, Extra: map[string]any{
			"country": "DK", "shippingAddress": map[string]any{"country": "FI", "city": "Åbo", "state": "X", "email": "half@"}, "state": "ready",
		}}, "query addresses, mutation handleWidgetEventAndSetAddress", `{"payload":{"country":"DK","state":"ready",
			"shippingAddress":{"country":"FI","city":"Åbo","state":"X","email":"half@"}},
			"shipping":{"country":"FI","email":"test@example.com","city":"Åbo","state":"X"},"optIn":false}`},
		{"an event with no country that is one", nothing, centra.Fields{Email: mail, Extra: map[string]any{"country": "Sverige"}},
			"query addresses, mutation handleWidgetEventAndSetAddress", `{"payload":{"country":"Sverige"},"shipping":{"country":"NO","email":"test@example.com"},"optIn":false}`},
		{"an event that answers for the shopper", nothing, centra.Fields{Email: mail, CartAbandonmentEmail: centra.No, Extra: map[string]any{
			"sendCartAbandonmentEmail": true, "a": []any{map[string]any{"cartAbandonmentEmail": true, "b": 1}},
		}}, "query addresses, mutation handleWidgetEventAndSetAddress",
			`{"payload":{"a":[{"b":1}]},"shipping":{"country":"NO","email":"test@example.com"},"optIn":false}`},
		{"methods", nothing, centra.Fields{PaymentMethod: "3", ShippingMethod: "5"}, "mutation setShippingMethod, mutation setPaymentMethod", `{"id":3}`},
		{"all at once", nothing, centra.Fields{Email: mail, PaymentMethod: "3"},
			"query addresses, mutation setAddress, mutation setPaymentMethod", `{"id":3}`},
		{"nothing", nothing, centra.Fields{}, "query selection", `{}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := storefrontServer(t, fieldAnswers(test.stored))
			sel, err := newStorefront(t, g.URL).UpdateFields(t.Context(), token, test.fields)
			if err != nil {
				t.Fatal(err)
			}
			if len(sel.Items) != 1 || sel.ID != storefrontCart || sel.Session != token {
				t.Errorf("selection %v", sel)
			}
			if got := g.ops(t); got != test.ops {
				t.Errorf("asked %s, want %s", got, test.ops)
			}
			all := g.asked(t)
			sameJSON(t, test.variables, all[len(all)-1].Variables)
		})
	}
}

// The country comes from the fields, else the cart, else the session. What cannot
// be stored is not sent.
func TestStorefrontCountry(t *testing.T) {
	tests := []struct{ fields, cart, session, want string }{
		{"FI", "SE", "NO", "FI"},
		{"fi", "SE", "NO", "FI"},
		{"fin", "SE", "NO", "FI"},
		{"XKX", "SE", "NO", "XK"},
		{"QQQ", "SE", "NO", "QQQ"}, // for Centra to refuse
		{"", "SE", "NO", "SE"},
		{"", "", "NO", "NO"},
		{"Finland", "SE", "NO", "Finland"}, // for Centra to refuse
		{"", "", "", ""},
	}
	for _, test := range tests {
		t.Run(test.fields+","+test.cart+","+test.session, func(t *testing.T) {
			cart := "null"
			if test.cart != "" {
				cart = `{"country":{"code":"` + test.cart + `"}}`
			}
			g := storefrontServer(t, fieldAnswers(entered(cart, "null", test.session)))
			_, err := newStorefront(t, g.URL).UpdateFields(t.Context(), token, centra.Fields{Address: &centra.Address{Country: test.fields}})
			if test.want == "" {
				if e := asError(t, err); e.Attempts != 0 || e.Op != "mutation setAddress" || !strings.Contains(err.Error(), "country") {
					t.Errorf("error %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			sameJSON(t, `{"shipping":{"country":"`+test.want+`"},"optIn":false}`, g.variables(t, "mutation setAddress"))
		})
	}
}

// With WithPartialAddress nothing is read first, unless there is no country.
func TestWithPartialAddress(t *testing.T) {
	tests := []struct{ name, country, ops, variables string }{
		{"a country", "FI", "mutation setAddress", `{"shipping":{"country":"FI","city":"Åbo"},"optIn":false}`},
		{"none", "", "query addresses, mutation setAddress", `{"shipping":{"country":"SE","city":"Åbo"},"optIn":false}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := storefrontServer(t, fieldAnswers(entered(storedShipping, `{"city":"x","country":{"code":"SE"}}`, "NO")))
			_, err := newStorefront(t, g.URL, centra.WithPartialAddress()).UpdateFields(t.Context(), token,
				centra.Fields{Address: &centra.Address{Country: test.country, City: "Åbo"}})
			if err != nil {
				t.Fatal(err)
			}
			if got := g.ops(t); got != test.ops {
				t.Errorf("asked %s, want %s", got, test.ops)
			}
			sameJSON(t, test.variables, g.variables(t, "mutation setAddress"))
		})
	}
}

// A session that comes with the first call is the one of the next.
func TestStorefrontCallsFollowTheSession(t *testing.T) {
	answers := fieldAnswers(strings.TrimSuffix(entered("null", "null", "SE"), "}") + `,` + withToken + `}`)
	answers["setAddress"] = []string{strings.TrimSuffix(changed("setAddress", storedCart), "}") + `,"extensions":{"token":"third"}}`}
	g := storefrontServer(t, answers)
	sel, err := newStorefront(t, g.URL).UpdateFields(t.Context(), "", centra.Fields{Email: "a@b.se", PaymentMethod: "3"})
	if err != nil {
		t.Fatal(err)
	}
	var tokens []string
	for _, a := range g.asked(t) {
		tokens = append(tokens, a.Token)
	}
	if got, want := strings.Join(tokens, " "), pluginToken+" "+string(newToken)+" third"; got != want || sel.Session != "third" {
		t.Errorf("tokens %s, want %s; session %q", got, want, string(sel.Session))
	}
}

// What cannot be right is refused before anything is stored.
func TestStorefrontRefusesFields(t *testing.T) {
	tests := []struct {
		name   string
		fields centra.Fields
		says   string
	}{
		{"a payment method that is no number", centra.Fields{PaymentMethod: "klarna"}, "not a number"},
		{"a shipping method that is no number", centra.Fields{ShippingMethod: "1.5"}, "not a number"},
		{"one of two that is no number", centra.Fields{PaymentMethod: "3", ShippingMethod: "x"}, "not a number"},
		{"an address beside one", centra.Fields{Email: "a@b.se", ShippingMethod: "x"}, "not a number"},
		{"an event that is no JSON", centra.Fields{Extra: map[string]any{"x": json.RawMessage(canaryEmail)}}, "JSON"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := storefrontServer(t, map[string][]string{"addresses": {entered("null", "null", "SE")}})
			_, err := newStorefront(t, g.URL).UpdateFields(t.Context(), token, test.fields)
			if e := asError(t, err); e.Attempts != 0 || e.Session != token || !strings.Contains(err.Error(), test.says) {
				t.Errorf("error %v", err)
			}
			if got := g.ops(t); got != "" && got != "query addresses" {
				t.Errorf("%s was sent", got)
			}
		})
	}
}

// An address that cannot be completed is not stored: that might clear it.
func TestStorefrontDoesNotStoreHalf(t *testing.T) {
	half := `{"data":{"selection":{"id":"1","checkout":null},"session":{"country":{"code":"SE"}}},` +
		`"errors":[{"message":"Internal server error","path":["selection","checkout"]}]}`
	for _, test := range []struct {
		name, answer string
		kind         error
	}{
		{"errors", half, centra.ErrUnavailable},
		{"nothing", `{"data":{}}`, centra.ErrInvalidResponse},
		{"no cart", `{"data":{"session":{"country":{"code":"SE"}}}}`, centra.ErrInvalidResponse},
		{"null", `{"data":{"selection":null,"session":{"country":{"code":"SE"}}}}`, centra.ErrInvalidResponse},
		{"text", `{"data":{"selection":"1","session":{"country":{"code":"SE"}}}}`, centra.ErrInvalidResponse},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := storefrontServer(t, fieldAnswers(test.answer))
			_, err := newStorefront(t, g.URL).UpdateFields(t.Context(), token, centra.Fields{Email: "a@b.se", Address: &centra.Address{Country: "SE"}})
			wantKind(t, err, test.kind)
			if got := g.ops(t); got != "query addresses" {
				t.Errorf("asked %s", got)
			}
		})
	}
}
