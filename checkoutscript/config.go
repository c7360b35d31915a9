package checkoutscript

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
)

// API is what a [Handler] needs of Centra; every client of package centra has it.
// Of the Checkout API give it one made [centra.CheckoutAPI.AsShopper], so that an
// event has no more rights than the browser that sent it. A client of the Storefront
// API is used as by [centra.StorefrontAPI.AtCheckout], which sees a cart's address; one
// of the host's own around it has to be made of that.
type API interface {
	Selection(context.Context, centra.Session) (*centra.Selection, error)
	UpdateFields(context.Context, centra.Session, centra.Fields) (*centra.Selection, error)
}

// Config configures a [Handler]. API, Visitors and Consent are required. The
// functions are called by several requests at once and must not keep what they
// are given.
type Config struct {
	API API

	// Visitors is the shop's one place for calls to Centra; share it with the
	// shop's own pages and with package recovery.
	Visitors *session.Visitors

	// Consent reports whether the visitor agreed to be reminded of the cart by
	// e-mail. It is asked when an e-mail address was found and the event's turn
	// has come, and sees the fields as they were sent, before Filter. In the Storefront
	// API, where consent is part of every address, it is asked for one without an e-mail
	// address too, with that of the cart in Email. The browser may have left by then:
	// the request's context lasts as long as the event has, not until that. Use
	// [AssumeConsent] where the shop needs no consent or has it already.
	Consent func(*http.Request, centra.Fields) bool

	// Filter changes what is sent to Centra, for instance deletes from Extra what
	// a browser may not set. It is required with an API that has the shop's
	// secret, such as the Shop API, since that unlocks everything. It does not
	// decide over CartAbandonmentEmail. Default: none.
	Filter func(*http.Request, *centra.Fields)

	// Path is where browsers find the handler, with a slash at both ends: the
	// callback and listener.js are below it. Default: "/centra/".
	Path string

	// Later, if set, keeps a capture that cannot reach Centra in a durable queue of
	// the host's, for [Handler.Redeliver], and returns when it is safe there. It is
	// called where an event with an address and consent, or a withdrawal of
	// consent, which a no of Consent is that comes after a yes, met a Centra that was
	// away, limiting or silent, or something else in its place; of the event's Timeout
	// it has three quarters of a second or, if that is more, what Centra has left. The
	// browser is answered 202 then, or 503 where Later fails.
	Later func(context.Context, Pending) error

	// Timeout bounds everything from when an event has been read until it is
	// answered: Consent, Filter, the session store, waiting for the visitor's
	// earlier calls, and Centra. Keep it below the 10 s after which Klarna's widget
	// unlocks itself. Default: 8 s.
	Timeout time.Duration

	// MaxBytes bounds the body of an event. Default: 64 KiB.
	MaxBytes int64

	// CrossOrigin refuses posts from other sites. Default: only those from the
	// handler's own origin pass, and those that no browser sent.
	CrossOrigin *http.CrossOriginProtection

	// Logger receives what failed, once: what a client of package centra has
	// failed at is for that client's own logger. At error level comes what only
	// the shop can mend, at warn level what a session store did, else info. Nothing
	// a shopper typed is in it. Default: silence.
	Logger *slog.Logger

	// Observe is called once for every event, after its answer, and for every
	// Capture, Withdraw, Agree and Redeliver.
	// Default: nobody.
	Observe func(context.Context, Outcome)

	// Trace, if set, is called where each of them begins, with Outcome.Op, for
	// spans. The context that it returns, which must come from the one that it was
	// given, is that of all that is done; the function that it returns is told like
	// Observe, unless a panic passes through. See [centra.WithTrace].
	Trace func(ctx context.Context, op string) (context.Context, func(Outcome))
}

// AssumeConsent is a Config.Consent that says yes for everybody.
func AssumeConsent(*http.Request, centra.Fields) bool { return true }

const (
	defaultPath    = "/centra/"
	defaultTimeout = 8 * time.Second
)

// New makes a [Handler]. It makes no call and starts no goroutine. Its error
// names every setting that is missing or wrong.
func New(c Config) (*Handler, error) {
	var errs []error
	refuse := func(setting string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("checkoutscript: Config.%s: %w", setting, err))
		}
	}
	if c.API == nil {
		refuse("API", errMissing)
	}
	if c.Visitors == nil {
		refuse("Visitors", errMissing)
	}
	if c.Consent == nil {
		refuse("Consent", errors.New("is missing; use AssumeConsent if visitors need not be asked"))
	}
	refuse("Filter", checkFilter(c))
	if c.Path == "" {
		c.Path = defaultPath
	}
	refuse("Path", checkPath(c.Path))
	if c.Timeout < 0 {
		refuse("Timeout", errNegative)
	}
	if c.MaxBytes < 0 {
		refuse("MaxBytes", errNegative)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
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
	if api, is := c.API.(*centra.StorefrontAPI); is && api != nil {
		c.API = api.AtCheckout()
	}
	within := c.Timeout
	if c.Later != nil {
		within -= laterReserve(c.Timeout)
	}
	h := &Handler{
		config:    c,
		visitors:  c.Visitors.Within(within),
		decisions: newDecisions(),
		listener:  newListener(c.Path),
	}
	if c.remembers() {
		c.Visitors.Follow(h.follow)
	}
	return h, nil
}

// watched reports whether anybody is told of outcomes.
func (c *Config) watched() bool { return c.Observe != nil || c.Trace != nil }

// remembers reports whether anybody needs to know what visitors decided before.
func (c *Config) remembers() bool { return c.Later != nil || c.watched() }

// begin calls Trace; without one end is nil.
func (c *Config) begin(ctx context.Context, op string) (_ context.Context, end func(Outcome)) {
	if c.Trace == nil {
		return ctx, nil
	}
	return c.Trace(ctx, op)
}

// tell tells the host of an outcome.
func (c *Config) tell(ctx context.Context, o Outcome, end func(Outcome)) {
	if c.Observe != nil {
		c.Observe(ctx, o)
	}
	if end != nil {
		end(o)
	}
}

var (
	errMissing  = errors.New("is missing")
	errNegative = errors.New("must not be negative")
)

// checkFilter also catches a forgotten AsShopper.
func checkFilter(c Config) error {
	privileged, ok := c.API.(interface{ HasSecret() bool })
	if ok && privileged.HasSecret() && c.Filter == nil {
		return errors.New("is missing, and the API has the shop's secret: say which fields a browser may set," +
			" or give API a client of the Checkout API made with AsShopper")
	}
	return nil
}

// checkPath takes a path that is the same to browsers, HTML and http.ServeMux.
func checkPath(p string) error {
	u, err := url.Parse(p)
	if err != nil || p != u.EscapedPath() || strings.ContainsAny(p, `\{}'"`) ||
		(p != "/" && (p[0] != '/' || path.Clean(p)+"/" != p)) {
		return errors.New(`must be a path such as "/centra/", with a slash at both ends`)
	}
	return nil
}
