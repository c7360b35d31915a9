package session

import (
	"errors"
	"fmt"
	"io"
)

// ErrStore is what every [StoreError] matches.
var ErrStore = errors.New("session: the store failed")

// StoreError is how the handlers pass on that a [Store] failed. Its text, which
// reaches logs, leaves the store's own out: a store may well quote the session,
// as a key or in a query. errors.Is and errors.As still reach that error.
type StoreError struct {
	Op  string // "load" or "save"
	Err error  `json:"-"`
}

func (e *StoreError) Error() string {
	text := ErrStore.Error() + " to " + e.Op + " a session"
	for _, known := range []error{ErrDuplicateCookie, ErrUnstorable} { // these quote nothing
		if errors.Is(e.Err, known) {
			text += ": " + known.Error()
		}
	}
	return text
}

// Format prints the text of Error whatever the verb.
func (e *StoreError) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, e.Error()) }

// Unwrap returns [ErrStore] and the store's own error.
func (e *StoreError) Unwrap() []error { return []error{ErrStore, e.Err} }
