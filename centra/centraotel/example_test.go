package centraotel_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centraotel"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/checkoutscript"
	"github.com/centra-go/cartabandonment/recovery"
)

func watchedShop(mux *http.ServeMux, secret string) (http.Handler, error) {
	tel, err := centraotel.New() // with the providers of package otel
	if err != nil {
		return nil, err
	}
	api, err := centra.NewCheckoutAPI("https://shop.centra.com/api/checkout",
		centra.WithSecret(secret), centra.WithOrigin("https://example.com"),
		tel.Client(), centra.WithCorrelationID(centraotel.TraceID))
	if err != nil {
		return nil, err
	}
	visitors, err := session.NewVisitors(session.Cookie{})
	if err != nil {
		return nil, err
	}
	callback, err := checkoutscript.New(checkoutscript.Config{
		API:      api.AsShopper(),
		Visitors: visitors,
		Consent:  checkoutscript.AssumeConsent,
		Trace:    tel.Callback,
	})
	if err != nil {
		return nil, err
	}
	cartLink, err := recovery.New(recovery.Config{
		API:      api,
		Visitors: visitors,
		CartLink: "https://example.com/abandoned-cart/{selection}",
		Checkout: "/checkout",
		Trace:    tel.Recovery,
	})
	if err != nil {
		return nil, err
	}
	mux.Handle(callback.Pattern(), callback)
	mux.Handle(cartLink.Pattern(), cartLink)

	// The shop's own instrumentation, if it has any, sees the cart link without its ID.
	return centraotel.HideCartLink(instrument, mux, cartLink), nil
}

func instrument(shop http.Handler) http.Handler { return otelhttp.NewHandler(shop, "shop") }

// A shop with spans and metrics, and otelhttp around it.
func Example() {
	shop, err := watchedShop(http.NewServeMux(), "s3cret")
	if err != nil {
		panic(err)
	}
	w := httptest.NewRecorder()
	shop.ServeHTTP(w, httptest.NewRequest(http.MethodHead, "/abandoned-cart/abeb59928306768d255e21920f9087a4", nil))
	fmt.Println(w.Code)
	// Output: 200
}

// Each attempt is an event of the call's span.
func ExampleAttempts() {
	tel, err := centraotel.New()
	if err != nil {
		panic(err)
	}
	api, err := centra.NewShopAPI("https://shop.centra.com/api/shop", "s3cret",
		tel.Client(), centra.WithTransport(centraotel.Attempts(centra.NewTransport())))
	if err != nil {
		panic(err)
	}
	_ = api
}

// A shop that wants the spans of package otelhttp for each attempt has them without
// the URL. They are named by the operation.
func ExampleHideURL() {
	attempts := func(rt http.RoundTripper) http.RoundTripper {
		return otelhttp.NewTransport(rt, otelhttp.WithSpanNameFormatter(func(_ string, r *http.Request) string {
			return centra.Operation(r.Context())
		}))
	}
	api, err := centra.NewShopAPI("https://shop.centra.com/api/shop", "s3cret",
		centra.WithTransport(centraotel.HideURL(attempts, centra.NewTransport())))
	if err != nil {
		panic(err)
	}
	_ = api
}
