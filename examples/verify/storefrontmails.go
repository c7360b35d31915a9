package main

import (
	"github.com/centra-go/cartabandonment/centra"
)

// storefrontAddress looks at what setAddress does with what it is not sent.
func (v *verifier) storefrontAddress(api, partial *centra.StorefrontAPI) error {
	s, err := v.newShopper(api)
	if err != nil {
		return step("a cart for an address", err)
	}
	sel, err := partial.UpdateFields(v.ctx, s.session, centra.Fields{ShippingAddress: someAddress()})
	if err != nil {
		return step("storing an address", err)
	}
	part := centra.Fields{ShippingAddress: &centra.Address{Country: "SE", City: "Town"}}
	if sel, err = partial.UpdateFields(v.ctx, sel.Session, part); err != nil {
		return step("storing a part of an address", err)
	}
	if sel, err = api.AtCheckout().Selection(v.ctx, sel.Session); err != nil {
		return step("reading the checkout", err)
	}
	const question = "setAddress clears what it is not sent"
	switch {
	case sel.ShippingAddress.City != "Town":
		v.report.differs(question, "the address cannot be read back",
			"What was entered before would be lost: please report it")
	case sel.ShippingAddress.FirstName == "":
		v.report.fits(question, "yes")
	default:
		v.report.seen(question, "no: WithPartialAddress saves a call")
	}
	v.report.seen("a checkout has a script", yesNo(sel.CheckoutScript != ""))
	v.report.seen("a checkout has widgets", yesNo(len(sel.PluginFields) > 0))

	part = centra.Fields{ShippingAddress: &centra.Address{ZipCode: "22233"}}
	if sel, err = api.UpdateFields(v.ctx, sel.Session, part); err != nil {
		return step("completing an address", err)
	}
	if sel, err = api.AtCheckout().Selection(v.ctx, sel.Session); err != nil {
		return step("reading the checkout", err)
	}
	kept := sel.ShippingAddress.City == "Town" && sel.ShippingAddress.ZipCode == "22233"
	v.report.holds("what was entered before is kept", kept, pleaseReport)
	return nil
}

// storefrontMails leaves addresses, with and without consent, in a cart each.
func (v *verifier) storefrontMails(api *centra.StorefrontAPI) error {
	mails := []struct {
		word     string
		expected expectation
		means    string
		fields   []centra.Fields
	}{
		{"yes", yes, "consent starts the countdown; no mail: look at the plugin's settings",
			[]centra.Fields{{Email: v.tagged("yes"), CartAbandonmentEmail: centra.Yes}}},
		{"no", no, "a mail: Centra starts the countdown without consent",
			[]centra.Fields{{Email: v.tagged("no"), CartAbandonmentEmail: centra.No}}},
		{"withdrawn", no, withdrawnMeans, []centra.Fields{
			{Email: v.tagged("withdrawn"), CartAbandonmentEmail: centra.Yes}, {CartAbandonmentEmail: centra.No},
		}},
		{"widget", no, "a mail: a widget's address starts the countdown by itself; have a Filter empty Fields.Extra" +
			" where there is no consent", []centra.Fields{{Extra: v.event("widget")}}},
		{"event", no, "a mail: a widget's address starts the countdown, and a no behind it does not stop it",
			[]centra.Fields{{Email: v.tagged("event"), CartAbandonmentEmail: centra.No, Extra: v.event("event")}}},
	}
	for _, m := range mails {
		s, err := v.newShopper(api)
		if err != nil {
			return step("a cart for a mail", err)
		}
		for _, fields := range m.fields {
			var sel *centra.Selection
			if sel, err = api.UpdateFields(v.ctx, s.session, fields); err != nil {
				break
			}
			s.session = sel.Session
		}
		v.report.accepted("fields for the mail "+m.word, err, "What they are for does not work: please report it")
		if err == nil {
			v.report.mail(m.word, m.expected, m.means)
		}
	}
	return nil
}

// event is a widget's, as Klarna's names its country.
func (v *verifier) event(word string) map[string]any {
	return map[string]any{"email": v.tagged(word), "country": "swe"}
}

// storefrontPay begins to pay, and goes on if the payment leads straight back.
func (v *verifier) storefrontPay(api *centra.StorefrontAPI) error {
	s, err := v.newShopper(api)
	if err != nil {
		return step("a cart to pay for", err)
	}
	session, paid := v.payment(api, s.session, centra.Fields{Email: v.tagged("pay"), ShippingAddress: someAddress()})
	if !paid {
		v.report.mail("pay", no, "a mail: a payment that is begun starts the countdown without consent")
		return nil
	}
	sel, err := api.Selection(v.ctx, session)
	if err != nil {
		return step("reading the cart after an order", err)
	}
	v.report.holds("the session has another, empty cart after an order", sel.Empty() && sel.ID != s.cart.ID, pleaseReport)
	v.report.seen("the ID of an ordered cart answers", v.deadForm(api, sel.Session, s.cart.ID))
	_, err = api.AttachSelection(v.ctx, sel.Session, s.cart.ID)
	v.report.dead("a link of an ordered cart is a dead link", err)
	v.report.mail("pay", no, "a mail: an order does not stop the countdown")
	return nil
}
