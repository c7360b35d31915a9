package cartabandonment_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/checkoutscript"
	"github.com/centra-go/cartabandonment/recovery"
)

import ( // what the README needs not
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/centra-go/cartabandonment/centra/centratest"
)

func cartAbandonment(mux *http.ServeMux, secret string) error {
	api, err := centra.NewCheckoutAPI("https://shop.centra.com/api/checkout",
		centra.WithSecret(secret), centra.WithOrigin("https://example.com"))
	if err != nil {
		return err
	}
	shopper := api.AsShopper() // for what browsers cause: never has the secret

	// The one place that speaks to Centra for a visitor, in your own pages too.
	visitors, err := session.NewVisitors(session.Cookie{})
	if err != nil {
		return err
	}
	callback, err := checkoutscript.New(checkoutscript.Config{
		API:      shopper,
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
	mux.Handle(callback.Pattern(), callback) // /centra/callback and /centra/listener.js
	mux.Handle(cartLink.Pattern(), cartLink)

	mux.HandleFunc("GET /checkout", func(w http.ResponseWriter, r *http.Request) {
		var cart *centra.Selection
		err := visitors.Do(w, r, func(ctx context.Context, s centra.Session) (centra.Session, error) {
			selection, err := shopper.Selection(ctx, s)
			if err != nil {
				return "", err
			}
			cart = selection
			return cart.Session, nil
		})
		if err != nil {
			http.Error(w, "The checkout is not available. Please try again.", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintf(w, "<!doctype html><title>Checkout</title><p>%d items</p>%s", len(cart.Items), callback.Embed(cart, ""))
	})
	return nil
}

// The whole of it, as in the README: both halves of a shop on the Checkout API,
// and a page of the shop's own between them.
func Example() {
	mux := http.NewServeMux()
	if err := cartAbandonment(mux, "s3cret"); err != nil {
		fmt.Println(err)
		return
	}
	for _, path := range []string{
		"/centra/callback", "/centra/listener.js", "/abandoned-cart/abeb59928306768d255e21920f9087a4",
	} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(http.MethodHead, path, nil))
		fmt.Println(w.Code, strings.Split(path, "/")[1:2])
	}
	// Output:
	// 405 [centra]
	// 200 [centra]
	// 200 [abandoned-cart]
}

// The functions of the guides.

func trustedOrigin(c *checkoutscript.Config) error {
	c.CrossOrigin = http.NewCrossOriginProtection()
	return c.CrossOrigin.AddTrustedOrigin("https://www.example.com")
}

func onlyRecovery(mux *http.ServeMux, client recovery.API) error {
	visitors, err := session.NewVisitors(session.Cookie{})
	if err != nil {
		return err
	}
	cartLink, err := recovery.New(recovery.Config{
		API:      client,
		Visitors: visitors,
		CartLink: "https://example.com/abandoned-cart/{selection}",
		Checkout: "/checkout",
	})
	if err != nil {
		return err
	}
	mux.Handle(cartLink.Pattern(), cartLink)
	return nil
}

func onlyCallback(mux *http.ServeMux, client checkoutscript.API, agreed func(*http.Request) bool) error {
	visitors, err := session.NewVisitors(session.Cookie{})
	if err != nil {
		return err
	}
	callback, err := checkoutscript.New(checkoutscript.Config{
		API:      client,
		Visitors: visitors,
		Consent:  func(r *http.Request, _ centra.Fields) bool { return agreed(r) },
	})
	if err != nil {
		return err
	}
	mux.Handle(callback.Pattern(), callback)
	return nil
}

// What the guides show works with a client of the shop's own.
func TestTheGuidesFunctions(t *testing.T) {
	simulated := centratest.NewServer(t, centratest.WithoutSocket())
	own, err := centra.NewCheckoutAPI(simulated.CheckoutURL(), centra.WithTransport(simulated.Transport()))
	if err != nil {
		t.Fatal(err)
	}
	_, id := simulated.NewCart("1-1")
	mux := http.NewServeMux()
	if err := onlyRecovery(mux, own); err != nil {
		t.Fatal(err)
	}
	if err := onlyCallback(mux, own, func(*http.Request) bool { return true }); err != nil {
		t.Fatal(err)
	}
	if err := trustedOrigin(new(checkoutscript.Config)); err != nil {
		t.Fatal(err)
	}
	opened := httptest.NewRecorder()
	mux.ServeHTTP(opened, httptest.NewRequest(http.MethodGet, "https://example.com/abandoned-cart/"+id, nil))
	if opened.Code != http.StatusSeeOther {
		t.Fatalf("the cart link: status %d", opened.Code)
	}
	event := httptest.NewRequest(http.MethodPost, "https://example.com/centra/callback",
		strings.NewReader(`{"email": "kim@example.com"}`))
	event.Header.Set("Content-Type", "application/json")
	for _, cookie := range opened.Result().Cookies() {
		event.AddCookie(cookie)
	}
	answered := httptest.NewRecorder()
	mux.ServeHTTP(answered, event)
	if answered.Code != http.StatusOK {
		t.Errorf("the event: status %d", answered.Code)
	}
}

// wholeRepository skips what a module that was downloaded is too little for: it is
// without the modules below it.
func wholeRepository(t *testing.T) {
	t.Helper()
	if _, err := os.Stat("centra/session/redisturns"); err != nil {
		t.Skip("the modules of their own are not here")
	}
}

// What the README, the guides and the modules' READMEs show in Go is code that this
// repository compiles, to the letter.
func TestSnippetsAreCompiled(t *testing.T) {
	wholeRepository(t)
	var compiled strings.Builder
	var documents []string
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "node_modules"):
			return fs.SkipDir
		case filepath.Ext(path) == ".md":
			documents = append(documents, path)
		case filepath.Ext(path) == ".go":
			source, err := os.ReadFile(path)
			compiled.Write(source)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	snippets := 0
	for _, name := range documents {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		_, rest, found := strings.Cut(string(text), "\n```go\n")
		for found {
			snippet, after, _ := strings.Cut(rest, "```\n")
			snippets++
			if !strings.Contains(compiled.String(), snippet) {
				t.Errorf("%s shows what no Go file of this repository holds:\n%s", name, snippet)
			}
			_, rest, found = strings.Cut(after, "\n```go\n")
		}
	}
	if snippets == 0 {
		t.Error("no document shows any Go")
	}
}

// Every module is looked after: an update of what it depends on is proposed for it.
func TestDependabotKnowsEveryModule(t *testing.T) {
	wholeRepository(t)
	settings, err := os.ReadFile(".github/dependabot.yml")
	if err != nil {
		t.Fatal(err)
	}
	_, listed, _ := strings.Cut(string(settings), "directories:\n")
	listed, _, _ = strings.Cut(listed, "    schedule:")
	var modules strings.Builder
	err = filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() == "go.mod" {
			directory := strings.TrimPrefix(filepath.ToSlash(filepath.Dir(path)), ".")
			fmt.Fprintf(&modules, "      - /%s\n", directory)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(modules.String(), "\n")
	got := strings.Split(listed, "\n")
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("dependabot.yml lists\n%s\nthe repository has\n%s", listed, &modules)
	}
}

// What a document leads to within this repository is there.
func TestLinksLeadSomewhere(t *testing.T) {
	wholeRepository(t)
	documents, err := filepath.Glob(".github/*.md")
	if err != nil {
		t.Fatal(err)
	}
	guides, _ := filepath.Glob(".github/guides/*.md")
	link := regexp.MustCompile(`\]\(([^)#:]+)[^)]*\)`)
	for _, name := range append(append(documents, guides...), "README.md") {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range link.FindAllStringSubmatch(string(text), -1) {
			if strings.HasPrefix(found[1], "http") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(name), found[1])); err != nil {
				t.Errorf("%s leads to %s, which is not there", name, found[1])
			}
		}
	}
}
