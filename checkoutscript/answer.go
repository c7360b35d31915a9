package checkoutscript

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
)

// answer is the body of every response.
type answer struct {
	SuspendIgnore json.RawMessage   `json:"suspendIgnore,omitempty"`
	Selection     *centra.Selection `json:"selection,omitempty"`
	Error         *problem          `json:"error,omitempty"`
}

// problem is a failure as the page sees it. Message is for its developer; Fields
// is what Centra says to the shopper.
type problem struct {
	Status  int               `json:"-"`
	Code    string            `json:"code"`
	Message string            `json:"message"`
	Fields  map[string]string `json:"fields,omitempty"`

	retryAfter time.Duration
}

// problems are the failures by the error that they match; the first row that
// fits describes one.
var problems = []struct {
	err error
	problem
}{
	{errMethod, problem{Status: http.StatusMethodNotAllowed, Code: "method_not_allowed", Message: "An event must be posted."}},
	{errCrossSite, problem{Status: http.StatusForbidden, Code: "cross_site", Message: "The event was posted from another site."}},
	{session.ErrStore, problem{Status: http.StatusServiceUnavailable, Code: "session_store", Message: "The visitor's session is not available."}},
	{ErrBusy, problem{Status: http.StatusTooManyRequests, Code: "busy", Message: "Too many events of this session are waiting."}},
	{context.DeadlineExceeded, problem{Status: http.StatusGatewayTimeout, Code: "timeout", Message: "Centra did not answer in time."}},
	{context.Canceled, problem{Status: http.StatusServiceUnavailable, Code: "canceled", Message: "The request was canceled."}},
	{centra.ErrNoSession, problem{Status: http.StatusConflict, Code: "no_session", Message: "The visitor has no cart."}},
	{centra.ErrInvalidSession, problem{Status: http.StatusConflict, Code: "no_session", Message: "The visitor's session is malformed."}},
	{centra.ErrSelectionNotFound, problem{Status: http.StatusNotFound, Code: "selection_not_found", Message: "The cart was ordered, has expired or never was."}},
	{centra.ErrUnauthorized, problem{Status: http.StatusBadGateway, Code: "unauthorized", Message: "Centra refused the shop's secret or origin."}},
	{centra.ErrRateLimited, problem{Status: http.StatusServiceUnavailable, Code: "rate_limited", Message: "Centra asked for fewer calls."}},
	{centra.ErrUnavailable, problem{Status: http.StatusServiceUnavailable, Code: "unavailable", Message: "Centra is not available."}},
	{centra.ErrInvalidResponse, problem{Status: http.StatusBadGateway, Code: "invalid_response", Message: "Centra's answer made no sense."}},
}

// describe says what a failure means for the page.
func describe(err error) problem {
	var decoding *DecodeError
	if errors.As(err, &decoding) {
		return decoding.problem()
	}
	p := problem{Status: http.StatusInternalServerError, Code: "internal", Message: "The event could not be forwarded."}
	var failed *centra.Error
	if errors.As(err, &failed) {
		p.retryAfter = failed.RetryAfter
		p.Fields = failed.Fields
		if failed.StatusCode != 0 {
			p.Status, p.Code, p.Message = http.StatusUnprocessableEntity, "refused", "Centra refused the fields."
		}
	}
	for _, row := range problems {
		if errors.Is(err, row.err) {
			p.Status, p.Code, p.Message = row.Status, row.Code, row.Message
			break
		}
	}
	return p
}

func (e *DecodeError) problem() problem {
	p := problem{Status: e.StatusCode, Code: "invalid_body", Message: e.reason}
	switch e.StatusCode {
	case http.StatusRequestEntityTooLarge:
		p.Code = "body_too_large"
	case http.StatusUnsupportedMediaType:
		p.Code = "unsupported_media_type"
	}
	return p
}

func (p problem) level() slog.Level {
	switch {
	case p.Code == "unauthorized" || p.Code == "internal":
		return slog.LevelError
	case p.Status >= http.StatusInternalServerError && p.Code != "canceled":
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

func (p problem) attrs(o Outcome) []slog.Attr {
	return []slog.Attr{
		slog.String("code", p.Code),
		slog.Int("status", p.Status),
		slog.Duration("duration", o.Duration),
		slog.Any("error", o.Err),
	}
}

// defaultRetryAfter is for when Centra did not say how long.
const defaultRetryAfter = 5 * time.Second

// write answers with the selection, or with what err means.
func (a answer) write(w http.ResponseWriter, err error) {
	status := http.StatusOK
	header := w.Header()
	if err != nil {
		p := describe(err)
		status, a.Error = p.Status, &p
		switch status {
		case http.StatusMethodNotAllowed:
			header.Set("Allow", http.MethodPost)
		case http.StatusTooManyRequests, http.StatusServiceUnavailable:
			wait := cmp.Or(p.retryAfter, defaultRetryAfter)
			header.Set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
		}
	}
	body, marshalErr := json.Marshal(a)
	if marshalErr != nil { // a price that is no number
		answer{SuspendIgnore: a.SuspendIgnore}.write(w, centra.ErrInvalidResponse)
		return
	}
	header.Set("Content-Type", "application/json")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may have gone
}
