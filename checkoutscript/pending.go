package checkoutscript

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/centra-go/cartabandonment/centra"
)

// Pending is a capture, or a withdrawal of consent, that could not reach Centra:
// Config.Later puts it into a queue of the host's, and [Handler.Redeliver] sends
// it when Centra is back. It goes to JSON and back unchanged.
//
// It is personal data, and Session opens the cart: keep it where a session may be
// kept, no longer than needed. It prints as when it was captured and nothing
// else, but its JSON holds it all: do not log a struct that holds one as JSON.
type Pending struct {
	Version    int            `json:"version"` // of this form
	Session    centra.Session `json:"session"` // whose cart it is about
	Fields     centra.Fields  `json:"fields"`  // the e-mail address and the consent, nothing else
	CapturedAt time.Time      `json:"capturedAt"`
	// Before is a digest of the address that the cart had before, as far as that
	// was known: the one that this takes the place of.
	Before string `json:"before,omitempty"`
}

const (
	pendingVersion = 1
	maxAge         = 24 * time.Hour
)

// UnmarshalJSON reads what encoding/json writes of a Pending. Of another version
// it reads the version only, which [Handler.Redeliver] refuses.
func (p *Pending) UnmarshalJSON(text []byte) error {
	type plain Pending // without this method
	var version struct {
		Version int `json:"version"`
	}
	if json.Unmarshal(text, &version) != nil {
		return errNotPending
	}
	read := plain{Version: version.Version}
	if version.Version == pendingVersion && json.Unmarshal(text, &read) != nil {
		return errNotPending
	}
	*p = Pending(read)
	return nil
}

// errNotPending quotes nothing of what was read.
var errNotPending = &droppedError{reason: "it is not the JSON of a Pending"}

// check says why a Pending can never be delivered.
func (p Pending) check(now time.Time) error {
	switch {
	case p.Version != pendingVersion:
		return &droppedError{reason: "it is of another version"}
	case p.Session == "" || p.Session == centra.NoSession:
		return &droppedError{reason: "it names no session"}
	case p.CapturedAt.IsZero() || p.CapturedAt.After(now.Add(maxClockSkew)):
		return &droppedError{reason: "it was captured at no possible time"}
	case now.Sub(p.CapturedAt) > maxAge:
		return &droppedError{reason: "it is more than a day old"}
	case p.Fields.CartAbandonmentEmail == centra.No:
		return nil
	case p.Fields.CartAbandonmentEmail != centra.Yes || !looksLikeEmail(p.Fields.Email):
		return &droppedError{reason: "it holds neither an address with consent nor a withdrawal"}
	}
	return nil
}

// maxClockSkew is by how much the clocks of a shop's processes may differ.
const maxClockSkew = time.Hour

// ErrDropped is what every error of [Handler.Redeliver] matches that is final:
// there is nothing to deliver any more, and never will be. After any other it is
// worth trying again.
var ErrDropped = errors.New("checkoutscript: not delivered, and not to be tried again")

type droppedError struct {
	reason string
	cause  error // nil: none
}

func (e *droppedError) Error() string {
	if e.cause != nil {
		return ErrDropped.Error() + ": " + e.reason + ": " + e.cause.Error()
	}
	return ErrDropped.Error() + ": " + e.reason
}

// Format prints the text of Error whatever the verb.
func (e *droppedError) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, e.Error()) }

// Unwrap returns ErrDropped and the cause.
func (e *droppedError) Unwrap() []error {
	if e.cause == nil {
		return []error{ErrDropped}
	}
	return []error{ErrDropped, e.cause}
}

// String says what it is and when it was captured.
func (p Pending) String() string {
	kind := "capture"
	if p.Fields.CartAbandonmentEmail == centra.No {
		kind = "withdrawal"
	}
	return kind + " of " + p.CapturedAt.UTC().Format(time.RFC3339)
}

// Format prints what String returns, whatever the verb.
func (p Pending) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, p.String()) }

// LogValue says when it was captured, and the consent.
func (p Pending) LogValue() slog.Value {
	return slog.GroupValue(
		slog.Time("captured_at", p.CapturedAt),
		slog.String("cart_abandonment_email", p.Fields.CartAbandonmentEmail.String()),
		slog.Any("session", p.Session),
	)
}
