package checkoutscript_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/checkoutscript"
)

// privileged is an API whose calls have the shop's secret, or not.
type privileged struct {
	anyAPI
	secret bool
}

func (p privileged) HasSecret() bool { return p.secret }

func TestNewNamesEveryWrongSetting(t *testing.T) {
	_, err := checkoutscript.New(checkoutscript.Config{Path: "centra", Timeout: -1, MaxBytes: -1})
	if err == nil {
		t.Fatal("no error")
	}
	want := strings.TrimSpace(`
checkoutscript: Config.API: is missing
checkoutscript: Config.Visitors: is missing
checkoutscript: Config.Consent: is missing; use AssumeConsent if visitors need not be asked
checkoutscript: Config.Path: must be a path such as "/centra/", with a slash at both ends
checkoutscript: Config.Timeout: must not be negative
checkoutscript: Config.MaxBytes: must not be negative`)
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNewOfAnAPIWithASecret(t *testing.T) {
	filter := func(*http.Request, *centra.Fields) {}
	checkout, err := centra.NewCheckoutAPI("https://shop.centra.com/api/checkout",
		centra.WithSecret("s3cret"), centra.WithOrigin("https://example.com"))
	if err != nil {
		t.Fatal(err)
	}
	shop, err := centra.NewShopAPI("https://shop.centra.com/api/shop", "s3cret")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		api    checkoutscript.API
		filter func(*http.Request, *centra.Fields)
		ok     bool
	}{
		"a forgotten AsShopper":     {checkout, nil, false},
		"AsShopper":                 {checkout.AsShopper(), nil, true},
		"the Shop API":              {shop, nil, false},
		"the Shop API and a filter": {shop, filter, true},
		"a secret and no filter":    {privileged{secret: true}, nil, false},
		"a secret and a filter":     {privileged{secret: true}, filter, true},
		"the shopper's rights":      {privileged{secret: false}, nil, true},
		"an API that does not tell": {anyAPI{}, nil, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := checkoutscript.New(checkoutscript.Config{
				API: test.api, Visitors: newVisitors(t, session.Cookie{}), Consent: checkoutscript.AssumeConsent, Filter: test.filter,
			})
			if (err == nil) != test.ok || (err != nil && !strings.Contains(err.Error(), "Config.Filter: is missing")) {
				t.Errorf("New: %v", err)
			}
		})
	}
}

func TestNewPath(t *testing.T) {
	for path, ok := range map[string]bool{
		"/centra/": true, "/": true, "/se/checkout/": true, "/k%C3%B6p/": true, "": true,
		"centra/": false, "/centra": false, "//centra/": false, "/a//b/": false, "/a/../": false, "/{a}/": false, "/a b/": false,
		"/a?b/": false, "/a#b/": false, `/a\b/`: false, "https://shop.example/": false, `/"/`: false, "/<b>/": false, "/köp/": false,
	} {
		_, err := checkoutscript.New(checkoutscript.Config{
			API: anyAPI{}, Visitors: newVisitors(t, session.Cookie{}), Consent: checkoutscript.AssumeConsent, Path: path,
		})
		if (err == nil) != ok {
			t.Errorf("%q: %v", path, err)
		}
	}
}
