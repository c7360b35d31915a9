package centraotel

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/metric"

	"github.com/centra-go/cartabandonment/centra/session"
)

// Turn is the Outcome of package redisturns, field by field, so that one converts
// to the other.
type Turn struct {
	Alone        bool
	Lost         bool
	Waited, Held time.Duration
	Err          error
}

// Turn notes how a turn went, for redisturns.WithObserve:
//
//	redisturns.WithObserve(func(ctx context.Context, o redisturns.Outcome) { tel.Turn(ctx, centraotel.Turn(o)) })
func (t *Telemetry) Turn(ctx context.Context, turn Turn) {
	state := "shared"
	switch {
	case errors.Is(turn.Err, session.ErrBusy):
		state = "busy"
	case turn.Err != nil:
		state = "canceled"
	case turn.Lost:
		state = "lost"
	case turn.Alone:
		state = "alone"
	}
	t.turnWait.Record(ctx, turn.Waited.Seconds(), metric.WithAttributes(turnKey.String(state)))
}
