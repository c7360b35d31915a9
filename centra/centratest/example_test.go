package centratest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/centra-go/cartabandonment/centra/centratest"
)

// checkoutForm is the code under test: a host's own handler, which hands the
// shopper's e-mail address to Centra.
func checkoutForm(client *http.Client, checkoutURL string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fields := fmt.Sprintf(`{"email":%q,"cartAbandonmentEmail":true}`, r.PostFormValue("email"))
		req, err := http.NewRequestWithContext(r.Context(), http.MethodPut, checkoutURL+"/payment-fields", strings.NewReader(fields))
		if err != nil {
			http.Error(w, "checkout is misconfigured", http.StatusInternalServerError)
			return
		}
		if cookie, err := r.Cookie("centra"); err == nil {
			req.Header.Set("API-Token", cookie.Value)
		}
		resp, err := client.Do(req)
		if err != nil {
			http.Error(w, "Centra is unreachable", http.StatusServiceUnavailable)
			return
		}
		defer resp.Body.Close()
		w.WriteHeader(resp.StatusCode)
	})
}

// A host's test lets a shopper with a cart leave an e-mail address, and looks
// into Centra and the mailer's outbox. In a test use [centratest.NewServer],
// which closes itself; under testing/synctest the interval may be an hour.
func Example() {
	server := centratest.New(centratest.WithoutSocket(), centratest.WithMailInterval(time.Nanosecond))
	defer server.Close()
	token, selection := server.NewCart("1-1", "2-2")
	checkout := checkoutForm(server.Client(), server.CheckoutURL())

	form := httptest.NewRequest(http.MethodPost, "/checkout", strings.NewReader("email=shopper@example.com"))
	form.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	form.AddCookie(&http.Cookie{Name: "centra", Value: token})
	answer := httptest.NewRecorder()
	checkout.ServeHTTP(answer, form)

	fmt.Println("status:", answer.Code)
	fmt.Println("opted in:", server.Cart(selection).CartAbandonmentEmail == true)
	for _, mail := range server.Outbox() {
		fmt.Println("mail to:", mail.To)
		fmt.Println("leads back to the cart:", strings.HasSuffix(mail.Link, "/abandoned-cart/"+selection))
	}
	// Output:
	// status: 200
	// opted in: true
	// mail to: shopper@example.com
	// leads back to the cart: true
}

func ExampleServer_FailNext() {
	server := centratest.New(centratest.WithoutSocket())
	defer server.Close()
	server.FailNext(centratest.RetryAfterFault(http.StatusServiceUnavailable, "1"), centratest.HTMLFault(http.StatusBadGateway))
	for range 3 {
		resp, err := server.Client().Get(server.CheckoutURL() + "/selection")
		if err != nil {
			fmt.Println(err)
			return
		}
		resp.Body.Close()
		fmt.Println(resp.StatusCode, resp.Header.Get("Content-Type"))
	}
	// Output:
	// 503 application/json
	// 502 text/html; charset=UTF-8
	// 200 application/json
}
