package centra

import (
	"cmp"
	"encoding/json"
)

// addressInput is an address as the Storefront API takes it. It demands a
// country, and has no place for an identity or house number.
type addressInput struct {
	Country         string `json:"country"`
	Email           string `json:"email,omitempty"`
	FirstName       string `json:"firstName,omitempty"`
	LastName        string `json:"lastName,omitempty"`
	CompanyName     string `json:"companyName,omitempty"`
	Attention       string `json:"attention,omitempty"`
	VATNumber       string `json:"vatNumber,omitempty"`
	Address1        string `json:"address1,omitempty"`
	Address2        string `json:"address2,omitempty"`
	ZipCode         string `json:"zipCode,omitempty"`
	City            string `json:"city,omitempty"`
	State           string `json:"state,omitempty"`
	StateOrProvince string `json:"stateOrProvince,omitempty"`
	PhoneNumber     string `json:"phoneNumber,omitempty"`
	CellPhoneNumber string `json:"cellPhoneNumber,omitempty"`
	FaxNumber       string `json:"faxNumber,omitempty"`
}

// storefrontAddress translates the address of Fields. A country that is no code
// stays what it is, so that Centra says what is wrong with it.
func storefrontAddress(a *Address) addressInput {
	if a == nil {
		return addressInput{}
	}
	return addressInput{
		Country: cmp.Or(countryCode(a.Country), a.Country), Email: a.Email, FirstName: a.FirstName, LastName: a.LastName,
		CompanyName: a.Company, VATNumber: a.VATNumber, Address1: a.Address1, Address2: a.Address2, ZipCode: a.ZipCode,
		City: a.City, State: a.State, PhoneNumber: a.PhoneNumber,
	}
}

// over returns a with what it leaves empty taken from base. A state belongs to
// its country.
func (a addressInput) over(base addressInput) addressInput {
	if a.Country == "" || a.Country == base.Country {
		a.State = cmp.Or(a.State, base.State)
		a.StateOrProvince = cmp.Or(a.StateOrProvince, base.StateOrProvince)
	}
	a.Country = cmp.Or(a.Country, base.Country)
	a.Email = cmp.Or(a.Email, base.Email)
	a.FirstName = cmp.Or(a.FirstName, base.FirstName)
	a.LastName = cmp.Or(a.LastName, base.LastName)
	a.CompanyName = cmp.Or(a.CompanyName, base.CompanyName)
	a.Attention = cmp.Or(a.Attention, base.Attention)
	a.VATNumber = cmp.Or(a.VATNumber, base.VATNumber)
	a.Address1 = cmp.Or(a.Address1, base.Address1)
	a.Address2 = cmp.Or(a.Address2, base.Address2)
	a.ZipCode = cmp.Or(a.ZipCode, base.ZipCode)
	a.City = cmp.Or(a.City, base.City)
	a.PhoneNumber = cmp.Or(a.PhoneNumber, base.PhoneNumber)
	a.CellPhoneNumber = cmp.Or(a.CellPhoneNumber, base.CellPhoneNumber)
	a.FaxNumber = cmp.Or(a.FaxNumber, base.FaxNumber)
	return a
}

// storedAddresses is what the shopper has entered before.
type storedAddresses struct {
	shipping, billing addressInput
	separate          bool   // there is a billing address of its own
	country           string // of the session
}

// addresses are the two that setAddress and a payment take.
type addresses struct {
	shipping addressInput
	billing  *addressInput // nil where it is the shipping address
}

// merge lays what f has over what the shopper entered before. Fields.Address is
// the shipping address as well, unless there is a ShippingAddress. Fields.Email is
// whom the goods and the reminder are for; an invoice may go elsewhere.
func (stored storedAddresses) merge(f Fields) addresses {
	shipping, billing, separate := storefrontAddress(f.Address), addressInput{}, stored.separate
	if f.ShippingAddress != nil {
		shipping = storefrontAddress(f.ShippingAddress)
		if f.Address != nil {
			billing, separate = storefrontAddress(f.Address), true
		}
	}
	shipping.Email = cmp.Or(f.Email, shipping.Email, billing.Email)
	shipping = shipping.over(eventAddress(f.Extra)).over(stored.shipping)
	shipping.Country = cmp.Or(shipping.Country, stored.country)
	merged := addresses{shipping: shipping}
	if separate {
		invoices := stored.billing.Email // unless it only was the shopper's
		if invoices == stored.shipping.Email {
			invoices = ""
		}
		billing.Email = cmp.Or(billing.Email, invoices, f.Email)
		billing = billing.over(stored.billing)
		billing.Country = cmp.Or(billing.Country, shipping.Country)
		merged.billing = &billing
	}
	return merged
}

