package centra

import (
	"context"
	"time"
)

// Call is what is told of a call to Centra when it is over.
type Call struct {
	API            string
	Op             string
	Status         int
	Attempts       int
	Duration       time.Duration
	Failure        string
	BudgetRefused  bool
	SessionChanged bool
	Cart           CartState
}

// CartState says what an answer says is in the cart.
type CartState uint8

// The states of a cart.
const (
	CartUnknown CartState = iota
	CartEmpty
	CartFilled
)

type watchKey struct{}

// WatchCalls returns a context whose calls are told to watch.
func WatchCalls(ctx context.Context, watch func(Call)) context.Context {
	return context.WithValue(ctx, watchKey{}, watch)
}
