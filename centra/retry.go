package centra

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Retry says how a call that may be repeated is; see [WithRetry].
type Retry struct {
	// Max is how often a call is sent again after the first time: 0, which is
	// never, to 10. The default is 2.
	Max int
	// MinWait and MaxWait bound the ceiling of the random wait, which doubles
	// from one to the other. The defaults are 100 ms and 2 s; 0 is no wait.
	MinWait, MaxWait time.Duration
}

var defaultRetry = Retry{Max: 2, MinWait: 100 * time.Millisecond, MaxWait: 2 * time.Second}

// again is retryablehttp's CheckRetry: it decides whether another attempt is worth
// it, and sets the wait before it.
func (x *exchange) again(ctx context.Context, _ *http.Response, _ error) (bool, error) {
	if ctx.Err() != nil || x.attempts > x.retry.Max || !x.worthRepeating() {
		return false, nil
	}
	x.wait = x.retry.wait(x.attempts, x.retryAfter)
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= x.wait {
		return false, nil
	}
	x.budgetRefused = !x.budget.retry()
	return !x.budgetRefused, nil
}

// worthRepeating is the retry policy: the first row that fits decides.
func (x *exchange) worthRepeating() bool {
	switch {
	case errors.Is(x.err, errTooLarge): // it would be again
		return false
	case x.err != nil && permanent(x.err): // no such host, bad certificate: it will not get better
		return false
	case !x.arrived: // no connection, so Centra has not seen even a payment
		return true
	case !x.repeatable: // a second payment could be a second order
		return false
	case x.err != nil: // the connection broke, or the body did
		return true
	}
	switch x.status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported: // a mistake, not an outage
		return false
	}
	return x.status >= 500
}

// wait is how long to wait before the attempt after the given one: full jitter,
// so that many shops do not come back at the same moment, but never less than
// Centra asked for, up to MaxWait.
func (r Retry) wait(attempt int, asked time.Duration) time.Duration {
	ceiling := r.MaxWait
	if shift := attempt - 1; shift < 16 && r.MinWait<<shift < ceiling {
		ceiling = r.MinWait << shift
	}
	if ceiling <= 0 {
		return 0
	}
	return max(rand.N(ceiling), min(asked, r.MaxWait))
}

// maxRetryAfter bounds what is believed of a Retry-After header.
const maxRetryAfter = 24 * time.Hour

// retryAfter reads the header's two forms; what is in the past, negative or
// neither is 0.
func retryAfter(header string, now time.Time) time.Duration {
	if header == "" {
		return 0
	}
	seconds, err := strconv.ParseUint(header, 10, 64)
	if err == nil || errors.Is(err, strconv.ErrRange) { // out of range it is the largest
		return time.Duration(min(seconds, uint64(maxRetryAfter/time.Second))) * time.Second
	}
	if date, err := http.ParseTime(header); err == nil {
		return min(max(date.Sub(now), 0), maxRetryAfter)
	}
	return 0
}

// budget keeps retries a small part of all calls: a token bucket that every
// call fills a little and every retry empties by one. In an outage all calls
// fail, and each would be sent three times without it.
type budget struct {
	mu     sync.Mutex
	tokens float64
}

const (
	budgetBurst   = 10
	budgetPerCall = 0.05
)

func newBudget() *budget { return &budget{tokens: budgetBurst} }

func (b *budget) call() {
	b.mu.Lock()
	b.tokens = min(b.tokens+budgetPerCall, budgetBurst)
	b.mu.Unlock()
}

func (b *budget) retry() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
