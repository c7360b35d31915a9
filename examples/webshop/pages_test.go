package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra/centratest"
)

// Every page runs under a strict Content-Security-Policy with a nonce of its
// own, and holds nothing that the policy would refuse.
func TestPagesKeepToTheirPolicy(t *testing.T) {
	shop := open(t, "checkout")
	v := shop.visitor(t)
	v.add("1-1")
	buyer := shop.visitor(t)
	buyer.add("1-1")
	other := shop.visitor(t)
	other.add("1-1")
	other.post("/payment-method", "method="+centratest.DummyMethod).want(t, http.StatusSeeOther)
	for name, row := range map[string]struct {
		visit   func() page
		scripts int
	}{
		"home":                    {func() page { return v.get("/") }, 1},
		"home, cart gone":         {func() page { return v.get("/?cart=gone&added=1-1") }, 1},
		"checkout, empty":         {func() page { return shop.visitor(t).get("/checkout") }, 1},
		"checkout, widget":        {func() page { return v.get("/checkout") }, 4},
		"checkout, no widget":     {func() page { return other.get("/checkout") }, 3},
		"checkout, form refused":  {func() page { shop.failFields(); return other.post("/checkout", "email=x") }, 3},
		"widget":                  {func() page { return v.get("/demo/widget") }, 1},
		"inbox":                   {func() page { return v.get("/inbox") }, 1},
		"no such page":            {func() page { return v.get("/nothing") }, 1},
		"payment return, unknown": {func() page { return v.get("/payment-return?paymentRef=1") }, 1},
		"order":                   {func() page { return buyer.pay() }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			p := row.visit()
			match := regexp.MustCompile(`script-src 'nonce-([A-Z0-9]{26})'`).FindStringSubmatch(p.Header.Get("Content-Security-Policy"))
			if match == nil {
				t.Fatalf("Content-Security-Policy = %q, want one with a nonce", p.Header.Get("Content-Security-Policy"))
			}
			scripts := regexp.MustCompile(`<script[^>]*>`).FindAllString(p.Body, -1)
			if len(scripts) != row.scripts {
				t.Errorf("%d script tags, want %d", len(scripts), row.scripts)
			}
			for _, script := range scripts {
				if !strings.Contains(script, `nonce="`+match[1]+`"`) {
					t.Errorf("%s has not the page's nonce", script)
				}
			}
			for _, refused := range []string{` style="`, "<style", "javascript:", "src=\"http", "href=\"http"} {
				if strings.Contains(p.Body, refused) {
					t.Errorf("the page holds %s", refused)
				}
			}
			if on := regexp.MustCompile(`<[^>]+ on[a-z]+=`).FindString(p.Body); on != "" {
				t.Errorf("the page holds an inline handler: %s", on)
			}
			if unlabelled := unlabelled(p.Body); len(unlabelled) > 0 {
				t.Errorf("fields without a label: %v", unlabelled)
			}
		})
	}
	first, second := v.get("/"), v.get("/")
	if first.Header.Get("Content-Security-Policy") == second.Header.Get("Content-Security-Policy") {
		t.Error("two answers have the same nonce")
	}
}

// failFields makes Centra refuse the next details.
func (s *openShop) failFields() {
	s.centra.FailNext(centratest.StatusFault(http.StatusBadRequest, map[string]string{"email": "is no address"}))
}

// unlabelled returns the visible fields that no label names.
func unlabelled(body string) []string {
	var names []string
	for _, tag := range regexp.MustCompile(`<(input|select)[^>]*>`).FindAllString(body, -1) {
		if strings.Contains(tag, `type="hidden"`) {
			continue
		}
		id := regexp.MustCompile(` id="([^"]+)"`).FindStringSubmatch(tag)
		if id == nil || !strings.Contains(body, `<label for="`+id[1]+`"`) {
			names = append(names, tag)
		}
	}
	return names
}

func TestRefusedFormKeepsWhatWasEntered(t *testing.T) {
	shop := open(t, "checkout")
	v := shop.visitor(t)
	v.add("1-1")
	v.post("/payment-method", "method="+centratest.DummyMethod).want(t, http.StatusSeeOther)
	shop.centra.FailNext(centratest.StatusFault(http.StatusPreconditionFailed, map[string]string{"email": "is no address"}).
		Saying("INVALID", "That will not do.", "Ask us."))
	p := v.post("/checkout", "email=not-yet%40&firstName=Kim&reminder=no&reminder=yes").want(t, http.StatusUnprocessableEntity)
	for _, want := range []string{`value="not-yet@"`, `value="Kim"`, "is no address", `aria-invalid="true"`, `value="yes" checked`,
		"That will not do.</p>", "<li>Ask us.</li>"} {
		if !strings.Contains(p.Body, want) {
			t.Errorf("the page does not hold %s", want)
		}
	}
}

var digits = regexp.MustCompile(`[0-9]+`)

