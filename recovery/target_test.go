package recovery_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/recovery"
)

func TestCampaignParameters(t *testing.T) {
	const long = "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
	many := func(n int) string {
		var pairs []string
		for i := range n {
			pairs = append(pairs, fmt.Sprintf("utm_%02d=x", i))
		}
		return strings.Join(pairs, "&")
	}
	for _, tt := range []struct {
		name            string
		checkout, query string
		keep            []string
		want            string
	}{
		{name: "none", query: "", want: "/checkout"},
		{name: "campaign", query: "utm_source=rule&utm_medium=e-mail", want: "/checkout?utm_source=rule&utm_medium=e-mail"},
		{name: "click IDs", query: "gclid=A&gbraid=B&wbraid=C&fbclid=D&msclkid=E", want: "/checkout?gclid=A&gbraid=B&wbraid=C&fbclid=D&msclkid=E"},
		{name: "others are dropped", query: "email=a%40b.se&utm_source=x&next=//evil.example", want: "/checkout?utm_source=x"},
		{name: "none of ours", query: "a=1&b=2", want: "/checkout"},
		{name: "similar names", query: "gclid2=x&xutm_source=y&UTM_source=z", want: "/checkout"},
		{name: "escaped anew", query: "utm_%73ource=a+b%26c%3D%0d%0a%23/%3F", want: "/checkout?utm_source=a+b%26c%3D%0D%0A%23%2F%3F"},
		{name: "raw bytes", query: "utm_source=<script>\"\\", want: "/checkout?utm_source=%3Cscript%3E%22%5C"},
		{name: "badly escaped", query: "utm_source=%zz&utm_%z=1&utm_medium=m", want: "/checkout?utm_medium=m"},
		{name: "without a value", query: "utm_source&utm_medium=", want: "/checkout?utm_source=&utm_medium="},
		{name: "empty pairs", query: "&&=&utm_source=x&&", want: "/checkout?utm_source=x"},
		{name: "the first of several", query: "utm_source=a&utm_source=b&utm%5fsource=c", want: "/checkout?utm_source=a"},
		{name: "the target's own query", checkout: "/checkout?step=1", query: "utm_source=x", want: "/checkout?step=1&utm_source=x"},
		{name: "the target's own parameter wins", checkout: "/checkout?utm_source=shop", query: "utm_source=x&utm_medium=m", want: "/checkout?utm_source=shop&utm_medium=m"},
		{name: "the target's fragment stays last", checkout: "/checkout#pay", query: "utm_source=x", want: "/checkout?utm_source=x#pay"},
		{name: "a question mark in the fragment", checkout: "/checkout#a?b", query: "utm_source=x", want: "/checkout?utm_source=x#a?b"},
		{name: "another site", checkout: "https://pay.example.com", query: "utm_source=x", want: "https://pay.example.com?utm_source=x"},
		{name: "at most 20", query: many(30), want: "/checkout?" + many(20)},
		{name: "at most 2 kB", query: "utm_a=" + strings.Repeat(long, 20) + "&utm_b=" + strings.Repeat(long, 20), want: "/checkout?utm_a=" + strings.Repeat(long, 20)},
		{name: "one that is too long", query: "utm_a=" + strings.Repeat(long, 30), want: "/checkout"},
		{name: "configured", keep: []string{"campaign", "x_*"}, query: "campaign=1&x_y=2&x_=3&utm_source=no", want: "/checkout?campaign=1&x_y=2&x_=3"},
		{name: "switched off", keep: []string{}, query: "utm_source=x", want: "/checkout"},
		{name: "added to the default", keep: append(recovery.DefaultKeepParams(), "voucher"), query: "voucher=A&utm_source=x", want: "/checkout?voucher=A&utm_source=x"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newShop(t, recovery.Config{API: &fakeAPI{t: t, attach: attaches}, Visitors: visitors(t, emptyStore{}), Checkout: tt.checkout, KeepParams: tt.keep})
			redirectsTo(t, get(newBrowser(t, s), linkedPath+"?"+tt.query), tt.want)
		})
	}
}

