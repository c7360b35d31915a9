package checkoutscript_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/checkoutscript"
)

// simulated is a Centra in memory, with a handler for it. ExampleNew shows how it is made.
func simulated(c checkoutscript.Config) (*centratest.Server, *checkoutscript.Handler) {
	server := centratest.New(centratest.WithoutSocket(), centratest.WithPaymentMethod(centratest.KlarnaMethod))
	api, err := centra.NewCheckoutAPI(server.CheckoutURL(), centra.WithTransport(server.Transport()))
	if err != nil {
		log.Fatal(err)
	}
	visitors, err := session.NewVisitors(session.Cookie{})
	if err != nil {
		log.Fatal(err)
	}
	c.API, c.Visitors, c.Consent = api.AsShopper(), visitors, checkoutscript.AssumeConsent
	callback, err := checkoutscript.New(c)
	if err != nil {
		log.Fatal(err)
	}
	return server, callback
}

// Below a prefix, in front of a shop with any router. Path is what browsers see.
func ExampleHandler_Wrap() {
	server, callback := simulated(checkoutscript.Config{Path: "/se/centra/"})
	defer server.Close()
	host := callback.Wrap(http.NotFoundHandler()) // in a shop: everything else

	for _, path := range []string{"/se/centra/listener.js", "/se/centra/callback", "/centra/callback", "/se/"} {
		w := httptest.NewRecorder()
		host.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		fmt.Println(w.Code, path)
	}
	// Output:
	// 200 /se/centra/listener.js
	// 405 /se/centra/callback
	// 404 /centra/callback
	// 404 /se/
}

// A checkbox that the shopper unticks, and ticks again.
func ExampleHandler_Withdraw() {
	server, callback := simulated(checkoutscript.Config{
		Observe: func(_ context.Context, o checkoutscript.Outcome) { fmt.Println(o.Op, o.Code, o.CartAbandonmentEmail) },
	})
	defer server.Close()
	token, selection := server.NewCart("1-1")
	reminders := func(w http.ResponseWriter, r *http.Request) {
		var err error
		if r.PostFormValue("remind") == "on" {
			err = callback.Agree(w, r) // at the address that the cart has
		} else {
			err = callback.Withdraw(w, r)
		}
		if err != nil {
			http.Error(w, "Please try again.", http.StatusServiceUnavailable)
		}
	}
	post := func(path, body string) *http.Request {
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.AddCookie(&http.Cookie{Name: "__Host-centra-session", Value: token})
		return r
	}
	due := func() { fmt.Println("a mail is due:", !server.Cart(selection).MailDue.IsZero()) }

	callback.ServeHTTP(httptest.NewRecorder(), post("/centra/callback", "email=kim%40example.com"))
	due()
	reminders(httptest.NewRecorder(), post("/reminders", ""))
	due()
	reminders(httptest.NewRecorder(), post("/reminders", "remind=on"))
	due()
	// Output:
	// callback captured yes
	// a mail is due: true
	// withdraw withdrawn no
	// a mail is due: false
	// agree captured yes
	// a mail is due: true
}
