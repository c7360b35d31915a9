package graphql_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/centra-go/cartabandonment/centra/centratest/internal/graphql"
	"github.com/google/go-cmp/cmp"
)

const shopSchema = `
"A comment is nothing."
scalar Map
enum Sort { NAME PRICE }
type Query { cart(sort: Sort = NAME, tags: [String!]): Cart! note: String }
type Mutation { put(item: ItemInput!, times: Int! = 2, extra: Map, ok: Boolean): Cart! }
type Cart { id: String lines(first: Int! = 10): [Line!]! total: Float! }
interface Line { name: String! count: Int! }
type ProductLine implements Line { name: String! count: Int! sku: String! }
type GiftLine implements Line { name: String! count: Int! wrapped: Boolean! }
type Lamp { on: Boolean! }
input ItemInput { name: String! count: Int! = 1 sort: Sort part: ItemInput }
`

func schema(t testing.TB) *graphql.Schema {
	t.Helper()
	s, err := graphql.ParseSchema(shopSchema)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func decode(t testing.TB, text string) map[string]any {
	t.Helper()
	if text == "" {
		return nil
	}
	var v map[string]any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// cart answers with the arguments that it was asked with.
func cart(arguments map[string]any) *graphql.Object {
	return &graphql.Object{Type: "Cart", Fields: map[string]any{
		"id": nil, "total": 1.5,
		"lines": func(a map[string]any) any {
			return []any{
				&graphql.Object{Type: "ProductLine", Fields: map[string]any{"name": "Mug", "count": a["first"], "sku": "M1"}},
				&graphql.Object{Type: "GiftLine", Fields: map[string]any{"name": "Card", "count": 1, "wrapped": true}},
			}
		},
	}}
}

func TestExecute(t *testing.T) {
	for _, row := range []struct {
		name, query, operation, variables string
		arguments                         string // of the root field
		data                              string
	}{
		{"shorthand", `{ cart { total } }`, "", "", `{"sort":"NAME"}`, `{"cart":{"total":1.5}}`},
		{"null and typename", `query { __typename cart { __typename id } }`, "", "", `{"sort":"NAME"}`, `{"__typename":"Query","cart":{"__typename":"Cart","id":null}}`},
		{"alias and argument", `{ mine: cart(sort: PRICE) { a: lines(first: 3) { count } } }`, "", "", `{"sort":"PRICE"}`, `{"mine":{"a":[{"count":3},{"count":1}]}}`},
		{
			"fragments", `query q { cart { ...c ...c } } fragment c on Cart { lines { ...l ... on GiftLine { wrapped } } } fragment l on Line { name ... on ProductLine { sku } }`,
			"q", "", `{"sort":"NAME"}`, `{"cart":{"lines":[{"name":"Mug","sku":"M1"},{"name":"Card","wrapped":true}]}}`,
		},
		{"the same field twice adds up", `{ cart { lines { name } lines { count } } }`, "", "", `{"sort":"NAME"}`, `{"cart":{"lines":[{"name":"Mug","count":10},{"name":"Card","count":1}]}}`},
		{
			"variables", `mutation($i: ItemInput!, $n: Int!, $x: Map) { put(item: $i, times: $n, extra: $x) { total } }`, "",
			`{"i":{"name":"Mug","part":{"name":"Handle"}},"n":4,"x":{"a":[1,{"b":null}]}}`,
			`{"item":{"name":"Mug","count":1,"part":{"name":"Handle","count":1}},"times":4,"extra":{"a":[1,{"b":null}]}}`, `{"put":{"total":1.5}}`,
		},
		{
			"defaults of variables and arguments", `mutation($n: Int = 7, $ok: Boolean) { put(item: {name: "M\u00fcg \/"}, times: $n, ok: $ok) { total } }`, "", `{}`,
			`{"item":{"name":"Müg /","count":1},"times":7}`, `{"put":{"total":1.5}}`,
		},
		{
			"a variable within an object", `mutation($name: String!, $sort: Sort) { put(item: {name: $name, sort: $sort}) { total } }`, "", `{"name":"Mug"}`,
			`{"item":{"name":"Mug","count":1},"times":2}`, `{"put":{"total":1.5}}`,
		},
		{"explicit null", `mutation($ok: Boolean) { put(item: {name: "x"}, ok: $ok) { total } }`, "", `{"ok":null}`, `{"item":{"name":"x","count":1},"times":2,"ok":null}`, `{"put":{"total":1.5}}`},
		{"one for a list", `{ cart(tags: "new") { total } }`, "", "", `{"sort":"NAME","tags":["new"]}`, `{"cart":{"total":1.5}}`},
		{"one of several operations", `query a { note } query b { cart { total } }`, "b", "", `{"sort":"NAME"}`, `{"cart":{"total":1.5}}`},
		{"comments, commas and block texts", "{ # hello\n cart(tags: [\"\"\"a \"b\" c\"\"\",]) { total, } }", "", "", `{"sort":"NAME","tags":["a \"b\" c"]}`, `{"cart":{"total":1.5}}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			request, err := schema(t).Prepare(row.query, row.operation, decode(t, row.variables))
			if err != nil {
				t.Fatal(err)
			}
			var asked map[string]any
			data, err := request.Execute(func(_ string, arguments map[string]any) (any, error) {
				asked = arguments
				return cart(arguments), nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(decode(t, row.arguments), asked); diff != "" {
				t.Errorf("arguments (-want +got):\n%s", diff)
			}
			text, err := json.Marshal(data)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(decode(t, row.data), decode(t, string(text))); diff != "" {
				t.Errorf("data (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPrepareRefuses(t *testing.T) {
	for _, row := range []struct{ name, query, variables, says string }{
		{"empty", ``, "", `of the 0 operations none`},
		{"unknown field", `{ cart { price } }`, "", "Cart has no field price"},
		{"unknown root field", `{ basket { id } }`, "", "Query has no field basket"},
		{"a mutation's field in a query", `{ put(item: {name: "x"}) { id } }`, "", "Query has no field put"},
		{"unknown argument", `{ cart(order: 1) { id } }`, "", "Query.cart takes no order"},
		{"missing argument", `mutation { put { id } }`, "", "Mutation.put needs item"},
		{"missing member", `mutation { put(item: {}) { id } }`, "", "Mutation.put.item needs name"},
		{"unknown member", `mutation { put(item: {name: "x", colour: "red"}) { id } }`, "", "Mutation.put.item takes no colour"},
		{"wrong literal", `{ cart { lines(first: "3") { name } } }`, "", "Cart.lines.first wants Int, which a text is not"},
		{"a fraction", `{ cart { lines(first: 3.5) { name } } }`, "", "Cart.lines.first wants Int"},
		{"a text for an enum", `{ cart(sort: "NAME") { id } }`, "", "the wrong kind of value"},
		{"unknown enum", `{ cart(sort: SIZE) { id } }`, "", "wants Sort"},
		{"null for what is required", `mutation { put(item: null) { id } }`, "", "Mutation.put.item is never null"},
		{"fields missing", `{ cart }`, "", "Query.cart needs fields of Cart"},
		{"fields of a text", `{ note { length } }`, "", "Query.note has no fields"},
		{"nothing selected", `{ cart { } }`, "", "nothing is selected"},
		{"unknown fragment", `{ cart { ...c } }`, "", "there is no fragment c"},
		{"unused fragment", `{ note } fragment c on Cart { id }`, "", "the fragment c is not used"},
		{"a fragment within itself", `{ cart { ...c } } fragment c on Cart { ...c }`, "", "within itself"},
		{"a fragment on nothing", `{ cart { ... on Basket { id } } }`, "", "on Basket, which is no type"},
		{"a fragment where it cannot be", `{ cart { ... on Lamp { on } } }`, "", "on Lamp cannot be within Cart"},
		{"a field of another type", `{ cart { lines { sku } } }`, "", "Line has no field sku"},
		{"undeclared variable", `{ cart(sort: $s) { id } }`, "", "$s is not declared"},
		{"unused variable", `query($s: Sort) { note }`, "", "$s is not used"},
		{"variable of another type", `query($s: String) { cart(sort: $s) { id } }`, "", "$s is String, and Query.cart.sort wants Sort"},
		{"optional variable for what is required", `mutation($i: ItemInput) { put(item: $i) { id } }`, `{"i":{"name":"x"}}`, "$i is ItemInput, and Mutation.put.item wants ItemInput!"},
		{"one for a list in a variable", `query($t: String!) { cart(tags: $t) { id } }`, `{"t":"x"}`, "$t is String!, and Query.cart.tags wants [String!]"},
		{"variable missing", `mutation($i: ItemInput!) { put(item: $i) { id } }`, `{}`, "$i is missing"},
		{"variable is null", `mutation($i: ItemInput!) { put(item: $i) { id } }`, `{"i":null}`, "$i is never null"},
		{"value of another type", `mutation($i: ItemInput!) { put(item: $i) { id } }`, `{"i":{"name":3}}`, "$i.name wants String, which a number is not"},
		{"member missing in a variable", `mutation($i: ItemInput!) { put(item: $i) { id } }`, `{"i":{}}`, "$i needs name"},
		{"member unknown in a variable", `mutation($i: ItemInput!) { put(item: $i) { id } }`, `{"i":{"name":"x","a":1}}`, "$i takes no a"},
		{"a text for a map", `mutation($x: Map) { put(item: {name: "x"}, extra: $x) { id } }`, `{"x":"{}"}`, "$x wants Map"},
		{"a number for a boolean", `mutation($ok: Boolean) { put(item: {name: "x"}, ok: $ok) { id } }`, `{"ok":1}`, "$ok wants Boolean"},
		{"sent but not declared", `{ note }`, `{"secret":1}`, "$secret is sent, but not declared"},
		{"variable of a type with fields", `query($c: Cart) { cart(sort: $c) { id } }`, "", "cannot be given"},
		{"directive", `{ note @skip(if: true) }`, "", `a name is expected before "@"`},
		{"subscription", `subscription { note }`, "", `begins neither`},
		{"open end", `{ cart { id }`, "", `"}" is missing`},
		{"open text", `{ cart(tags: "a) { id } }`, "", "a text does not end"},
		{"too deep", strings.Repeat("{a", 100), "", "nested too deep"},
		{"fragments that multiply", multiplied(30), "", "asks for too much"},
		{"argument given twice", `{ cart(sort: NAME, sort: PRICE) { id } }`, "", "sort is given twice"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := schema(t).Prepare(row.query, "", decode(t, row.variables))
			if err == nil || !strings.Contains(err.Error(), row.says) {
				t.Errorf("error %v, want %q in it", err, row.says)
			}
		})
	}
}

// multiplied asks for 2 to the power of n fields.
func multiplied(n int) string {
	var query strings.Builder
	query.WriteString("{ cart { ...f0 } }")
	for i := range n {
		fmt.Fprintf(&query, " fragment f%d on Cart { ...f%d ...f%d }", i, i+1, i+1)
	}
	fmt.Fprintf(&query, " fragment f%d on Cart { id }", n)
	return query.String()
}

func TestErrorsHoldNoValues(t *testing.T) {
	_, err := schema(t).Prepare(`mutation($i: ItemInput!) { put(item: $i) { id } }`, "", decode(t, `{"i":{"name":["secret@example.com"]}}`))
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("error %v", err)
	}
}

func TestAsks(t *testing.T) {
	request, err := schema(t).Prepare(`{ cart { ...c } } fragment c on Cart { lines { name } }`, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if !request.Asks("Cart", "lines") || !request.Asks("Line", "name") || request.Asks("Cart", "total") {
		t.Error("wrong about what is asked for")
	}
}

func TestResolveErrorEndsIt(t *testing.T) {
	request, err := schema(t).Prepare(`mutation { a: put(item: {name: "x"}) { id } b: put(item: {name: "y"}) { id } }`, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	calls := 0
	data, err := request.Execute(func(string, map[string]any) (any, error) {
		calls++
		return nil, errors.New("no")
	})
	if err == nil || data != nil || calls != 1 {
		t.Errorf("%d calls, data %v, error %v", calls, data, err)
	}
}

func TestParseSchemaRefuses(t *testing.T) {
	for _, row := range []struct{ name, source, says string }{
		{"no query", `type Mutation { a: Int }`, "no type Query"},
		{"unknown type", `type Query { a: Cart }`, "Query.a names Cart"},
		{"unknown argument type", `type Query { a(b: Cart): Int }`, "Query.a names Cart"},
		{"no interface", `type Query implements Node { a: Int }`, "no interface"},
		{"a field of the interface missing", `interface Node { id: Int } type Query implements Node { a: Int }`, "has not the field id"},
		{"no kind", `union A = B`, "defines no kind"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if _, err := graphql.ParseSchema(row.source); err == nil || !strings.Contains(err.Error(), row.says) {
				t.Errorf("error %v, want %q in it", err, row.says)
			}
		})
	}
}

func FuzzPrepare(f *testing.F) {
	for _, query := range []string{
		`{ cart { total } }`, `query a($s: Sort = NAME) { cart(sort: $s, tags: ["a"]) { ...c } } fragment c on Cart { lines { name ... on GiftLine { wrapped } } }`,
		`mutation($i: ItemInput!) { put(item: $i, extra: {a: [1, -2.5e3, "x\n", null, true, A]}) { id } }`, `{ a: cart { b: id } # c`,
	} {
		f.Add(query)
	}
	s := schema(f)
	f.Fuzz(func(t *testing.T, query string) {
		request, err := s.Prepare(query, "", map[string]any{"i": map[string]any{"name": "x"}})
		if err != nil {
			return
		}
		_, _ = request.Execute(func(field string, arguments map[string]any) (any, error) {
			if field == "note" {
				return "n", nil
			}
			return cart(arguments), nil
		})
	})
}
