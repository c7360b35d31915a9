package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/checkoutscript"
)

// site is the shop's pages, with the demonstration around them.
type site struct {
	*shop
	pages    *pages
	timeline *timeline
	funnel   funnel
	interval time.Duration

	centra  *centratest.Server // nil with -centra
	trouble trouble

	mu        sync.Mutex
	lastKnown []product // the catalogue, for when Centra is away
}

func newSite(o options, logger *slog.Logger) (*site, error) {
	s := &site{timeline: newTimeline(), interval: o.interval}
	set := settings{
		api: o.api, centra: o.centra, secret: o.secret, origin: o.origin, cartLink: o.cartLink, logger: logger,
		observeCapture: s.watchCapture, observeRecovery: s.watchRecovery,
	}
	policy, web := widgetPolicy, http.RoundTripper(centra.NewTransport())
	if o.centra == "" {
		s.centra = newCentra(o)
		s.centra.OnEvent(func(e centratest.Event) {
			if next, tell := told(e, o.interval); tell {
				s.timeline.add(next)
			}
		})
		set.centra, web = s.centra.URL(), s.centra.Transport()
		set.secret = cmp.Or(o.secret, centratest.Secret)
		if o.api == "storefront" {
			set.centra, set.secret = s.centra.StorefrontURL(), cmp.Or(o.secret, centratest.SessionModeToken)
			set.sells = wares()
		}
		policy = ownPolicy
	}
	set.transport = tellCalls{web, s.timeline}
	s.pages = newPages(policy)
	var err error
	if s.shop, err = newShop(set); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Close ends the simulated Centra.
func (s *site) Close() {
	if s.centra != nil {
		s.centra.Close()
	}
}

// Handler has all routes. Those of the library look after cross-site requests
// themselves; the shop's own forms are guarded here.
func (s *site) Handler() http.Handler {
	own := http.NewServeMux()
	own.HandleFunc("GET /{$}", s.home)
	own.HandleFunc("POST /cart/items/{item}", s.postItem)
	own.HandleFunc("POST /cart/lines/{line}", s.postLine)
	own.HandleFunc("GET /cart.json", s.cartJSON)
	own.HandleFunc("GET /checkout", s.getCheckout)
	own.HandleFunc("POST /checkout", s.postCheckout)
	own.HandleFunc("POST /payment-method", s.postPaymentMethod)
	own.HandleFunc("POST /reminder", s.postReminder)
	own.HandleFunc("POST /pay", s.pay)
	own.HandleFunc("GET "+returnPath, s.paymentReturn)
	own.HandleFunc("POST "+returnPath, s.paymentReturn)
	own.HandleFunc("GET /inbox", s.inbox)
	own.HandleFunc("GET /inbox.json", s.inboxJSON)
	own.Handle("GET /events", s.timeline)
	own.Handle("GET /static/", static())
	own.HandleFunc("GET /healthz", healthz)
	if s.centra != nil {
		own.HandleFunc("GET /demo/widget", s.widget)
		own.HandleFunc("POST /demo/trouble", s.makeTrouble)
	}
	own.HandleFunc("GET /", s.notFound)

	guard := http.NewCrossOriginProtection()
	guard.AddInsecureBypassPattern("POST " + returnPath) // a payment provider may post; Centra checks what it brings

	mux := http.NewServeMux()
	mux.Handle("/", guard.Handler(limitForms(own)))
	s.routes(mux)
	return s.oneHost(s.tellArrival(mux))
}

// oneHost sends who comes by http://localhost to 127.0.0.1: cookies are kept for
// a host name, and the mails and payments lead back to that of the origin.
func (s *site) oneHost(next http.Handler) http.Handler {
	at127, err := url.Parse(s.origin)
	if err != nil || at127.Hostname() != "127.0.0.1" {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && r.Host == "localhost:"+at127.Port() {
			http.Redirect(w, r, s.origin+r.URL.RequestURI(), http.StatusFound)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// limitForms bounds what a form may hold.
func limitForms(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		next.ServeHTTP(w, r)
	})
}

// pageTimeout is how long a page waits for Centra before it says so.
const pageTimeout = 4 * time.Second

// view prepares a page: what it shows in its frame, and what it has to say of a
// cart that cannot be read.
func (s *site) view(w http.ResponseWriter, r *http.Request, api centra.API, title string) view {
	v := view{Title: title, Here: r.URL.Path, Nonce: nonce(), Demo: s.demoState()}
	cart, err := s.readCart(w, r, api)
	if err != nil {
		v.Notices = append(v.Notices, notice{Warn: true, Title: "Your cart cannot be shown.", Text: explain(err)})
		return v
	}
	v.Cart = cart
	return v
}

func (s *site) write(w http.ResponseWriter, status int, page string, v view) {
	if err := s.pages.write(w, status, page, v); err != nil {
		s.logger.Error("a page cannot be rendered", slog.String("page", page), slog.Any("error", err))
		http.Error(w, "The page cannot be shown.", http.StatusInternalServerError)
	}
}

// healthz also says how many goroutines there are, which should not grow.
func healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprintf(w, `{"status":"ok","goroutines":%d}`+"\n", runtime.NumGoroutine())
}

// explain says to a shopper what went wrong, in the shop's words.
func explain(err error) string {
	switch {
	case errors.Is(err, errNotPaid):
		return "Nothing was ordered, and your cart is as it was. Please pay again."
	case errors.Is(err, errMaybePaid), errors.Is(err, centra.ErrOutcomeUnknown):
		return "We do not know yet whether your payment went through. Please do not pay again before you " +
			"have looked for the confirmation in your e-mails, or asked us."
	case errors.Is(err, centra.ErrNoSession):
		return "Put something into it first."
	case errors.Is(err, centra.ErrSelectionNotFound):
		return "This cart is no longer there. It was ordered, or it is older than 30 days."
	case errors.Is(err, centra.ErrUnauthorized):
		return "The shop is not set up correctly. Its staff has been told."
	case passing(err):
		return "The shop’s systems do not answer at the moment. What you have is kept; please try again soon."
	case refusal(err) != nil:
		return "Something was not accepted."
	}
	return "Something went wrong. What you have is kept; please try again."
}

// passing reports whether the same may well work in a moment.
func passing(err error) bool {
	for _, kind := range []error{
		centra.ErrUnavailable, centra.ErrRateLimited, session.ErrBusy, session.ErrStore, context.DeadlineExceeded,
	} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// refusal is the call's error where Centra refused what the shopper sent, with
// its messages for them; nil where the call failed for another reason.
func refusal(err error) *centra.Error {
	var failed *centra.Error
	if errors.As(err, &failed) && failed.Kind == nil && failed.StatusCode != 0 {
		return failed
	}
	return nil
}

// said is what Centra says to the shopper, each thing once.
func said(title string, refused *centra.Error) notice {
	n := notice{Warn: true, Title: title, Text: refused.Message}
	for _, message := range refused.Messages {
		if message != refused.Message {
			n.Lines = append(n.Lines, message)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(refused.Fields)) {
		n.Lines = append(n.Lines, name+": "+refused.Fields[name])
	}
	return n
}

// fail is the page after something that the visitor asked for was not done.
func (s *site) fail(w http.ResponseWriter, r *http.Request, title string, err error) {
	status := http.StatusBadGateway
	refused := refusal(err)
	switch {
	case errors.Is(err, centra.ErrNoSession), errors.Is(err, errNotPaid):
		status = http.StatusConflict
	case errors.Is(err, centra.ErrSelectionNotFound):
		status = http.StatusNotFound
	case passing(err):
		status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", "10")
	case refused != nil:
		status = http.StatusUnprocessableEntity
	}
	v := view{Title: title, Here: "/checkout", Demo: s.demoState(), Page: explain(err)}
	if refused != nil {
		v.Notices = []notice{said("Not accepted:", refused)}
	}
	s.write(w, status, "message", v)
}

func (s *site) notFound(w http.ResponseWriter, r *http.Request) {
	s.write(w, http.StatusNotFound, "message", view{
		Title: "Page not found", Demo: s.demoState(), Page: "There is nothing at this address.",
	})
}

// home is the shop window.
func (s *site) home(w http.ResponseWriter, r *http.Request) {
	v := s.view(w, r, s.visitor, "Things that outlast the season")
	products, err := s.catalogue(r.Context())
	if err != nil {
		v.Notices = append(v.Notices, notice{Warn: true, Title: "The products may be out of date.", Text: explain(err)})
	}
	v.Page = products
	query := r.URL.Query()
	if query.Get("cart") == "gone" {
		v.Notices = append(v.Notices, notice{Warn: true, Title: "That cart is no longer there.",
			Text: "It was ordered already, or it is older than 30 days. What you have in your cart now has not changed."})
	}
	for _, p := range products {
		for _, size := range p.Sizes {
			if string(size.Item) == query.Get("added") {
				v.Notices = append(v.Notices, notice{
					Title: string(p.Name), Text: "is in your cart.", Link: "/checkout", Label: "Go to the checkout",
				})
			}
		}
	}
	s.write(w, http.StatusOK, "home", v)
}

// catalogue is what Centra sells, or what it sold when it last answered.
func (s *site) catalogue(ctx context.Context) ([]product, error) {
	ctx, cancel := context.WithTimeout(ctx, pageTimeout/2)
	defer cancel()
	products, err := s.products(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		return s.lastKnown, err
	}
	s.lastKnown = products
	return products, nil
}

func (s *site) postItem(w http.ResponseWriter, r *http.Request) {
	item := r.PathValue("item")
	if err := s.addItem(w, r, item); err != nil {
		s.fail(w, r, "It is not in your cart", err)
		return
	}
	http.Redirect(w, r, "/?added="+url.QueryEscape(item), http.StatusSeeOther)
}

func (s *site) postLine(w http.ResponseWriter, r *http.Request) {
	quantity, err := strconv.Atoi(r.PostFormValue("quantity"))
	if err != nil || quantity < 0 {
		s.write(w, http.StatusBadRequest, "message", view{
			Title: "Your cart has not changed", Demo: s.demoState(), Page: "A quantity is a whole number.",
		})
		return
	}
	if err := s.setQuantity(w, r, r.PathValue("line"), quantity); err != nil {
		s.fail(w, r, "Your cart has not changed", err)
		return
	}
	http.Redirect(w, r, "/checkout", http.StatusSeeOther)
}

// cartJSON is the cart without anything about the shopper: a recovered cart is
// whoever's had the link.
func (s *site) cartJSON(w http.ResponseWriter, r *http.Request) {
	cart, err := s.readCart(w, r, s.visitor)
	if err != nil {
		writeJSON(w, http.StatusServiceUnavailable, map[string]string{"error": explain(err)})
		return
	}
	answer := struct {
		Items  []centra.Item `json:"items"`
		Totals centra.Totals `json:"totals"`
	}{cart.Items, cart.Totals}
	if answer.Items == nil {
		answer.Items = []centra.Item{}
	}
	writeJSON(w, http.StatusOK, answer)
}

// tellArrival writes down a checkout event before anything comes of it.
func (s *site) tellArrival(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method != http.MethodPost:
		case r.URL.Path == "/centra/callback":
			s.timeline.add(entry{
				Kind: "event", From: "Browser → shop", Title: "A checkout event arrives", Detail: "POST /centra/callback",
			})
		case r.URL.Path == "/checkout":
			s.timeline.add(entry{
				Kind: "event", From: "Browser → shop", Title: "The checkout form arrives", Detail: "POST /checkout",
			})
		}
		next.ServeHTTP(w, r)
	})
}

