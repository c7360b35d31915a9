package centra

import (
	"errors"
	"slices"
	"strings"
)

// storefrontWords say what an error of the Storefront API means. Its errors have
// no codes, and of their messages only "Unauthorized" is known. The first row
// that fits counts.
var storefrontWords = []struct {
	kind     error
	cartOnly bool // where the path or the message says that it is about a cart
	words    []string
}{
	{errTokenRefused, false, []string{"unauthorized", "unauthorised", "unauthenticated"}},
	{ErrUnauthorized, false, []string{"forbidden", "access denied"}},
	{ErrRateLimited, false, []string{"rate limit", "too many requests", "too many attempts", "throttle"}},
	{ErrUnavailable, false, []string{
		"internal server", "internal system", "internal error", "service unavailable", "temporarily", "timeout",
		"timed out", "try again", "maintenance",
	}},
	{ErrSelectionNotFound, true, goneWords},
}

var goneWords = []string{"not found", "no such", "not exist", "expired", "unknown selection"}

// errTokenRefused stands for what Centra says of a token that it does not know any
// more, a session's or the plugin's.
var errTokenRefused = errors.New("token refused")

// kind is what errors mean, nil where they say nothing that is known.
func (a *storefrontAnswer) kind() error {
	for _, row := range storefrontWords {
		for _, e := range a.errors {
			if e.says(row.words...) && (!row.cartOnly || e.aboutCart() || e.says("selection")) {
				return row.kind
			}
		}
	}
	return nil
}

func (e storefrontError) says(words ...string) bool {
	message := strings.ToLower(e.message)
	return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(message, word) })
}

func (e storefrontError) aboutCart() bool {
	return len(e.path) > 0 && (e.path[0] == "selection" || e.path[0] == "setSelection")
}

// partial reports whether errors are only about parts of a cart that is there
// all the same, such as a line whose product is gone: null stands for those.
func (a *storefrontAnswer) partial() bool {
	if a.cart == nil {
		return false
	}
	for _, e := range a.errors {
		if i := slices.Index(e.path, "selection"); i < 0 || i == len(e.path)-1 {
			return false
		}
	}
	return true
}

// within reports whether a field of the document was carried out, and only its
// answer could not be written.
func (a *storefrontAnswer) within() bool {
	return slices.ContainsFunc(a.errors, func(e storefrontError) bool {
		return len(e.path) > 1 && e.path[0] != "variable" // which some servers write of a variable that is refused
	})
}

// atDocument reports whether errors are about the document as a whole, none of
// whose fields was asked.
func (a *storefrontAnswer) atDocument() bool {
	for _, e := range a.errors {
		if len(e.path) > 0 {
			return false
		}
	}
	return true
}
