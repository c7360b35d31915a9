package session_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/centra/session/sessiontest"
)

func TestTurns(t *testing.T) {
	sessiontest.RunTurns(t, func(*testing.T) session.Turns { return session.NewTurns() })
}

func take(t *testing.T, turns session.Turns, s centra.Session) session.Turn {
	t.Helper()
	turn, err := turns.Take(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return turn
}

func takes(t *testing.T, turns session.Turns, with, want centra.Session) {
	t.Helper()
	turn := take(t, turns, with)
	defer turn.Done("")
	if got := turn.Session(); got != want {
		t.Errorf("the turn's session is %q, want %q", string(got), string(want))
	}
}

func TestTurnsRememberForAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := session.NewTurns()
		take(t, turns, "old").Done("new")
		time.Sleep(time.Hour - time.Second)
		takes(t, turns, "old", "new")
		time.Sleep(2 * time.Second)
		takes(t, turns, "old", "old")
	})
}

func TestTurnsRememberABoundedNumber(t *testing.T) {
	turns := session.NewTurns()
	take(t, turns, "quiet-old").Done("quiet-new")
	// A visitor whose session is replaced again and again costs the others nothing.
	for i := range 1000 {
		take(t, turns, centra.Session(fmt.Sprint("busy-", i))).Done(centra.Session(fmt.Sprint("busy-", i+1)))
	}
	takes(t, turns, "quiet-old", "quiet-new")
	takes(t, turns, "busy-900", "busy-1000")
	takes(t, turns, "busy-0", "busy-0")
	for i := range 100_000 {
		take(t, turns, centra.Session(fmt.Sprint("old-", i))).Done(centra.Session(fmt.Sprint("new-", i)))
	}
	takes(t, turns, "quiet-old", "quiet-old")
	takes(t, turns, "old-99999", "new-99999")
}

// The browser may bring the new session before the call that was answered with
// it has ended here, for instance through another process.
func TestTurnsOfOneVisitorUnderTwoSessionsBecomeOne(t *testing.T) {
	for _, otherFirst := range []bool{true, false} {
		t.Run(fmt.Sprint("the new session's call ends first: ", otherFirst), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				turns := session.NewTurns()
				old, other := take(t, turns, "old"), take(t, turns, "new")
				came := make(chan centra.Session, 2)
				for _, s := range []centra.Session{"old", "new"} {
					go func() {
						turn := take(t, turns, s)
						came <- turn.Session()
						time.Sleep(time.Second)
						turn.Done("")
					}()
				}
				synctest.Wait()
				if otherFirst {
					other.Done("newer")
				}
				old.Done("new")
				if !otherFirst {
					synctest.Wait()
					if len(came) > 0 {
						t.Error("a turn came while the new session's call was under way")
					}
					other.Done("newer")
				}
				for range 2 {
					if got := <-came; got != "newer" {
						t.Errorf("a turn's session is %q, want the newest", string(got))
					}
				}
				synctest.Wait()
				takes(t, turns, "old", "newer")
			})
		})
	}
}

func TestTurnsBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := session.NewTurns()
		held := take(t, turns, "s")
		for range 64 {
			go func() { take(t, turns, "s").Done("") }()
		}
		synctest.Wait()
		if _, err := turns.Take(context.Background(), "s"); !errors.Is(err, session.ErrBusy) {
			t.Errorf("the 65th that waits: error %v, want ErrBusy", err)
		}
		held.Done("")
		synctest.Wait()
		takes(t, turns, "s", "s")
	})
}

func TestTurnsPrintNoSession(t *testing.T) {
	turns := session.NewTurns()
	turn, err := turns.Take(t.Context(), "canary")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []any{turns, turn} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			text := strings.ToLower(fmt.Sprintf(verb, v))
			if strings.Contains(text, "canary") || strings.Contains(text, hex.EncodeToString([]byte("canary"))) {
				t.Errorf("%s of %T: %s", verb, v, text)
			}
		}
	}
}
