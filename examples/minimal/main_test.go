package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
)

// One visitor leaves an address, another opens the cart link.
func TestHost(t *testing.T) {
	server := centratest.NewServer(t, centratest.WithoutSocket(), centratest.WithPaymentMethod(centratest.KlarnaMethod))
	api, err := centra.NewCheckoutAPI(server.CheckoutURL(), centra.WithTransport(server.Client().Transport))
	if err != nil {
		t.Fatal(err)
	}
	host := newHost(api.AsShopper(), api)
	token, selection := server.NewCart("1-1", "3-1")

	answer := visit(host, http.MethodPost, "/centra/callback", token, "email=kim%40example.com&additionalFields[suspendIgnore]=true")
	if body := read(t, answer); answer.StatusCode != http.StatusOK || !strings.Contains(body, `"suspendIgnore":true`) {
		t.Errorf("callback: status %d, body %s", answer.StatusCode, body)
	}
	cart := server.Cart(selection)
	if diff := cmp.Diff([]any{"kim@example.com", any(true)}, []any{cart.Email, cart.CartAbandonmentEmail}); diff != "" {
		t.Errorf("what Centra knows (-want +got):\n%s", diff)
	}

	answer = visit(host, http.MethodGet, "/abandoned-cart/"+selection, "", "")
	if answer.StatusCode != http.StatusSeeOther || answer.Header.Get("Location") != "/checkout" {
		t.Fatalf("cart link: status %d to %q", answer.StatusCode, answer.Header.Get("Location"))
	}
	var recovered string
	for _, cookie := range answer.Cookies() {
		if cookie.Name == "centra-session" {
			recovered = cookie.Value
		}
	}
	page := read(t, visit(host, http.MethodGet, "/checkout", recovered, ""))
	for _, want := range []string{"2 items", `src="/centra/listener.js?v=`, "window.CentraCheckout"} {
		if !strings.Contains(page, want) {
			t.Errorf("the checkout does not hold %q", want)
		}
	}
}

func visit(host http.Handler, method, target, session, form string) *http.Response {
	r := httptest.NewRequest(method, target, strings.NewReader(form))
	if form != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if session != "" {
		r.AddCookie(&http.Cookie{Name: "centra-session", Value: session})
	}
	w := httptest.NewRecorder()
	host.ServeHTTP(w, r)
	return w.Result()
}

func read(t *testing.T, answer *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
