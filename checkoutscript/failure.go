package checkoutscript

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
)

// problem is a failure as the page sees it. Message is for its developer; Fields
// and Messages are what Centra says to the shopper.
type problem struct {
	Status   int               `json:"-"`
	Code     Code              `json:"code"`
	Message  string            `json:"message"`
	Fields   map[string]string `json:"fields,omitempty"`
	Messages []string          `json:"messages,omitempty"`

	retryAfter time.Duration
}

// problems are the failures by the error that they match; the first row that
// fits describes one.
var problems = []struct {
	err     error
	status  int
	code    Code
	message string
}{
	{errQueue, http.StatusServiceUnavailable, QueueFailed, "Neither Centra nor the shop's queue is available."},
	{errMethod, http.StatusMethodNotAllowed, MethodNotAllowed, "An event must be posted."},
	{errCrossSite, http.StatusForbidden, CrossSite, "The event was posted from another site."},
	{session.ErrStore, http.StatusServiceUnavailable, SessionStore, "The visitor's session is not available."},
	{session.ErrBusy, http.StatusTooManyRequests, Busy, "Too many calls of this visitor are waiting."},
	{context.DeadlineExceeded, http.StatusGatewayTimeout, Timeout, "Centra did not answer in time."},
	{context.Canceled, http.StatusServiceUnavailable, Canceled, "The request was canceled."},
	{centra.ErrNoSession, http.StatusConflict, NoSession, "The visitor has no cart."},
	{centra.ErrInvalidSession, http.StatusConflict, NoSession, "The visitor's session is malformed."},
	{centra.ErrSelectionNotFound, http.StatusNotFound, SelectionNotFound, "There is no such cart any more."},
	{centra.ErrUnauthorized, http.StatusBadGateway, Unauthorized, "Centra refused the shop's secret or origin."},
	{centra.ErrRateLimited, http.StatusServiceUnavailable, RateLimited, "Centra asked for fewer calls."},
	{centra.ErrUnavailable, http.StatusServiceUnavailable, Unavailable, "Centra is not available."},
	{centra.ErrOutcomeUnknown, http.StatusServiceUnavailable, Unavailable, "Centra's answer was lost."},
	{centra.ErrInvalidResponse, http.StatusBadGateway, InvalidResponse, "Centra's answer made no sense."},
}

// describe says what a failure means for the page.
func describe(err error) problem {
	var decoding *DecodeError
	if errors.As(err, &decoding) {
		return decoding.problem()
	}
	p := problem{Status: http.StatusInternalServerError, Code: Internal, Message: "The event could not be forwarded."}
	var failed *centra.Error
	if errors.As(err, &failed) {
		p.retryAfter = failed.RetryAfter
		p.Fields, p.Messages = failed.Fields, messagesOf(failed)
		if failed.StatusCode != 0 {
			p.Status, p.Code, p.Message = http.StatusUnprocessableEntity, Refused, "Centra refused the fields."
		}
	}
	for _, row := range problems {
		if errors.Is(err, row.err) {
			p.Status, p.Code, p.Message = row.status, row.code, row.message
			break
		}
	}
	return p
}

// messagesOf are Centra's messages that stand beside those for fields.
func messagesOf(failed *centra.Error) []string {
	if failed.Message == "" || slices.Contains(failed.Messages, failed.Message) {
		return failed.Messages
	}
	return append([]string{failed.Message}, failed.Messages...)
}

func codeOf(err error) Code {
	switch {
	case err == nil:
		return Captured
	case errors.Is(err, ErrDeferred):
		return Queued
	}
	return describe(err).Code
}

func (e *DecodeError) problem() problem {
	p := problem{Status: e.StatusCode, Code: InvalidBody, Message: e.reason}
	switch e.StatusCode {
	case http.StatusRequestEntityTooLarge:
		p.Code = BodyTooLarge
	case http.StatusUnsupportedMediaType:
		p.Code = UnsupportedMediaType
	}
	return p
}

func (p problem) level() slog.Level {
	switch {
	case p.Code == Unauthorized || p.Code == Internal || p.Code == QueueFailed:
		return slog.LevelError
	case p.Status >= http.StatusInternalServerError && p.Code != Canceled:
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

func (p problem) attrs(o Outcome) []slog.Attr {
	return []slog.Attr{
		slog.String("code", string(p.Code)),
		slog.Int("status", p.Status),
		slog.Duration("duration", o.Duration),
		slog.Any("error", o.Err),
	}
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
	if isCallError(err) {
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
		return "checkoutscript: the API failed: " + failed.Error()
	case errors.Is(e.err, context.DeadlineExceeded), errors.Is(e.err, context.Canceled):
		return "checkoutscript: the API did not answer in time"
	}
	return fmt.Sprintf("checkoutscript: the API failed: %T", e.err)
}

// Format prints the text of Error whatever the verb.
func (e *apiError) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, e.Error()) }

// Unwrap returns the API's own error.
func (e *apiError) Unwrap() error { return e.err }
