package centra_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/centra-go/cartabandonment/centra"
)

// FuzzSelection holds the decoder against encoding/json: it accepts nothing that
// is not JSON, and where encoding/json finds a cart with so many items, so does
// it.
func FuzzSelection(f *testing.F) {
	for _, body := range []string{
		// No seed of 30 kB: the fuzzer would spend its time on making it smaller.
		`{"token":"f6","products":[],"selection":{"currency":"SEK","items":{"0":{"item":"1-1","line":"04","quantity":"2","ean":false,` +
			`"priceEachAsNumber":"315.00","product":{"uri":"women\/jackets","name":"\u00d6"}},"7":{"item":2,"product":[]}},"totals":{"totalQuantity":"3",` +
			`"shippingPrice":false,"grandTotalPriceAsNumber":12.5e2},"address":{"newsletter":null,"zipCode":11122},"shippingAddress":[],` +
			`"centraCheckoutScript":"a<\/script>\n"},"location":{"country":"SE"},"loggedIn":{"email":"a"},"errors":[]}`,
		emptyCart, fitsAll, `{"selection":{"items":{"0":{},"2":{}}}}`, `{"selection":[]}`, `{"selection":null}`,
		`{"sel\u0065ction":{"items":[{"item":"\ud83d\udea2","quantity":"1e2"}]}}`, `{"selection":{"items":[]}}<html>`,
		`{"selection":{"items":[{"product":[]}]},"errors":{"a":"b"}}`, `[]`, `null`, `<html>`,
		`{"line":"04","selection":"abc","country":"SE","items":[{"item":"1-1","product":"1","productName":"a","brandName":"b"}],"additionalNotes":"x",` +
			`"paymentMethodsAvailable":{"a":{"name":"b","handlingCost":"1"}},"shippingMethodsAvailable":[],"discounts":{"vouchers":[{"voucher":"a"}],` +
			`"automaticDiscounts":{"1":{"name":"b","priceOffAsNumber":-1}}},"pluginFields":{"a":"<\/b>"},"vatExempt":1,"errors":[]}`,
		`{"items":5,"selection":{"items":[{"product":{"media":{"thumb":["a"],"standard":{"1":"b"}}}}]},"countries":[{"states":[{}]}]}`,
		`{"token":"t","order":{"order":61,"items":[]}}`, `{"items":[],"location":{"state":null},"totals":{"taxAdded":false}}`,
		`{"selection":"abc","items":null}`, `{"selection":null,"items":[{}]}`, `{"selection":5,"items":[]}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var got centra.Selection
		err := got.UnmarshalJSON(bytes.Clone(body))

		var top map[string]json.RawMessage
		plain := json.Unmarshal(body, &top)
		raw, found := top["selection"]
		if err == nil {
			_, ordered := top["order"]
			if plain != nil || !found && !ordered && (top["items"] == nil || top["location"] == nil) {
				t.Fatalf("accepted, but encoding/json says %v, selection there: %v", plain, found)
			}
			if again := json.Unmarshal(body, new(centra.Selection)); again != nil {
				t.Fatalf("accepted directly, but not through encoding/json: %v", again)
			}
			if !bytes.Equal(got.Raw(), body) {
				t.Fatal("raw is not the body")
			}
			throughAPage(t, got)
		}
		if plain != nil || !found || members(body, "selection") != 1 {
			return
		}

		// A cart by the book: what encoding/json makes of it, ours must too.
		book := raw
		var id string
		if json.Unmarshal(raw, &id) == nil && id != "" {
			if _, invalid := centra.ParseSelectionID(id); invalid != nil {
				if err == nil {
					t.Fatalf("accepted with the ID %q", id)
				}
				return
			}
			book = body // the cart stands beside its ID
		}
		var cart struct{ Items []map[string]json.RawMessage }
		if members(book, "items") != 1 || json.Unmarshal(book, &cart) != nil || !allObjects(book) {
			return
		}
		if err != nil {
			if utf8.Valid(body) && !deep(body) && members(body, "errors") == 0 {
				t.Fatalf("refused with %v, but encoding/json finds %d items", err, len(cart.Items))
			}
			return
		}
		if len(got.Items) != len(cart.Items) {
			t.Fatalf("%d items, encoding/json finds %d", len(got.Items), len(cart.Items))
		}
	})
}

// throughAPage checks that a page can have a cart, and that it comes back as it
// was.
func throughAPage(t *testing.T, sel centra.Selection) {
	text, err := json.Marshal(&sel)
	if err != nil {
		t.Fatalf("a page cannot have it: %v", err)
	}
	var again centra.Selection
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatalf("not read back: %v, %s", err, text)
	}
	sel.Session, sel.ID, sel.CheckoutScript = "", "", ""
	if diff := cmp.Diff(sel, again, cmpopts.IgnoreUnexported(centra.Selection{})); diff != "" {
		t.Fatalf("read back (-want +got):\n%s", diff)
	}
}

// members counts the members of a valid object whose name is name but for its
// case, which encoding/json overlooks.
func members(object []byte, name string) int {
	d := json.NewDecoder(bytes.NewReader(object))
	n, depth, key := 0, 0, false
	for {
		tok, err := d.Token()
		if err != nil {
			return n
		}
		if delim, ok := tok.(json.Delim); ok {
			if delim == '{' || delim == '[' {
				depth++
			} else {
				depth--
			}
			key = depth == 1
			continue
		}
		if depth != 1 {
			continue
		}
		if text, ok := tok.(string); ok && key && strings.EqualFold(text, name) {
			n++
		}
		key = !key
	}
}

// allObjects reports whether items is a list of objects and not, say, of nulls.
func allObjects(selection []byte) bool {
	var cart struct{ Items []json.RawMessage }
	if json.Unmarshal(selection, &cart) != nil || bytes.HasPrefix(selection, []byte("[")) {
		return false
	}
	for _, item := range cart.Items {
		if item[0] != '{' {
			return false
		}
	}
	var exact map[string]json.RawMessage
	_ = json.Unmarshal(selection, &exact)
	_, ok := exact["items"] // not ITEMS
	return ok
}

// deep reports whether a valid body may nest deeper than a cart ever does.
func deep(body []byte) bool {
	return bytes.Count(body, []byte("["))+bytes.Count(body, []byte("{")) > 250
}
