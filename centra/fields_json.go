package centra

import (
	"bytes"
	"encoding/json"
	"errors"
)

// fieldsJSON is what Fields are in JSON. Extra stands apart, so that what a typed
// field has and what it does not have stay different things.
type fieldsJSON struct {
	wireFields
	Extra map[string]any `json:"extra,omitzero"`
}

type paymentJSON struct {
	fieldsJSON
	ReturnPage         string `json:"returnPage,omitempty"`
	FailedPage         string `json:"failedPage,omitempty"`
	TermsAndConditions bool   `json:"termsAndConditions,omitempty"`
}

func (f Fields) json() fieldsJSON {
	return fieldsJSON{wireFields{
		Email: f.Email, CartAbandonmentEmail: f.CartAbandonmentEmail, Address: f.Address, ShippingAddress: f.ShippingAddress,
		PaymentMethod: f.PaymentMethod, ShippingMethod: f.ShippingMethod,
	}, f.Extra}
}

func (j fieldsJSON) fields() Fields {
	return Fields{
		Email: j.Email, CartAbandonmentEmail: j.CartAbandonmentEmail, Address: j.Address, ShippingAddress: j.ShippingAddress,
		PaymentMethod: j.PaymentMethod, ShippingMethod: j.ShippingMethod, Extra: j.Extra,
	}
}

// MarshalJSON writes everything that is set, for a queue. It is not the body of a
// request.
func (f Fields) MarshalJSON() ([]byte, error) { return json.Marshal(f.json()) }

// UnmarshalJSON reads what MarshalJSON writes. Numbers in Extra come back as
// [json.Number], so that none changes on its way; a member that it does not know
// is an error, never a loss.
func (f *Fields) UnmarshalJSON(text []byte) error {
	var j fieldsJSON
	if err := unmarshalOwn(text, &j); err != nil {
		return err
	}
	*f = j.fields()
	return nil
}

// MarshalJSON writes everything that is set, for a queue.
func (p Payment) MarshalJSON() ([]byte, error) {
	return json.Marshal(paymentJSON{p.json(), p.ReturnPage, p.FailedPage, p.TermsAndConditions})
}

// UnmarshalJSON reads what MarshalJSON writes; see [Fields.UnmarshalJSON].
func (p *Payment) UnmarshalJSON(text []byte) error {
	var j paymentJSON
	if err := unmarshalOwn(text, &j); err != nil {
		return err
	}
	*p = Payment{j.fields(), j.ReturnPage, j.FailedPage, j.TermsAndConditions}
	return nil
}

var errNotFields = errors.New("centra: not the JSON of Fields or a Payment")

// unmarshalOwn quotes nothing of the text in its error: it holds what a shopper
// typed.
func unmarshalOwn(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	d.DisallowUnknownFields()
	if d.Decode(v) != nil {
		return errNotFields
	}
	return nil
}
