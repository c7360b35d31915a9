package main

import (
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/json"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"runtime"
	"sync/atomic"

	"github.com/go-chi/chi/v5"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
)

// site is the shop's pages: as few as show what they have to.
type site struct {
	*shop
	visits  *visits
	metrics *metrics
	closing atomic.Bool // the process is about to end
}

// handler has all routes. Those of the library look after cross-site requests
// themselves; the shop's own forms are guarded here.
func (s *site) handler() http.Handler {
	r := chi.NewRouter()
	r.Use(s.metrics.measure)
	s.routes(r)
	r.Get("/healthz", s.healthz)
	r.Handle("/metrics", s.metrics.handler())
	r.Group(func(r chi.Router) {
		guard := http.NewCrossOriginProtection()
		guard.AddInsecureBypassPattern("POST " + returnPath) // a payment provider may post; Centra checks what it brings
		r.Use(guard.Handler, limitForms)
		r.Get("/", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/checkout", http.StatusSeeOther) })
		r.Post("/cart/items/{item}", s.postItem)
		r.Get("/cart.json", s.cartJSON)
		r.Get("/checkout", s.getCheckout)
		r.Post("/pay", s.pay)
		r.Get(returnPath, s.paymentReturn)
		r.Post(returnPath, s.paymentReturn)
	})
	return r
}

// limitForms bounds what a form may hold.
func limitForms(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		next.ServeHTTP(w, r)
	})
}

// healthz is for the load balancer. It does not ask Redis, the queue or Centra: a
// process that waits for them with the others is no worse than those.
func (s *site) healthz(w http.ResponseWriter, _ *http.Request) {
	status, text := http.StatusOK, "ok"
	if s.closing.Load() {
		status, text = http.StatusServiceUnavailable, "closing"
	}
	writeJSON(w, status, map[string]any{"status": text, "goroutines": runtime.NumGoroutine()})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func (s *site) postItem(w http.ResponseWriter, r *http.Request) {
	// chi has the path as it was sent, escaped.
	item, err := url.PathUnescape(chi.URLParam(r, "item"))
	if err != nil {
		http.Error(w, "There is no such item.", http.StatusBadRequest)
		return
	}
	if err := s.addItem(w, r, item); err != nil {
		s.fail(w, err)
		return
	}
	http.Redirect(w, r, "/checkout", http.StatusSeeOther)
}

// cartJSON is the cart without anything about the shopper: a recovered cart is
// whoever's had the link.
func (s *site) cartJSON(w http.ResponseWriter, r *http.Request) {
	cart, err := s.readCart(w, r, s.visitor)
	if err != nil {
		status, text := explain(err)
		writeJSON(w, status, map[string]string{"error": text})
		return
	}
	items := cart.Items
	if items == nil {
		items = []centra.Item{}
	}
	writeJSON(w, http.StatusOK, map[string]any{"items": items, "totals": cart.Totals})
}

func (s *site) getCheckout(w http.ResponseWriter, r *http.Request) {
	cart, err := s.readCart(w, r, s.checkout)
	if err != nil {
		s.fail(w, err)
		return
	}
	v := view{Cart: cart, Remind: mayRemind(r), Gone: r.URL.Query().Get("cart") == "gone"}
	if cart.Empty() {
		v.Order = s.visits.order(r)
	}
	s.write(w, http.StatusOK, v)
}

// pay starts the payment and does what Centra answers.
func (s *site) pay(w http.ResponseWriter, r *http.Request) {
	action, err := s.startPayment(w, r)
	if err != nil {
		s.fail(w, err)
		return
	}
	s.follow(w, r, action)
}

// paymentReturn is where a payment provider sends the shopper.
func (s *site) paymentReturn(w http.ResponseWriter, r *http.Request) {
	order, err := s.finishPayment(w, r)
	switch {
	case err != nil:
		s.fail(w, err)
	case order.Next != nil:
		s.follow(w, r, order.Next)
	default:
		s.thank(w, r, order)
	}
}

// follow does what Centra wants to happen next in a payment.
func (s *site) follow(w http.ResponseWriter, r *http.Request, action *centra.PaymentAction) {
	switch action.Action {
	case centra.ActionSuccess:
		s.thank(w, r, action.Order)
	case centra.ActionRedirect:
		target, err := url.Parse(action.URL)
		if err != nil || (target.Scheme != "https" && target.Scheme != "http") {
			s.fail(w, centra.ErrInvalidResponse)
			return
		}
		http.Redirect(w, r, target.String(), http.StatusSeeOther)
	case centra.ActionForm, centra.ActionJavaScript:
		s.write(w, http.StatusOK, view{Form: template.HTML(action.FormHTML), Code: template.JS(action.Code)})
	default:
		http.Redirect(w, r, "/checkout?payment=failed", http.StatusSeeOther)
	}
}

func (s *site) thank(w http.ResponseWriter, r *http.Request, order *centra.Order) {
	s.recovery.Ordered(w, r, order) // tells the metrics where the order came from a recovered cart
	s.visits.ordered(w, r, order.Order)
	s.write(w, http.StatusOK, view{Order: order.Order})
}

func (s *site) fail(w http.ResponseWriter, err error) {
	status, text := explain(err)
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "5")
	}
	s.write(w, status, view{Trouble: text})
}

// explain says to a shopper what went wrong.
func explain(err error) (status int, text string) {
	var failed *centra.Error
	for _, passing := range []error{
		centra.ErrUnavailable, centra.ErrRateLimited, session.ErrBusy, session.ErrStore,
		context.DeadlineExceeded, context.Canceled,
	} {
		if errors.Is(err, passing) {
			return http.StatusServiceUnavailable,
				"The shop’s systems do not answer at the moment. What you have is kept; please try again soon."
		}
	}
	switch {
	case errors.Is(err, errNotPaid):
		return http.StatusConflict, "Nothing was ordered, and your cart is as it was. Please pay again."
	case errors.Is(err, errMaybePaid), errors.Is(err, centra.ErrOutcomeUnknown):
		return http.StatusBadGateway, "We do not know yet whether this went through. " +
			"Please look at your cart and your e-mails before you try again."
	case errors.Is(err, centra.ErrNoSession), errors.Is(err, centra.ErrSelectionNotFound):
		return http.StatusConflict, "There is nothing in your cart."
	case errors.As(err, &failed) && failed.Kind == nil && failed.StatusCode != 0:
		return http.StatusUnprocessableEntity, "This was not accepted. " + failed.Message
	}
	return http.StatusBadGateway, "Something went wrong. What you have is kept; please try again."
}

// view is what a page shows.
type view struct {
	Cart       *centra.Selection
	Remind     bool
	Gone       bool // a cart link led nowhere
	Order      string
	Trouble    string
	Form       template.HTML // of a payment method, from Centra
	Code       template.JS   // the same
	Nonce      string
	CheckoutJS template.HTML // what Embed brings
}

func (s *site) write(w http.ResponseWriter, status int, v view) {
	v.Nonce = rand.Text()
	if v.Cart != nil && !v.Cart.Empty() {
		v.CheckoutJS = s.callback.Embed(v.Cart, v.Nonce)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	// The widget of a payment method comes from its provider, in a frame.
	h.Set("Content-Security-Policy", "default-src 'self'; script-src 'nonce-"+v.Nonce+"' https:; frame-src https:; "+
		"object-src 'none'; base-uri 'none'")
	w.WriteHeader(status)
	_ = page.Execute(w, v) // the template is tested; else the browser has left
}

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Parse(pageText))
