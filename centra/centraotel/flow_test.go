package centraotel_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/centra-go/cartabandonment/centra/centratest"
)

var update = flag.Bool("update", false, "write testdata anew")

const (
	email = "kim.canary@example.com"
	event = `{"email": "` + email + `", "additionalFields": {"suspendIgnore": true}}`
)

// The whole flow, and the days on which something is wrong: what a trace and a
// scrape then hold is in testdata, to be read. No session, ID, address or secret is
// in either, with all of otelhttp switched on before and behind the library.
func TestFlow(t *testing.T) {
	for _, api := range apis {
		t.Run(api.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHost(t, api)
				h.flow()
				spans, scrape := h.spans.GetSpans(), h.scrape(t)
				golden(t, api.name+".spans", tree(spans))
				golden(t, api.name+".metrics", withoutBuckets(scrape))
				h.keepsSecrets(map[string]string{"a span": dump(t, spans), "the scrape": scrape})
			})
		})
	}
}

func (h *host) flow() {
	t := h.t
	first, second, third, fourth := h.visitor(), h.visitor(), h.visitor(), h.visitor()

	// A cart is captured, withdrawn, captured again, and left.
	first.do("POST", "/cart/items", "", 200)
	first.do("GET", "/checkout", "", 200)
	first.do("GET", "/centra/listener.js", "", 200)
	first.do("POST", "/centra/callback", event, 200)
	first.do("POST", "/reminder/no", "", 200)
	first.do("POST", "/checkout/details", "email="+url.QueryEscape(email), 200)
	time.Sleep(2 * time.Hour)
	mails := h.server.Outbox()
	if len(mails) != 1 {
		t.Fatalf("%d mails", len(mails))
	}
	link := strings.TrimPrefix(mails[0].Link, "https://example.com")

	// A robot looks at the link, a visitor with another cart is asked, and one who
	// has none gets it and pays.
	first.do("HEAD", link, "", 200)
	third.do("POST", "/cart/items", "", 200)
	third.do("GET", link+"?email="+url.QueryEscape(email), "", 200)
	second.do("GET", link, "", 303)
	second.do("GET", "/checkout", "", 200)
	second.do("POST", "/centra/callback", event, 200)
	second.do("POST", "/pay", "", 200)

	// Now the link is dead, and others were never alive.
	third.do("POST", link, "", 303)
	third.do("GET", "/abandoned-cart/"+email, "", 303)
	third.do("GET", "//abandoned-cart"+strings.TrimPrefix(link, "/abandoned-cart"), "", 307)
	third.do("GET", strings.ToUpper(link), "", 404)

	// Centra is away: the address waits, and comes late. Then the cart is ordered
	// elsewhere, and there is nothing to deliver any more.
	h.server.SetFault(centratest.StatusFault(503, nil))
	third.do("POST", "/centra/callback", event, 202)
	third.do("GET", link, "", 503)
	h.server.ClearFault()
	for _, err := range h.redeliver() {
		if err != nil {
			t.Errorf("Redeliver: %v", err)
		}
	}
	h.server.CompleteCart(h.cartOf(third))
	h.redeliver()

	// Somebody has changed the secret, and Centra is silent.
	fourth.do("POST", "/cart/items", "", 200)
	h.server.FailNext(centratest.StatusFault(401, map[string]string{"email": email}))
	fourth.do("POST", "/centra/callback", event, 502)
	h.server.SetFault(centratest.HangFault())
	fourth.do("GET", link, "", 503)
	h.server.ClearFault()
	fourth.do("POST", "/centra/callback", `{"email": "`+email, 400)
}

// cartOf is the ID of the visitor's cart.
func (h *host) cartOf(b *browser) string {
	session := b.cookies["__Host-centra-session"]
	if h.api.name == "shop" {
		return session
	}
	return h.server.SelectionOf(session)
}

// keepsSecrets looks for everything that nobody may read, in what is written down.
func (h *host) keepsSecrets(written map[string]string) {
	h.t.Helper()
	local, _, _ := strings.Cut(email, "@")
	canaries := map[string]bool{centratest.Secret: true, centratest.SessionModeToken: true, local: true}
	for _, r := range h.server.Requests() {
		canaries[r.Header.Get("API-Token")] = true
		canaries[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")] = true
		canaries[r.Selection] = true
	}
	for _, cart := range h.server.Carts() {
		canaries[cart.Selection] = true
	}
	delete(canaries, "")
	if len(canaries) < 6 {
		h.t.Errorf("only %d canaries", len(canaries))
	}
	for where, text := range written {
		for canary := range canaries {
			if i := strings.Index(strings.ToLower(text), strings.ToLower(canary)); i >= 0 {
				h.t.Errorf("%s holds a secret: ...%s▶▶▶", where, text[max(0, i-200):i])
			}
		}
	}
}

// dump is all that can be read of spans.
func dump(t testing.TB, spans tracetest.SpanStubs) string {
	t.Helper()
	var all strings.Builder
	for _, span := range spans {
		text, err := json.Marshal(span)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&all, "%s\n%+v\n", text, span)
	}
	return all.String()
}

// tree shows spans as a trace viewer does, those of this library with their
// attributes.
func tree(spans tracetest.SpanStubs) string {
	children := map[trace.SpanID][]tracetest.SpanStub{}
	for _, span := range spans {
		children[span.Parent.SpanID()] = append(children[span.Parent.SpanID()], span)
	}
	var lines strings.Builder
	var show func(parent trace.SpanID, indent string)
	show = func(parent trace.SpanID, indent string) {
		slices.SortStableFunc(children[parent], func(a, b tracetest.SpanStub) int { return a.StartTime.Compare(b.StartTime) })
		for _, span := range children[parent] {
			fmt.Fprintf(&lines, "%s%s (%s, %v)", indent, span.Name, span.SpanKind, span.EndTime.Sub(span.StartTime))
			if span.InstrumentationScope.Name == "github.com/centra-go/cartabandonment/centra/centraotel" {
				for _, a := range span.Attributes {
					fmt.Fprintf(&lines, " %s=%s", a.Key, a.Value.String())
				}
				if span.Status.Description != "" {
					fmt.Fprintf(&lines, " %v: %s", span.Status.Code, span.Status.Description)
				}
				for _, e := range span.Events {
					fmt.Fprintf(&lines, "\n%s    * %s", indent, e.Name)
					for _, a := range e.Attributes {
						fmt.Fprintf(&lines, " %s=%s", a.Key, a.Value.String())
					}
				}
			}
			lines.WriteString("\n")
			show(span.SpanContext.SpanID(), indent+"    ")
		}
	}
	show(trace.SpanID{}, "")
	return lines.String()
}

// withoutBuckets is a scrape to be read: the library's metrics, without the buckets.
func withoutBuckets(scrape string) string {
	var lines []string
	for line := range strings.Lines(scrape) {
		if strings.HasPrefix(line, "centra_") && !strings.Contains(line, "_bucket{") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}

func golden(t testing.TB, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}
