package centra

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"
)

// The kinds of failure, for errors.Is. A call's error matches one of them, or
// none where Centra refused the fields that were sent (see [Error.Fields]).
var (
	// ErrSelectionNotFound: Centra has no such selection; it was completed, has
	// expired or never was. Nothing can be recovered.
	ErrSelectionNotFound = errors.New("centra: no such selection")
	// ErrUnauthorized: the secret or the origin was refused (401, 403). Check
	// the plugin's secret and its list of allowed origins.
	ErrUnauthorized = errors.New("centra: secret or origin refused")
	// ErrRateLimited: Centra asked for fewer calls (429). See [Error.RetryAfter].
	ErrRateLimited = errors.New("centra: rate limited")
	// ErrUnavailable: Centra is down, unreachable, did not answer in time, is
	// completing this cart's payment (409), or wants to be asked later (408, 423,
	// 425). The cart is still there; try again later.
	ErrUnavailable = errors.New("centra: unavailable")
	// ErrInvalidResponse: something other than Centra's JSON came back, such as
	// a proxy's HTML (with 404 too), a truncated body or a redirect.
	ErrInvalidResponse = errors.New("centra: response is not Centra's JSON")
	// ErrOutcomeUnknown: a call that must not be made twice, such as a payment,
	// may have been carried out, but its answer was lost. Read the cart before
	// anything else is done or said.
	ErrOutcomeUnknown = errors.New("centra: the call may have been carried out, its answer was lost")

	// ErrInvalidSelectionID and ErrInvalidSession: the value cannot have come
	// from Centra. No call was made.
	ErrInvalidSelectionID = errors.New("centra: malformed selection ID")
	ErrInvalidSession     = errors.New("centra: malformed session")
	// ErrNoSession: the Shop API keeps no sessions, so a call about a cart needs
	// the cart's ID. No call was made.
	ErrNoSession = errors.New("centra: the Shop API needs a session (a selection ID)")
)

// Error is a failed call. Its text never holds a secret or anything that a
// shopper typed. Fields, Message, Messages and Code are Centra's own words, meant
// for the shop's page and not for a log: text and JSON leave them out.
type Error struct {
	// Kind is one of the kinds above, for errors.Is; nil where Centra refused what
	// was sent.
	Kind       error  `json:"-"`
	Op         string // the endpoint, with placeholders: "PUT /selections/{selection}/checkout-fields"
	StatusCode int    // 0 where no response came

	Fields   map[string]string `json:"-"` // Centra's messages by field, for the shopper; nil if there were none
	Message  string            `json:"-"` // what Centra says to the shopper; "" if nothing
	Messages []string          `json:"-"` // the same, where it says several things
	Code     string            `json:"-"` // Centra's name for the failure: "COUNTRY_MISMATCH"

	CorrelationID string // the X-Correlation-ID in Centra's own API log
	// Session is the one to keep from now on: the one that was sent unless Centra
	// gave a new one.
	Session    Session       `json:"-"`
	Attempts   int           // how often the call was sent
	RetryAfter time.Duration // how long Centra asked to wait, 0 if it did not say

	reason string
	cause  error
}

// Error describes the failure without any value that was sent or received.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("centra: ")
	b.WriteString(e.Op)
	if e.StatusCode != 0 {
		fmt.Fprintf(&b, ": status %d", e.StatusCode)
	}
	if e.reason != "" {
		b.WriteString(": ")
		b.WriteString(e.reason)
	}
	if names := e.fieldNames(); len(names) > 0 {
		b.WriteString(": refused fields ")
		b.WriteString(strings.Join(names, ", "))
	}
	if e.Attempts > 1 {
		fmt.Fprintf(&b, " (%d attempts)", e.Attempts)
	}
	if e.CorrelationID != "" {
		b.WriteString(" [correlation ID ")
		b.WriteString(e.CorrelationID)
		b.WriteString("]")
	}
	return b.String()
}

