package main

import (
	"bytes"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
)

// walked is what a walk printed, and the words of the addresses that got a mail.
type walked struct {
	status int
	out    string
	lines  map[string]string // question → verdict and what was found
	mails  []string
}

// walk verifies a simulated Centra, and waits for the mails. Nothing secret may
// be printed.
func walk(t *testing.T, api string, change func(*options), opts ...centratest.Option) (w walked) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		// Without a test: an unknown route is what is looked for.
		server := centratest.New(append(opts, centratest.WithoutSocket())...)
		defer server.Close()
		_, linked := server.NewCart("2-1")
		o := options{
			api: api, item: "1-1", email: "kim@example.com", pay: true, secret: centratest.Secret,
			selection: centra.SelectionID(linked),
			client:    []centra.Option{centra.WithTransport(server.Transport()), centra.WithRetry(centra.Retry{})},
		}
		o.endpoint = map[string]string{"checkout": server.CheckoutURL(), "shop": server.ShopURL(), "storefront": server.StorefrontURL()}[api]
		if api == "storefront" {
			o.secret = centratest.SessionModeToken
		}
		if change != nil {
			change(&o)
		}
		var out, log bytes.Buffer
		w.status = verify(t.Context(), o, &out, &log)
		w.out = out.String()
		time.Sleep(2 * time.Hour)
		for _, mail := range server.Outbox() {
			word := strings.TrimSuffix(strings.TrimPrefix(mail.To, "kim+"), "@example.com")
			w.mails = append(w.mails, word)
		}
		slices.Sort(w.mails)
		for _, cart := range server.Carts() {
			if strings.Contains(w.out, cart.Selection) {
				t.Error("a selection ID was printed")
			}
		}
		for _, r := range server.Requests() {
			for _, name := range []string{"Api-Token", "Authorization", "Api-Authorization", "X-Correlation-Id"} {
				token := strings.TrimPrefix(r.Header.Get(name), "Bearer ")
				if token != "" && name != "X-Correlation-Id" && strings.Contains(w.out, token) {
					t.Errorf("what was sent as %s was printed", name)
				}
			}
		}
		for _, secret := range []string{"example.com", "kim", "centra.test", "/api/", o.secret} {
			if strings.Contains(w.out, secret) {
				t.Errorf("%q was printed", secret)
			}
		}
		if log.Len() > 0 {
			t.Errorf("logged %s", log.String())
		}
	})
	w.lines = map[string]string{}
	for _, line := range regexp.MustCompile(`(?m)^(ok|differs|seen|unknown) +([^:\n]+): (.*)$`).FindAllStringSubmatch(w.out, -1) {
		w.lines[line[2]] = line[1] + ": " + line[3]
	}
	return w
}

// Everything as the library takes it.
func TestWalks(t *testing.T) {
	mails := map[string]string{
		"checkout": "address both shipping top", "shop": "address both shipping top", "storefront": "yes",
	}
	for api, want := range mails {
		t.Run(api, func(t *testing.T) {
			w := walk(t, api, nil)
			if w.status != 0 || strings.Contains(w.out, "differs") || len(w.lines) < 12 {
				t.Errorf("status %d:\n%s", w.status, w.out)
			}
			if got := strings.Join(w.mails, " "); got != want {
				t.Errorf("mails to %q, want %q", got, want)
			}
			for _, word := range w.mails {
				if !regexp.MustCompile(`(?m)^  ` + word + ` +(should|may) come `).MatchString(w.out) {
					t.Errorf("%q is not said to come:\n%s", word, w.out)
				}
			}
		})
	}
}

