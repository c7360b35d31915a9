package session_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/centra-go/cartabandonment/centra/session"
)

// simulated is a Centra in memory, with a client as a shop's pages use it.
func simulated() (*centratest.Server, *centra.CheckoutAPI) {
	server := centratest.New(centratest.WithoutSocket())
	api, err := centra.NewCheckoutAPI(server.CheckoutURL(), centra.WithTransport(server.Transport()))
	if err != nil {
		log.Fatal(err)
	}
	return server, api.AsShopper()
}

// A page of the shop's own: every call to Centra for a visitor is made like this.
func ExampleVisitors_Do() {
	server, api := simulated()
	defer server.Close()
	visitors, err := session.NewVisitors(session.Cookie{}) // one for the whole shop
	if err != nil {
		log.Fatal(err)
	}
	addItem := func(w http.ResponseWriter, r *http.Request) {
		var cart centra.Selection
		err := visitors.Do(w, r, func(ctx context.Context, s centra.Session) (centra.Session, error) {
			var answer centra.Selection // shared with nobody, should the call be given up
			now, err := api.Do(ctx, s, http.MethodPost, "/items/1-1", nil, &answer)
			if err == nil {
				cart = answer
			}
			return now, err // the session to keep, after a failure too
		})
		switch {
		case errors.Is(err, session.ErrBusy):
			http.Error(w, "One at a time, please.", http.StatusTooManyRequests)
		case err != nil:
			http.Error(w, "Please try again.", http.StatusServiceUnavailable)
		default:
			fmt.Fprintf(w, "%d of %s", cart.Items[0].Quantity, cart.Items[0].Product.Name)
		}
	}

	w := httptest.NewRecorder()
	addItem(w, httptest.NewRequest(http.MethodPost, "/cart", nil))
	fmt.Println(w.Body)
	fmt.Println(w.Result().Cookies()[0].Name)
	// Output:
	// 1 of Merino Beanie
	// __Host-centra-session
}

// Work without a request, such as a queue's, takes the same visitor's turn.
func ExampleVisitors_DoSession() {
	server, api := simulated()
	defer server.Close()
	visitors, err := session.NewVisitors(session.Cookie{})
	if err != nil {
		log.Fatal(err)
	}
	token, _ := server.NewCart("1-1", "2-1")

	err = visitors.DoSession(context.Background(), centra.Session(token),
		func(ctx context.Context, s centra.Session) (centra.Session, error) {
			cart, err := api.Selection(ctx, s)
			if err != nil {
				return "", err
			}
			fmt.Println(cart.Totals.TotalQuantity, "items")
			return cart.Session, nil // remembered: the visitor's next request finds it
		})
	fmt.Println(err)
	// Output:
	// 2 items
	// <nil>
}

// shopSessions is what a shop has already: values by visitor. A real one has a lock.
type shopSessions struct{ values map[string]string }

// store keeps Centra's session in them. A shop proves it with sessiontest.Run.
type store struct{ sessions *shopSessions }

func (s store) Load(r *http.Request) (centra.Session, error) {
	return centra.Session(s.sessions.values[visitor(r)]), nil // "" where there is none
}

func (s store) Save(_ http.ResponseWriter, r *http.Request, now centra.Session) error {
	s.sessions.values[visitor(r)] = string(now) // "" forgets it
	return nil                                  // a backend's failure is returned
}

func visitor(r *http.Request) string { return r.Header.Get("X-Visitor") } // a shop's is its cookie

// A shop that has sessions of its own implements two methods over them.
func ExampleStore() {
	server, api := simulated()
	defer server.Close()
	visitors, err := session.NewVisitors(store{&shopSessions{values: map[string]string{}}})
	if err != nil {
		log.Fatal(err)
	}
	for range 2 {
		r := httptest.NewRequest(http.MethodGet, "/cart", nil)
		r.Header.Set("X-Visitor", "kim")
		err := visitors.Do(httptest.NewRecorder(), r, func(ctx context.Context, s centra.Session) (centra.Session, error) {
			fmt.Println("has a session:", s != "")
			cart, err := api.Selection(ctx, s)
			if err != nil {
				return "", err
			}
			return cart.Session, nil
		})
		if err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// has a session: false
	// has a session: true
}

// The zero value is ready to use, over HTTPS.
func ExampleCookie() {
	server, api := simulated()
	defer server.Close()
	for _, cookie := range []session.Cookie{
		{},
		{Name: "cart-se", InsecurePlainHTTP: true}, // for http://localhost
	} {
		visitors, err := session.NewVisitors(cookie)
		if err != nil {
			log.Fatal(err)
		}
		w := httptest.NewRecorder()
		err = visitors.Do(w, httptest.NewRequest(http.MethodGet, "/cart", nil),
			func(ctx context.Context, s centra.Session) (centra.Session, error) {
				cart, err := api.Selection(ctx, s)
				if err != nil {
					return "", err
				}
				return cart.Session, nil
			})
		if err != nil {
			log.Fatal(err)
		}
		set := w.Result().Cookies()[0]
		set.Value = "..."
		fmt.Println(set)
	}
	// Output:
	// __Host-centra-session=...; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax
	// cart-se=...; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax
}