// Parameters follow the visitor wherever they are sent.
func TestCampaignParametersElsewhere(t *testing.T) {
	api := &fakeAPI{t: t, selection: func(_ context.Context, s centra.Session) (*centra.Selection, error) { return attached(s), nil }}
	b := newBrowser(t, newShop(t, recovery.Config{API: api}))
	redirectsTo(t, get(b, "/abandoned-cart/%00?utm_source=x"), "/no-such-cart?utm_source=x")
	b.have("own")
	shows(t, get(b, linkedPath+"?utm_source=x"), 200, `href="/checkout?utm_source=x"`)
	shows(t, b.do(http.MethodGet, linkedPath+"?utm_source=x", "Purpose: prefetch"), 503, `href="/checkout?utm_source=x"`)
}

func TestTargetFollowsTheCart(t *testing.T) {
	byLanguage := func(_ context.Context, sel *centra.Selection) string { return "/" + sel.Language + "/kassa" }
	api := &fakeAPI{t: t, attach: attaches, selection: func(_ context.Context, s centra.Session) (*centra.Selection, error) {
		own := attached(s)
		own.Language = "de"
		return own, nil
	}}
	s := newShop(t, recovery.Config{API: api, Target: byLanguage})
	b := newBrowser(t, s)
	redirectsTo(t, get(b, linkedPath+"?utm_source=x"), "/sv/kassa?utm_source=x")
	redirectsTo(t, get(b, linkedPath), "/de/kassa") // the cart they have now, as it is read
	b.have("own")
	shows(t, get(b, linkedPath), 200, `href="/de/kassa"`)
	policy := get(b, linkedPath).Header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "form-action 'self' https:;") {
		t.Errorf("the POST could not be redirected to another host: %s", policy)
	}
}

// dangerous are ways to lead a visitor elsewhere, or to split a response.
var dangerous = []string{
	"//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "https:evil.example", "https:/evil.example",
	"https:///evil.example", "javascript:alert(1)", "data:text/html,x", "ftp://example.com/", "evil.example", "checkout", "?a=b", "#a",
	"/check out", "/checkout\r\nSet-Cookie: a=b", "/checkout\x00", "/checkout\x7f", "\t//evil.example", " /checkout", "/\t/evil.example",
	"https://example.com@evil.example/", "https://user:password@example.com/", "https://[::1", "/%zz", "/kassa/å", "https://evil\u3002example/",
	linkedPath, "/abandoned-cart/x?a=b", "https://example.com" + linkedPath,
}

// A Target that returns something dangerous is a bug of the host's; the visitor
// still gets to the checkout.
func TestDangerousTarget(t *testing.T) {
	for _, target := range dangerous {
		t.Run(target, func(t *testing.T) {
			log, logger := newLog()
			s := newShop(t, recovery.Config{
				API: &fakeAPI{t: t, attach: attaches}, Visitors: visitors(t, emptyStore{}), Logger: logger,
				Target: func(context.Context, *centra.Selection) string { return target },
			})
			redirectsTo(t, get(newBrowser(t, s), linkedPath), "/checkout")
			if text := log.String(); !strings.Contains(text, "level=ERROR") || strings.Contains(text, "evil") {
				t.Errorf("log: %s", text)
			}
			if got := s.last(t).Code; got != recovery.Recovered {
				t.Errorf("outcome %q", got)
			}
		})
	}
}

func TestTargetWithoutAChoice(t *testing.T) {
	log, logger := newLog()
	s := newShop(t, recovery.Config{
		API: &fakeAPI{t: t, attach: attaches}, Logger: logger,
		Target: func(context.Context, *centra.Selection) string { return "" },
	})
	redirectsTo(t, get(newBrowser(t, s), linkedPath), "/checkout")
	if log.String() != "" {
		t.Errorf("log: %s", log)
	}
}