// What is not known of Centra, each thing the other way, is what the walk finds.
func TestWhatIsFound(t *testing.T) {
	tests := []struct {
		name  string
		api   string
		opt   centratest.Option
		lines map[string]string
		mails string // "": as without the option
	}{
		{"the address counts in address only", "checkout", centratest.WithEmailAt(centratest.InAddress), nil, "address both"},
		{"the address counts in address only", "shop", centratest.WithEmailAt(centratest.InAddress), map[string]string{
			"the e-mail address at the top level": "differs: refused (status 400). Try the other places with WithEmailIn",
			"consent that is taken back":          "",
		}, ""},
		{"consent counts in address only", "checkout", centratest.WithOptInAt(centratest.InAddress), nil, "both"},
		{"no is ignored", "checkout", centratest.WithNoIgnored(), nil, "address both shipping top withdrawn"},
		{"attaching needs the secret", "checkout", centratest.WithAttachNeedsSecret(), map[string]string{
			"PUT /selection/{selection} needs the secret": "ok: yes, and with it: accepted",
		}, ""},
		{"attaching does not need the secret", "checkout", centratest.WithSecret(centratest.Secret), map[string]string{
			"PUT /selection/{selection} needs the secret": "seen: no: the client for recovery can do without",
		}, ""},
		{"orders are flat", "checkout", centratest.WithFlatOrders(), map[string]string{
			"what a payment's result answers": "ok: an order with a number",
		}, ""},
		{"a plugin has fields", "checkout", centratest.WithIngrid(), map[string]string{"a checkout has fields of plugins": "seen: yes"}, ""},
		{"no plugin has fields", "checkout", centratest.WithPaymentMethod(centratest.DummyMethod), map[string]string{
			"a checkout has fields of plugins": "seen: no", "a checkout has a script": "seen: no",
		}, ""},
		{"a plugin has fields", "shop", centratest.WithIngrid(), map[string]string{"a checkout has fields of plugins": "seen: yes"}, ""},
		{"stock without the cart", "checkout", centratest.WithSelectionlessStock(), map[string]string{
			"whether an answer about missing stock holds the cart": "unknown: nothing is bought until it runs out; the library reads both",
		}, ""},
		{"more than there is", "shop", centratest.WithOversellingPrevention(), map[string]string{
			"what a payment answers": "ok: redirect",
		}, ""},
		{"a dead link is userErrors", "storefront", centratest.WithDeadSelection(centratest.DeadIsUserError), map[string]string{
			"an unknown ID answers":                    "seen: userErrors, and a selection",
			"the ID of an ordered cart answers":        "seen: userErrors, and a selection",
			"a link of an ordered cart is a dead link": "ok: no such cart (status 200)",
		}, ""},
		{"a dead link is an error", "storefront", centratest.WithDeadSelection(centratest.DeadIsError), map[string]string{
			"an unknown ID answers": "seen: errors, no such cart (status 200)",
		}, ""},
		{"a dead link is null", "storefront", centratest.WithDeadSelection(centratest.DeadIsNull), map[string]string{
			"an unknown ID answers": "seen: null",
		}, ""},
		{"errors with 401", "storefront", centratest.WithGraphQLErrorStatus(401), map[string]string{
			"a session that Centra does not know": "ok: is refused as expired (status 401), and another can be started",
		}, ""},
		{"errors with 200", "storefront", centratest.WithGraphQLErrorStatus(200), map[string]string{
			"a session that Centra does not know": "ok: is refused as expired (status 200), and another can be started",
		}, ""},
		{"addresses add up", "storefront", centratest.WithAddressAddingUp(), map[string]string{
			"setAddress clears what it is not sent": "seen: no: WithPartialAddress saves a call",
		}, ""},
		{"addresses are cleared", "storefront", centratest.WithNoIgnored(), map[string]string{
			"setAddress clears what it is not sent": "ok: yes",
		}, "withdrawn yes"},
		{"a widget's address opts in", "storefront", centratest.WithWidgetOptIn(), nil, "widget yes"},
		{"a payment opts in", "storefront", centratest.WithPaymentOptIn(), map[string]string{
			"what a payment answers":          "ok: form",
			"what a payment's result answers": "unknown: the payment leads to a provider",
		}, "pay yes"},
		{"a payment does not opt in", "storefront", centratest.WithPaymentMethod(centratest.FormMethod), nil, "yes"},
		{"Klarna's widget", "storefront", centratest.WithPaymentMethod(centratest.KlarnaMethod), map[string]string{
			"a checkout has a script": "seen: yes", "a checkout has widgets": "seen: yes",
		}, ""},
		{"no widget", "storefront", centratest.WithPaymentMethod(centratest.DummyMethod), map[string]string{
			"a checkout has a script": "seen: no", "a checkout has widgets": "seen: no",
		}, ""},
		{"a token only where it is new", "storefront", centratest.WithTokenWhenNew(), map[string]string{
			"an answer to a session names its token": "seen: no",
		}, ""},
		{"a token always", "storefront", centratest.WithSecret(centratest.Secret), map[string]string{
			"an answer to a session names its token": "seen: yes",
		}, ""},
	}
	for _, test := range tests {
		t.Run(test.api+", "+test.name, func(t *testing.T) {
			opts := []centratest.Option{test.opt}
			if strings.HasPrefix(test.name, "a payment opts in") {
				opts = append(opts, centratest.WithPaymentMethod(centratest.FormMethod))
			}
			w := walk(t, test.api, nil, opts...)
			for question, want := range test.lines {
				if got := w.lines[question]; got != want {
					t.Errorf("%s: %q, want %q", question, got, want)
				}
			}
			if got := strings.Join(w.mails, " "); test.mails != "" && got != test.mails {
				t.Errorf("mails to %q, want %q\n%s", got, test.mails, w.out)
			}
		})
	}
}

