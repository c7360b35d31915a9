package checkoutscript

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
)

// API is what a [Handler] calls: a [centra.CheckoutAPI] made with AsShopper, or
// a [centra.ShopAPI].
type API interface {
	UpdateFields(context.Context, centra.Session, centra.Fields) (*centra.Selection, error)
}

// Config says how a [Handler] works. API, Sessions and Consent are required.
// The functions are called concurrently and must not keep what they are given.
type Config struct {
	API      API
	Sessions session.Store

	// Consent reports whether the visitor agreed to be reminded of the cart by
	// e-mail. It is asked when an e-mail address was found, and sees the fields
	// as they were sent, before Filter. Use [AssumeConsent] where the shop needs
	// no consent or has it already.
	Consent func(*http.Request, centra.Fields) bool

	// Filter changes what is sent to Centra, for instance deletes from Extra what
	// a browser may not set. Needed with the Shop API, whose secret unlocks
	// everything. It does not decide over CartAbandonmentEmail. Default: none.
	Filter func(*http.Request, *centra.Fields)

	// Timeout bounds waiting for earlier events and the call to Centra together,
	// from when an event has been read. Keep it below the 10 s after which
	// Klarna's widget unlocks itself. Default: 8 s.
	Timeout time.Duration

	// MaxBytes bounds the body of an event. Default: 64 KiB.
	MaxBytes int64

	// CrossOrigin refuses posts from other sites. Default: only those from the
	// handler's own origin pass, and those that no browser sent.
	CrossOrigin *http.CrossOriginProtection

	// Logger receives what failed: at error level what only the shop can mend, at
	// warn level what Centra or a session store did, else at info level. Nothing
	// a shopper typed is in it. Default: silence.
	Logger *slog.Logger

	// Observe is called once for every event and every Capture, before the answer
	// is written. Default: nobody.
	Observe func(context.Context, Outcome)
}

// AssumeConsent is a Config.Consent that says yes for everybody.
func AssumeConsent(*http.Request, centra.Fields) bool { return true }

// Outcome is what became of an event. It is safe to log and to count by.
type Outcome struct {
	// Code is the code of the error answer, listed in the package
	// documentation; "" if Centra took the fields.
	Code string
	// CartAbandonmentEmail is what Centra was told, or would have been.
	CartAbandonmentEmail centra.Choice
	// Duration includes the time that earlier events took.
	Duration time.Duration
	// Err is the failure that Code stands for.
	Err error
}

const defaultTimeout = 8 * time.Second

// New returns the handler that a listener posts to. It makes no call and starts
// no goroutine. The error names all that is wrong with the configuration.
func New(c Config) (*Handler, error) {
	var errs []error
	check := func(ok bool, problem string) {
		if !ok {
			errs = append(errs, errors.New(problem))
		}
	}
	check(c.API != nil, "API is missing; use a centra.CheckoutAPI made with AsShopper, or a centra.ShopAPI")
	check(c.Sessions != nil, "Sessions is missing; session.Cookie{} needs nothing else")
	check(c.Consent != nil, "Consent is missing; use AssumeConsent if visitors need not be asked")
	check(c.Timeout >= 0, "Timeout is negative")
	check(c.MaxBytes >= 0, "MaxBytes is negative")
	if len(errs) > 0 {
		return nil, fmt.Errorf("checkoutscript: New: %w", errors.Join(errs...))
	}
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	if c.MaxBytes == 0 {
		c.MaxBytes = defaultMaxBytes
	}
	if c.CrossOrigin == nil {
		c.CrossOrigin = http.NewCrossOriginProtection()
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return &Handler{config: c, order: newOrder()}, nil
}
