package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/checkoutscript"
	"github.com/centra-go/cartabandonment/recovery"
)

// This file is what a host copies: clients, session store, the two handlers and
// their routes. The rest of the program is a shop around it.

// settings are what differs from one shop to the next.
type settings struct {
	api       string            // "checkout" or "shop": which of Centra's APIs
	centra    string            // its base URL, or only the host's
	secret    string            // server-side secret; the Checkout API can do without
	origin    string            // the shop's own, "https://example.com"
	cartLink  string            // as the mailing plugin is configured
	transport http.RoundTripper // nil for the library's own
	logger    *slog.Logger

	observeCapture  func(context.Context, checkoutscript.Outcome)
	observeRecovery func(context.Context, recovery.Outcome)
}

// centraAPI is what both clients offer.
type centraAPI interface {
	Selection(context.Context, centra.Session) (*centra.Selection, error)
	AttachSelection(context.Context, centra.Session, centra.SelectionID) (*centra.Selection, error)
	UpdateFields(context.Context, centra.Session, centra.Fields) (*centra.Selection, error)
	StartPayment(context.Context, centra.Session, centra.Payment) (*centra.PaymentAction, error)
	PaymentResult(context.Context, centra.Session, url.Values) (*centra.Order, error)
	Do(ctx context.Context, s centra.Session, method, path string, in, out any) (centra.Session, error)
}

// shop is the part of a webshop that talks to Centra.
type shop struct {
	settings
	visitor  centraAPI // for what browsers send: with the rights of the shopper
	server   centraAPI // for what the shop itself decides
	sessions session.Store
	visitors *session.Visitors // through which all calls for a visitor go
	callback *checkoutscript.Handler
	recovery *recovery.Handler
}

func newShop(set settings) (*shop, error) {
	s := &shop{settings: set}
	if err := s.connect(); err != nil {
		return nil, err
	}
	// Over plain http a browser keeps no Secure cookie. A real shop has https, and
	// never sets this.
	plainHTTP := strings.HasPrefix(s.origin, "http://")
	s.sessions = session.Cookie{InsecurePlainHTTP: plainHTTP}

	var err error
	if s.visitors, err = session.NewVisitors(s.sessions, session.WithLogger(s.logger)); err != nil {
		return nil, err
	}
	s.callback, err = checkoutscript.New(checkoutscript.Config{
		API:      s.visitor,
		Visitors: s.visitors,
		Consent:  func(r *http.Request, _ centra.Fields) bool { return mayRemind(r) },
		Filter:   s.withhold,
		Logger:   s.logger,
		Observe:  s.observeCapture,
	})
	if err != nil {
		return nil, err
	}
	s.recovery, err = recovery.New(recovery.Config{
		API:      s.server,
		Visitors: s.visitors,
		CartLink: s.cartLink,
		Checkout: "/checkout",
		DeadLink: "/?cart=gone",
		Logger:   s.logger,
		Observe:  s.observeRecovery,

		InsecurePlainHTTP: plainHTTP,
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// withhold keeps from a browser what the Shop API's secret would let it set. A
// call of the Checkout API has the browser's own rights and needs no such list.
func (s *shop) withhold(_ *http.Request, f *centra.Fields) {
	if s.api != "shop" {
		return
	}
	for _, name := range []string{"market", "pricelist", "customer", "affiliate", "voucher"} {
		delete(f.Extra, name)
	}
}

// connect makes the clients. The secret stays out of what a browser causes.
func (s *shop) connect() error {
	base, err := baseURL(s.centra, s.api)
	if err != nil {
		return err
	}
	opts := []centra.Option{centra.WithLogger(s.logger), centra.WithUserAgent("centra-go-webshop"), centra.WithOrigin(s.origin)}
	if s.transport != nil {
		opts = append(opts, centra.WithTransport(s.transport))
	}
	switch s.api {
	case "checkout":
		if s.secret != "" {
			opts = append(opts, centra.WithSecret(s.secret))
		}
		client, err := centra.NewCheckoutAPI(base, opts...)
		if err != nil {
			return err
		}
		s.visitor, s.server = client.AsShopper(), client
	case "shop":
		client, err := centra.NewShopAPI(base, s.secret, opts...)
		if err != nil {
			return err
		}
		s.visitor, s.server = client, client // there is no call without the secret
	default:
		return fmt.Errorf("-api must be checkout or shop, not %q", s.api)
	}
	return nil
}

// routes are those of the library.
func (s *shop) routes(mux *http.ServeMux) {
	mux.Handle(s.callback.Pattern(), s.callback)
	mux.Handle(s.recovery.Pattern(), s.recovery)
	mux.HandleFunc("GET /robots.txt", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, s.recovery.RobotsTxt())
	})
}
