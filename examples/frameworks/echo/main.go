// Echo is a host on echo, with the sessions of scs in Redis. README.md says how to run it.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"

	"github.com/alexedwards/scs/goredisstore"
	"github.com/alexedwards/scs/v2"
	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/checkoutscript"
	"github.com/centra-go/cartabandonment/examples/frameworks/stores"
	"github.com/centra-go/cartabandonment/recovery"
	"github.com/labstack/echo/v4"
	"github.com/redis/go-redis/v9"
)

func main() {
	api := must(centra.NewCheckoutAPI(os.Getenv("CENTRA_URL"), centra.WithSecret(os.Getenv("CENTRA_SECRET"))))
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", newHost(api, "http://127.0.0.1:8080")))
}

func newHost(api *centra.CheckoutAPI, origin string) http.Handler {
	shop, router := scs.New(), echo.New() // on https set shop.Cookie.Secure
	shop.Store = goredisstore.New(redis.NewClient(&redis.Options{Addr: os.Getenv("REDIS"), ContextTimeoutEnabled: true}))
	router.Use(echo.WrapMiddleware(shop.LoadAndSave))
	// glue:
	shopper, visitors := api.AsShopper(), must(session.NewVisitors(stores.NewSCS(shop)))
	callback := must(checkoutscript.New(checkoutscript.Config{
		API: shopper, Visitors: visitors, Consent: checkoutscript.AssumeConsent}))
	cartLink := must(recovery.New(recovery.Config{ // on https without InsecurePlainHTTP
		API: api, Visitors: visitors, CartLink: origin + "/abandoned-cart/{selection}",
		Checkout: "/checkout", DeadLink: "/checkout?cart=gone", InsecurePlainHTTP: true}))
	router.Any("/centra/*", echo.WrapHandler(callback))
	router.Any("/abandoned-cart/:selection", echo.WrapHandler(cartLink))
	// end of the glue
	type call = func(context.Context, centra.Session) (centra.Session, error)
	visit := func(c echo.Context, page func() string, ask call) error {
		if err := visitors.Do(c.Response(), c.Request(), ask); err != nil {
			return echo.ErrServiceUnavailable
		}
		return c.HTML(http.StatusOK, page())
	}
	cart := func(c echo.Context, method, path string) error {
		var cart centra.Selection
		page := func() string { return fmt.Sprintf("<p>%d items</p>%s", len(cart.Items), callback.Embed(&cart, "")) }
		return visit(c, page, func(ctx context.Context, s centra.Session) (centra.Session, error) {
			return shopper.Do(ctx, s, method, path, nil, &cart)
		})
	}
	router.POST("/cart/items/:item", func(c echo.Context) error {
		return cart(c, http.MethodPost, "/items/"+url.PathEscape(c.Param("item")))
	})
	router.GET("/checkout", func(c echo.Context) error { return cart(c, http.MethodGet, "/selection") })
	router.POST("/pay", func(c echo.Context) error {
		payment, next := centra.Payment{ReturnPage: origin + "/checkout"}, new(centra.PaymentAction)
		payment.PaymentMethod = c.FormValue("method")
		page := func() string { return string(next.Action) + " " + next.URL }
		return visit(c, page, func(ctx context.Context, s centra.Session) (_ centra.Session, err error) {
			if next, err = shopper.StartPayment(ctx, s, payment); err != nil {
				return "", err
			}
			return next.Session, nil
		})
	})
	return router
}

func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}