// eventAddress is the shipping address of a widget's event: under Centra's names
// or Klarna's, in an object of its own or beside the event's other members. Its
// e-mail address is none of it: whether that is whole, and whether the shopper
// agreed, is in Fields.
func eventAddress(event map[string]any) addressInput {
	var a addressInput
	for _, name := range [...]string{"shippingAddress", "shipping_address", "address"} {
		object, _ := event[name].(map[string]any)
		nested := eventMembers(object)
		nested.State = eventText(object, "state", "region")
		a = a.over(nested)
	}
	return a.over(eventMembers(event))
}

func eventMembers(object map[string]any) addressInput {
	return addressInput{
		Country:     countryCode(eventText(object, "country")),
		FirstName:   eventText(object, "firstName", "given_name"),
		LastName:    eventText(object, "lastName", "family_name"),
		CompanyName: eventText(object, "companyName", "company", "organization_name"),
		Address1:    eventText(object, "address1", "street_address"),
		Address2:    eventText(object, "address2", "street_address2"),
		ZipCode:     eventText(object, "zipCode", "postal_code"),
		City:        eventText(object, "city"),
		PhoneNumber: eventText(object, "phoneNumber", "phone"),
	}
}

// eventText returns the first of the members that is a text or a number.
func eventText(object map[string]any, names ...string) string {
	for _, name := range names {
		switch v := object[name].(type) {
		case string:
			if v != "" {
				return v
			}
		case json.Number:
			return v.String()
		}
	}
	return ""
}

// decode reads an address as a cart shows it; null is none.
func (a *addressInput) decode(d *decoder) {
	*a = addressInput{}
	for ok := d.object(); ok && d.next(); {
		switch string(d.key) {
		case "country":
			a.Country = decodeID(d, "code")
		case "state":
			a.State = decodeID(d, "code")
		case "stateOrProvince":
			a.StateOrProvince = d.text()
		case "email":
			a.Email = d.text()
		case "firstName":
			a.FirstName = d.text()
		case "lastName":
			a.LastName = d.text()
		case "companyName":
			a.CompanyName = d.text()
		case "attention":
			a.Attention = d.text()
		case "vatNumber":
			a.VATNumber = d.text()
		case "address1":
			a.Address1 = d.text()
		case "address2":
			a.Address2 = d.text()
		case "zipCode":
			a.ZipCode = d.text()
		case "city":
			a.City = d.text()
		case "phoneNumber":
			a.PhoneNumber = d.text()
		case "cellPhoneNumber":
			a.CellPhoneNumber = d.text()
		case "faxNumber":
			a.FaxNumber = d.text()
		default:
			d.skip()
		}
	}
}

// address is a in the form that all APIs share.
func (a addressInput) address() Address {
	return Address{
		Email: a.Email, FirstName: a.FirstName, LastName: a.LastName, Company: a.CompanyName, VATNumber: a.VATNumber,
		Address1: a.Address1, Address2: a.Address2, ZipCode: a.ZipCode, City: a.City,
		State: cmp.Or(a.State, a.StateOrProvince), Country: a.Country, PhoneNumber: cmp.Or(a.PhoneNumber, a.CellPhoneNumber),
	}
}

// decodeSession reads where Centra believes the session's shopper to be.
func (stored *storedAddresses) decodeSession(d *decoder) {
	for ok := d.object(); ok && d.next(); {
		if string(d.key) == "country" {
			stored.country = decodeID(d, "code")
		} else {
			d.skip()
		}
	}
}

func decodeStorefrontAddress(d *decoder) Address {
	var a addressInput
	a.decode(d)
	return a.address()
}
