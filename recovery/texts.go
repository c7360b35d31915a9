package recovery

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/centra-go/cartabandonment/centra"
)

// Texts are all that the small pages say, in one language. English, Swedish,
// Norwegian (Bokmål), Danish, Finnish, German, Dutch and French are built in;
// Config.Texts replaces them one by one, and adds languages.
type Texts struct {
	// PageConfirm: shall the cart be opened?
	ConfirmTitle, ConfirmText string
	ConfirmYes, ConfirmNo     string // the button, and the link that leads past it

	// PageConflict: shall it take the place of the visitor's own?
	ConflictTitle, ConflictText string
	ConflictYes, ConflictNo     string
	OwnCart, LinkedCart         string // headings above what is in the carts
	Total                       string // before a cart's grand total

	// PageUnavailable: try again.
	UnavailableTitle, UnavailableText string
	UnavailableRetry                  string // the link to the same address

	CrossSiteTitle, CrossSiteText               string // PageCrossSite
	NotFoundTitle, NotFoundText                 string // PageNotFound
	MethodNotAllowedTitle, MethodNotAllowedText string // PageMethodNotAllowed
}

// missing names the texts that are empty.
func (t Texts) missing() (names []string) {
	v := reflect.ValueOf(t)
	for i := range v.NumField() {
		if v.Field(i).String() == "" {
			names = append(names, v.Type().Field(i).Name)
		}
	}
	return names
}

// over returns t with what it leaves empty taken from the built-in texts.
func (t Texts) over(builtIn Texts) Texts {
	v, from := reflect.ValueOf(&t).Elem(), reflect.ValueOf(builtIn)
	for i := range v.NumField() {
		if v.Field(i).String() == "" {
			v.Field(i).Set(from.Field(i))
		}
	}
	return t
}

// languages are those that the pages can be in.
type languages struct {
	texts map[string]language // by tag, in lower case
	first string              // for visitors whose language is none of them
}

type language struct {
	tag string // as it was given
	Texts
}

var languageTag = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$`)

// parseTexts returns the built-in languages with a host's own on top.
func parseTexts(own map[string]Texts) (map[string]language, error) {
	texts := make(map[string]language, len(builtIn)+len(own))
	for tag, t := range builtIn {
		texts[tag] = language{tag, t}
	}
	seen := map[string]bool{}
	for _, tag := range slices.Sorted(maps.Keys(own)) {
		key := strings.ToLower(tag)
		switch {
		case !languageTag.MatchString(tag):
			return nil, fmt.Errorf("%q is no language tag such as nl or pt-BR", tag)
		case seen[key]:
			return nil, fmt.Errorf("%q is there twice", tag)
		}
		seen[key] = true
		if t, ok := builtIn[key]; ok {
			texts[key] = language{key, own[tag].over(t)}
			continue
		}
		if missing := own[tag].missing(); len(missing) > 0 {
			return nil, fmt.Errorf("%q is not built in, so it needs %s too", tag, strings.Join(missing, ", "))
		}
		texts[key] = language{tag, own[tag]}
	}
	return texts, nil
}

// parseLanguages leaves those that a host wants.
func parseLanguages(wanted []string, texts map[string]language) (languages, error) {
	if wanted == nil {
		return languages{texts, "en"}, nil
	}
	if len(wanted) == 0 {
		return languages{}, errors.New("is empty: name one at least, or leave it nil for all")
	}
	l := languages{texts: map[string]language{}, first: strings.ToLower(wanted[0])}
	for _, tag := range wanted {
		key := strings.ToLower(tag)
		known, ok := texts[key]
		if !ok {
			return languages{}, fmt.Errorf("%q is not built in: its texts belong in Texts", tag)
		}
		l.texts[key] = known
	}
	return l, nil
}

// choose picks the language of a page: that of the first cart that has one of
// ours, else the one that the browser likes best.
func (l languages) choose(acceptLanguage []string, carts ...*centra.Selection) language {
	for _, cart := range carts {
		if cart == nil {
			continue
		}
		if found, ok := l.find(cart.Language); ok {
			return found
		}
	}
	for _, tag := range accepted(acceptLanguage) {
		if found, ok := l.find(tag); ok {
			return found
		}
	}
	return l.texts[l.first]
}

// find looks for a tag, then for what it is a kind of: de-AT is a German.
func (l languages) find(tag string) (language, bool) {
	tag = strings.ToLower(strings.ReplaceAll(tag, "_", "-"))
	for tag != "" {
		if found, ok := l.texts[tag]; ok {
			return found, true
		}
		if tag == "no" || tag == "nn" { // Norwegian, of either kind
			tag = "nb"
			continue
		}
		tag = tag[:max(strings.LastIndexByte(tag, '-'), 0)]
	}
	return language{}, false
}
