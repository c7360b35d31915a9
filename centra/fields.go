package centra

import (
	"encoding/json"
	"log/slog"
	"maps"
)

// Choice is a boolean that may also be left out of a request.
type Choice uint8

// The three answers of a [Choice].
const (
	NotSent Choice = iota
	Yes
	No
)

// YesNo returns Yes or No.
func YesNo(yes bool) Choice {
	if yes {
		return Yes
	}
	return No
}

// Fields are the checkout fields of a selection, sent by UpdateFields. What is
// empty is not sent and stays as it is in Centra.
//
// Email together with CartAbandonmentEmail: [Yes] is what makes Centra start the
// mailer's countdown. Both are sent at the top level of the body; see
// [WithFieldsInAddress].
type Fields struct {
	Email                string
	CartAbandonmentEmail Choice // whether the shopper agreed to the e-mail
	Address              *Address
	ShippingAddress      *Address
	PaymentMethod        string
	ShippingMethod       string
	// Extra holds what the fields above do not know, sent verbatim at the top
	// level. A field above wins over the same key here, also inside addresses.
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

// String returns "yes", "no" or "not sent".
func (c Choice) String() string {
	switch c {
	case Yes:
		return "yes"
	case No:
		return "no"
	}
	return "not sent"
}

// MarshalJSON writes true or false; in a struct, tag a Choice omitzero.
func (c Choice) MarshalJSON() ([]byte, error) {
	switch c {
	case Yes:
		return []byte("true"), nil
	case No:
		return []byte("false"), nil
	}
	return []byte("null"), nil
}

// wireFields is the shape of the body where there is nothing to merge.
type wireFields struct {
	Email                string   `json:"email,omitempty"`
	CartAbandonmentEmail Choice   `json:"cartAbandonmentEmail,omitzero"`
	Address              *Address `json:"address,omitempty"`
	ShippingAddress      *Address `json:"shippingAddress,omitempty"`
	PaymentMethod        string   `json:"paymentMethod,omitempty"`
	ShippingMethod       string   `json:"shippingMethod,omitempty"`
}

// body returns the JSON of the request. With inAddress the two fields of the
// feature are repeated in the address, see [WithFieldsInAddress].
func (f Fields) body(inAddress bool) ([]byte, error) {
	object, err := f.object(inAddress)
	if err != nil {
		return nil, err
	}
	return json.Marshal(object)
}

// object returns the body as something that encoding/json writes as one object.
func (f Fields) object(inAddress bool) (any, error) {
	inAddress = inAddress && (f.Email != "" || f.CartAbandonmentEmail != NotSent)
	if len(f.Extra) == 0 && !inAddress {
		return wireFields{
			Email:                f.Email,
			CartAbandonmentEmail: f.CartAbandonmentEmail,
			Address:              f.Address,
			ShippingAddress:      f.ShippingAddress,
			PaymentMethod:        f.PaymentMethod,
			ShippingMethod:       f.ShippingMethod,
		}, nil
	}
	body := make(map[string]any, len(f.Extra)+4)
	maps.Copy(body, f.Extra)
	setText(body, "paymentMethod", f.PaymentMethod)
	setText(body, "shippingMethod", f.ShippingMethod)
	setEmail(body, f)
	if err := mergeAddress(body, "address", f.Address); err != nil {
		return nil, err
	}
	if err := mergeAddress(body, "shippingAddress", f.ShippingAddress); err != nil {
		return nil, err
	}
	if inAddress {
		address, err := members(body["address"])
		if err != nil {
			return nil, err
		}
		setEmail(address, f)
		body["address"] = address
	}
	return body, nil
}

func setText(object map[string]any, key, value string) {
	if value != "" {
		object[key] = value
	}
}

func setEmail(object map[string]any, f Fields) {
	setText(object, "email", f.Email)
	if f.CartAbandonmentEmail != NotSent {
		object["cartAbandonmentEmail"] = f.CartAbandonmentEmail
	}
}

// mergeAddress lays the typed address over whatever Extra has under its key.
func mergeAddress(body map[string]any, key string, address *Address) error {
	if address == nil {
		return nil
	}
	merged, err := members(body[key])
	if err != nil {
		return err
	}
	typed, err := members(address)
	if err != nil {
		return err
	}
	maps.Copy(merged, typed)
	body[key] = merged
	return nil
}

// members returns a copy of the members of a JSON object; of anything that is
// not an object, none.
func members(v any) (map[string]any, error) {
	if m, ok := v.(map[string]any); ok {
		return maps.Clone(m), nil
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var raw map[string]json.RawMessage
	_ = json.Unmarshal(text, &raw) // not an object: no members
	object := make(map[string]any, len(raw))
	for key, value := range raw {
		object[key] = value
	}
	return object, nil
}
