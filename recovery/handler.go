package recovery

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
)

// Handler serves a cart link. Make it with [New]; it is safe for concurrent use.
type Handler struct {
	api        API
	visitors   *session.Visitors
	link       cartLink
	checkout   target
	choose     func(context.Context, *centra.Selection) string
	deadLink   target
	keepParams keepParams
	confirm    Confirm
	allow      func(http.ResponseWriter, *http.Request) bool
	owner      func(*http.Request, *centra.Selection) bool
	page       func(http.ResponseWriter, *http.Request, Page)
	policy     string
	languages  languages
	logger     *slog.Logger
	observe    func(context.Context, Outcome)
	trace      func(ctx context.Context, op string) (context.Context, func(Outcome))
	cookie     markCookie
	recent     *memory[centra.Session, mark] // for requests that the browser sent before it had the cookie
	ordered    *memory[string, struct{}]     // carts that have been counted as an order
	origins    http.CrossOriginProtection
	mounted    atomic.Bool // a path of the link has arrived, so others are just wrong
}

// Pattern is the cart link's path for an http.ServeMux, of any method, such as
// "/abandoned-cart/{selection}". With another router any route will do: the
// handler reads the ID from the request's URL, of which http.StripPrefix or a
// sub-router may have cut off the beginning.
func (h *Handler) Pattern() string { return h.link.pattern }

// Wrap serves the cart link's path, on any host name, and leaves every other
// request to next.
func (h *Handler) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, ours := h.link.match(r.URL.EscapedPath()); ours {
			h.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// ServeHTTP answers a request for the cart link, or for what is left of its path
// behind http.StripPrefix: GET, HEAD or POST.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	keepPrivate(w.Header())
	began := time.Now()
	ctx, end := h.begin(r.Context(), "link")
	if end != nil {
		r = r.WithContext(ctx)
	}
	v := visit{Handler: h, w: w, r: r}
	outcome := v.serve()
	outcome.Opened = v.opened
	if h.observe != nil || end != nil {
		outcome.Duration = time.Since(began)
		// They are told after the answer; net/http would keep it for so long.
		_ = http.NewResponseController(w).Flush()
	}
	h.tell(ctx, outcome, end)
}

// begin calls Config.Trace; without one end is nil.
func (h *Handler) begin(ctx context.Context, op string) (_ context.Context, end func(Outcome)) {
	if h.trace == nil {
		return ctx, nil
	}
	return h.trace(ctx, op)
}

func (h *Handler) tell(ctx context.Context, o Outcome, end func(Outcome)) {
	if h.observe != nil {
		h.observe(ctx, o)
	}
	if end != nil {
		end(o)
	}
}

// The same for all answers; net/http and its middleware replace such lists, and
// do not change them.
var (
	noRobots   = []string{"noindex, nofollow, noarchive"}
	noReferrer = []string{"no-referrer"}
	noStore    = []string{"no-store"}
	noSniff    = []string{"nosniff"}
	noContent  = []string{"0"}
)

// keepPrivate sets what every answer says: the address is a secret.
func keepPrivate(h http.Header) {
	h["X-Robots-Tag"] = noRobots
	h["Referrer-Policy"] = noReferrer
	h["Cache-Control"] = noStore
	h["X-Content-Type-Options"] = noSniff
}

// serve is what comes before any call: is this a request to attach this cart?
func (v *visit) serve() Outcome {
	switch v.r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost:
	default:
		v.w.Header().Set("Allow", "GET, HEAD, POST")
		v.show(Page{Kind: PageMethodNotAllowed, Status: http.StatusMethodNotAllowed})
		return Outcome{Code: MethodNotAllowed}
	}
	segment, ok := v.link.matchMounted(v.r.URL.EscapedPath())
	if !ok {
		v.show(Page{Kind: PageNotFound, Status: http.StatusNotFound})
		if v.mounted.Load() {
			return Outcome{Code: Malformed, Err: errPath}
		}
		v.logger.ErrorContext(v.r.Context(), "recovery: the handler was given a path that is not its CartLink's:"+
			" mount it at Pattern() or with Wrap")
		return Outcome{Code: Misconfigured, Err: errPath}
	}
	v.mounted.Store(true)
	var err error
	if v.id, err = centra.ParseSelectionID(segment); err != nil {
		return v.dead(Outcome{Code: Malformed, Err: err})
	}

	if v.r.Method == http.MethodPost {
		if err := v.origins.Check(v.r); err != nil {
			v.show(Page{Kind: PageCrossSite, Status: http.StatusForbidden})
			return Outcome{Code: CrossSite, Err: err}
		}
	} else {
		if signature := notAPerson(v.r); signature != "" {
			return v.askRobot(signature)
		}
		v.opened = true
		if unclicked(v.r.Header) {
			o := v.ask(Page{Kind: PageConfirm})
			o.Signature = "no click"
			return o
		}
		if v.confirm == Always {
			return v.ask(Page{Kind: PageConfirm})
		}
	}
	if v.allow != nil && !v.allow(v.w, v.r) {
		return Outcome{Code: Refused}
	}
	return v.open()
}