// A Centra that is down, refuses the secret or has not got the item ends the walk.
func TestWalkEnds(t *testing.T) {
	for _, api := range []string{"checkout", "shop", "storefront"} {
		for name, change := range map[string]func(*options){
			"no such item": func(o *options) { o.item = "99-99" },
			"down": func(o *options) {
				o.client = []centra.Option{centra.WithRetry(centra.Retry{}), centra.WithTransport(http.NewFileTransport(http.Dir("testdata/none")))}
			},
			"another secret": func(o *options) { o.secret = "another" },
		} {
			t.Run(api+", "+name, func(t *testing.T) {
				if api == "checkout" && name == "another secret" {
					t.Skip("a browser's calls carry none")
				}
				w := walk(t, api, change)
				if w.status != 1 || !strings.Contains(w.out, "the walk ends here: a first item: ") {
					t.Errorf("status %d:\n%s", w.status, w.out)
				}
			})
		}
	}
}

func TestUsage(t *testing.T) {
	env := map[string]string{"CENTRA_SECRET": "secret"}
	good := []string{"-api", "shop", "-endpoint", "https://shop.example.com/api/shop", "-item", "1-1"}
	tests := []struct {
		name string
		args []string
		env  map[string]string
		says string
	}{
		{"nothing", nil, env, "-api"},
		{"another API", []string{"-api", "x", "-endpoint", "y", "-item", "z"}, env, "-api"},
		{"no item", good[:4], env, "-item"},
		{"no secret", good, nil, "CENTRA_SECRET"},
		{"the secret as a flag", append(slices.Clip(good), "-secret", "x"), env, "not defined"},
		{"arguments", append(slices.Clip(good), "x"), env, "arguments"},
		{"no address", append(slices.Clip(good), "-email", "kim"), env, "-email"},
		{"an ID that is none", good, map[string]string{"CENTRA_SECRET": "x", "CENTRA_SELECTION": "a b"}, "CENTRA_SELECTION"},
		{"no URL", []string{"-api", "storefront", "-endpoint", "x", "-item", "1"}, env, "absolute"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var out, log bytes.Buffer
			status := run(t.Context(), test.args, func(name string) string { return maps.Clone(test.env)[name] }, &out, &log)
			if status != 2 || !strings.Contains(log.String(), test.says) {
				t.Errorf("status %d, says %s", status, log.String())
			}
		})
	}
	var log bytes.Buffer
	if status := run(t.Context(), []string{"-help"}, func(string) string { return "" }, &log, &log); status != 0 {
		t.Errorf("-help ends with %d", status)
	}
}

// As it is called, over a socket.
func TestRun(t *testing.T) {
	server := centratest.New()
	defer server.Close()
	for api, endpoint := range map[string]string{
		"checkout": server.CheckoutURL(), "shop": server.ShopURL(), "storefront": server.StorefrontURL(),
	} {
		secret := centratest.Secret
		if api == "storefront" {
			secret = centratest.SessionModeToken
		}
		var out, log bytes.Buffer
		status := run(t.Context(), []string{"-api", api, "-endpoint", endpoint, "-item", "1-1", "-origin", "https://shop.example.com"},
			func(name string) string { return map[string]string{"CENTRA_SECRET": secret}[name] }, &out, &log)
		if status != 0 || log.Len() > 0 || !strings.Contains(out.String(), "unknown  what a payment answers: not asked for; see -pay") {
			t.Errorf("%s: status %d\n%s%s", api, status, out.String(), log.String())
		}
	}
}
