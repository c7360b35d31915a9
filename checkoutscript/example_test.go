package checkoutscript_test

import (
	"context"
	"encoding/json"
	"errors"
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

func ExampleNew() {
	simulated := centratest.New(centratest.WithoutSocket()) // a shop has its Centra's URL
	defer simulated.Close()
	token, _ := simulated.NewCart("1-1")

	api, err := centra.NewCheckoutAPI(simulated.CheckoutURL(), centra.WithTransport(simulated.Client().Transport))
	if err != nil {
		log.Fatal(err)
	}
	visitors, err := session.NewVisitors(session.Cookie{}) // one for the whole shop
	if err != nil {
		log.Fatal(err)
	}
	callback, err := checkoutscript.New(checkoutscript.Config{
		API:      api.AsShopper(),
		Visitors: visitors,
		Consent: func(_ *http.Request, f centra.Fields) bool {
			return f.Extra["reminders"] == true // a checkbox of the checkout page
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle(callback.Pattern(), callback)

	// What the listener sends when the shopper has entered an address:
	event := httptest.NewRequest(http.MethodPost, "/centra/callback", strings.NewReader(
		`{"email": "anna@example.com", "reminders": true, "additionalFields": {"suspendIgnore": "klarna"}}`))
	event.Header.Set("Content-Type", "application/json")
	event.AddCookie(&http.Cookie{Name: "__Host-centra-session", Value: token})
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, event)

	fmt.Println(w.Code, w.Body.String()[:26])
	fmt.Println(simulated.Cart(simulated.SelectionOf(token)).CartAbandonmentEmail)
	// Output:
	// 200 {"suspendIgnore":"klarna",
	// true
}

func ExampleDecode() {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(
		"address[email]=anna%40example.com&address[city]=Malm%C3%B6&additionalFields[suspendIgnore]=true"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")

	event, err := checkoutscript.Decode(r)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(event.Email())
	fmt.Println(event.Payload()["address"])
	fmt.Println(string(event.SuspendIgnore()))
	// Output:
	// anna@example.com
	// map[city:Malmö email:anna@example.com]
	// true
}

func ExampleHandler_Capture() {
	simulated := centratest.New(centratest.WithoutSocket())
	defer simulated.Close()
	token, _ := simulated.NewCart("1-1")
	api, err := centra.NewCheckoutAPI(simulated.CheckoutURL(), centra.WithTransport(simulated.Client().Transport))
	if err != nil {
		log.Fatal(err)
	}
	visitors, err := session.NewVisitors(session.Cookie{})
	if err != nil {
		log.Fatal(err)
	}
	callback, err := checkoutscript.New(checkoutscript.Config{
		API:      api.AsShopper(),
		Visitors: visitors,
		Consent:  func(r *http.Request, _ centra.Fields) bool { return r.PostFormValue("reminders") == "on" },
	})
	if err != nil {
		log.Fatal(err)
	}

	// The shop's own checkout form, without a widget.
	checkout := func(w http.ResponseWriter, r *http.Request) {
		cart, err := callback.Capture(w, r, centra.Fields{
			Email:   r.PostFormValue("email"),
			Address: &centra.Address{FirstName: r.PostFormValue("firstName")},
		})
		if err != nil {
			http.Error(w, "Please try again.", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintf(w, "Thank you, %s.", cart.Address.FirstName)
	}

	r := httptest.NewRequest(http.MethodPost, "/checkout", strings.NewReader("email=anna%40example.com&firstName=Anna&reminders=on"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.AddCookie(&http.Cookie{Name: "__Host-centra-session", Value: token})
	w := httptest.NewRecorder()
	checkout(w, r)
	fmt.Println(w.Body)
	// Output:
	// Thank you, Anna.
}

// A queue of the host's keeps what is captured while Centra is away.
func ExampleHandler_Redeliver() {
	simulated := centratest.New(centratest.WithoutSocket())
	defer simulated.Close()
	token, selection := simulated.NewCart("1-1")
	api, err := centra.NewCheckoutAPI(simulated.CheckoutURL(), centra.WithTransport(simulated.Client().Transport))
	if err != nil {
		log.Fatal(err)
	}
	visitors, err := session.NewVisitors(session.Cookie{})
	if err != nil {
		log.Fatal(err)
	}
	var queue [][]byte // a shop's is durable
	callback, err := checkoutscript.New(checkoutscript.Config{
		API:      api.AsShopper(),
		Visitors: visitors,
		Consent:  checkoutscript.AssumeConsent,
		Later: func(_ context.Context, p checkoutscript.Pending) error {
			job, err := json.Marshal(p)
			queue = append(queue, job)
			return err
		},
	})
	if err != nil {
		log.Fatal(err)
	}

	simulated.SetFault(centratest.StatusFault(http.StatusServiceUnavailable, nil))
	event := httptest.NewRequest(http.MethodPost, "/centra/callback", strings.NewReader(`{"email": "anna@example.com"}`))
	event.Header.Set("Content-Type", "application/json")
	event.AddCookie(&http.Cookie{Name: "__Host-centra-session", Value: token})
	w := httptest.NewRecorder()
	callback.ServeHTTP(w, event)
	fmt.Println(w.Code)

	// A worker, in any process of the shop, when Centra is back:
	simulated.ClearFault()
	for _, job := range queue {
		var p checkoutscript.Pending
		if err := json.Unmarshal(job, &p); err != nil {
			log.Fatal(err)
		}
		switch err := callback.Redeliver(context.Background(), p); {
		case err == nil, errors.Is(err, checkoutscript.ErrDropped):
			// done: delete the job
		default:
			// try again later
		}
	}
	fmt.Println(simulated.Cart(selection).Email)
	// Output:
	// 202
	// anna@example.com
}
