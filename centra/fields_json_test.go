package centra_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra"
)

// A capture that waits in a queue is sent as it would have been at once.
func TestFieldsThroughJSON(t *testing.T) {
	for name, fields := range map[string]centra.Fields{
		"nothing":     {},
		"an opt-in":   {Email: "a@example.com", CartAbandonmentEmail: centra.Yes},
		"an opt-out":  {Email: "a@example.com", CartAbandonmentEmail: centra.No},
		"no answer":   {Email: "a@example.com"},
		"empty":       {Address: &centra.Address{}, Extra: map[string]any{}},
		"every field": {Email: "a@example.com", Address: fullAddress(), ShippingAddress: &centra.Address{Newsletter: centra.No}, PaymentMethod: "p", ShippingMethod: "s"},
		"Extra": {CartAbandonmentEmail: centra.No, Extra: map[string]any{
			// Keys of typed fields are not taken for those.
			"email": "x@example.com", "cartAbandonmentEmail": true, "address": map[string]any{"city": "<Malmö> & \u2028"}, "extra": nil,
			"n": json.Number("12345678901234567890.10"), "list": []any{"a", true, nil, map[string]any{}, []any{}}, "": "",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := json.Marshal(fields)
			if err != nil {
				t.Fatal(err)
			}
			var got centra.Fields
			if err := json.Unmarshal(text, &got); err != nil {
				t.Fatalf("%v in %s", err, text)
			}
			if diff := cmp.Diff(fields, got); diff != "" {
				t.Errorf("fields (-want +got):\n%s", diff)
			}

			payment := centra.Payment{Fields: fields, ReturnPage: "https://example.com/back", FailedPage: "https://example.com/failed", TermsAndConditions: true}
			if text, err = json.Marshal(&payment); err != nil {
				t.Fatal(err)
			}
			var again centra.Payment
			if err := json.Unmarshal(text, &again); err != nil {
				t.Fatalf("%v in %s", err, text)
			}
			if diff := cmp.Diff(payment, again); diff != "" {
				t.Errorf("payment (-want +got):\n%s", diff)
			}
		})
	}
}

// Types of the host's own come back as plain JSON: what is sent is the same.
func TestFieldsThroughJSONAreSentAlike(t *testing.T) {
	fields := centra.Fields{Email: "a@example.com", Extra: map[string]any{
		"raw": json.RawMessage(`{"n": 1.50, "list": []}`), "struct": struct{ A int }{1}, "float": 1.5, "int": int64(1) << 60, "texts": []string{"a"},
	}}
	text, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	var queued centra.Fields
	if err := json.Unmarshal(text, &queued); err != nil {
		t.Fatal(err)
	}
	rec := record(t, answer(200, emptyCart))
	c := newCheckout(t, rec.URL)
	for _, f := range []centra.Fields{fields, queued} {
		if _, err := c.UpdateFields(t.Context(), token, f); err != nil {
			t.Fatal(err)
		}
	}
	sent := rec.sent()
	sameJSON(t, sent[0].Body, sent[1].Body)
	for _, digits := range []string{"1.50", "1152921504606846976"} {
		if !strings.Contains(sent[1].Body, digits) {
			t.Errorf("%s is not in %s", digits, sent[1].Body)
		}
	}
}

// What cannot be read is an error that quotes nothing, and changes nothing.
func TestFieldsRefuseOtherJSON(t *testing.T) {
	for name, text := range map[string]string{
		"a list":                 `["a@example.com"]`,
		"text":                   `"a@example.com"`,
		"another type":           `{"email":["a@example.com"]}`,
		"an opt-in that is text": `{"email":"a@example.com","cartAbandonmentEmail":"true"}`,
		"an unknown member":      `{"email":"a@example.com","a@example.com":1}`,
		"unknown in an address":  `{"address":{"a@example.com":1}}`,
		"an Extra that is none":  `{"extra":"a@example.com"}`,
	} {
		t.Run(name, func(t *testing.T) {
			fields, payment := centra.Fields{PaymentMethod: "kept"}, centra.Payment{ReturnPage: "kept"}
			for _, v := range []any{&fields, &payment} {
				if err := json.Unmarshal([]byte(text), v); err == nil || strings.Contains(err.Error(), "@") {
					t.Errorf("%v", err)
				}
			}
			if fields.PaymentMethod != "kept" || fields.Email != "" || payment.ReturnPage != "kept" || payment.Email != "" {
				t.Error("was changed")
			}
		})
	}
}
