package centra

import "sync"

// Location is where Centra believes the shopper to be.
type Location struct {
	Country     string `json:"country"` // ISO 3166-1 alpha-2
	CountryName string `json:"name"`
	State       string `json:"state"`
	StateName   string `json:"stateName"`
}

// Country is one that the shop sells to.
type Country struct {
	Country  string  `json:"country"` // ISO 3166-1 alpha-2
	Name     string  `json:"name"`
	EU       bool    `json:"eu"`
	Currency string  `json:"currency"` // that a cart gets there
	Language string  `json:"language"`
	States   []State `json:"states,omitempty"` // where an address needs one
}

// State is a part of a country.
type State struct {
	State string `json:"state"`
	Name  string `json:"name"`
}

func (l *Location) decode(d *decoder) {
	if !d.object() {
		return
	}
	for d.next() {
		switch string(d.key) {
		case "country":
			l.Country = d.text()
		case "name":
			l.CountryName = d.text()
		case "state":
			l.State = d.text()
		case "stateName":
			l.StateName = d.text()
		default:
			d.skip()
		}
	}
}

func decodeCountries(d *decoder) []Country {
	scratch := scratchCountries.Get().(*[]Country)
	countries := (*scratch)[:0]
	for end := d.list(); d.element(end); {
		countries = append(countries, Country{})
		countries[len(countries)-1].decode(d)
	}
	exact := append([]Country{}, countries...)
	if cap(countries) <= 3*maxScratch { // each is small
		clear(countries)
		*scratch = countries
		scratchCountries.Put(scratch)
	}
	return exact
}

// scratchCountries are where countries are gathered until their number is known:
// there are some 250 of them in many answers.
var scratchCountries = sync.Pool{New: func() any { return new([]Country) }}

func (c *Country) decode(d *decoder) {
	if !d.object() {
		return
	}
	for d.next() {
		switch string(d.key) {
		case "country":
			c.Country = d.text()
		case "name":
			c.Name = d.text()
		case "eu":
			c.EU = d.bool()
		case "currency":
			c.Currency = d.text()
		case "language":
			c.Language = d.text()
		case "states":
			c.States = nil
			for end := d.list(); d.element(end); {
				var state State
				state.decode(d)
				c.States = append(c.States, state)
			}
		default:
			d.skip()
		}
	}
}

func (s *State) decode(d *decoder) {
	if !d.object() {
		return
	}
	for d.next() {
		switch string(d.key) {
		case "state":
			s.State = d.text()
		case "name":
			s.Name = d.text()
		default:
			d.skip()
		}
	}
}

// CurrencyFormat says how a shop writes amounts of a currency.
type CurrencyFormat struct {
	Currency           string `json:"currency"` // ISO 4217
	Name               string `json:"name"`
	Prefix             string `json:"prefix"`
	Suffix             string `json:"suffix"`
	DecimalPoint       string `json:"decimalPoint"`
	DecimalDigits      int    `json:"decimalDigits"`
	ThousandsSeparator string `json:"thousandsSeparator"`
}

func (c *CurrencyFormat) decode(d *decoder) {
	if !d.object() {
		return
	}
	for d.next() {
		switch string(d.key) {
		case "currency":
			c.Currency = d.text()
		case "name":
			c.Name = d.text()
		case "prefix":
			c.Prefix = d.text()
		case "suffix":
			c.Suffix = d.text()
		case "decimalPoint":
			c.DecimalPoint = d.text()
		case "decimalDigits":
			c.DecimalDigits = d.int()
		case "thousandsSeparator":
			c.ThousandsSeparator = d.text()
		default:
			d.skip()
		}
	}
}
