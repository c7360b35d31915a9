package session_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/centra-go/cartabandonment/centra/session"
)

func TestStoreError(t *testing.T) {
	own := errors.New("redis: GET sessions:canary4711: connection refused")
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"a store's own error": {own, "session: the store failed to load a session"},
		"a duplicate cookie": {
			fmt.Errorf("canary4711: %w", session.ErrDuplicateCookie),
			"session: the store failed to load a session: session: the session cookie was sent more than once",
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := &session.StoreError{Op: "load", Err: test.err}
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
				if got := fmt.Sprintf(verb, err); got != test.want {
					t.Errorf("%s prints %q, want %q", verb, got, test.want)
				}
			}
			if text, _ := json.Marshal(err); string(text) != `{"Op":"load"}` {
				t.Errorf("its JSON is %s", text)
			}
			if !errors.Is(err, session.ErrStore) || !errors.Is(err, test.err) {
				t.Error("it does not match what failed")
			}
		})
	}
}
