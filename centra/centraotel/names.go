package centraotel

import (
	"strings"
	"sync"
)

// other stands for every value that is not what it should be, or one too many.
const other = "other"

// names bounds the values of attributes, in shape and in number, whatever a host
// or a later version of the library makes of them.
type names struct {
	api, operation, failure, code, source, signature, currency *vocabulary
}

func newNames() *names {
	return &names{
		api:       newVocabulary(8, isWord),
		operation: newVocabulary(64, isOperation),
		failure:   newVocabulary(32, isWord),
		code:      newVocabulary(64, isWord),
		source:    newVocabulary(8, isWord),
		signature: newVocabulary(64, isSignature),
		currency:  newVocabulary(40, isCurrency),
	}
}

// vocabulary is the values that one attribute has had so far.
type vocabulary struct {
	fits func(string) bool
	room int

	mu   sync.RWMutex
	seen map[string]struct{}
}

func newVocabulary(room int, fits func(string) bool) *vocabulary {
	return &vocabulary{fits: fits, room: room, seen: make(map[string]struct{}, room)}
}

// of returns s, or other.
func (v *vocabulary) of(s string) string {
	v.mu.RLock()
	_, known := v.seen[s]
	v.mu.RUnlock()
	if known {
		return s
	}
	if !v.fits(s) {
		return other
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, known := v.seen[s]; !known && len(v.seen) >= v.room {
		return other
	}
	v.seen[strings.Clone(s)] = struct{}{}
	return s
}

// isWord: "rate_limited".
func isWord(s string) bool { return consistsOf(s, 32, "_", 'a', 'z') }

// isCurrency: three capital letters, as in ISO 4217.
func isCurrency(s string) bool { return len(s) == 3 && consistsOf(s, 3, "", 'A', 'Z') }

// isSignature: "no click", "+http".
func isSignature(s string) bool { return consistsOf(strings.ToLower(s), 32, " -_+/.", 'a', 'z') }

// isOperation: "PUT /selection/{selection}", "mutation setAddress". IDs, tokens and
// addresses have digits or an @, and are longer than a part of a name.
func isOperation(s string) bool {
	for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ' ' || r == '/' }) {
		if len(part) > 40 {
			return false
		}
	}
	return consistsOf(strings.ToLower(s), 80, " /{}-_.", 'a', 'z')
}

// consistsOf reports whether s has at least one and at most max bytes, each within
// a range or one of some more.
func consistsOf(s string, max int, more string, first, last byte) bool {
	for i := range len(s) {
		if (s[i] < first || s[i] > last) && strings.IndexByte(more, s[i]) < 0 {
			return false
		}
	}
	return s != "" && len(s) <= max
}
