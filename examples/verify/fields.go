package main

import (
	"errors"

	"github.com/centra-go/cartabandonment/centra"
)

// legacy is a cart of the Checkout API or the Shop API, which have the same fields.
type legacy struct {
	make  func(more ...centra.Option) (centra.API, error)                 // a client for what shoppers send
	start func(api centra.API) (centra.Session, *centra.Selection, error) // a new cart with the item
}

// places are where the e-mail address can stand.
var places = []struct {
	place centra.EmailPlace
	word  string
	name  string
}{
	{centra.TopLevel, "top", "at the top level"},
	{centra.InAddress, "address", "in address"},
	{centra.InShippingAddress, "shipping", "in shippingAddress"},
}

const withdrawnMeans = "a mail: consent that is taken back does not stop the countdown; stop it in the mailer"

func someAddress() *centra.Address {
	return &centra.Address{
		FirstName: "Verify", LastName: "Verifysson", Address1: "Street 1", ZipCode: "11122", City: "City", Country: "SE",
		PhoneNumber: "+46701234567",
	}
}

// legacyMails leaves addresses in every place and manner, in a cart each.
func (v *verifier) legacyMails(l legacy) error {
	for _, p := range places {
		api, err := l.make(centra.WithEmailIn(p.place))
		if err != nil {
			return errors.Join(errUsage, err)
		}
		sel, err := v.leave(l, api, centra.Fields{Email: v.tagged(p.word), CartAbandonmentEmail: centra.Yes})
		question := "the e-mail address " + p.name
		if err != nil {
			if p.place == centra.TopLevel {
				v.report.differs(question, what(err), "Try the other places with WithEmailIn")
			} else {
				v.report.seen(question, what(err))
			}
			continue
		}
		v.report.seen(question, "accepted, shown "+shownIn(sel, v.tagged(p.word)))
		expected, means := maybe, "the e-mail address counts there; if only there, make the client WithEmailIn("+p.word+")"
		if p.place == centra.TopLevel {
			expected, means = yes, "consent starts the countdown; no mail: see the other words, and the plugin's settings"
		}
		v.report.mail(p.word, expected, means)
	}
	both, err := l.make(centra.WithFieldsInAddress())
	if err != nil {
		return errors.Join(errUsage, err)
	}
	_, err = v.leave(l, both, centra.Fields{Email: v.tagged("both"), CartAbandonmentEmail: centra.Yes})
	v.report.seen("both fields in address, too", what(err))
	if err == nil {
		v.report.mail("both", yes, "if this alone comes, make the client WithFieldsInAddress")
	}

	api, err := l.make()
	if err != nil {
		return errors.Join(errUsage, err)
	}
	if _, err = v.leave(l, api, centra.Fields{Email: v.tagged("no"), CartAbandonmentEmail: centra.No}); err != nil {
		return step("an address without consent", err)
	}
	v.report.mail("no", no, "a mail: Centra starts the countdown without consent")
	_, err = v.leave(l, api, centra.Fields{Email: v.tagged("withdrawn"), CartAbandonmentEmail: centra.Yes},
		centra.Fields{CartAbandonmentEmail: centra.No})
	v.report.accepted("consent that is taken back", err, "It has to be taken back in the mailer")
	v.report.mail("withdrawn", no, withdrawnMeans)
	return nil
}

// leave makes a cart and stores the fields in it, one after the other.
func (v *verifier) leave(l legacy, api centra.API, all ...centra.Fields) (*centra.Selection, error) {
	session, sel, err := l.start(api)
	if err != nil {
		return nil, err
	}
	for _, fields := range all {
		if sel, err = api.UpdateFields(v.ctx, session, fields); err != nil {
			return nil, err
		}
		session = sel.Session
	}
	return sel, nil
}

func shownIn(sel *centra.Selection, email string) string {
	switch {
	case sel.Address.Email == email && sel.ShippingAddress.Email == email:
		return "in both addresses"
	case sel.Address.Email == email:
		return "in address"
	case sel.ShippingAddress.Email == email:
		return "in shippingAddress"
	}
	return "nowhere"
}

// legacyParts says what a cart holds where nobody knows whether it does.
func (v *verifier) legacyParts(sel *centra.Selection) {
	v.report.seen("a checkout has a script", yesNo(sel.CheckoutScript != ""))
	v.report.seen("a checkout has fields of plugins", yesNo(len(sel.PluginFields) > 0))
	v.report.unknown("whether an answer about missing stock holds the cart",
		"nothing is bought until it runs out; the library reads both")
}

// legacyPay begins to pay for a cart.
func (v *verifier) legacyPay(l legacy) error {
	if !v.pay {
		v.report.unknown("what a payment answers", "not asked for; see -pay")
		return nil
	}
	api, err := l.make()
	if err != nil {
		return errors.Join(errUsage, err)
	}
	session, _, err := l.start(api)
	if err != nil {
		return step("a cart to pay for", err)
	}
	address := someAddress()
	address.Email = v.tagged("pay")
	_, paid := v.payment(api, session, centra.Fields{
		Email: address.Email, CartAbandonmentEmail: centra.Yes, Address: address,
	})
	if paid {
		v.report.mail("pay", no, "a mail: an order does not stop the countdown")
	} else {
		v.report.mail("pay", maybe, "consent that comes with a payment starts the countdown")
	}
	return nil
}
