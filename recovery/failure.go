package recovery

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/centra-go/cartabandonment/centra"
)

// The Retry-After of an answer is what Centra asked for, within these bounds. A
// person waits longer than a script before they try again.
const (
	defaultRetryAfter = 30 * time.Second
	minRetryAfter     = time.Second
	maxRetryAfter     = 10 * time.Minute
)

// failed answers that it may work later, and tells the shop why it did not.
func (v *visit) failed(err error) Outcome {
	v.w.Header().Set("Retry-After", retryAfter(err))
	v.show(Page{Kind: PageUnavailable, Status: http.StatusServiceUnavailable})

	ctx := v.r.Context()
	o := Outcome{Code: Unavailable, Err: err}
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		o.Code = Canceled
		return o
	case errors.Is(err, centra.ErrUnauthorized):
		o.Code = Misconfigured
	}
	if !v.logged.Load() || !isCallError(err) {
		v.logger.WarnContext(ctx, "recovery: a visitor's cart could not be opened",
			slog.String("code", string(o.Code)), slog.Any("error", err))
	}
	return o
}

// retryAfter returns whole seconds, rounded up.
func retryAfter(err error) string {
	wait := defaultRetryAfter
	var failed *centra.Error
	if errors.As(err, &failed) && failed.RetryAfter > 0 {
		wait = min(max(failed.RetryAfter, minRetryAfter), maxRetryAfter)
	}
	return strconv.Itoa(int((wait + time.Second - 1) / time.Second))
}

// isCallError reports whether a failure is that of a call and nothing else. If a
// client of package centra has made the call, it has logged it too.
func isCallError(err error) bool {
	switch err.(type) { //nolint:errorlint // an error around it says more
	case *centra.Error, *centra.OutOfStockError:
		return true
	}
	return false
}

// hostError keeps the text of an API's error out of logs unless it is one of
// package centra's: that of a host's own may well quote a URL or an address.
func hostError(err error) error {
	if err == nil || isCallError(err) {
		return err
	}
	return &apiError{err}
}

// apiError is an error of a host's own API.
type apiError struct{ err error }

func (e *apiError) Error() string {
	var failed *centra.Error
	switch {
	case errors.As(e.err, &failed):
		return "recovery: the API failed: " + failed.Error()
	case errors.Is(e.err, context.DeadlineExceeded), errors.Is(e.err, context.Canceled):
		return "recovery: the API did not answer in time"
	}
	return fmt.Sprintf("recovery: the API failed: %T", e.err)
}

// Format prints the text of Error whatever the verb.
func (e *apiError) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, e.Error()) }

// Unwrap returns the API's own error.
func (e *apiError) Unwrap() error { return e.err }
