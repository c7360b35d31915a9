package redisturns_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/centra/session/redisturns"
	"github.com/centra-go/cartabandonment/centra/session/sessiontest"
)

// patient is for tests of a Redis that is well, on a machine that may be busy.
const patient = 5 * time.Second

// outcomes is what WithObserve was told.
type outcomes struct {
	mu   sync.Mutex
	told []redisturns.Outcome
}

func (o *outcomes) observe(_ context.Context, told redisturns.Outcome) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.told = append(o.told, told)
}

func (o *outcomes) all() []redisturns.Outcome {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]redisturns.Outcome(nil), o.told...)
}

// process returns turns as a process of its own has them. They must be shared
// with the others all the time.
func process(t testing.TB, client redis.UniversalClient) *redisturns.Turns {
	t.Helper()
	var seen outcomes
	turns, err := redisturns.New(client, redisturns.WithObserve(seen.observe))
	if err != nil {
		t.Fatal(err)
	}
	redisturns.SetPatience(turns, patient)
	t.Cleanup(func() {
		for _, o := range seen.all() {
			if o.Alone || o.Lost {
				t.Errorf("a turn was not shared all the time: %+v", o)
				return
			}
		}
	})
	return turns
}

func take(t testing.TB, turns session.Turns, s centra.Session) session.Turn {
	t.Helper()
	turn, err := turns.Take(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return turn
}

func takes(t testing.TB, turns session.Turns, with, want centra.Session) {
	t.Helper()
	turn := take(t, turns, with)
	defer turn.Done("")
	if got := turn.Session(); got != want {
		t.Errorf("the turn's session is %q, want %q", string(got), string(want))
	}
}

func TestTurns(t *testing.T) {
	client := startServer(t).client()
	sessiontest.RunTurns(t, func(t *testing.T) session.Turns {
		client.FlushAll(t.Context())
		return process(t, client)
	})
}
