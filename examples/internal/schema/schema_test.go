package schema_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/examples/internal/schema"
)

// sent is a document as the client sent it.
type sent struct {
	Query     string
	Variables map[string]any
}

// centraServer is a Centra without a socket that keeps what it was sent, and
// answers so that every method goes on to its end.
type centraServer struct{ sent []sent }

const cart = `{"id":"0a1b2c3d4e5f","lines":[{"id":"l1","quantity":1}]}`

func (c *centraServer) RoundTrip(r *http.Request) (*http.Response, error) {
	var s sent
	d := json.NewDecoder(r.Body)
	d.UseNumber()
	if err := d.Decode(&s); err != nil {
		return nil, err
	}
	c.sent = append(c.sent, s)
	body := `{"data":{"selection":` + cart + `,"session":{"country":{"code":"SE"}},
		"mutation":{"selection":` + cart + `,"userErrors":[],"type":"SUCCESS","order":{"number":1},
			"action":{"__typename":"RedirectPaymentAction","url":"https://example.com"}}},
		"extensions":{"token":"f611707b97e18a902270223b79f743c2"}}`
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(bytes.NewBufferString(body))}, nil
}

func load(t *testing.T) *ast.Schema {
	t.Helper()
	s, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphql", Input: schema.Text})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// calls are all methods of the client, with everything that can be set.
func calls(ctx context.Context, c centra.API) map[string]func(centra.Session) error {
	full := &centra.Address{
		Email: "test@example.com", FirstName: "Test", LastName: "Testsson", Company: "Example AB", Address1: "Storgatan 1", Address2: "2",
		ZipCode: "11122", City: "Malmö", State: "M", Country: "swe", PhoneNumber: "+46701234567", VATNumber: "SE1",
		Newsletter: centra.Yes, IdentityNumber: "1", HouseNumber: "1", HouseExtension: "A",
	}
	event := map[string]any{"country": "swe", "postal_code": json.Number("11122"), "additionalFields": map[string]any{"suspendIgnore": []any{1, nil}}}
	update := func(f centra.Fields) func(centra.Session) error {
		return func(s centra.Session) error { _, err := c.UpdateFields(ctx, s, f); return err }
	}
	pay := func(f centra.Fields) func(centra.Session) error {
		return func(s centra.Session) error {
			_, err := c.StartPayment(ctx, s, centra.Payment{Fields: f, ReturnPage: "https://example.com/a", FailedPage: "https://example.com/b"})
			return err
		}
	}
	do := func(method, document string, in any) func(centra.Session) error {
		return func(s centra.Session) error {
			var sel centra.Selection
			_, err := c.Do(ctx, s, method, document, in, &sel)
			return err
		}
	}
	return map[string]func(centra.Session) error{
		"Selection":       func(s centra.Session) error { _, err := c.Selection(ctx, s); return err },
		"AttachSelection": func(s centra.Session) error { _, err := c.AttachSelection(ctx, s, "0a1b2c3d4e5f"); return err },
		"PaymentResult": func(s centra.Session) error {
			_, err := c.PaymentResult(ctx, s, url.Values{"a[b]": {"1"}, "c": {""}})
			return err
		},
		"UpdateFields with an e-mail address": update(centra.Fields{Email: "test@example.com", CartAbandonmentEmail: centra.Yes}),
		"UpdateFields without consent":        update(centra.Fields{Email: "test@example.com"}),
		"UpdateFields with a withdrawal":      update(centra.Fields{CartAbandonmentEmail: centra.No}),
		"UpdateFields with all":               update(centra.Fields{Address: full, ShippingAddress: full, PaymentMethod: "3", ShippingMethod: "5"}),
		"UpdateFields with an event":          update(centra.Fields{Extra: event}),
		"UpdateFields with an event and consent": update(centra.Fields{
			Email: "test@example.com", CartAbandonmentEmail: centra.Yes, Extra: event,
		}),
		"UpdateFields with nothing": update(centra.Fields{}),
		"StartPayment":              pay(centra.Fields{}),
		"StartPayment with all": pay(centra.Fields{
			Email: "test@example.com", CartAbandonmentEmail: centra.No, Address: full, ShippingAddress: full, PaymentMethod: "3", ShippingMethod: "5",
			Extra: map[string]any{"languageCode": "sv", "paymentMethodSpecificFields": event, "ipAddress": "203.0.113.7"},
		}),
		"Do with ...answered": do(http.MethodPost, `mutation addItem($item: String!) { addItem(item: $item) { ...answered } }`, map[string]any{"item": "1-1"}),
		"Do with ...shown":    do(http.MethodGet, `{ selection { ...shown } }`, nil),
	}
}

// eachDocument calls check with every document that a client sends.
func eachDocument(t *testing.T, atCheckout bool, check func(*testing.T, *ast.QueryDocument, sent)) {
	t.Helper()
	known := load(t)
	var server centraServer
	client, err := centra.NewStorefrontAPI("https://shop.example.com/storefront", "plugin", centra.WithTransport(&server))
	if err != nil {
		t.Fatal(err)
	}
	if atCheckout {
		client = client.AtCheckout()
	}
	all := calls(t.Context(), client)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		for _, s := range []centra.Session{"", "esf1p3tgchfg5ggtpqdpgqjtt6"} {
			server.sent = nil
			if err := all[name](s); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if len(server.sent) == 0 {
				t.Errorf("%s: nothing was sent", name)
			}
			for _, document := range server.sent {
				query, errs := gqlparser.LoadQueryWithRules(known, document.Query, rules.NewDefaultRules())
				if len(errs) > 0 {
					t.Errorf("%s: %v in\n%s", name, errs, document.Query)
					continue
				}
				if len(query.Operations) != 1 {
					t.Fatalf("%s: %d operations", name, len(query.Operations))
				}
				if _, err := validator.VariableValues(known, query.Operations[0], document.Variables); err != nil {
					t.Errorf("%s: %v in %v", name, err, document.Variables)
				}
				check(t, query, document)
			}
		}
	}
}

