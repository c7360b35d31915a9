package recovery_test

import (
	"context"
	"fmt"
	"html/template"
	"log"
	"net/http"
	"net/http/httptest"
	"regexp"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/recovery"
)

// simulated is a Centra in memory, with a handler for it and what the two have in common.
// ExampleNew shows how it is made.
func simulated(c recovery.Config) (*centratest.Server, *centra.CheckoutAPI, *session.Visitors, *recovery.Handler) {
	server := centratest.New(centratest.WithoutSocket())
	api, err := centra.NewCheckoutAPI(server.CheckoutURL(),
		centra.WithTransport(server.Transport()), centra.WithSecret(centratest.Secret))
	if err != nil {
		log.Fatal(err)
	}
	visitors, err := session.NewVisitors(session.Cookie{})
	if err != nil {
		log.Fatal(err)
	}
	c.API, c.Visitors = api, visitors
	c.CartLink, c.Checkout = "https://example.com/abandoned-cart/{selection}", "/checkout"
	cartLinks, err := recovery.New(c)
	if err != nil {
		log.Fatal(err)
	}
	return server, api, visitors, cartLinks
}

// Where the visitor comes back from paying: did the mail bring this order?
func ExampleHandler_Ordered() {
	server, api, visitors, cartLinks := simulated(recovery.Config{
		Observe: func(_ context.Context, o recovery.Outcome) {
			if o.Code == recovery.OrderRecovered {
				fmt.Println(o.Value, o.Currency)
			}
		},
	})
	defer server.Close()
	thankYou := func(w http.ResponseWriter, r *http.Request) {
		var order *centra.Order
		err := visitors.Do(w, r, func(ctx context.Context, s centra.Session) (centra.Session, error) {
			// A shop gives StartPayment its own return page and PaymentResult what
			// came back to it; here the payment is over at once.
			action, err := api.StartPayment(ctx, s, centra.Payment{
				Fields: centra.Fields{PaymentMethod: centratest.SuccessMethod},
			})
			if err != nil {
				return "", err
			}
			order = action.Order
			return action.Session, nil
		})
		if err != nil {
			http.Error(w, "Please try again.", http.StatusServiceUnavailable)
			return
		}
		recovered := cartLinks.Ordered(w, r, order) // after Do, before the body
		fmt.Fprintf(w, "Thank you for order %s.", order.Order)
		fmt.Println("recovered:", recovered)
	}

	_, selection := server.NewCart("1-1")
	clicked := httptest.NewRecorder()
	cartLinks.ServeHTTP(clicked, httptest.NewRequest(http.MethodGet, "/abandoned-cart/"+selection, nil))
	paying := httptest.NewRequest(http.MethodGet, "/thank-you", nil)
	for _, cookie := range clicked.Result().Cookies() {
		paying.AddCookie(cookie)
	}
	thankYou(httptest.NewRecorder(), paying)
	// Output:
	// 499 SEK
	// recovered: true
}

// Other words in a language that is built in, and a language that is not.
func ExampleTexts() {
	server, _, _, cartLinks := simulated(recovery.Config{
		Confirm:   recovery.Always,
		Languages: []string{"sv", "en"},
		Texts: map[string]recovery.Texts{
			"sv": {ConfirmTitle: "Välkommen tillbaka"}, // what is left out stays as it is
		},
	})
	defer server.Close()
	_, selection := server.NewCart("1-1")
	title := regexp.MustCompile(`<html lang="(.+)">|<h1>(.+)</h1>`)

	for _, language := range []string{"sv-FI, fi;q=0.5", "en-GB"} {
		r := httptest.NewRequest(http.MethodGet, "/abandoned-cart/"+selection, nil)
		r.Header.Set("Accept-Language", language)
		w := httptest.NewRecorder()
		cartLinks.ServeHTTP(w, r)
		for _, line := range title.FindAllStringSubmatch(w.Body.String(), -1) {
			fmt.Println(line[1] + line[2])
		}
	}
	// Output:
	// sv
	// Välkommen tillbaka
	// en
	// Open your saved cart?
}

// page is the shop's own frame around the question.
var page = template.Must(template.New("").Parse(
	`<!doctype html><html lang="{{.Lang}}"><h1>{{.Texts.ConflictTitle}}</h1>` +
		`{{with .Own}}<ul>{{range .Items}}<li>{{.Quantity}} {{.Product.Name}}</li>{{end}}</ul>{{end}}` +
		`<form method="post"><button>{{.Texts.ConflictYes}}</button></form>` +
		`<a href="{{.Keep}}">{{.Texts.ConflictNo}}</a>`))

// A shop's own page in place of a small one. A real one looks at Kind: there are six.
func ExamplePage() {
	server, _, _, cartLinks := simulated(recovery.Config{
		Page: func(w http.ResponseWriter, _ *http.Request, p recovery.Page) {
			w.WriteHeader(p.Status) // the header is complete
			_ = page.Execute(w, p)
		},
	})
	defer server.Close()
	own, _ := server.NewCart("2-1")
	_, linked := server.NewCart("1-1")

	r := httptest.NewRequest(http.MethodGet, "/abandoned-cart/"+linked+"?utm_source=rule", nil)
	r.AddCookie(&http.Cookie{Name: "__Host-centra-session", Value: own})
	r.Header.Set("Accept-Language", "en")
	w := httptest.NewRecorder()
	cartLinks.ServeHTTP(w, r)
	fmt.Println(w.Code, regexp.MustCompile(`<ul>.*</ul>|href=".*"`).FindAllString(w.Body.String(), -1))
	// Output:
	// 200 [<ul><li>1 Café Shirt</li></ul> href="/checkout?utm_source=rule"]
}
