package centratest_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/google/go-cmp/cmp"
)

// graphqlShopper calls the Storefront API as a host does: it keeps the token
// that an answer brings.
type graphqlShopper struct {
	server *centratest.Server
	token  string
	header http.Header
}

func newGraphQLShopper(server *centratest.Server) *graphqlShopper {
	return &graphqlShopper{server: server, token: centratest.SessionModeToken}
}

func (s *graphqlShopper) do(t *testing.T, query string, variables map[string]any) (int, map[string]any) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	header := http.Header{}
	maps.Copy(header, s.header)
	if s.token != "" {
		header.Set("Authorization", "Bearer "+s.token)
	}
	status, answer := send(t, s.server.Client(), "POST", s.server.StorefrontURL(), "", header, string(body))
	if token, ok := dig(t, answer, "extensions", "token").(string); ok {
		s.token = token
	}
	return status, answer
}

// data is the only field of the answer's data; errors fail the test.
func (s *graphqlShopper) data(t *testing.T, query string, variables map[string]any) map[string]any {
	t.Helper()
	status, answer := s.do(t, query, variables)
	if answer["errors"] != nil || status != http.StatusOK {
		t.Fatalf("status %d, errors %v", status, answer["errors"])
	}
	for _, field := range answer["data"].(map[string]any) {
		object, _ := field.(map[string]any)
		return object
	}
	return nil
}

const (
	refusals   = ` userErrors { __typename message path }`
	addItem    = `mutation($i: String!, $n: Int! = 1) { addItem(item: $i, quantity: $n) { line { id } selection { id }` + refusals + ` } }`
	setAddress = `mutation($a: AddressInput!, $b: AddressInput, $yes: Boolean!) {
		setAddress(shippingAddress: $a, separateBillingAddress: $b, sendCartAbandonmentEmail: $yes) { selection { id }` + refusals + ` } }`
	setSelection = `mutation($id: String!) { setSelection(id: $id) { selection { id lines { item { id } } }` + refusals + ` } }`
	widgetEvent  = `mutation($p: Map!) { handleWidgetEvent(payload: $p) { selection { id }` + refusals + ` } }`
)

func swedish(email string) map[string]any { return map[string]any{"country": "SE", "email": email} }

func optedIn(email string, yes bool) map[string]any {
	return map[string]any{"a": swedish(email), "yes": yes}
}

func TestStorefrontSessions(t *testing.T) {
	server := centratest.NewServer(t, centratest.WithoutSocket())
	visitor := newGraphQLShopper(server)
	if selection := visitor.data(t, `{ selection { id } }`, nil); selection["id"] != nil {
		t.Errorf("an empty cart has the ID %v", selection["id"])
	}
	if visitor.token == centratest.SessionModeToken || server.SelectionOf(visitor.token) == "" {
		t.Fatal("the session mode token did not make a session")
	}
	own := server.SelectionOf(visitor.token)
	if selection := dig(t, visitor.data(t, addItem, map[string]any{"i": "1-1"}), "selection"); dig(t, selection.(map[string]any), "id") != own {
		t.Error("the item is in another cart")
	}
	for _, row := range []struct {
		name, token string
		header      http.Header
	}{
		{"no token", "", nil},
		{"unknown token", "guess", nil},
		{"wrong shared secret", visitor.token, http.Header{"X-Shared-Secret": {"guess"}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			other := &graphqlShopper{server: server, token: row.token, header: row.header}
			status, answer := other.do(t, `{ selection { id } }`, nil)
			if failures, _ := answer["errors"].([]any); status != 200 || answer["data"] != nil || len(failures) != 1 ||
				dig(t, failures[0].(map[string]any), "message") != "Unauthorized" {
				t.Errorf("status %d, answer %v; want Unauthorized", status, answer)
			}
		})
	}
	visitor.header = http.Header{"X-Shared-Secret": {centratest.Secret}}
	visitor.data(t, `{ session { country { code } market { id } loggedIn { id } } }`, nil)
	server.ExpireToken(visitor.token)
	if _, answer := visitor.do(t, `{ selection { id } }`, nil); answer["errors"] == nil {
		t.Error("an expired token works")
	}
}