func TestSmallRoutes(t *testing.T) {
	shop := open(t, "checkout")
	v := shop.visitor(t)
	type answer struct {
		Status int
		Body   string
	}
	for target, want := range map[string]answer{
		"/healthz":    {200, "{\"status\":\"ok\",\"goroutines\":N}\n"},
		"/robots.txt": {200, "User-agent: *\nDisallow: /abandoned-cart/\n"},
		"/inbox.json": {200, "[]\n"},
	} {
		t.Run(target, func(t *testing.T) {
			p := v.get(target)
			if diff := cmp.Diff(want, answer{p.Status, digits.ReplaceAllString(p.Body, "N")}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if v.session() != "" {
		t.Error("looking around started a session")
	}
}

// A payment provider's POST comes without the SameSite=Lax cookie; the page
// posts it again from the shop itself, where the cookie is there.
func TestPaymentReturnFromAnotherSite(t *testing.T) {
	everyAPI(t, func(t *testing.T, api string) {
		shop := open(t, api)
		v := shop.visitor(t)
		v.add("1-1")
		ref := strings.TrimPrefix(v.post("/pay", "").want(t, http.StatusSeeOther).Location, "/payment-return?")

		without := shop.visitor(t)
		p := without.send("POST", "/payment-return", "application/x-www-form-urlencoded", ref, "Sec-Fetch-Site", "cross-site").want(t, http.StatusOK)
		fields := make(url.Values)
		for _, match := range regexp.MustCompile(`type="hidden" name="([^"]+)" value="([^"]+)"`).FindAllStringSubmatch(p.Body, -1) {
			fields.Add(match[1], match[2])
		}
		fields.Del("page") // the demonstration's
		if diff := cmp.Diff(ref, fields.Encode()); diff != "" {
			t.Fatalf("repeated fields (-want +got):\n%s", diff)
		}
		if without.session() != "" {
			t.Error("a session was started for the POST from another site")
		}
		v.post("/payment-return", ref).want(t, http.StatusOK)
		v.wantItems()
	})
}

func TestLocalhostIsSentToTheOrigin(t *testing.T) {
	v := open(t, "checkout").visitor(t)
	p := v.get("http://localhost:8080/checkout?utm_source=rule")
	if want := "http://127.0.0.1:8080/checkout?utm_source=rule"; p.Status != http.StatusFound || p.Location != want {
		t.Errorf("answer = %d to %q, want 302 to %q", p.Status, p.Location, want)
	}
}

// Other sites cannot use a visitor's forms.
func TestCrossSiteFormsAreRefused(t *testing.T) {
	shop := open(t, "checkout")
	v := shop.visitor(t)
	v.add("1-1")
	for _, target := range []string{"/cart/items/3-1", "/checkout", "/pay", "/payment-method", "/reminder", "/demo/trouble", "/centra/callback"} {
		t.Run(target, func(t *testing.T) {
			v.send("POST", target, "application/x-www-form-urlencoded", "", "Sec-Fetch-Site", "cross-site").want(t, http.StatusForbidden)
		})
	}
	v.wantItems("1-1")
}

// With -centra nothing is simulated, and the shop says so.
func TestAnotherCentra(t *testing.T) {
	eachOf(t, []string{"checkout", "shop"}, func(t *testing.T, api string) {
		elsewhere := centratest.NewServer(t, centratest.WithSecret("canary-secret"))
		shop := start(t, options{api: api, secret: "canary-secret", interval: interval, centra: elsewhere.URL()})
		v := shop.visitor(t)
		if body := v.get("/").want(t, http.StatusOK).Body; !strings.Contains(body, "Café Shirt") {
			t.Error("the shop does not show the other Centra's products")
		}
		v.add("1-1")
		v.post("/centra/callback", jQueryEvent).want(t, http.StatusOK)
		requests := elsewhere.Requests()
		put := requests[len(requests)-1]
		checkCredentials(t, api, put, v.session())
		if !json.Valid(put.Body) || !strings.Contains(string(put.Body), `"cartAbandonmentEmail":true`) {
			t.Error("the PUT does not say cartAbandonmentEmail: true")
		}

		v.get("/inbox.json").want(t, http.StatusNotFound)
		v.get("/demo/widget").want(t, http.StatusNotFound)
		v.post("/demo/trouble", "do=down").want(t, http.StatusMethodNotAllowed)
		if body := v.get("/inbox").want(t, http.StatusOK).Body; !strings.Contains(body, "lives elsewhere") {
			t.Error("the inbox does not say that the mailer lives elsewhere")
		}
		if p := v.pay().want(t, http.StatusOK); !strings.Contains(p.Body, "1001") {
			t.Error("the page after the payment does not name the order")
		}
	})
}

// A page says which of Centra's APIs the shop is on.
func TestPagesNameTheAPI(t *testing.T) {
	for api, want := range map[string]string{
		"checkout": "by the Checkout API", "shop": "by the Shop API", "storefront": "by the Storefront API",
	} {
		t.Run(api, func(t *testing.T) {
			shop := open(t, api)
			if p := shop.visitor(t).get("/").want(t, http.StatusOK); !strings.Contains(p.Body, want) {
				t.Errorf("the page does not say %q", want)
			}
		})
	}
}
