package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
)

func TestWithRecovery(t *testing.T) {
	server := centratest.NewServer(t, centratest.WithoutSocket())
	api, err := centra.NewShopAPI(server.ShopURL(), centratest.Secret, centra.WithTransport(server.Client().Transport))
	if err != nil {
		t.Fatal(err)
	}
	handler, err := withRecovery(existingShop(), api)
	if err != nil {
		t.Fatal(err)
	}
	_, selection := server.NewCart("1-1")

	type answer struct {
		Status         int
		Location, Body string
	}
	for name, row := range map[string]struct {
		target string
		want   answer
	}{
		"cart link":    {"/abandoned-cart/" + selection + "?utm_source=rule", answer{Status: 303, Location: "/checkout?utm_source=rule"}},
		"dead link":    {"/abandoned-cart/" + strings.Repeat("0", 32), answer{Status: 303, Location: "/?cart=gone"}},
		"the shop":     {"/checkout", answer{Status: 200, Body: "the shop at /checkout\n"}},
		"not the link": {"/abandoned-cart", answer{Status: 200, Body: "the shop at /abandoned-cart\n"}},
		"robots.txt": {"/robots.txt", answer{Status: 200,
			Body: "User-agent: *\nDisallow: /account/\n\nUser-agent: *\nDisallow: /abandoned-cart/\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, row.target, nil))
			if diff := cmp.Diff(row.want, answer{w.Code, w.Header().Get("Location"), w.Body.String()}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
