package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/centra-go/cartabandonment/examples/frameworks/internal/flow"
)

func TestHost(t *testing.T) {
	client, _ := flow.Redis(t)
	t.Setenv("REDIS", client.Options().Addr)
	flow.Run(t, "", flow.Handler(newHost))
}

// Redis is away: everything says so, and nobody loses the session of their cookie.
func TestRedisAway(t *testing.T) {
	client, stop := flow.Redis(t)
	t.Setenv("REDIS", client.Options().Addr)
	simulated := centratest.NewServer(t, centratest.WithoutSocket())
	api, err := centra.NewCheckoutAPI(simulated.CheckoutURL(), centra.WithTransport(simulated.Transport()))
	if err != nil {
		t.Fatal(err)
	}
	host := newHost(api, "http://127.0.0.1:8080")
	stop()
	for _, tt := range []struct{ method, path, body string }{
		{http.MethodGet, "/checkout", ""},
		{http.MethodGet, "/abandoned-cart/abeb59928306768d255e21920f9087a4", ""},
		{http.MethodPost, "/centra/callback", `{"email": "kim@example.com"}`},
	} {
		r, w := httptest.NewRequest(tt.method, tt.path, strings.NewReader(tt.body)), httptest.NewRecorder()
		r.Header.Set("Cookie", "session-centra=token")
		r.Header.Set("Content-Type", "application/json")
		host.ServeHTTP(w, r)
		if set := w.Header()["Set-Cookie"]; w.Code != http.StatusServiceUnavailable || set != nil {
			t.Errorf("%s: status %d, cookies %q; want 503 and none", tt.path, w.Code, set)
		}
	}
	if n := len(simulated.Requests()); n != 0 {
		t.Errorf("Centra was asked %d times for nobody knows whom", n)
	}
}
