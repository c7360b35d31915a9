package main

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/redis/go-redis/v9"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centraotel"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/centra/session/redisturns"
	"github.com/centra-go/cartabandonment/checkoutscript"
	"github.com/centra-go/cartabandonment/recovery"
)

// This file and queue.go are what a host copies: the clients, turns that all
// processes share, the two handlers, and what waits while Centra is away. The rest
// of the program is a shop around it.

// settings are what differs from one shop to the next.
type settings struct {
	api      string // "checkout", "shop" or "storefront": which of Centra's APIs
	centra   string // its base URL; the Storefront API's whole endpoint
	secret   string // server-side secret, session mode token; the Checkout API can do without
	origin   string // the shop's own, "https://example.com"
	cartLink string // as the mailing plugin is configured
	redis    redis.UniversalClient
	later    func(context.Context, checkoutscript.Pending) error
	tel      *centraotel.Telemetry
	logger   *slog.Logger
}

// shop is the part of a webshop that talks to Centra.
type shop struct {
	settings
	visitor  centra.API        // for what browsers send: with the rights of the shopper
	checkout centra.API        // the same, where a checkout is shown
	server   centra.API        // for what the shop itself decides
	visitors *session.Visitors // through which all calls for a visitor go
	callback *checkoutscript.Handler
	recovery *recovery.Handler
}

// redeliveryTimeout is what a capture from the queue has for its turn and its
// calls.
const redeliveryTimeout = 9 * time.Second

func newShop(set settings) (*shop, error) {
	s := &shop{settings: set}
	if err := s.connect(); err != nil {
		return nil, err
	}
	turns, err := redisturns.New(s.redis, redisturns.WithLogger(s.logger),
		redisturns.WithObserve(func(ctx context.Context, o redisturns.Outcome) { s.tel.Turn(ctx, centraotel.Turn(o)) }))
	if err != nil {
		return nil, err
	}
	// The cart's session stays in the visitor's own cookie, so that a Redis that is
	// away, or has lost its data, costs nobody a cart.
	store := session.Cookie{InsecurePlainHTTP: s.plainHTTP()}
	s.visitors, err = session.NewVisitors(store, session.WithTurns(turns), session.WithLogger(s.logger))
	if err != nil {
		return nil, err
	}
	capture := checkoutscript.Config{
		API:      s.checkout,
		Visitors: s.visitors.Within(redeliveryTimeout),
		Consent:  func(r *http.Request, _ centra.Fields) bool { return mayRemind(r) },
		Later:    s.later,
		Logger:   s.logger,
		Trace:    s.tel.Callback,
	}
	if s.api == "shop" { // the others have no more rights than the browser itself
		capture.Filter = onlyFromBrowsers
	}
	if s.callback, err = checkoutscript.New(capture); err != nil {
		return nil, err
	}
	s.recovery, err = recovery.New(recovery.Config{
		API:      s.server,
		Visitors: s.visitors,
		CartLink: s.cartLink,
		Checkout: "/checkout",
		DeadLink: "/checkout?cart=gone",
		Logger:   s.logger,
		Trace:    s.tel.Recovery,

		InsecurePlainHTTP: s.plainHTTP(),
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// plainHTTP: over plain http a browser keeps no Secure cookie. A real shop has
// https.
func (s *shop) plainHTTP() bool { return strings.HasPrefix(s.origin, "http://") }

// fromBrowsers are the members of an event that a browser may set. With the Shop
// API every call has the shop's rights, so all others stay here.
var fromBrowsers = []string{"address", "shippingAddress", "additionalFields"}

func onlyFromBrowsers(_ *http.Request, f *centra.Fields) {
	maps.DeleteFunc(f.Extra, func(name string, _ any) bool { return !slices.Contains(fromBrowsers, name) })
}

// mayRemind decides about cartAbandonmentEmail by what the shopper answered at the
// checkout, whose page keeps it in a cookie: an event must not depend on a Redis.
// Where nobody was asked this shop's terms allow one reminder. What yours may say
// is for your lawyer.
func mayRemind(r *http.Request) bool {
	answer, err := r.Cookie("reminder")
	return err != nil || answer.Value != "no"
}

// connect makes the clients. The secret stays out of what a browser causes.
func (s *shop) connect() error {
	opts := []centra.Option{
		centra.WithLogger(s.logger), centra.WithUserAgent("centra-go-fleet"), centra.WithOrigin(s.origin),
		s.tel.Client(), centra.WithCorrelationID(centraotel.TraceID),
	}
	switch s.api {
	case "checkout":
		if s.secret != "" {
			opts = append(opts, centra.WithSecret(s.secret))
		}
		client, err := centra.NewCheckoutAPI(s.centra, opts...)
		if err != nil {
			return err
		}
		s.visitor, s.checkout, s.server = client.AsShopper(), client.AsShopper(), client
	case "shop":
		client, err := centra.NewShopAPI(s.centra, s.secret, opts...)
		if err != nil {
			return err
		}
		s.visitor, s.checkout, s.server = client, client, client // there is no call without the secret
	case "storefront":
		client, err := centra.NewStorefrontAPI(s.centra, s.secret, opts...)
		if err != nil {
			return err
		}
		s.visitor, s.checkout, s.server = client, client.AtCheckout(), client
	default:
		return fmt.Errorf("-api must be checkout, shop or storefront, not %q", s.api)
	}
	return nil
}

// routes are those of the library. None of them asks Redis for more than a turn,
// which waits for nobody who is away.
func (s *shop) routes(r chi.Router) {
	r.Handle(s.callback.Pattern()+"*", s.callback)
	r.Handle(s.recovery.Pattern(), s.recovery)
	r.Get("/robots.txt", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, s.recovery.RobotsTxt())
	})
}
