package checkoutscript_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/checkoutscript"
)

func decodeJSON(t testing.TB, body string) *checkoutscript.Event {
	t.Helper()
	event, err := checkoutscript.Decode(post(jsonType, body))
	if err != nil {
		t.Fatalf("Decode: %v", err)
	}
	return event
}

func TestEventEmail(t *testing.T) {
	tests := map[string]struct{ body, want string }{
		"top level":              {`{"email": "a@b.se", "address": {"email": "c@d.se"}}`, "a@b.se"},
		"address":                {`{"address": {"email": "a@b.se"}, "shippingAddress": {"email": "c@d.se"}}`, "a@b.se"},
		"shipping address":       {`{"shippingAddress": {"email": "a@b.se"}}`, "a@b.se"},
		"billing address":        {`{"billingAddress": {"email": "a@b.se"}}`, "a@b.se"},
		"Klarna's shipping":      {`{"shipping_address": {"email": "a@b.se"}}`, "a@b.se"},
		"Klarna's billing":       {`{"billing_address": {"email": "a@b.se"}}`, "a@b.se"},
		"half-typed at the top":  {`{"email": "a@", "address": {"email": "c@d.se"}}`, "c@d.se"},
		"plus, quotes, IDN":      {`{"email": "o'hara+x@räksmörgås.example"}`, "o'hara+x@räksmörgås.example"},
		"254 bytes":              {`{"email": "a@` + strings.Repeat("b", 249) + `.se"}`, "a@" + strings.Repeat("b", 249) + ".se"},
		"255 bytes":              {`{"email": "a@` + strings.Repeat("b", 250) + `.se"}`, ""},
		"wrapped":                {`{"type": "change", "detail": {"email": "a@b.se"}}`, "a@b.se"},
		"wrapped, in an address": {`{"type": "change", "detail": {"shipping_address": {"email": "a@b.se"}}}`, "a@b.se"},
		"outside and wrapped":    {`{"email": "a@b.se", "detail": {"email": "c@d.se"}}`, "a@b.se"},
		"half-typed outside":     {`{"email": "a@", "detail": {"email": "c@d.se"}}`, "c@d.se"},
		"wrapped twice":          {`{"detail": {"detail": {"email": "a@b.se"}}}`, ""},
		"detail is a text":       {`{"detail": "a@b.se"}`, ""},
		"none":                   {`{"firstName": "Anna"}`, ""},
		"a number":               {`{"email": 1}`, ""},
		"an object":              {`{"email": {"email": "a@b.se"}}`, ""},
		"address is a text":      {`{"address": "a@b.se"}`, ""},
		"address is null":        {`{"address": null}`, ""},
		"elsewhere":              {`{"customer": {"email": "a@b.se"}}`, ""},
		"empty":                  {`{"email": ""}`, ""},
		"no @":                   {`{"email": "a.b.se"}`, ""},
		"two @":                  {`{"email": "a@b@c.se"}`, ""},
		"no local part":          {`{"email": "@b.se"}`, ""},
		"no domain":              {`{"email": "a@"}`, ""},
		"no dot":                 {`{"email": "a@b"}`, ""},
		"dot first in domain":    {`{"email": "a@.b.se"}`, ""},
		"dot last":               {`{"email": "a@b.se."}`, ""},
		"two dots":               {`{"email": "a@b..se"}`, ""},
		"space":                  {`{"email": "a @b.se"}`, ""},
		"space around":           {`{"email": " a@b.se "}`, ""},
		"no-break space":         {`{"email": "a\u00a0@b.se"}`, ""},
		"line break":             {`{"email": "a@b.se\r\nBcc: c@d.se"}`, ""},
		"control character":      {`{"email": "a\u007f@b.se"}`, ""},
		"long and full of dots":  {`{"email": "` + strings.Repeat("a.", 20_000) + `@b.se"}`, ""},
		"a name and an address":  {`{"email": "Anna <a@b.se>"}`, ""},
		"many at signs and dots": {`{"email": "` + strings.Repeat("@.", 100) + `"}`, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := decodeJSON(t, test.body).Email(); got != test.want {
				t.Errorf("Email() = %q, want %q", got, test.want)
			}
		})
	}
}

