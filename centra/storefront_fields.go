package centra

import (
	"cmp"
	"context"
	"encoding/json"
	"strconv"
)

// UpdateFields stores checkout fields in the cart of a session.
//
// An e-mail address, an address or a CartAbandonmentEmail is stored by mutation
// setAddress, whose sendCartAbandonmentEmail Centra takes for given where it is
// left out. So it is always sent: true for [Yes], and false for [No] and for
// [NotSent]. There is no way to leave it as it is: send the visitor's choice with
// every address. [Fields.Address] is the shipping address too, unless there is a
// ShippingAddress. Identity and house numbers have no place in this API.
// setAddress demands a country: it comes from f, else from what the shopper has
// entered, else from the session. What f leaves out stays as it was, and so does the
// e-mail address that a billing address has of its own; see [WithPartialAddress].
//
// [Fields.Extra] is the detail of a widget's event, as the handler of package
// checkoutscript makes it, and goes whole to mutation handleWidgetEvent. Where
// f has an e-mail address as well, setAddress follows in the same document, with
// the event's own address. An event alone says nothing of consent; it is
// uncertain whether a widget's e-mail address alone starts the countdown.
//
// PaymentMethod and ShippingMethod are numbers here, and a call each.
//
// A session that has expired is [ErrSelectionNotFound]: what is to be stored
// belongs to a cart that is gone. Read the cart to start another session.
func (a *StorefrontAPI) UpdateFields(ctx context.Context, s Session, f Fields) (*Selection, error) {
	requests, err := a.updates(ctx, s, f)
	if err != nil {
		return nil, err
	}
	if len(requests) == 0 {
		return a.Selection(ctx, s)
	}
	for _, r := range requests {
		if r.refusal != "" { // then nothing is stored
			requests = []request{r}
			break
		}
	}
	var answer *storefrontAnswer
	for _, r := range requests {
		if answer != nil {
			r.session = answer.session
		}
		if answer, err = a.ask(ctx, r, aboutChange); err != nil {
			return nil, err
		}
	}
	return answer.selection(), nil
}

// updates are the calls that store f, the most important first.
func (a *StorefrontAPI) updates(ctx context.Context, s Session, f Fields) (requests []request, err error) {
	docs := a.documents
	switch {
	case f.hasAddress():
		to, err := a.addresses(ctx, &s, f)
		if err != nil {
			return nil, err
		}
		doc, variables := docs.setAddress, to.variables(f.CartAbandonmentEmail)
		if len(f.Extra) > 0 {
			doc, variables["payload"] = docs.widgetAddress, extra(f.Extra)
		}
		r := a.request(doc, s, variables)
		to.check(&r)
		requests = append(requests, r)
	case len(f.Extra) > 0:
		requests = append(requests, a.request(docs.widgetEvent, s, map[string]any{"payload": extra(f.Extra)}))
	}
	if f.ShippingMethod != "" {
		requests = append(requests, a.choose(docs.setShippingMethod, s, f.ShippingMethod))
	}
	if f.PaymentMethod != "" {
		requests = append(requests, a.choose(docs.setPaymentMethod, s, f.PaymentMethod))
	}
	return requests, nil
}

// extra is what the fields do not know, without what may stand for consent. What
// cannot be cleaned cannot be written as JSON either, and is refused then.
type extra map[string]any

func (e extra) MarshalJSON() ([]byte, error) {
	clean, err := withoutOptIn(map[string]any(e))
	if err != nil {
		return nil, err
	}
	return json.Marshal(clean)
}

// choose is the call that chooses a shipping or payment method.
func (a *StorefrontAPI) choose(doc storefrontDocument, s Session, method string) request {
	r := a.request(doc, s, map[string]any{"id": json.Number(method)})
	checkMethod(&r, method)
	return r
}

// checkMethod refuses a method's ID that is not a number.
func checkMethod(r *request, id string) {
	if _, err := strconv.Atoi(id); err != nil && id != "" {
		r.refusal = "the shipping or payment method is not a number"
	}
}

// hasAddress reports whether there is anything for setAddress to store.
func (f Fields) hasAddress() bool {
	return f.Email != "" || f.CartAbandonmentEmail != NotSent || f.Address != nil || f.ShippingAddress != nil
}

// addresses lays f over what the shopper has entered, and keeps a new session
// that comes with reading it.
func (a *StorefrontAPI) addresses(ctx context.Context, s *Session, f Fields) (addresses, error) {
	to := storedAddresses{}.merge(f)
	if a.client.storefront.partial && to.shipping.Country != "" {
		return to, nil
	}
	answer, err := a.ask(ctx, a.request(a.documents.addresses, *s, nil), aboutAddresses)
	if err != nil {
		return addresses{}, err
	}
	*s = answer.session
	stored := answer.stored
	if a.client.storefront.partial {
		stored = storedAddresses{country: cmp.Or(stored.shipping.Country, stored.country)}
	}
	return stored.merge(f), nil
}

// aboutAddresses is for the answer to a query for the addresses. A part of it is
// not enough: what is missing might be cleared.
func aboutAddresses(x *exchange, answer *storefrontAnswer) error {
	switch {
	case len(answer.errors) > 0:
		return x.faulty(answer)
	case answer.cart == nil:
		return x.failed(x.unreadable(), errNoSelection.Error(), nil)
	}
	return x.sessionless()
}

// check refuses what Centra could not take.
func (to addresses) check(r *request) {
	if to.shipping.Country == "" {
		r.refuse("the address has no country, and none is known", nil)
	}
}

func (to addresses) variables(consent Choice) map[string]any {
	variables := map[string]any{"shipping": to.shipping, "optIn": consent == Yes}
	if to.billing != nil {
		variables["billing"] = to.billing
	}
	return variables
}