func TestDocumentsFitTheSchema(t *testing.T) {
	seen := map[string]bool{}
	for _, atCheckout := range []bool{false, true} {
		eachDocument(t, atCheckout, func(_ *testing.T, query *ast.QueryDocument, _ sent) {
			seen[query.Operations[0].Name] = true
		})
	}
	want := []string{
		"", "addItem", "addresses", "handleWidgetEvent", "handleWidgetEventAndSetAddress", "paymentInstructions", "paymentResult",
		"selection", "setAddress", "setPaymentMethod", "setSelection", "setShippingMethod",
	}
	if got := slices.Sorted(maps.Keys(seen)); !slices.Equal(got, want) {
		t.Errorf("documents %q, want %q", got, want)
	}
}

// A field that is not in the schema, or a missing argument, would be found.
func TestTheSchemaRefuses(t *testing.T) {
	known := load(t)
	for name, document := range map[string]string{
		"an unknown field":    `{ selection { id items { id } } }`,
		"a missing argument":  `mutation { setAddress(sendCartAbandonmentEmail: true) { userErrors { message } } }`,
		"an unknown argument": `mutation { setSelection(id: "1", hash: "2") { userErrors { message } } }`,
		"an unused fragment":  `{ selection { id } } fragment f on Selection { id }`,
		"a wrong variable":    `mutation($id: String) { setSelection(id: $id) { userErrors { message } } }`,
	} {
		if _, errs := gqlparser.LoadQueryWithRules(known, document, rules.NewDefaultRules()); len(errs) == 0 {
			t.Errorf("%s: the document was accepted", name)
		}
	}
}

