package centra

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// Session says whose cart a call is about: the session token in the Checkout API
// and the Storefront API, the selection ID in the Shop API. Whoever holds it holds
// the cart, so it is a secret: it prints as a short digest, never as its value.
// Convert it with string(s) to store it. In JSON it is the value, so that a shop can keep it in
// a session of its own: do not log a struct that holds one as JSON. The empty
// Session means that there is none.
type Session string

// SelectionID names a selection, Centra's word for a cart, in a cart link. It
// is as secret as a [Session] and prints as a digest too. Use
// [ParseSelectionID] to make one from anything that came from outside.
type SelectionID string

// NoSession asks Centra for an answer without a session. Only Do takes it, and
// gives no session back. (What is returned to package session's Visitors means
// there that the visitor's session is to be forgotten.)
const NoSession Session = "none"

const (
	maxSelectionID = 128
	maxSession     = 2048 // as much as a cookie can carry; a JSON Web Token takes some hundreds
)

// ParseSelectionID checks that s can be a selection ID: 1 to 128 characters out
// of A-Z a-z 0-9 _ and -. Anything else is [ErrInvalidSelectionID]; in
// particular nothing passes that would change the path of a request.
func ParseSelectionID(s string) (SelectionID, error) {
	if len(s) == 0 || len(s) > maxSelectionID {
		return "", ErrInvalidSelectionID
	}
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_', c == '-':
		default:
			return "", ErrInvalidSelectionID
		}
	}
	return SelectionID(strings.Clone(s)), nil // the memory may be a server's that uses it again
}

// checkToken reports whether s can travel in the API-Token header.
func (s Session) checkToken() error {
	if len(s) > maxSession {
		return ErrInvalidSession
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return ErrInvalidSession
		}
	}
	return nil
}

// String returns a digest that is the same for the same session and says
// nothing about its value.
func (s Session) String() string { return digest("session", string(s)) }

// GoString returns what String returns.
func (s Session) GoString() string { return s.String() }

// Format prints the digest whatever the verb: fmt would print the value itself
// for a verb that does not fit a string.
func (s Session) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue returns the digest.
func (s Session) LogValue() slog.Value { return slog.StringValue(s.String()) }

// String returns a digest that is the same for the same ID and says nothing
// about its value.
func (id SelectionID) String() string { return digest("selection", string(id)) }

// GoString returns what String returns.
func (id SelectionID) GoString() string { return id.String() }

// Format prints the digest whatever the verb.
func (id SelectionID) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, id.String()) }

// LogValue returns the digest.
func (id SelectionID) LogValue() slog.Value { return slog.StringValue(id.String()) }

// digest keeps 32 of the hash's bits: enough to correlate two lines of a log,
// and the values themselves have too many bits to be guessed from it.
func digest(kind, secret string) string {
	if secret == "" {
		return kind + ":none"
	}
	sum := sha256.Sum256([]byte(secret))
	return kind + ":" + hex.EncodeToString(sum[:4])
}
