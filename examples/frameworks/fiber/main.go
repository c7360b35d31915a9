// Fiber is a host on fiber, with the session in the storage of its sessions. README.md says how to run it.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/checkoutscript"
	"github.com/centra-go/cartabandonment/examples/frameworks/stores"
	"github.com/centra-go/cartabandonment/recovery"
	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/recover"
	fibersession "github.com/gofiber/fiber/v3/middleware/session"
)

func main() {
	api := must(centra.NewCheckoutAPI(os.Getenv("CENTRA_URL"), centra.WithSecret(os.Getenv("CENTRA_SECRET"))))
	log.Fatal(newHost(api, "http://127.0.0.1:8080").Listen("127.0.0.1:8080"))
}

func newHost(api *centra.CheckoutAPI, origin string) *fiber.App {
	middleware, sessions := fibersession.NewWithStore(fibersession.Config{CookieHTTPOnly: true}) // on https CookieSecure
	app := fiber.New()
	app.Use(recover.New(), middleware)
	// glue:
	shopper, visitors := api.AsShopper(), must(session.NewVisitors(stores.Fiber{Sessions: sessions}))
	callback := must(checkoutscript.New(checkoutscript.Config{
		API: shopper, Visitors: visitors, Consent: checkoutscript.AssumeConsent}))
	cartLink := must(recovery.New(recovery.Config{ // on https without InsecurePlainHTTP
		API: api, Visitors: visitors, CartLink: origin + "/abandoned-cart/{selection}",
		Checkout: "/checkout", DeadLink: "/checkout?cart=gone", InsecurePlainHTTP: true}))
	app.All("/centra/*", stores.FiberHandler(callback))
	app.All("/abandoned-cart/:selection", stores.FiberHandler(cartLink))
	// end of the glue
	type call = func(context.Context, centra.Session) (centra.Session, error)
	visit := func(c fiber.Ctx, page func() string, ask call) error {
		if err := stores.FiberDo(c, visitors, ask); err != nil {
			return fiber.ErrServiceUnavailable
		}
		return c.Type("html").SendString(page())
	}
	cart := func(c fiber.Ctx, method, path string) error {
		var cart centra.Selection
		page := func() string { return fmt.Sprintf("<p>%d items</p>%s", len(cart.Items), callback.Embed(&cart, "")) }
		return visit(c, page, func(ctx context.Context, s centra.Session) (centra.Session, error) {
			return shopper.Do(ctx, s, method, path, nil, &cart)
		})
	}
	app.Post("/cart/items/:item", func(c fiber.Ctx) error {
		return cart(c, http.MethodPost, "/items/"+url.PathEscape(strings.Clone(c.Params("item"))))
	})
	app.Get("/checkout", func(c fiber.Ctx) error { return cart(c, http.MethodGet, "/selection") })
	app.Post("/pay", func(c fiber.Ctx) error {
		payment, next := centra.Payment{ReturnPage: origin + "/checkout"}, new(centra.PaymentAction)
		payment.PaymentMethod = strings.Clone(c.FormValue("method"))
		page := func() string { return string(next.Action) + " " + next.URL }
		return visit(c, page, func(ctx context.Context, s centra.Session) (_ centra.Session, err error) {
			if next, err = shopper.StartPayment(ctx, s, payment); err != nil {
				return "", err
			}
			return next.Session, nil
		})
	})
	return app
}

func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}