func TestStorefrontRotation(t *testing.T) {
	server := centratest.NewServer(t, centratest.WithoutSocket(), centratest.WithTokenWhenNew())
	token, selection := server.NewStorefrontCart("1-1")
	visitor := &graphqlShopper{server: server, token: token}
	if _, answer := visitor.do(t, `{ selection { id } }`, nil); dig(t, answer, "extensions", "token") != nil {
		t.Error("a token that has not changed is in the answer")
	}
	server.RotateNext()
	visitor.data(t, `{ selection { id } }`, nil)
	if visitor.token == token || server.SelectionOf(visitor.token) != selection || server.SelectionOf(token) != "" {
		t.Error("the token has not taken the place of the old one")
	}
	server.FailNext(centratest.StatusFault(500, map[string]string{"server": "broken"}).Rotating())
	before := visitor.token
	status, answer := visitor.do(t, `{ selection { id } }`, nil)
	if status != 500 || answer["data"] != nil || visitor.token == before || server.SelectionOf(visitor.token) != selection {
		t.Errorf("status %d, answer %v; want a failure with a new token", status, answer)
	}
}

func TestStorefrontReminder(t *testing.T) {
	for _, row := range []struct {
		name    string
		options []centratest.Option
		calls   []func(*testing.T, *graphqlShopper)
		to      []string
	}{
		{"opted in", nil, []func(*testing.T, *graphqlShopper){says(true)}, []string{"sam@example.com"}},
		{"opted out", nil, []func(*testing.T, *graphqlShopper){says(false)}, nil},
		{"nothing said", nil, []func(*testing.T, *graphqlShopper){saysNothing}, []string{"sam@example.com"}},
		{"withdrawn", nil, []func(*testing.T, *graphqlShopper){says(true), says(false)}, nil},
		{
			"withdrawn in vain", []centratest.Option{centratest.WithNoIgnored()},
			[]func(*testing.T, *graphqlShopper){says(true), says(false)}, []string{"sam@example.com"},
		},
		{"a widget alone", nil, []func(*testing.T, *graphqlShopper){tellsWidget}, nil},
		{
			"a widget is enough", []centratest.Option{centratest.WithWidgetOptIn()},
			[]func(*testing.T, *graphqlShopper){tellsWidget}, []string{"widget@example.com"},
		},
		{"a payment alone", nil, []func(*testing.T, *graphqlShopper){beginsToPay}, nil},
		{
			"a payment is enough", []centratest.Option{centratest.WithPaymentOptIn()},
			[]func(*testing.T, *graphqlShopper){beginsToPay}, []string{"payer@example.com"},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := centratest.NewServer(t, append(row.options, centratest.WithoutSocket())...)
				token, _ := server.NewStorefrontCart("1-1")
				visitor := &graphqlShopper{server: server, token: token}
				for _, call := range row.calls {
					call(t, visitor)
				}
				time.Sleep(time.Hour)
				var to []string
				for _, mail := range server.Outbox() {
					to = append(to, mail.To)
				}
				if diff := cmp.Diff(row.to, to); diff != "" {
					t.Errorf("mails to (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func says(yes bool) func(*testing.T, *graphqlShopper) {
	return func(t *testing.T, v *graphqlShopper) {
		t.Helper()
		v.data(t, setAddress, optedIn("sam@example.com", yes))
	}
}

func saysNothing(t *testing.T, v *graphqlShopper) {
	t.Helper()
	v.data(t, `mutation($a: AddressInput!) { setAddress(shippingAddress: $a) { selection { id } } }`, map[string]any{"a": swedish("sam@example.com")})
}

func tellsWidget(t *testing.T, v *graphqlShopper) {
	t.Helper()
	v.data(t, widgetEvent, map[string]any{"p": map[string]any{
		"email": "widget@example.com", "postal_code": "211 42", "country": "swe", "additionalFields": map[string]any{"suspendIgnore": true},
	}})
}

func beginsToPay(t *testing.T, v *graphqlShopper) {
	t.Helper()
	v.data(t, startPayment, paymentBy(1, "payer@example.com"))
}

func TestStorefrontAddress(t *testing.T) {
	const shown = `{ selection { checkout {
		shippingAddress { email firstName city companyName country { code } state { code } } separateBillingAddress { firstName } hasSeparateBillingAddress
	} } }`
	full := map[string]any{"country": "US", "state": "NY", "email": "sam@example.com", "firstName": "Sam", "city": "Albany", "companyName": "Acme"}
	for _, row := range []struct {
		name    string
		options []centratest.Option
		want    map[string]any
		billing any
	}{
		{"left out is cleared", nil, map[string]any{
			"email": nil, "firstName": "Kim", "city": nil, "companyName": nil, "country": map[string]any{"code": "NO"}, "state": nil,
		}, nil},
		{"left out is kept", []centratest.Option{centratest.WithAddressAddingUp()}, map[string]any{
			"email": "sam@example.com", "firstName": "Kim", "city": "Albany", "companyName": "Acme", "country": map[string]any{"code": "NO"}, "state": nil,
		}, map[string]any{"firstName": "Bill"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			server := centratest.NewServer(t, append(row.options, centratest.WithoutSocket())...)
			token, selection := server.NewStorefrontCart("1-1")
			visitor := &graphqlShopper{server: server, token: token}
			visitor.data(t, setAddress, map[string]any{"a": full, "b": map[string]any{"country": "SE", "firstName": "Bill"}, "yes": false})
			before := dig(t, visitor.data(t, shown, nil), "checkout").(map[string]any)
			if diff := cmp.Diff(map[string]any{"firstName": "Bill"}, before["separateBillingAddress"]); diff != "" {
				t.Errorf("billing address (-want +got):\n%s", diff)
			}
			if state := dig(t, before, "shippingAddress", "state", "code"); state != "NY" {
				t.Errorf("state %v, want NY", state)
			}
			visitor.data(t, setAddress, map[string]any{"a": map[string]any{"country": "NO", "firstName": "Kim"}, "yes": false})
			after := dig(t, visitor.data(t, shown, nil), "checkout").(map[string]any)
			if diff := cmp.Diff(row.want, after["shippingAddress"]); diff != "" {
				t.Errorf("address after a shorter one (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(any(row.billing), after["separateBillingAddress"]); diff != "" {
				t.Errorf("billing address after none (-want +got):\n%s", diff)
			}
			_, body := shopCall(t, server, "GET", "/selections/"+selection, "")
			if name := dig(t, body, "shippingAddress", "firstName"); name != "Kim" || body["country"] != "NO" {
				t.Errorf("the Shop API shows %v in %v", name, body["country"])
			}
		})
	}
}

func TestStorefrontDeadSelections(t *testing.T) {
	for _, form := range []struct {
		name   string
		dead   centratest.DeadSelection
		errors bool
		null   bool
	}{
		{"userErrors", centratest.DeadIsUserError, false, false},
		{"errors", centratest.DeadIsError, true, true},
		{"null", centratest.DeadIsNull, false, true},
	} {
		for _, state := range []string{"unknown", "expired", "ordered", "alive"} {
			t.Run(form.name+" "+state, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					server := centratest.NewServer(t, centratest.WithoutSocket(), centratest.WithDeadSelection(form.dead))
					_, id := server.NewStorefrontCart("2-1")
					switch state {
					case "unknown":
						id = "00000000000000000000000000000000"
					case "expired":
						time.Sleep(7 * 24 * time.Hour)
					case "ordered":
						server.CompleteCart(id)
					case "alive":
						time.Sleep(7*24*time.Hour - time.Second)
					}
					token, own := server.NewStorefrontCart("1-1")
					visitor := &graphqlShopper{server: server, token: token}
					_, answer := visitor.do(t, setSelection, map[string]any{"id": id})
					if state == "alive" {
						if got := dig(t, answer, "data", "setSelection", "selection", "id"); got != id || server.SelectionOf(visitor.token) != id {
							t.Errorf("attached %v", got)
						}
						return
					}
					if (answer["errors"] != nil) != form.errors {
						t.Errorf("errors %v", answer["errors"])
					}
					if server.SelectionOf(visitor.token) != own {
						t.Error("the session has lost its own cart")
					}
					if form.errors {
						return
					}
					payload := dig(t, answer, "data", "setSelection").(map[string]any)
					if (payload["selection"] == nil) != form.null || (len(payload["userErrors"].([]any)) > 0) == form.null {
						t.Errorf("payload %v", payload)
					}
				})
			})
		}
	}
}

func TestStorefrontErrorStatus(t *testing.T) {
	server := centratest.NewServer(t, centratest.WithoutSocket(), centratest.WithGraphQLErrorStatus(http.StatusUnauthorized))
	visitor := &graphqlShopper{server: server, token: "expired"}
	if status, _ := visitor.do(t, `{ selection { id } }`, nil); status != http.StatusUnauthorized {
		t.Errorf("status %d, want 401", status)
	}
}

func TestUnfitDocumentsFailTheTest(t *testing.T) {
	for _, row := range []struct {
		name, query string
		variables   map[string]any
		says        string
	}{
		{"unknown field", `{ selection { total } }`, nil, "Selection has no field total"},
		{"unknown argument", `mutation { setSelection(id: "1", hash: "2") { selection { id } } }`, nil, "takes no hash"},
		{"missing argument", `mutation { setSelection { selection { id } } }`, nil, "needs id"},
		{"missing variable", setSelection, nil, "$id is missing"},
		{"variable of another type", `mutation($id: Int!) { setSelection(id: $id) { selection { id } } }`, map[string]any{"id": 1}, "wants String!"},
		{"a country is required", setAddress, map[string]any{"a": map[string]any{"email": "secret@example.com"}, "yes": true}, "$a needs country"},
		{"one that fits", setAddress, optedIn("secret@example.com", true), ""},
		{"null for a text", setAddress, map[string]any{"a": map[string]any{"country": nil, "email": "secret@example.com"}, "yes": true}, "never null"},
	} {
		t.Run(row.name, func(t *testing.T) {
			tb := &spyTB{}
			server := centratest.NewServer(tb, centratest.WithoutSocket())
			_, answer := newGraphQLShopper(server).do(t, row.query, row.variables)
			if row.says == "" {
				if len(tb.failures) > 0 {
					t.Errorf("failures %q for a document that fits", tb.failures)
				}
				return
			}
			if answer["data"] != nil || answer["errors"] == nil {
				t.Errorf("answer %v, want errors", answer)
			}
			if len(tb.failures) != 1 || !strings.Contains(tb.failures[0], row.says) || strings.Contains(tb.failures[0], "secret") {
				t.Errorf("failures %q, want one with %q and no value in it", tb.failures, row.says)
			}
		})
	}
	t.Run("another path", func(t *testing.T) {
		tb := &spyTB{}
		server := centratest.NewServer(tb, centratest.WithoutSocket())
		send(t, server.Client(), "GET", server.StorefrontURL()+"/selection", "", nil, "")
		if len(tb.failures) != 1 {
			t.Errorf("failures %q, want one", tb.failures)
		}
	})
}

func TestStorefrontRequestsAreRecorded(t *testing.T) {
	server := centratest.NewServer(t, centratest.WithoutSocket())
	token, selection := server.NewStorefrontCart("1-1")
	visitor := &graphqlShopper{server: server, token: token}
	const query = `query cart { selection { ...c } } fragment c on Selection { checkout { checkoutScript } }`
	visitor.data(t, query, nil)
	visitor.data(t, setAddress, optedIn("sam@example.com", false))
	recorded := server.Requests()
	if len(recorded) != 2 {
		t.Fatalf("%d requests recorded, want 2", len(recorded))
	}
	first, second := recorded[0], recorded[1]
	if first.API != centratest.StorefrontAPI || first.Document != query || first.Operation != "cart" || !first.AsksCheckout || first.Selection != selection {
		t.Errorf("recorded %+v", first)
	}
	if diff := cmp.Diff([]string{"selection"}, first.Fields); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	if second.AsksCheckout || second.Variables["yes"] != false || second.Fields[0] != "setAddress" || second.Status != 200 {
		t.Errorf("recorded %+v", second)
	}
}

func TestStorefrontMutationsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := centratest.NewServer(t, centratest.WithoutSocket())
		server.SetLatency(time.Second)
		token, selection := server.NewStorefrontCart("1-1")
		var group sync.WaitGroup
		for range 3 {
			group.Go(func() { (&graphqlShopper{server: server, token: token}).data(t, `{ selection { id } }`, nil) })
		}
		group.Wait()
		if got := server.MaxConcurrent(selection); got != 0 {
			t.Errorf("%d mutations at once, want none: queries change nothing", got)
		}
		for range 3 {
			group.Go(func() { (&graphqlShopper{server: server, token: token}).data(t, addItem, map[string]any{"i": "1-1"}) })
		}
		group.Wait()
		if got := server.MaxConcurrent(selection); got != 3 {
			t.Errorf("%d mutations at once, want 3", got)
		}
	})
}