// GoString returns the text of Error, so that %#v prints no field values.
func (e Error) GoString() string { return e.Error() }

// Format prints the text of Error whatever the verb.
func (e Error) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, e.Error()) }

// LogValue is a group of the parts that are safe to log.
func (e Error) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("op", e.Op),
		slog.Int("status", e.StatusCode),
		slog.String("reason", e.reason),
		slog.Any("fields", e.fieldNames()),
		slog.Int("attempts", e.Attempts),
		slog.String("correlation_id", e.CorrelationID),
		slog.Any("session", e.Session),
	)
}

// Unwrap returns the kind of the failure and, where it says more, a cause such
// as context.DeadlineExceeded, a syscall.Errno or a *net.DNSError.
func (e *Error) Unwrap() []error {
	var errs []error
	if e.Kind != nil {
		errs = append(errs, e.Kind)
	}
	if e.cause != nil {
		errs = append(errs, e.cause)
	}
	return errs
}

// fieldNames lists the names in Fields that look like names: a response may
// hold anything, and this text reaches logs.
func (e Error) fieldNames() []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(e.Fields)) {
		if len(names) == 8 {
			break
		}
		if isFieldName(name) {
			names = append(names, name)
		}
	}
	return names
}

func isFieldName(s string) bool {
	if s == "" || len(s) > 40 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '_', c == '.':
		default:
			return false // digits too: an ID would pass otherwise
		}
	}
	return true
}

// statusKind is what the status of an answer says went wrong. What a 404 says is
// missing is the cart where the endpoint is about one; behind Do it may be
// anything.
func (x *exchange) statusKind(top envelope) error {
	aboutCart := !x.anyEndpoint || top.errors["selection"] != ""
	switch {
	case x.status == 401 || x.status == 403:
		return ErrUnauthorized
	case x.status == 429:
		return ErrRateLimited
	case x.status == 408, x.status == 409, x.status == 423, x.status == 425: // not now
		return ErrUnavailable
	case aboutCart && (x.status == 404 || x.status == 410):
		return ErrSelectionNotFound
	case x.status >= 500 && !x.repeatable && len(top.errors) == 0: // no word of Centra's
		return ErrOutcomeUnknown
	case x.status >= 500:
		return ErrUnavailable
	case x.status < 400 && !success(x.status): // a redirect, or an upgrade that nobody asked for
		return ErrInvalidResponse
	}
	return nil
}

// explainTransport turns an error of net/http into words and a cause that can
// be shown. The error itself cannot: it quotes the URL, and sometimes what the
// server sent.
func explainTransport(err error) (reason string, cause error) {
	var dns *net.DNSError
	var errno syscall.Errno
	var certInvalid *tls.CertificateVerificationError
	var unknownAuthority x509.UnknownAuthorityError
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, context.Canceled):
		return "cancelled", context.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time", context.DeadlineExceeded
	case errors.As(err, &dns):
		return "host name cannot be resolved", dns
	case errors.As(err, &certInvalid), errors.As(err, &unknownAuthority):
		return "the server's TLS certificate is not trusted", nil
	case errors.As(err, &errno):
		return errno.Error(), errno
	case errors.As(err, &timeout) && timeout.Timeout():
		return "no answer in time", os.ErrDeadlineExceeded
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "connection closed before the answer was complete", io.ErrUnexpectedEOF
	}
	return "connection failed", nil
}

// neverSent reports whether the connection was not even made.
func neverSent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect")
}

// permanent reports whether the same call would fail the same way again.
func permanent(err error) bool {
	var dns *net.DNSError
	if errors.As(err, &dns) && dns.IsNotFound {
		return true
	}
	var certInvalid *tls.CertificateVerificationError
	var unknownAuthority x509.UnknownAuthorityError
	return errors.As(err, &certInvalid) || errors.As(err, &unknownAuthority)
}
