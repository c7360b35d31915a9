package recovery_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/recovery"
)

func TestNewRefuses(t *testing.T) {
	link := func(link string) func(*recovery.Config) {
		return func(c *recovery.Config) { c.CartLink = link }
	}
	type row struct {
		name   string
		change func(*recovery.Config)
		want   []string
	}
	rows := []row{
		{"nothing set", func(c *recovery.Config) { *c = recovery.Config{} }, []string{"Config.API", "Config.Visitors", "Config.CartLink", "Config.Checkout"}},
		{"strict cookie", func(c *recovery.Config) { c.Visitors = visitors(t, session.Cookie{Strict: true}) }, []string{"Config.Confirm", "Always"}},
		{"strict cookie, Never", func(c *recovery.Config) {
			c.Visitors, c.Confirm = visitors(t, &session.Cookie{Strict: true}), recovery.Never
		}, []string{"Config.Confirm", "Always"}},
		{"unknown Confirm", func(c *recovery.Config) { c.Confirm = 3 }, []string{"Config.Confirm"}},
		{"negative timeout", func(c *recovery.Config) { c.Timeout = -time.Second }, []string{"Config.Timeout"}},
		{"cookie name with a space", func(c *recovery.Config) { c.CookieName = "my cookie" }, []string{"Config.CookieName"}},
		{"cookie name with a letter beyond ASCII", func(c *recovery.Config) { c.CookieName = "återställd" }, []string{"Config.CookieName"}},
		{"cookie name with an equals sign", func(c *recovery.Config) { c.CookieName = "a=b" }, []string{"Config.CookieName"}},
		{"cookie name with its prefix", func(c *recovery.Config) { c.CookieName = "__Host-x" }, []string{"Config.CookieName", "by itself"}},
		{"cookie name with another prefix", func(c *recovery.Config) { c.CookieName = "__secure-x" }, []string{"Config.CookieName"}},
		{"all parameters", func(c *recovery.Config) { c.KeepParams = []string{"*"} }, []string{"Config.KeepParams"}},
		{"star in the middle", func(c *recovery.Config) { c.KeepParams = []string{"utm_*_x"} }, []string{"Config.KeepParams"}},
		{"empty parameter", func(c *recovery.Config) { c.KeepParams = []string{""} }, []string{"Config.KeepParams"}},

		{"link without a placeholder", link("https://example.com/abandoned-cart/" + linkedID), []string{"Config.CartLink", "{selection}"}},
		{"link with two", link("https://example.com/{selection}/{selection}/x"), []string{"Config.CartLink", "once"}},
		{"link with a placeholder alone", link("https://example.com/{selection}"), []string{"Config.CartLink", "every page"}},
		{"link with a placeholder in a segment", link("https://example.com/cart-{selection}"), []string{"Config.CartLink", "whole segment"}},
		{"link with another placeholder", link("https://example.com/{market}/{selection}"), []string{"Config.CartLink", "whole segment"}},
		{"link with the ID in the query", link("https://example.com/cart?id={selection}"), []string{"Config.CartLink", "not a query parameter"}},
		{"link with the ID in the fragment", link("https://example.com/cart#{selection}"), []string{"Config.CartLink", "{selection}"}},
		{"link with dots", link("https://example.com/a/../{selection}"), []string{"Config.CartLink"}},
		{"link with an escaped slash", link("https://example.com/a%2Fb/{selection}"), []string{"Config.CartLink"}},
		{"link with an empty segment", link("https://example.com/a//{selection}"), []string{"Config.CartLink"}},
		{"link that is a path", link("/abandoned-cart/{selection}"), []string{"Config.CartLink", "absolute"}},
		{"link of another scheme", link("ftp://example.com/c/{selection}"), []string{"Config.CartLink", "https"}},
		{"link with a user", link("https://me:secret@example.com/c/{selection}"), []string{"Config.CartLink", "user name"}},
		{"link that is none", link("https://exa mple.com/c/{selection}"), []string{"Config.CartLink", "not a URL"}},
		{"link without TLS", link("http://example.com/c/{selection}"), []string{"Config.CartLink", "InsecurePlainHTTP"}},
	}
	for _, target := range dangerous {
		rows = append(rows,
			row{"Checkout " + target, func(c *recovery.Config) { c.Checkout = target }, []string{"Config.Checkout"}},
			row{"DeadLink " + target, func(c *recovery.Config) { c.DeadLink = target }, []string{"Config.DeadLink"}})
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			c := recovery.Config{API: &fakeAPI{t: t}, Visitors: visitors(t, session.Cookie{}), CartLink: cartLink, Checkout: "/checkout"}
			tt.change(&c)
			h, err := recovery.New(c)
			if err == nil || h != nil {
				t.Fatalf("got %v, %v; want an error alone", h, err)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error does not say %q: %v", want, err)
				}
			}
			if got, want := strings.Count(err.Error(), "Config."), strings.Count(strings.Join(tt.want, ""), "Config."); got != want {
				t.Errorf("%d settings are named, want %d: %v", got, want, err)
			}
			if strings.Contains(err.Error(), linkedID) || strings.Contains(err.Error(), "secret@") {
				t.Errorf("the error quotes a secret: %v", err)
			}
		})
	}
}

func TestNewAccepts(t *testing.T) {
	for name, change := range map[string]func(*recovery.Config){
		"strict cookie, always asked": func(c *recovery.Config) {
			c.Visitors, c.Confirm = visitors(t, session.Cookie{Strict: true}), recovery.Always
		},
		"plain HTTP":               func(c *recovery.Config) { c.CartLink, c.InsecurePlainHTTP = "http://[::1]:8080/c/{selection}", true },
		"TLS all the same":         func(c *recovery.Config) { c.InsecurePlainHTTP = true },
		"a host of its own":        func(c *recovery.Config) { c.Checkout = "https://checkout.example.com/?a=b#c" },
		"another site's same path": func(c *recovery.Config) { c.Checkout = "https://other.example" + linkedPath },
	} {
		t.Run(name, func(t *testing.T) {
			c := recovery.Config{API: &fakeAPI{t: t}, Visitors: visitors(t, session.Cookie{}), CartLink: cartLink, Checkout: "/checkout"}
			change(&c)
			if _, err := recovery.New(c); err != nil {
				t.Error(err)
			}
		})
	}
}

// Without one, a dead link leads to the start page.
func TestDefaultDeadLink(t *testing.T) {
	h, err := recovery.New(recovery.Config{API: &fakeAPI{t: t}, Visitors: visitors(t, emptyStore{}), CartLink: cartLink, Checkout: "/checkout"})
	if err != nil {
		t.Fatal(err)
	}
	redirectsTo(t, newBrowser(t, h).do(http.MethodGet, "/abandoned-cart/%00"), "/")
}