// watchCapture writes down what became of it.
func (s *site) watchCapture(_ context.Context, o checkoutscript.Outcome) {
	s.funnel.capture(o)
	next := entry{Kind: "event", From: "Shop → browser", Title: "The checkout may go on"}
	after := ", after " + o.Duration.Round(time.Millisecond).String()
	switch {
	case o.Code == checkoutscript.Withdrawn:
		next.Title, next.Detail = "The reminder is withdrawn", "cartAbandonmentEmail was false"+after
	case o.Err != nil:
		next.Kind, next.Title = "trouble", "The details were not forwarded"
		next.Detail = strings.ReplaceAll(string(o.Code), "_", " ") + after
	case o.CartAbandonmentEmail == centra.NotSent:
		next.Detail = "No e-mail address yet" + after
	default:
		next.Detail = fmt.Sprintf("cartAbandonmentEmail was %t%s", o.CartAbandonmentEmail == centra.Yes, after)
	}
	s.tell(next)
}

// tell adds to the timeline, with what the funnel holds now.
func (s *site) tell(next entry) {
	counts := s.funnel.now()
	next.Funnel = &counts
	s.timeline.add(next)
}

// withNonce lets the scripts of a payment method's HTML run under the page's
// Content-Security-Policy. The HTML comes from Centra.
func withNonce(html, nonce string) template.HTML {
	return template.HTML(strings.ReplaceAll(html, "<script", `<script nonce="`+template.HTMLEscapeString(nonce)+`"`))
}
