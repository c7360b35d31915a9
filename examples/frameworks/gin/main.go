// Gin is a host on gin, with a cookie of gin-contrib/sessions. README.md says how to run it.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/checkoutscript"
	"github.com/centra-go/cartabandonment/examples/frameworks/stores"
	"github.com/centra-go/cartabandonment/recovery"
	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/cookie"
	"github.com/gin-gonic/gin"
)

func main() {
	api := must(centra.NewCheckoutAPI(os.Getenv("CENTRA_URL"), centra.WithSecret(os.Getenv("CENTRA_SECRET"))))
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", newHost(api, "http://127.0.0.1:8080")))
}

func newHost(api *centra.CheckoutAPI, origin string) http.Handler {
	store, router := cookie.NewStore([]byte(os.Getenv("SESSION_KEY"))), gin.New()
	store.Options(sessions.Options{Path: "/", MaxAge: 30 * 24 * 60 * 60, HttpOnly: true, SameSite: http.SameSiteLaxMode})
	router.Use(gin.Recovery(), sessions.Sessions("shop", store))
	// glue:
	shopper, visitors := api.AsShopper(), must(session.NewVisitors(stores.Gorilla{Store: store, Name: "centra"}))
	callback := must(checkoutscript.New(checkoutscript.Config{
		API: shopper, Visitors: visitors, Consent: checkoutscript.AssumeConsent}))
	cartLink := must(recovery.New(recovery.Config{ // on https without InsecurePlainHTTP
		API: api, Visitors: visitors, CartLink: origin + "/abandoned-cart/{selection}",
		Checkout: "/checkout", DeadLink: "/checkout?cart=gone", InsecurePlainHTTP: true}))
	router.Any("/centra/*path", gin.WrapH(callback))
	router.Any("/abandoned-cart/:selection", gin.WrapH(cartLink))
	// end of the glue
	type call = func(context.Context, centra.Session) (centra.Session, error)
	visit := func(c *gin.Context, page func() string, ask call) {
		if err := visitors.Do(c.Writer, c.Request, ask); err != nil {
			c.String(http.StatusServiceUnavailable, "Please try again.")
			return
		}
		c.Data(http.StatusOK, "text/html; charset=utf-8", []byte(page()))
	}
	cart := func(c *gin.Context, method, path string) {
		var cart centra.Selection
		page := func() string { return fmt.Sprintf("<p>%d items</p>%s", len(cart.Items), callback.Embed(&cart, "")) }
		visit(c, page, func(ctx context.Context, s centra.Session) (centra.Session, error) {
			return shopper.Do(ctx, s, method, path, nil, &cart)
		})
	}
	router.POST("/cart/items/:item", func(c *gin.Context) {
		cart(c, http.MethodPost, "/items/"+url.PathEscape(c.Param("item")))
	})
	router.GET("/checkout", func(c *gin.Context) { cart(c, http.MethodGet, "/selection") })
	router.POST("/pay", func(c *gin.Context) {
		payment, next := centra.Payment{ReturnPage: origin + "/checkout"}, new(centra.PaymentAction)
		payment.PaymentMethod = c.PostForm("method")
		page := func() string { return string(next.Action) + " " + next.URL }
		visit(c, page, func(ctx context.Context, s centra.Session) (_ centra.Session, err error) {
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
