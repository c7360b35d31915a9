package centraotel_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centraotel"
	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/checkoutscript"
	"github.com/centra-go/cartabandonment/recovery"
)

// api is one of Centra's, and how a shop fills a cart in it.
type api struct {
	name   string
	client func(testing.TB, *centratest.Server, ...centra.Option) centra.API
	add    func(context.Context, centra.API, centra.Session) (centra.Session, error)
}

var apis = []api{
	{"checkout", func(t testing.TB, server *centratest.Server, opts ...centra.Option) centra.API {
		c, err := centra.NewCheckoutAPI(server.CheckoutURL(), append(opts, centra.WithSecret(centratest.Secret))...)
		return must[centra.API](t, c, err)
	}, func(ctx context.Context, c centra.API, s centra.Session) (centra.Session, error) {
		return c.Do(ctx, s, http.MethodPost, "/items/1-1", nil, nil)
	}},
	{"shop", func(t testing.TB, server *centratest.Server, opts ...centra.Option) centra.API {
		c, err := centra.NewShopAPI(server.ShopURL(), centratest.Secret, opts...)
		return must[centra.API](t, c, err)
	}, func(ctx context.Context, c centra.API, s centra.Session) (centra.Session, error) {
		if s == "" {
			var err error
			if s, err = c.Do(ctx, "", http.MethodPost, "/selections", nil, new(centra.Selection)); err != nil {
				return "", err
			}
		}
		return c.Do(ctx, s, http.MethodPost, "/selections/"+string(s)+"/items/1-1", nil, nil)
	}},
	{"storefront", func(t testing.TB, server *centratest.Server, opts ...centra.Option) centra.API {
		c, err := centra.NewStorefrontAPI(server.StorefrontURL(), centratest.SessionModeToken, opts...)
		return must[centra.API](t, c, err)
	}, func(ctx context.Context, c centra.API, s centra.Session) (centra.Session, error) {
		return c.Do(ctx, s, http.MethodPost, `mutation addItem { addItem(item: "1-1") { ...answered } }`, nil, nil)
	}},
}

func must[T any](t testing.TB, v T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// host is a shop of which all is watched that can be.
type host struct {
	http.Handler
	*sdk
	t        testing.TB
	api      api
	server   *centratest.Server
	client   centra.API
	visitors *session.Visitors
	callback *checkoutscript.Handler
	links    *recovery.Handler
	queue    []checkoutscript.Pending
}

const latency = 100 * time.Millisecond

func newHost(t testing.TB, api api) *host {
	t.Helper()
	h := &host{sdk: newSDK(t), t: t, api: api}
	h.server = centratest.NewServer(t, centratest.WithoutSocket(), centratest.WithPaymentMethod(centratest.SuccessMethod))
	h.server.SetLatency(latency)
	tel := h.telemetry(t)
	front, behind := h.traced()
	h.client = api.client(t, h.server, tel.Client(), centra.WithCorrelationID(centraotel.TraceID),
		centra.WithTransport(centraotel.Attempts(centraotel.HideURL(behind, h.server.Transport()))),
		centra.WithRetry(centra.Retry{Max: 1}))
	var err error
	h.visitors, err = session.NewVisitors(session.Cookie{})
	if err != nil {
		t.Fatal(err)
	}
	h.callback, err = checkoutscript.New(checkoutscript.Config{
		API: h.client, Visitors: h.visitors, Consent: checkoutscript.AssumeConsent,
		Filter: func(*http.Request, *centra.Fields) {},
		Trace:  tel.Callback,
		Later: func(_ context.Context, p checkoutscript.Pending) error {
			h.queue = append(h.queue, p)
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	h.links, err = recovery.New(recovery.Config{
		API: h.client, Visitors: h.visitors, CartLink: "https://example.com/abandoned-cart/{selection}",
		Checkout: "/checkout", DeadLink: "/gone", Trace: tel.Recovery,
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle(h.callback.Pattern(), h.callback)
	mux.Handle(h.links.Pattern(), h.links)
	mux.HandleFunc("POST /cart/items", h.page(func(ctx context.Context, s centra.Session) (centra.Session, error) {
		return api.add(ctx, h.client, s)
	}))
	mux.HandleFunc("GET /checkout", h.page(func(ctx context.Context, s centra.Session) (centra.Session, error) {
		cart, err := h.client.Selection(ctx, s)
		if err != nil {
			return "", err
		}
		return cart.Session, nil
	}))
	mux.HandleFunc("POST /checkout/details", func(w http.ResponseWriter, r *http.Request) {
		if _, err := h.callback.Capture(w, r, centra.Fields{Email: r.PostFormValue("email")}); err != nil {
			http.Error(w, "not captured", http.StatusServiceUnavailable)
		}
	})
	mux.HandleFunc("POST /reminder/no", func(w http.ResponseWriter, r *http.Request) {
		if err := h.callback.Withdraw(w, r); err != nil {
			http.Error(w, "not withdrawn", http.StatusServiceUnavailable)
		}
	})
	mux.HandleFunc("POST /pay", h.pay)
	h.Handler = centraotel.HideCartLink(front, mux, h.links)
	return h
}

// page is one that makes a call for its visitor.
func (h *host) page(call func(context.Context, centra.Session) (centra.Session, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := h.visitors.Do(w, r, call); err != nil {
			http.Error(w, "not available", http.StatusServiceUnavailable)
		}
	}
}

func (h *host) pay(w http.ResponseWriter, r *http.Request) {
	paid := make(chan *centra.Order, 1)
	h.page(func(ctx context.Context, s centra.Session) (centra.Session, error) {
		next, err := h.client.StartPayment(ctx, s, centra.Payment{
			Fields: centra.Fields{Email: email, Address: &centra.Address{Country: "SE"}}, TermsAndConditions: true,
			ReturnPage: "https://example.com/thanks", FailedPage: "https://example.com/failed",
		})
		if err != nil {
			return "", err
		}
		if next.Order == nil {
			return next.Session, errors.New("not paid")
		}
		paid <- next.Order
		return next.Session, nil
	})(w, r)
	select {
	case order := <-paid:
		h.links.Ordered(w, r, order)
	default:
	}
}

// redeliver sends what waits, once.
func (h *host) redeliver() (errs []error) {
	for _, p := range h.queue {
		errs = append(errs, h.callback.Redeliver(h.t.Context(), p))
	}
	return errs
}

// browser is a visitor's, with its cookies.
type browser struct {
	*host
	cookies map[string]string
}

func (h *host) visitor() *browser { return &browser{h, map[string]string{}} }

// do sends a request and says how it was answered.
func (b *browser) do(method, path, body string, want int) {
	b.t.Helper()
	r := httptest.NewRequest(method, "https://example.com"+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if !strings.HasPrefix(body, "{") {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Baggage", "user="+strings.ReplaceAll(email, "@", "%40"))
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	if w.Code != want {
		b.t.Errorf("%s %s is answered %d, want %d", method, path, w.Code, want)
	}
	for _, cookie := range w.Result().Cookies() {
		if b.cookies[cookie.Name] = cookie.Value; cookie.MaxAge < 0 {
			delete(b.cookies, cookie.Name)
		}
	}
}
