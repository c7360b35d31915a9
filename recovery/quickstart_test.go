package recovery_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/checkoutscript"
	"github.com/centra-go/cartabandonment/recovery"
)

func cartAbandonment(mux *http.ServeMux, secret string) error {
	api, err := centra.NewCheckoutAPI("https://shop.centra.com/api/checkout", centra.WithSecret(secret))
	if err != nil {
		return err
	}
	sessions := session.Cookie{} // where your shop keeps a visitor's Centra session
	visitors, err := session.NewVisitors(sessions)
	if err != nil {
		return err
	}
	callback, err := checkoutscript.New(checkoutscript.Config{
		API:      api.AsShopper(), // what browsers send never has the secret
		Visitors: visitors,
		Consent:  checkoutscript.AssumeConsent, // or a func that knows whether the shopper agreed
	})
	if err != nil {
		return err
	}
	cartLink, err := recovery.New(recovery.Config{
		API:      api,
		Visitors: visitors,
		CartLink: "https://example.com/abandoned-cart/{selection}", // as in the mailing plugin
		Checkout: "/checkout",
	})
	if err != nil {
		return err
	}
	mux.Handle(callback.Pattern(), callback)
	mux.Handle(cartLink.Pattern(), cartLink)
	return nil
}

// The whole of it, as in the README: both halves of a shop on the Checkout API.
func Example() {
	mux := http.NewServeMux()
	if err := cartAbandonment(mux, "s3cret"); err != nil {
		fmt.Println(err)
		return
	}
	for _, path := range []string{"/centra/callback", "/centra/listener.js", "/abandoned-cart/abeb59928306768d255e21920f9087a4"} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(http.MethodHead, path, nil))
		fmt.Println(w.Code, strings.Split(path, "/")[1:2])
	}
	// Output:
	// 405 [centra]
	// 200 [centra]
	// 200 [abandoned-cart]
}

// The README's quick start is the function above, to the letter.
func TestQuickStartIsInTheREADME(t *testing.T) {
	source, err := os.ReadFile("quickstart_test.go")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(string(source), "\nfunc cartAbandonment")
	code, _, _ = strings.Cut(code, "\n}\n")
	if want := "```go\nfunc cartAbandonment" + code + "\n}\n```"; !strings.Contains(string(readme), want) {
		t.Errorf("the README does not contain\n%s", want)
	}
}
