package centratest

import "fmt"

type country struct {
	code, name, language, currency string
	eu                             bool
	states                         []state
}

type state struct{ code, name string }

var countries = []country{
	{code: "DE", name: "Germany", language: "de", currency: "EUR", eu: true},
	{code: "NO", name: "Norway", language: "en", currency: "NOK"},
	{code: "SE", name: "Sweden", language: "sv", currency: "SEK", eu: true},
	{
		code: "US", name: "United States", language: "en", currency: "USD",
		states: []state{{"CA", "California"}, {"NY", "New York"}},
	},
}

type language struct{ code, name string }

var languages = []language{{"de", "German"}, {"en", "English"}, {"sv", "Swedish"}}

func countryOf(code string) (country, bool) {
	for _, c := range countries {
		if c.code == code {
			return c, true
		}
	}
	return country{}, false
}

func languageOf(code string) (language, bool) {
	for _, l := range languages {
		if l.code == code {
			return l, true
		}
	}
	return language{}, false
}

func (c country) state(code string) (state, bool) {
	for _, s := range c.states {
		if s.code == code {
			return s, true
		}
	}
	return state{}, false
}

func (c country) object() object {
	o := object{"country": c.code, "name": c.name, "eu": c.eu, "language": c.language, "currency": c.currency}
	if len(c.states) > 0 {
		states := []object{}
		for _, s := range c.states {
			states = append(states, object{"state": s.code, "name": s.name})
		}
		o["states"] = states
	}
	return o
}

func countryList() []object {
	list := []object{}
	for _, c := range countries {
		list = append(list, c.object())
	}
	return list
}

func (l language) object() object {
	return object{"language": l.code, "name": l.name}
}

func languageList() []object {
	list := []object{}
	for _, l := range languages {
		language := l.object()
		language["default"] = l.code == "sv"
		list = append(list, language)
	}
	return list
}

// location is where the shopper is. Its language is the country's, not the one
// that was chosen.
func location(c *cart) object {
	country, _ := countryOf(c.country)
	o := object{
		"country": country.code, "name": country.name, "eu": country.eu, "language": country.language,
		"shipTo": true, "state": nil, "stateName": "",
	}
	if s, ok := country.state(c.state); ok {
		o["state"], o["stateName"] = s.code, s.name
	}
	return o
}

// pad grows an answer with what makes real ones large: long lists of small objects.
func (s *Server) pad(body object) {
	if s.config.responseSize <= 0 {
		return
	}
	if s.paddedCountries == nil {
		// Made once, so that benchmarks do not measure it.
		padded := countryList()
		for size := len(appendPHP(nil, body)); size < s.config.responseSize; {
			country := paddingCountry(len(padded))
			padded = append(padded, country)
			size += len(appendPHP(nil, country)) + len(",")
		}
		s.paddedCountries = appendPHP(nil, padded)
	}
	body["countries"] = s.paddedCountries
}

func paddingCountry(i int) object {
	states := []object{}
	for j := range 10 {
		states = append(states, object{"state": fmt.Sprintf("S%d", j), "name": fmt.Sprintf("State %d of country %03d", j, i)})
	}
	return object{
		"country": fmt.Sprintf("X%d", i), "name": fmt.Sprintf("Country %03d", i), "eu": false,
		"language": "en", "currency": "SEK", "states": states,
	}
}
