package main

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
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
	api       string            // "checkout", "shop" or "storefront": which of Centra's APIs
	centra    string            // its base URL, or only the host's; the Storefront API's whole endpoint
	secret    string            // server-side secret, session mode token; the Checkout API can do without
	sells     []product         // what the Storefront API is not asked for
	origin    string            // the shop's own, "https://example.com"
	cartLink  string            // as the mailing plugin is configured
	transport http.RoundTripper // nil for the library's own
	logger    *slog.Logger

	observeCapture  func(context.Context, checkoutscript.Outcome)
	observeRecovery func(context.Context, recovery.Outcome)
}

// shop is the part of a webshop that talks to Centra.
type shop struct {
	settings
	visitor  centra.API // for what browsers send: with the rights of the shopper
	checkout centra.API // the same, where a checkout is shown
	server   centra.API // for what the shop itself decides
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
	capture := checkoutscript.Config{
		API:      s.checkout,
		Visitors: s.visitors,
		Consent:  func(r *http.Request, _ centra.Fields) bool { return mayRemind(r) },
		Logger:   s.logger,
		Observe:  s.observeCapture,
	}
	if s.api == "shop" { // the others have no more rights than the browser itself
		capture.Filter = onlyFromBrowsers
	}
	s.callback, err = checkoutscript.New(capture)
	if err != nil {
		return nil, err
	}
	s.recovery, err = recovery.New(recovery.Config{
		API:       s.server,
		Visitors:  s.visitors,
		CartLink:  s.cartLink,
		Checkout:  "/checkout",
		DeadLink:  "/?cart=gone",
		Languages: []string{"en"}, // as the shop itself
		Logger:    s.logger,
		Observe:   s.observeRecovery,

		InsecurePlainHTTP: plainHTTP,
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// fromBrowsers are the members of an event that a browser may set. With the Shop
// API every call has the shop's rights, so all others stay here.
var fromBrowsers = []string{"address", "shippingAddress", "additionalFields"}

func onlyFromBrowsers(_ *http.Request, f *centra.Fields) {
	maps.DeleteFunc(f.Extra, func(name string, _ any) bool { return !slices.Contains(fromBrowsers, name) })
}

// connect makes the clients. The secret stays out of what a browser causes.
func (s *shop) connect() error {
	base, err := baseURL(s.centra, s.api)
	if err != nil {
		return err
	}
	opts := []centra.Option{
		centra.WithLogger(s.logger), centra.WithUserAgent("centra-go-webshop"), centra.WithOrigin(s.origin),
	}
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
		s.visitor, s.checkout, s.server = client.AsShopper(), client.AsShopper(), client
	case "shop":
		client, err := centra.NewShopAPI(base, s.secret, opts...)
		if err != nil {
			return err
		}
		s.visitor, s.checkout, s.server = client, client, client // there is no call without the secret
	case "storefront":
		// A real shop tells Centra where the shopper is, by centra.WithShopperAddress:
		// else country and prices are those of this server.
		client, err := centra.NewStorefrontAPI(base, s.secret, opts...)
		if err != nil {
			return err
		}
		// Only a checkout is worth what Centra does for one.
		s.visitor, s.checkout, s.server = client, client.AtCheckout(), client
	default:
		return fmt.Errorf("-api must be checkout, shop or storefront, not %q", s.api)
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
