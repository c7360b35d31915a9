package centra

import (
	"fmt"
	"io"
	"log/slog"
)

// Address is a billing or shipping address.
type Address struct {
	Email          string `json:"email,omitempty"`
	Newsletter     Choice `json:"newsletter,omitzero"`
	FirstName      string `json:"firstName,omitempty"`
	LastName       string `json:"lastName,omitempty"`
	Company        string `json:"company,omitempty"`
	Address1       string `json:"address1,omitempty"`
	Address2       string `json:"address2,omitempty"`
	ZipCode        string `json:"zipCode,omitempty"`
	City           string `json:"city,omitempty"`
	State          string `json:"state,omitempty"`
	Country        string `json:"country,omitempty"` // ISO 3166-1 alpha-2, "SE"
	PhoneNumber    string `json:"phoneNumber,omitempty"`
	VATNumber      string `json:"vatNumber,omitempty"`
	IdentityNumber string `json:"identityNumber,omitempty"`
	HouseNumber    string `json:"houseNumber,omitempty"`
	HouseExtension string `json:"houseExtension,omitempty"`
}

// String says whether anything is set, and never what.
func (a Address) String() string {
	if a == (Address{}) {
		return "empty address"
	}
	return "address"
}

// Format prints what String returns, whatever the verb.
func (a Address) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, a.String()) }

// LogValue returns what String returns.
func (a Address) LogValue() slog.Value { return slog.StringValue(a.String()) }

func (a *Address) decode(d *decoder) {
	if !d.object() {
		return
	}
	for d.next() {
		switch string(d.key) {
		case "email":
			a.Email = d.text()
		case "newsletter":
			a.Newsletter = d.choice()
		case "firstName":
			a.FirstName = d.text()
		case "lastName":
			a.LastName = d.text()
		case "company":
			a.Company = d.text()
		case "address1":
			a.Address1 = d.text()
		case "address2":
			a.Address2 = d.text()
		case "zipCode":
			a.ZipCode = d.text()
		case "city":
			a.City = d.text()
		case "state":
			a.State = d.text()
		case "country":
			a.Country = d.text()
		case "phoneNumber":
			a.PhoneNumber = d.text()
		case "vatNumber":
			a.VATNumber = d.text()
		case "identityNumber":
			a.IdentityNumber = d.text()
		case "houseNumber":
			a.HouseNumber = d.text()
		case "houseExtension":
			a.HouseExtension = d.text()
		default:
			d.skip()
		}
	}
}
