package redisturns

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/bsm/redislock"
	"github.com/redis/go-redis/v9"

	"github.com/centra-go/cartabandonment/centra/session"
)

// Turns is a [session.Turns] that all processes share which have the same Redis
// and the same prefix. Make one with [New] for a process, and keep it.
type Turns struct {
	local    session.Turns // in front of Redis: one call of a visitor's at a time asks there
	memory   *memory
	health   *health
	journal  *journal
	courtesy *courtesy
	observe  func(context.Context, Outcome)
	patience time.Duration // of a call with Redis
}

var _ session.Turns = (*Turns)(nil)

// Option changes Turns at their construction.
type Option func(*Turns) error

// WithPrefix sets what all keys in Redis begin with; the default is
// "centra:turns:". Shops with carts of their own need prefixes of their own where
// they share a Redis.
func WithPrefix(prefix string) Option {
	return func(t *Turns) error {
		if prefix == "" || strings.ContainsAny(prefix, "{}") {
			return errors.New("redisturns: WithPrefix: the prefix is empty or has a brace")
		}
		t.memory.prefix = prefix
		return nil
	}
}

// WithLogger says once a minute that Redis is away, that it is back, and where a
// turn outlived its lease. The default is silence.
func WithLogger(logger *slog.Logger) Option {
	return func(t *Turns) error {
		if logger == nil {
			return errors.New("redisturns: WithLogger: the logger is nil")
		}
		t.health.logger = logger
		return nil
	}
}

// Outcome is how a turn went, or the attempt to get one.
type Outcome struct {
	// Alone says that Redis was away, or too slow to tell the newest session: the
	// turn was one within this process, as far as that knows.
	Alone bool
	// Lost says that the lease ran out before the turn ended: another process
	// may have had a turn of the same visitor at the same time.
	Lost bool
	// Waited is how long the turn was waited for, Held how long it took then.
	Waited, Held time.Duration
	// Err is why there was no turn: [session.ErrBusy] or the context's error.
	Err error
}

// WithObserve tells of each turn after it has ended, with the values of the
// context that it was taken with. The function must be fast.
func WithObserve(observe func(context.Context, Outcome)) Option {
	return func(t *Turns) error {
		if observe == nil {
			return errors.New("redisturns: WithObserve: the function is nil")
		}
		t.observe = observe
		return nil
	}
}

// New returns turns over Redis. It makes no call: a Redis that is away now is
// used when it is there. The client stays the caller's, and must obey the
// deadlines of contexts (ContextTimeoutEnabled in its options).
func New(client redis.UniversalClient, opts ...Option) (*Turns, error) {
	switch known, obeys := obeysDeadlines(client); {
	case client == nil:
		return nil, errors.New("redisturns: New: the client is nil")
	case known && !obeys:
		return nil, errors.New("redisturns: New: the client does not obey the deadlines of contexts, so that a Redis which" +
			" hangs would keep the visitors waiting; set ContextTimeoutEnabled in its options")
	}
	t := &Turns{
		local: session.NewTurns(),
		memory: &memory{
			client: client, locks: redislock.New(client), prefix: "centra:turns:", process: rand.Text(),
		},
		health:   &health{logger: slog.New(slog.DiscardHandler)},
		journal:  newJournal(),
		courtesy: newCourtesy(),
		observe:  func(context.Context, Outcome) {},
		patience: 200 * time.Millisecond,
	}
	for _, opt := range opts {
		if err := opt(t); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// obeysDeadlines knows the clients of go-redis; what a host wraps around them it
// has to know itself.
func obeysDeadlines(client redis.UniversalClient) (known, obeys bool) {
	switch c := client.(type) {
	case *redis.Client:
		return true, c.Options().ContextTimeoutEnabled
	case *redis.ClusterClient:
		return true, c.Options().ContextTimeoutEnabled
	case *redis.Ring:
		return true, c.Options().ContextTimeoutEnabled
	}
	return false, false
}

var errAway = errors.New("redisturns: Redis is away")

// ask lets f speak with Redis, for no longer than patience, and unless Redis is
// known to be away.
func (t *Turns) ask(ctx context.Context, f func(context.Context) error) error {
	if !t.health.mayAsk() {
		return errAway
	}
	// What the caller's context would cut short could be done all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.patience)
	defer cancel()
	err := f(ctx)
	if err != nil && !errors.Is(err, redislock.ErrNotObtained) && !errors.Is(err, redislock.ErrLockNotHeld) {
		t.health.failed(err)
		return err
	}
	if wasAway := t.health.answered(ctx); wasAway {
		t.journal.doubt()
	}
	return err
}
