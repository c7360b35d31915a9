package checkoutscript

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/centra-go/cartabandonment/centra"
)

// prepare decides over CartAbandonmentEmail; without an address to mail to there
// is nothing to agree to.
func (h *Handler) prepare(r *http.Request, f *centra.Fields) {
	if f.Email == "" && f.Address != nil {
		f.Email = f.Address.Email
	}
	if f.Email == "" && f.ShippingAddress != nil {
		f.Email = f.ShippingAddress.Email
	}
	f.CartAbandonmentEmail = centra.NotSent
	choice := centra.NotSent
	if looksLikeEmail(f.Email) {
		choice = centra.YesNo(h.config.Consent(r, *f))
	}
	if h.config.Filter != nil {
		h.config.Filter(r, f)
		f.Extra = cloneExtra(f.Extra)
	}
	if f.CartAbandonmentEmail = choice; f.Email == "" {
		f.CartAbandonmentEmail = centra.NotSent
	}
}

// needsChoice reports whether fields would answer for the shopper by saying nothing.
// The Storefront API takes consent with every address, and takes it back where an
// address comes without: the second step of a form, say, whose first had the e-mail
// address.
func (h *Handler) needsChoice(d *delivery, f centra.Fields) bool {
	alone := f.Email == "" && (f.Address != nil || f.ShippingAddress != nil)
	return alone && !d.withdrawal && !d.agreement && h.storefront()
}

// storefront reports whether the client is one of the Storefront API, or made of one.
func (h *Handler) storefront() bool {
	_, is := h.config.API.(interface{ AtCheckout() *centra.StorefrontAPI })
	return is
}

// chosen are the fields with the e-mail address that the cart has, and what the
// visitor says to that.
func (h *Handler) chosen(r *http.Request, known *centra.Selection, f centra.Fields) centra.Fields {
	f.Email = h.agreed(known).Email
	if !looksLikeEmail(f.Email) {
		f.Email = ""
		return f
	}
	f.CartAbandonmentEmail = centra.YesNo(h.config.Consent(r, f))
	return f
}

// cloneFields returns fields that share nothing with the caller's, and without
// what may stand for consent in Extra: that is for Consent alone to say.
func cloneFields(f centra.Fields) centra.Fields {
	if f.Address != nil {
		address := *f.Address
		f.Address = &address
	}
	if f.ShippingAddress != nil {
		address := *f.ShippingAddress
		f.ShippingAddress = &address
	}
	f.Extra = cloneExtra(f.Extra)
	return f
}

func cloneExtra(extra map[string]any) map[string]any {
	if extra == nil {
		return nil
	}
	clone := make(map[string]any, len(extra))
	for name, v := range extra {
		clone[name] = cloneValue(v)
	}
	dropOptIn(clone)
	return clone
}

func cloneValue(v any) any {
	switch v := v.(type) {
	case nil, bool, string, json.Number, int, int64, float64, centra.Choice:
		return v
	case map[string]any:
		clone := make(map[string]any, len(v))
		for name, member := range v {
			clone[name] = cloneValue(member)
		}
		return clone
	case []any:
		clone := make([]any, len(v))
		for i, element := range v {
			clone[i] = cloneValue(element)
		}
		return clone
	}
	// A type of the host's: what it is in JSON.
	text, err := json.Marshal(v)
	if err != nil {
		return v // cannot be sent either, as the API will say
	}
	var clone any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if d.Decode(&clone) != nil {
		return v
	}
	return clone
}
