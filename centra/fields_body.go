package centra

import (
	"encoding/json"
	"maps"
)

// EmailPlace is a place in the body of a request where the e-mail address can
// stand; see [WithEmailIn].
type EmailPlace uint8

// The places.
const (
	TopLevel          EmailPlace = 1 << iota // "email"
	InAddress                                // "email" in "address"
	InShippingAddress                        // "email" in "shippingAddress"
)

// placement says where a client sends the two fields of the feature.
type placement struct {
	email    EmailPlace // several of them; 0 is TopLevel
	repeated bool       // both fields are also sent in the address
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

// body returns the JSON of the request.
func (f Fields) body(p placement) ([]byte, error) {
	elsewhere := p.email&^TopLevel != 0 || p.repeated
	if len(f.Extra) == 0 && !elsewhere {
		return json.Marshal(wireFields{
			Email:                f.Email,
			CartAbandonmentEmail: f.CartAbandonmentEmail,
			Address:              f.Address,
			ShippingAddress:      f.ShippingAddress,
			PaymentMethod:        f.PaymentMethod,
			ShippingMethod:       f.ShippingMethod,
		})
	}
	object, err := f.object(p)
	if err != nil {
		return nil, err
	}
	return json.Marshal(object)
}

// object lays the typed fields over Extra.
func (f Fields) object(p placement) (map[string]any, error) {
	body := make(map[string]any, len(f.Extra)+6)
	maps.Copy(body, f.Extra)
	clean, err := withoutOptIn(body)
	if err != nil {
		return nil, err
	}
	body = clean.(map[string]any)
	setText(body, "paymentMethod", f.PaymentMethod)
	setText(body, "shippingMethod", f.ShippingMethod)
	topLevel := p.email == 0 || p.email&TopLevel != 0
	if f.Email != "" || !topLevel {
		delete(body, "email") // a typed field wins, wherever it is sent
	}
	if topLevel {
		setText(body, "email", f.Email)
	}
	if f.CartAbandonmentEmail != NotSent {
		body[optIn] = f.CartAbandonmentEmail
	}

	address, shipping := make(map[string]any, 2), make(map[string]any, 1)
	if p.email&InAddress != 0 || p.repeated {
		setText(address, "email", f.Email)
	}
	if p.repeated && f.CartAbandonmentEmail != NotSent {
		address[optIn] = f.CartAbandonmentEmail
	}
	if p.email&InShippingAddress != 0 {
		setText(shipping, "email", f.Email)
	}
	if err := mergeAddress(body, "address", f.Address, address); err != nil {
		return nil, err
	}
	return body, mergeAddress(body, "shippingAddress", f.ShippingAddress, shipping)
}

func setText(object map[string]any, key, value string) {
	if value != "" {
		object[key] = value
	}
}

// mergeAddress lays the typed address over whatever Extra has under its key, and
// the fields that are placed in it over both.
func mergeAddress(body map[string]any, key string, address *Address, placed map[string]any) error {
	if address == nil && len(placed) == 0 {
		return nil
	}
	merged, err := members(body[key])
	if err != nil {
		return err
	}
	if address != nil {
		typed, err := members(address)
		if err != nil {
			return err
		}
		maps.Copy(merged, typed)
	}
	maps.Copy(merged, placed)
	body[key] = merged
	return nil
}

// members returns a copy of the members of a JSON object; of anything that is
// not an object, none.
func members(v any) (map[string]any, error) {
	if m, ok := v.(map[string]any); ok && m != nil {
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
