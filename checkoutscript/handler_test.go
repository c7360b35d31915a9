package checkoutscript_test

import (
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/centra-go/cartabandonment/checkoutscript"
)

const (
	jsonEvent = `{"email": "anna@example.com", "address": {"city": "Malmö", "newsletter": false}, "additionalFields": {"suspendIgnore": true}}`
	formEvent = "email=anna%40example.com&address%5Bcity%5D=Malm%C3%B6&address%5Bnewsletter%5D=false&additionalFields%5BsuspendIgnore%5D=true"
)

func TestCallbackForwardsTheEvent(t *testing.T) {
	tests := map[string]struct {
		open       func(testing.TB, func(*checkoutscript.Config)) *shop
		path       string
		newsletter any
		event      *http.Request
	}{
		"Checkout API, JSON": {newShop, "/payment-fields", false, post(jsonType, jsonEvent)},
		"Checkout API, form": {newShop, "/payment-fields", "false", post(formType, formEvent)},
		"Shop API, JSON":     {newShopAPIShop, "/selections/{selection}/checkout-fields", false, post(jsonType, jsonEvent)},
		"Shop API, form":     {newShopAPIShop, "/selections/{selection}/checkout-fields", "false", post(formType, formEvent)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := test.open(t, nil)
			w := s.send(test.event)

			requests := s.centra.Requests()
			if len(requests) != 1 {
				t.Fatalf("%d calls to Centra, want 1", len(requests))
			}
			call := requests[0]
			path := strings.ReplaceAll(call.Path, s.selection, "{selection}")
			if call.Method != http.MethodPut || path != test.path {
				t.Errorf("called %s %s, want PUT %s", call.Method, path, test.path)
			}
			want := map[string]any{
				"email": "anna@example.com", "cartAbandonmentEmail": true,
				"address":          map[string]any{"city": "Malmö", "newsletter": test.newsletter},
				"additionalFields": map[string]any{"suspendIgnore": true},
			}
			if diff := cmp.Diff(want, parseTree(t, string(call.Body))); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
			wantHeader := map[string]string{"Api-Token": s.token, "Authorization": "", "Api-Authorization": "", "Origin": "https://shop.example"}
			if call.API == centratest.ShopAPI {
				wantHeader = map[string]string{"Api-Token": "", "Authorization": "", "Api-Authorization": centratest.Secret, "Origin": ""}
			}
			for name, value := range wantHeader {
				if got := call.Header.Get(name); got != value {
					t.Errorf("%s: %q, want %q", name, got, value)
				}
			}

			got := readReply(t, w)
			if w.Code != http.StatusOK || string(got.SuspendIgnore) != "true" || got.Error != nil {
				t.Errorf("answered %d %s", w.Code, w.Body)
			}
			if !strings.Contains(string(got.Selection), `"name":"Merino Beanie"`) {
				t.Errorf("the selection is not the cart: %s", got.Selection)
			}
			if s.centra.Cart(s.selection).MailDue.IsZero() {
				t.Error("the countdown has not started")
			}
			if diff := cmp.Diff([]checkoutscript.Code{checkoutscript.Captured}, s.codes()); diff != "" {
				t.Errorf("outcomes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCallbackAnswersEverySuspendIgnore(t *testing.T) {
	for event, want := range map[string]string{
		`{"additionalFields":{"suspendIgnore":true}}`:          `true`,
		`{"additionalFields":{"suspendIgnore":"ingrid"}}`:      `"ingrid"`,
		`{"additionalFields":{"suspendIgnore":["a",{"b":0}]}}`: `["a",{"b":0}]`,
		`{"additionalFields":{"suspendIgnore":0}}`:             `0`,
		`{"additionalFields":{"suspendIgnore":null}}`:          `null`,
		`{"additionalFields":{}}`:                              ``,
		`{}`:                                                   ``,
	} {
		s := newShop(t, nil)
		ok := s.send(post(jsonType, event))
		s.centra.FailNext(centratest.HTMLFault(http.StatusBadGateway))
		failed := s.send(post(jsonType, event))
		for _, w := range []*httptest.ResponseRecorder{ok, failed} {
			if got := string(readReply(t, w).SuspendIgnore); got != want {
				t.Errorf("%s: answered %d with suspendIgnore %s, want %s", event, w.Code, got, want)
			}
			if strings.Contains(w.Body.String(), "suspendIgnore") != (want != "") {
				t.Errorf("%s: answered %s", event, w.Body)
			}
		}
	}
}

func TestCallbackHeaders(t *testing.T) {
	tests := map[string]struct {
		event *http.Request
		want  http.Header
	}{
		"forwarded": {post(jsonType, jsonEvent), http.Header{}},
		"refused":   {post(jsonType, `{`), http.Header{}},
		"not POST":  {httptest.NewRequest(http.MethodGet, "/centra/callback", nil), http.Header{"Allow": {"POST"}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newShop(t, nil).send(test.event)
			test.want.Set("Content-Length", strconv.Itoa(w.Body.Len()))
			test.want.Set("Content-Type", "application/json")
			test.want.Set("Cache-Control", "no-store")
			test.want.Set("X-Content-Type-Options", "nosniff")
			if diff := cmp.Diff(test.want, w.Header()); diff != "" { // no Set-Cookie, no CORS
				t.Errorf("header (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCallbackRefuses(t *testing.T) {
	method := func(method string) *http.Request {
		r := post(jsonType, jsonEvent)
		r.Method = method
		return r
	}
	site := func(name, value string) *http.Request {
		r := post(jsonType, jsonEvent)
		r.Header.Set(name, value)
		return r
	}
	tests := map[string]struct {
		event  *http.Request
		status int
		code   checkoutscript.Code
	}{
		"GET":               {method(http.MethodGet), 405, "method_not_allowed"},
		"HEAD":              {method(http.MethodHead), 405, "method_not_allowed"},
		"PUT":               {method(http.MethodPut), 405, "method_not_allowed"},
		"OPTIONS":           {method(http.MethodOptions), 405, "method_not_allowed"},
		"cross-site fetch":  {site("Sec-Fetch-Site", "cross-site"), 403, "cross_site"},
		"same-site fetch":   {site("Sec-Fetch-Site", "same-site"), 403, "cross_site"},
		"foreign origin":    {site("Origin", "https://evil.example"), 403, "cross_site"},
		"origin null":       {site("Origin", "null"), 403, "cross_site"},
		"broken JSON":       {post(jsonType, `{"a"`), 400, "invalid_body"},
		"too deep":          {post(formType, "a"+strings.Repeat("[b]", 20_000)), 400, "invalid_body"},
		"too large":         {post(jsonType, strings.Repeat(" ", 64<<10+1)), 413, "body_too_large"},
		"text":              {post("text/plain", jsonEvent), 415, "unsupported_media_type"},
		"no content type":   {post("", jsonEvent), 415, "unsupported_media_type"},
		"another character": {post(jsonType+"; charset=utf-16", jsonEvent), 415, "unsupported_media_type"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := newShop(t, nil)
			w := s.send(test.event)
			if got := readReply(t, w); w.Code != test.status || got.code() != test.code || got.Selection != nil || got.Error.Message == "" {
				t.Errorf("answered %d %s, want %d %s", w.Code, w.Body, test.status, test.code)
			}
			if n := len(s.centra.Requests()); n != 0 {
				t.Errorf("%d calls to Centra", n)
			}
			if diff := cmp.Diff([]checkoutscript.Code{test.code}, s.codes()); diff != "" {
				t.Errorf("outcomes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCallbackAccepts(t *testing.T) {
	for name, value := range map[string]string{
		"Sec-Fetch-Site": "same-origin", "Origin": "http://example.com", "X-Requested-With": "XMLHttpRequest",
	} {
		r := post(formType, formEvent)
		r.Header.Set(name, value)
		if w := newShop(t, nil).send(r); w.Code != http.StatusOK {
			t.Errorf("%s: %s: answered %d %s", name, value, w.Code, w.Body)
		}
	}
	s := newShop(t, func(c *checkoutscript.Config) {
		c.CrossOrigin = http.NewCrossOriginProtection()
		if err := c.CrossOrigin.AddTrustedOrigin("https://checkout.example"); err != nil {
			t.Fatal(err)
		}
	})
	r := post(formType, formEvent)
	r.Header.Set("Origin", "https://checkout.example")
	if w := s.send(r); w.Code != http.StatusOK {
		t.Errorf("trusted origin: answered %d %s", w.Code, w.Body)
	}
}

func TestCallbackMaxBytes(t *testing.T) {
	unlimited := newShop(t, func(c *checkoutscript.Config) { c.MaxBytes = math.MaxInt64 })
	if w := unlimited.send(post(jsonType, jsonEvent+strings.Repeat(" ", 1<<20))); w.Code != http.StatusOK {
		t.Errorf("without a limit: answered %d %s", w.Code, w.Body)
	}
	s := newShop(t, func(c *checkoutscript.Config) { c.MaxBytes = int64(len(jsonEvent)) })
	if w := s.send(post(jsonType, jsonEvent)); w.Code != http.StatusOK {
		t.Errorf("at the limit: answered %d", w.Code)
	}
	if w := s.send(post(jsonType, jsonEvent+" ")); w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("above the limit: answered %d, want 413", w.Code)
	}
}
