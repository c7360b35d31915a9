package checkoutscript

import (
	"cmp"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"unicode"

	"github.com/centra-go/cartabandonment/centra"
)

// Event is the detail of a centra_checkout_callback: what a widget learned about
// the shopper. It prints as the number of its fields and nothing else.
type Event struct {
	payload map[string]any
}

// newEvent drops what a browser says about consent: whether the shopper agreed
// is for the shop to know.
func newEvent(payload map[string]any) *Event {
	dropOptIn(payload)
	return &Event{payload: payload}
}

func dropOptIn(v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			if isOptIn(name) {
				delete(v, name)
				continue
			}
			dropOptIn(member)
		}
	case []any:
		for _, element := range v {
			dropOptIn(element)
		}
	}
}

// isOptIn reports whether a member has the name of the consent in any of the APIs.
func isOptIn(name string) bool {
	const shortest = "cartAbandonmentEmail"
	return len(name) >= len(shortest) &&
		(strings.EqualFold(name, shortest) || strings.EqualFold(name, "sendCartAbandonmentEmail"))
}

// Payload is the event as it was sent, but for any opt-in (cartAbandonmentEmail): objects
// are map[string]any, lists []any, numbers [json.Number], and in a form all
// values text. It is the event's own map; changes show in [Event.Fields].
func (e *Event) Payload() map[string]any { return e.payload }

// Fields returns the event as checkout fields: the payload in Extra, and what
// [Event.Email] finds in Email. CartAbandonmentEmail is not set.
func (e *Event) Fields() centra.Fields {
	return centra.Fields{Email: e.Email(), Extra: e.payload}
}

// Email returns the first of the event's e-mail addresses that looks like one, or
// "": email, then that of address, shippingAddress, billingAddress,
// shipping_address and billing_address. Where some integrations wrap the fields
// once more, in detail, it looks there too.
func (e *Event) Email() string {
	wrapped, _ := e.payload["detail"].(map[string]any)
	return cmp.Or(emailIn(e.payload), emailIn(wrapped))
}

func emailIn(fields map[string]any) string {
	if email, _ := fields["email"].(string); looksLikeEmail(email) {
		return email
	}
	for _, name := range addressNames {
		address, _ := fields[name].(map[string]any)
		if email, _ := address["email"].(string); looksLikeEmail(email) {
			return email
		}
	}
	return ""
}

// The last two are Klarna's own names.
var addressNames = [...]string{"address", "shippingAddress", "billingAddress", "shipping_address", "billing_address"}

// looksLikeEmail keeps half-typed input out. Whether mail arrives is not for a
// pattern to say.
func looksLikeEmail(s string) bool {
	const longest = 254 // RFC 5321
	local, domain, _ := strings.Cut(s, "@")
	dot := strings.LastIndexByte(domain, '.')
	return len(s) <= longest && local != "" &&
		dot > 0 && dot < len(domain)-1 && domain[0] != '.' &&
		!strings.Contains(domain, "@") && !strings.Contains(domain, "..") &&
		!strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
}

// SuspendIgnore returns additionalFields.suspendIgnore as JSON, for
// CentraCheckout.resume, or that of a wrapped event; nil where the event has none,
// which is not null.
func (e *Event) SuspendIgnore() json.RawMessage {
	wrapped, _ := e.payload["detail"].(map[string]any)
	v, ok := suspendIgnoreIn(e.payload)
	if !ok {
		v, ok = suspendIgnoreIn(wrapped)
	}
	if !ok {
		return nil
	}
	raw, err := json.Marshal(v)
	if err != nil { // a caller put something into the payload that is not JSON
		return nil
	}
	return raw
}

func suspendIgnoreIn(fields map[string]any) (any, bool) {
	additional, _ := fields["additionalFields"].(map[string]any)
	v, ok := additional["suspendIgnore"]
	return v, ok
}

// Format prints the number of fields whatever the verb.
func (e *Event) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "event of %d fields", len(e.payload)) }

// LogValue returns the number of fields.
func (e *Event) LogValue() slog.Value {
	return slog.GroupValue(slog.Int("fields", len(e.payload)))
}

// withdrawnName is what listener.js posts when a shopper takes the consent back.
const withdrawnName = "cartAbandonmentWithdrawn"

// takeWithdrawal reports whether the event takes the consent back, and takes that
// out of the event: Centra knows no such field.
func (e *Event) takeWithdrawal() bool {
	v := e.payload[withdrawnName]
	delete(e.payload, withdrawnName)
	return v == true || v == "true" // as JSON and as a form
}