func TestEventSuspendIgnore(t *testing.T) {
	tests := map[string]struct{ body, want string }{
		"true":                   {`{"additionalFields": {"suspendIgnore": true}}`, `true`},
		"false":                  {`{"additionalFields": {"suspendIgnore": false}}`, `false`},
		"text":                   {`{"additionalFields": {"suspendIgnore": "ingrid"}}`, `"ingrid"`},
		"text that reads true":   {`{"additionalFields": {"suspendIgnore": "true"}}`, `"true"`},
		"zero":                   {`{"additionalFields": {"suspendIgnore": 0}}`, `0`},
		"a number beyond floats": {`{"additionalFields": {"suspendIgnore": 12345678901234567890.10}}`, `12345678901234567890.10`},
		"list":                   {`{"additionalFields": {"suspendIgnore": ["a", 1, null]}}`, `["a",1,null]`},
		"object":                 {`{"additionalFields": {"suspendIgnore": {"a": [true]}}}`, `{"a":[true]}`},
		"null":                   {`{"additionalFields": {"suspendIgnore": null}}`, `null`},
		"empty text":             {`{"additionalFields": {"suspendIgnore": ""}}`, `""`},
		"wrapped":                {`{"type": "change", "detail": {"additionalFields": {"suspendIgnore": 1}}}`, `1`},
		"wrapped, name outside":  {`{"additionalFields": {"event": "x"}, "detail": {"additionalFields": {"suspendIgnore": 1}}}`, `1`},
		"outside and wrapped":    {`{"additionalFields": {"suspendIgnore": null}, "detail": {"additionalFields": {"suspendIgnore": 1}}}`, `null`},
		"absent":                 {`{"additionalFields": {"other": true}}`, ``},
		"no additionalFields":    {`{"suspendIgnore": true}`, ``},
		"additionalFields null":  {`{"additionalFields": null}`, ``},
		"additionalFields list":  {`{"additionalFields": []}`, ``},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := decodeJSON(t, test.body).SuspendIgnore()
			if string(got) != test.want || (got == nil) != (test.want == "") {
				t.Errorf("SuspendIgnore() = %s, want %s", got, test.want)
			}
		})
	}
}

func TestEventSuspendIgnoreOfWhatIsNoJSON(t *testing.T) {
	event := decodeJSON(t, `{"additionalFields": {}}`)
	event.Payload()["additionalFields"] = map[string]any{"suspendIgnore": func() {}}
	if got := event.SuspendIgnore(); got != nil {
		t.Errorf("SuspendIgnore() = %s, want none", got)
	}
}

func TestEventFields(t *testing.T) {
	event := decodeJSON(t, `{
		"cartAbandonmentEmail": true, "CARTABANDONMENTEMAIL": "true",
		"address": {"email": "a@b.se", "cartAbandonmentEmail": true, "city": "Malmö"},
		"consents": [{"cartAbandonmentEmail": true, "newsletter": false}],
		"additionalFields": {"suspendIgnore": true}}`)
	want := centra.Fields{
		Email: "a@b.se",
		Extra: map[string]any{
			"address":          map[string]any{"email": "a@b.se", "city": "Malmö"},
			"consents":         []any{map[string]any{"newsletter": false}},
			"additionalFields": map[string]any{"suspendIgnore": true},
		},
	}
	if diff := cmp.Diff(want, event.Fields()); diff != "" {
		t.Errorf("Fields() (-want +got):\n%s", diff)
	}
}

func TestEventPrintsNothingOfTheShopper(t *testing.T) {
	event := decodeJSON(t, `{"email": "canary@example.com", "address": {"address1": "Canary Wharf 1"}}`)
	var printed bytes.Buffer
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		fmt.Fprintf(&printed, format+"\n", event)
	}
	slog.New(slog.NewTextHandler(&printed, nil)).Info("event", "event", event)
	slog.New(slog.NewJSONHandler(&printed, nil)).Info("event", "event", event)
	if s := strings.ToLower(printed.String()); strings.Contains(s, "canary") || strings.Contains(s, "63616e617279") {
		t.Errorf("an event prints what the shopper typed:\n%s", s)
	}
	if !strings.Contains(printed.String(), "event of 2 fields") {
		t.Errorf("an event does not print its size:\n%s", printed.String())
	}
}