// Reading checkout costs Centra calls to others. The one document that may read it
// elsewhere reads what the shopper has entered, before an address is stored.
func TestCheckoutIsAskedForAtTheCheckoutOnly(t *testing.T) {
	asks := func(query *ast.QueryDocument) bool {
		found := false
		for _, fragment := range query.Fragments {
			found = found || selects(fragment.SelectionSet, "checkout")
		}
		return found || selects(query.Operations[0].SelectionSet, "checkout")
	}
	eachDocument(t, false, func(t *testing.T, query *ast.QueryDocument, _ sent) {
		if name := query.Operations[0].Name; asks(query) && name != "addresses" {
			t.Errorf("%s asks for checkout", name)
		}
	})
	found := false
	eachDocument(t, true, func(_ *testing.T, query *ast.QueryDocument, _ sent) {
		found = found || asks(query) && query.Operations[0].Name == "selection"
	})
	if !found {
		t.Error("not even AtCheckout asks for checkout")
	}
}

func selects(set ast.SelectionSet, name string) bool {
	for _, selection := range set {
		if field, ok := selection.(*ast.Field); ok && (field.Name == name || selects(field.SelectionSet, name)) {
			return true
		}
		if inline, ok := selection.(*ast.InlineFragment); ok && selects(inline.SelectionSet, name) {
			return true
		}
	}
	return false
}

// Leaving the opt-in out would opt the shopper in, and so might null.
func TestConsentIsInEverySetAddress(t *testing.T) {
	found := 0
	check := func(t *testing.T, query *ast.QueryDocument, document sent) {
		operation := query.Operations[0]
		for _, selection := range operation.SelectionSet {
			field := selection.(*ast.Field)
			if field.Name != "setAddress" {
				continue
			}
			found++
			argument := field.Arguments.ForName("sendCartAbandonmentEmail")
			if argument == nil || argument.Value.Kind != ast.Variable {
				t.Fatalf("%s: setAddress without the opt-in as a variable", operation.Name)
			}
			if _, ok := document.Variables[argument.Value.Raw].(bool); !ok {
				t.Errorf("%s: the opt-in is %v", operation.Name, document.Variables[argument.Value.Raw])
			}
			if declared := operation.VariableDefinitions.ForName(argument.Value.Raw); declared.DefaultValue != nil || !declared.Type.NonNull {
				t.Errorf("%s: the opt-in is declared as %s", operation.Name, declared.Type)
			}
		}
	}
	eachDocument(t, false, check)
	eachDocument(t, true, check)
	if found < 8 {
		t.Errorf("setAddress was seen %d times", found)
	}
}

// Another type may appear tomorrow wherever one of several is answered.
func TestTypesAreAskedFor(t *testing.T) {
	known := load(t)
	var walk func(t *testing.T, name string, set ast.SelectionSet)
	walk = func(t *testing.T, name string, set ast.SelectionSet) {
		for _, selection := range set {
			switch s := selection.(type) {
			case *ast.InlineFragment:
				walk(t, name, s.SelectionSet)
			case *ast.Field:
				kind := known.Types[s.Definition.Type.Name()].Kind
				if kind == ast.Interface && !selectsType(s.SelectionSet) {
					t.Errorf("%s: %s is asked for without __typename", name, s.Name)
				}
				walk(t, name, s.SelectionSet)
			}
		}
	}
	check := func(t *testing.T, query *ast.QueryDocument, document sent) {
		if strings.Contains(document.Query, "addItem") { // the host's own
			return
		}
		walk(t, query.Operations[0].Name, query.Operations[0].SelectionSet)
		for _, fragment := range query.Fragments {
			walk(t, query.Operations[0].Name+", "+fragment.Name, fragment.SelectionSet)
		}
	}
	eachDocument(t, true, check)
	eachDocument(t, false, check)
}

// selectsType looks for __typename, also in the fragments that are spread.
func selectsType(set ast.SelectionSet) bool {
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			if s.Name == "__typename" {
				return true
			}
		case *ast.FragmentSpread:
			if selectsType(s.Definition.SelectionSet) {
				return true
			}
		}
	}
	return false
}
