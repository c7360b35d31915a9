package centra_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/centra-go/cartabandonment/centra"
)

// Strings are read eight bytes at a time: whatever stands anywhere in one must mean
// what it means to encoding/json.
func TestEveryByteAnywhereInAString(t *testing.T) {
	const longest = 18
	for c := range 0x80 {
		for length := range longest {
			for at := range length + 1 {
				before, behind := strings.Repeat("a", at), strings.Repeat("\u00e9", length-at)
				value := `"` + before + string(rune(c)) + behind + `"`
				body := []byte(`{"selection":{"items":[],"currency":` + value + `}}`)
				var want string
				wantErr := json.Unmarshal([]byte(value), &want)
				var got centra.Selection
				err := got.UnmarshalJSON(body)
				if (err == nil) != (wantErr == nil) || got.Currency != want {
					t.Fatalf("%q: %q, %v; encoding/json has %q, %v", value, got.Currency, err, want, wantErr)
				}
			}
		}
	}
}
