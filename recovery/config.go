package recovery

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

// API is what the handler needs of Centra; every client of package centra has it.
// Attaching may need the plugin's secret, so of the Checkout API give it one made
// [centra.WithSecret], not one [centra.CheckoutAPI.AsShopper].
//
// One of a host's own says by an error that matches
// [centra.ErrSelectionNotFound] that there is no such cart, and by no other;
// names the session to keep in every [centra.Selection], and after a failure in
// a [*centra.Error]; and shows the cart's ID in Selection.ID if it knows it.
type API interface {
	Selection(context.Context, centra.Session) (*centra.Selection, error)
	AttachSelection(context.Context, centra.Session, centra.SelectionID) (*centra.Selection, error)
}

// Confirm says when a visitor is asked, on a small page with a button, before a
// cart is attached. Whatever it says, they are asked where nobody clicked: see
// the package documentation.
type Confirm uint8

const (
	// OnConflict asks a visitor who has another cart with something in it. It
	// sees that cart only if the browser sends the session cookie on the click
	// from an e-mail, so it needs SameSite=Lax or None.
	OnConflict Confirm = iota
	// Always asks everybody, and looks at the session when the answer comes. A
	// host whose session cookie is SameSite=Strict needs it: on the click from an
	// e-mail the cookie is missing, the visitor seems to have no cart, and the
	// session they have would be overwritten. It also keeps out link scanners
	// that look like browsers.
	Always
	// Never attaches without asking, in place of whatever the visitor has. The
	// cart that they had may be lost, and anybody's link can do that.
	Never
)

// Config configures a [Handler]. API, Visitors, CartLink and Checkout are
// required. The functions are called by several requests at once.
type Config struct {
	API API

	// Visitors are those of the shop's own pages, so that a link waits its turn
	// behind whatever else is under way for the visitor.
	Visitors *session.Visitors

	// CartLink is the very string that the mailing plugin (Rule, Klaviyo) is
	// configured with: "https://example.com/abandoned-cart/{selection}". Only its
	// path matters, so one handler serves it on any host name. The placeholder is
	// a whole segment of the path, with at least one other segment beside it.
	CartLink string

	// Checkout is where a visitor goes with their cart: an absolute path,
	// "/checkout", or an http or https URL.
	Checkout string

	// Target, if set, chooses the checkout by the cart, for instance by its
	// Language or Location. It returns the same as Checkout may hold; for "", and
	// for anything else (which is logged as an error), Checkout is used.
	Target func(context.Context, *centra.Selection) string

	// DeadLink is where a visitor goes whose link names no cart that could be
	// recovered, best a page that says so; "/" by default.
	DeadLink string

	// Confirm says when a visitor is asked first; OnConflict by default.
	Confirm Confirm

	// KeepParams are the query parameters of the link that are handed on to
	// Checkout or DeadLink; a trailing * matches any ending. nil means
	// [DefaultKeepParams], an empty slice none. A parameter that the target has
	// itself is not replaced; of several with one name the first is kept; at most
	// 20 and 2 kB are.
	KeepParams []string

	// Allow, if set, runs before any call to Centra that a person's request
	// causes. To refuse it answers the request and returns false: 429 where there
	// were too many, a redirect to a login, ...
	Allow func(http.ResponseWriter, *http.Request) bool

	// Owner, if set, says whether a cart may go to this visitor, for instance
	// whether its e-mail address is that of the visitor's login. For one that may
	// not the link is a dead link. To look at the cart before anything changes
	// for the visitor it is first attached to a new session of its own (in the
	// Shop API: just read), which costs a Checkout API call more. The visitor's
	// other calls wait meanwhile; the request's context ends with Timeout.
	Owner func(*http.Request, *centra.Selection) bool

	// Page, if set, renders the small pages in place of the default; see [Page].
	Page func(http.ResponseWriter, *http.Request, Page)

	// Texts replaces what the small pages say, by language tag: "sv", "pt-BR". What
	// a language that is built in leaves empty stays as it is; another language
	// is added, and needs every text.
	Texts map[string]Texts

	// Languages are those that the small pages may be in, for a shop that speaks
	// fewer than they do. A page is in the language of the cart that it shows, else
	// in what the browser asks for, else in the first of Languages. nil means all,
	// and English where none is asked for.
	Languages []string

	// CookieName is the name, without its __Host- prefix, of the one cookie of the
	// handler's own. It says in digests which cart was recovered in which session,
	// lives for 30 days and is set when a cart is recovered, not before: so that a
	// link opened twice does not ask about the cart that it brought, and for
	// [Handler.Ordered]. The default is "centra-recovered-" and the path of CartLink,
	// such as "centra-recovered-abandoned-cart", so that the handlers of two markets
	// on one host do not share it.
	CookieName string

	// Timeout bounds what a request waits for: its turn, the session store, Owner
	// and all calls to Centra together; 9 s by default, so that a visitor has an
	// answer within 10.
	Timeout time.Duration

	// InsecurePlainHTTP allows a CartLink with http and leaves out Secure and the
	// __Host- prefix of the handler's own cookie, so that it works on
	// http://localhost. For development only.
	InsecurePlainHTTP bool

	// Logger gets a line for each failure, without secrets, unless it is one that a
	// client of package centra has written to its own log. The default is silence.
	Logger *slog.Logger

	// Observe, if set, is told how each request ended, once, after it was
	// answered, and of each recovered order.
	Observe func(context.Context, Outcome)

	// Trace, if set, is called where a request begins, with the op "link", and where
	// an order was recovered, with the op "order": for spans. The context that it
	// returns, which must come from the one that it was given, is that of all that is
	// done; the function that it returns is told like Observe, unless a panic passes
	// through. See [centra.WithTrace].
	Trace func(ctx context.Context, op string) (context.Context, func(Outcome))
}

