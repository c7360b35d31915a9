package centra_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/centra-go/cartabandonment/centra"
)

// What a page sends lands in Extra. Whatever it says there, and however it is
// written, only the typed field tells Centra that the shopper agreed.
func TestConsentIsTheServersAlone(t *testing.T) {
	type agreed struct {
		CartAbandonmentEmail bool   `json:"cartAbandonmentEmail"`
		City                 string `json:"city"`
	}
	hidden := agreed{true, "Malmö"}
	tests := []struct {
		name  string
		extra map[string]any
		want  string // without the typed choice
	}{
		{"at the top", map[string]any{"cartAbandonmentEmail": true, "a": 1}, `{"a":1}`},
		{"in another case", map[string]any{"CARTAbandonmentemail": true}, `{}`},
		{"in an object", map[string]any{"address": map[string]any{"cartAbandonmentEmail": true, "city": "Malmö"}}, `{"address":{"city":"Malmö"}}`},
		{"in objects of lists", map[string]any{"a": []any{1, map[string]any{"b": []any{map[string]any{"cartAbandonmentEmail": "1", "c": nil}}}}},
			`{"a":[1,{"b":[{"c":null}]}]}`},
		{"in a map of texts", map[string]any{"a": map[string]string{"cartAbandonmentEmail": "1", "b": "c"}}, `{"a":{"b":"c"}}`},
		{"in raw JSON", map[string]any{"a": json.RawMessage(`{"cartAbandonmentEmail":true,"n":1.50}`)}, `{"a":{"n":1.50}}`},
		{"in raw JSON, escaped", map[string]any{"a": json.RawMessage(`[{"\u0063art\u0041bandonmentEmail":true}]`)}, `{"a":[{}]}`},
		{"twice in raw JSON", map[string]any{"a": json.RawMessage(`{"cartAbandonmentEmail":true,"cartAbandonmentEmail":true}`)}, `{"a":{}}`},
		{"in a struct", map[string]any{"a": hidden}, `{"a":{"city":"Malmö"}}`},
		{"behind a pointer", map[string]any{"a": &hidden}, `{"a":{"city":"Malmö"}}`},
		{"in a list of structs", map[string]any{"a": []agreed{hidden}}, `{"a":[{"city":"Malmö"}]}`},
		{"in Fields", map[string]any{"a": centra.Fields{CartAbandonmentEmail: centra.Yes, PaymentMethod: "x"}}, `{"a":{"paymentMethod":"x"}}`},
		{"in what writes itself", map[string]any{"a": json.Marshaler(json.RawMessage(`{"cartAbandonmentEmail":true}`))}, `{"a":{}}`},
		{"as a text it is a text", map[string]any{"a": `{"cartAbandonmentEmail":true}`, "b": []any{"cartAbandonmentEmail"}},
			`{"a":"{\"cartAbandonmentEmail\":true}","b":["cartAbandonmentEmail"]}`},
	}
	for _, test := range tests {
		for _, choice := range []centra.Choice{centra.NotSent, centra.No, centra.Yes} {
			t.Run(test.name+", "+choice.String(), func(t *testing.T) {
				before := fmt.Sprintf("%#v", test.extra)
				fields := centra.Fields{CartAbandonmentEmail: choice, Extra: test.extra}
				rec := record(t, answer(200, fitsAll))
				c := newCheckout(t, rec.URL)
				if _, err := c.UpdateFields(t.Context(), token, fields); err != nil {
					t.Fatal(err)
				}
				if _, err := c.StartPayment(t.Context(), token, centra.Payment{Fields: fields}); err != nil {
					t.Fatal(err)
				}
				want := test.want
				if choice != centra.NotSent {
					text, _ := json.Marshal(choice)
					want = `{"cartAbandonmentEmail":` + string(text) + `,` + want[1:]
					want = strings.Replace(want, ",}", "}", 1)
				}
				for _, sent := range rec.sent() {
					sameJSON(t, want, sent.Body)
				}
				if now := fmt.Sprintf("%#v", test.extra); now != before {
					t.Errorf("the caller's Extra was changed: %s, was %s", now, before)
				}
			})
		}
	}
}

// A value that holds itself is an error, not the end of the process.
func TestExtraThatHoldsItself(t *testing.T) {
	loop := map[string]any{}
	loop["loop"] = []any{loop}
	c := newCheckout(t, "https://shop.example.com")
	_, err := c.UpdateFields(t.Context(), token, centra.Fields{Extra: loop})
	if e := asError(t, err); e.Attempts != 0 {
		t.Errorf("%d attempts", e.Attempts)
	}
}
