package centra

import (
	"fmt"
	"log/slog"
)

// Fields are the checkout fields of a selection, sent by UpdateFields. What is
// empty is not sent and stays as it is in Centra.
//
// Email together with CartAbandonmentEmail: [Yes] is what makes Centra start the
// mailer's countdown. Both are sent at the top level of the body; see
// [WithEmailIn] and [WithFieldsInAddress].
//
// Fields go to JSON and back, so that they can wait in a queue. That JSON is
// their own, not what is sent to Centra, and it holds what the shopper typed.
type Fields struct {
	Email                string
	CartAbandonmentEmail Choice // whether the shopper agreed to the e-mail
	Address              *Address
	ShippingAddress      *Address
	PaymentMethod        string
	ShippingMethod       string
	// Extra holds what the fields above do not know, sent verbatim at the top
	// level; in the Storefront API it is a widget's event, see
	// [StorefrontAPI.UpdateFields]. A field above wins over the same key here, also
	// inside addresses. cartAbandonmentEmail is not sent from here, at whatever depth
	// it stands: only the field above says that a shopper agreed.
	Extra map[string]any
}

// LogValue says what is set, not what a shopper typed.
func (f Fields) LogValue() slog.Value {
	return slog.GroupValue(
		slog.Bool("email", f.Email != ""),
		slog.String("cart_abandonment_email", f.CartAbandonmentEmail.String()),
		slog.Bool("address", f.Address != nil),
		slog.Bool("shipping_address", f.ShippingAddress != nil),
		slog.Int("extra", len(f.Extra)),
	)
}

// Format prints what LogValue says, whatever the verb.
func (f Fields) Format(s fmt.State, _ rune) { _, _ = fmt.Fprintf(s, "fields %v", f.LogValue()) }