const defaultTimeout = 9 * time.Second

// New makes a [Handler]. Its error names every setting that is missing or wrong.
func New(c Config) (*Handler, error) {
	h := &Handler{
		api:     c.API,
		choose:  c.Target,
		confirm: c.Confirm,
		allow:   c.Allow,
		owner:   c.Owner,
		observe: c.Observe,
		trace:   c.Trace,
		logger:  c.Logger,
		recent:  newMemory[centra.Session, mark](time.Minute, 10_000),
		ordered: newMemory[string, struct{}](time.Hour, 10_000),
	}
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	if h.logger == nil {
		h.logger = slog.New(slog.DiscardHandler)
	}

	var errs []error
	refuse := func(setting string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("recovery: Config.%s: %w", setting, err))
		}
	}
	if c.API == nil {
		refuse("API", errMissing)
	}
	if c.Visitors == nil {
		refuse("Visitors", errMissing)
	} else {
		h.visitors = c.Visitors.Within(c.Timeout)
	}
	switch {
	case c.Confirm > Never:
		refuse("Confirm", errors.New("must be OnConflict, Always or Never"))
	case c.Visitors != nil && c.Visitors.Strict() && c.Confirm != Always: // it would lose carts silently
		refuse("Confirm", errStrict)
	}
	if c.Timeout < 0 {
		refuse("Timeout", errors.New("must not be negative"))
	}

	link, err := parseCartLink(c.CartLink)
	if err == nil && link.plainHTTP && !c.InsecurePlainHTTP {
		err = errors.New("must be https; for http on a developer's machine set InsecurePlainHTTP")
	}
	refuse("CartLink", err)
	h.link = link
	if err == nil {
		// Origin counts only where Sec-Fetch-Site is missing: a proxy that
		// rewrites Host must not lock out the browsers that do not send it.
		refuse("CartLink", h.origins.AddTrustedOrigin(link.origin))
	}

	h.cookie, err = parseCookieName(c.CookieName, link, c.InsecurePlainHTTP)
	refuse("CookieName", err)

	h.checkout, err = parseTarget(c.Checkout, link)
	refuse("Checkout", err)
	if c.DeadLink == "" {
		c.DeadLink = "/"
	}
	h.deadLink, err = parseTarget(c.DeadLink, link)
	refuse("DeadLink", err)
	h.keepParams, err = parseKeepParams(c.KeepParams)
	refuse("KeepParams", err)

	texts, err := parseTexts(c.Texts)
	refuse("Texts", err)
	if err == nil {
		h.languages, err = parseLanguages(c.Languages, texts)
		refuse("Languages", err)
	}
	if h.page = c.Page; h.page == nil {
		h.page = renderPage
	}
	h.policy = pagePolicy(h.checkout, c.Target != nil)
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	c.Visitors.Follow(h.follow)
	return h, nil
}

var (
	errMissing = errors.New("is missing")
	errStrict  = errors.New("must be Always: the visitors' SameSite=Strict cookie is missing on the click from an e-mail")
)
