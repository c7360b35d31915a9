package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/centra-go/cartabandonment/examples/frameworks/internal/flow"
)

// shop is the one behind the proxy.
func shop(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "the shop at ", r.URL.Path)
	}))
	t.Cleanup(server.Close)
	t.Setenv("SHOP", server.URL)
}

func TestHost(t *testing.T) {
	shop(t)
	flow.Run(t, "", flow.Handler(newHost))
}

func TestEverythingElseIsTheShops(t *testing.T) {
	shop(t)
	simulated := centratest.NewServer(t, centratest.WithoutSocket())
	api, err := centra.NewCheckoutAPI(simulated.CheckoutURL(), centra.WithTransport(simulated.Transport()))
	if err != nil {
		t.Fatal(err)
	}
	host := httptest.NewServer(newHost(api, "http://127.0.0.1:8080"))
	defer host.Close()
	for _, path := range []string{"/", "/products/shirt", "/abandoned-cart", "/centra", "/cart"} {
		resp, err := http.Get(host.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK || string(body) != "the shop at "+path {
			t.Errorf("%s: status %d, %s", path, resp.StatusCode, body)
		}
	}
}
