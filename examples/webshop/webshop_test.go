package main

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra/centratest"
)

// open is a shop with a simulated Centra, with a secret, as go run has it but
// without sockets. At the end no canary may be in its log.
func open(t *testing.T, api string) *openShop {
	t.Helper()
	return start(t, options{api: api, secret: "canary-secret", interval: interval})
}

// interval is far longer than any test without synctest takes.
const interval = 20 * time.Minute

func start(t *testing.T, o options) *openShop {
	t.Helper()
	if err := o.complete(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080}); err != nil {
		t.Fatal(err)
	}
	log := new(bytes.Buffer)
	s, err := newSite(o, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.timeline.close()
		s.Close()
		checkNoCanary(t, s, log.String())
	})
	return &openShop{site: s, handler: s.Handler()}
}

type openShop struct {
	*site
	handler http.Handler
}

// RoundTrip makes the shop the whole web of its visitors.
func (s *openShop) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	in := httptest.NewRequestWithContext(r.Context(), r.Method, r.URL.String(), r.Body)
	in.Header = r.Header
	s.handler.ServeHTTP(w, in)
	return w.Result(), nil
}

const canaryEmail = "canary@example.com"

// checkNoCanary looks for what may not be written anywhere: it knows every
// secret of the run from the requests that Centra saw.
func checkNoCanary(t *testing.T, s *site, log string) {
	t.Helper()
	told, err := json.Marshal(s.timeline.entries)
	if err != nil {
		t.Fatal(err)
	}
	canaries := map[string]string{"the secret": "canary-secret", "an e-mail address": canaryEmail}
	var requests []centratest.Request
	if s.centra != nil {
		requests = s.centra.Requests()
	}
	for _, r := range requests {
		canaries["a session token"] = r.Header.Get("Api-Token")
		canaries["a selection ID"] = r.Selection
		for what, canary := range canaries {
			if canary == "" || canary == "none" {
				continue
			}
			if strings.Contains(log, canary) {
				t.Errorf("the log holds %s", what)
			}
			if strings.Contains(string(told), canary) {
				t.Errorf("the timeline holds %s", what)
			}
		}
	}
}

// visitor is a browser with a cookie jar of its own. It does not follow
// redirects.
type visitor struct {
	t      *testing.T
	shop   *openShop
	client *http.Client
}

func (s *openShop) visitor(t *testing.T) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &visitor{t: t, shop: s, client: &http.Client{
		Transport:     s,
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

type page struct {
	Status   int
	Location string
	Header   http.Header
	Body     string
}

func (v *visitor) send(method, target, contentType, body string, header ...string) page {
	v.t.Helper()
	if strings.HasPrefix(target, "/") {
		target = v.shop.origin + target
	}
	req, err := http.NewRequestWithContext(v.t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := v.client.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return page{resp.StatusCode, resp.Header.Get("Location"), resp.Header, string(text)}
}

func (v *visitor) get(target string, header ...string) page {
	v.t.Helper()
	return v.send("GET", target, "", "", header...)
}

func (v *visitor) post(target, form string) page {
	v.t.Helper()
	return v.send("POST", target, "application/x-www-form-urlencoded; charset=UTF-8", form)
}

// want fails the test unless the page has the status.
func (p page) want(t *testing.T, status int) page {
	t.Helper()
	if p.Status != status {
		t.Fatalf("status = %d, want %d; body: %.400s", p.Status, status, p.Body)
	}
	return p
}

// add puts items into the cart.
func (v *visitor) add(items ...string) {
	v.t.Helper()
	for _, item := range items {
		v.post("/cart/items/"+item, "").want(v.t, http.StatusSeeOther)
	}
}

// items are those of /cart.json.
func (v *visitor) items() []string {
	v.t.Helper()
	var cart struct{ Items []struct{ Item string } }
	if err := json.Unmarshal([]byte(v.get("/cart.json").want(v.t, http.StatusOK).Body), &cart); err != nil {
		v.t.Fatal(err)
	}
	items := []string{}
	for _, item := range cart.Items {
		items = append(items, item.Item)
	}
	return items
}

func (v *visitor) wantItems(want ...string) {
	v.t.Helper()
	if want == nil {
		want = []string{}
	}
	if diff := cmp.Diff(want, v.items()); diff != "" {
		v.t.Fatalf("cart (-want +got):\n%s", diff)
	}
}

// session is the value of the session cookie.
func (v *visitor) session() string {
	v.t.Helper()
	u, err := url.Parse(v.shop.origin)
	if err != nil {
		v.t.Fatal(err)
	}
	for _, cookie := range v.client.Jar.Cookies(u) {
		if cookie.Name == "centra-session" {
			return cookie.Value
		}
	}
	return ""
}

// pay pays and follows the redirects, as a browser does.
func (v *visitor) pay() page {
	v.t.Helper()
	p := v.post("/pay", "")
	for p.Status == http.StatusSeeOther {
		p = v.get(p.Location)
	}
	return p
}

// inbox is /inbox.json.
func (s *openShop) inbox(t *testing.T) []mail {
	t.Helper()
	var mails []mail
	if err := json.Unmarshal([]byte(s.visitor(t).get("/inbox.json").want(t, http.StatusOK).Body), &mails); err != nil {
		t.Fatal(err)
	}
	return mails
}

// capture returns the only request that told Centra the shopper's details.
func (s *openShop) capture(t *testing.T) centratest.Request {
	t.Helper()
	captures := s.captures()
	if len(captures) != 1 {
		t.Fatalf("Centra was told the shopper's details %d times, want once", len(captures))
	}
	return captures[0]
}

func (s *openShop) captures() (captures []centratest.Request) {
	for _, r := range s.centra.Requests() {
		put := r.Method == "PUT" && strings.HasSuffix(r.Path, "-fields")
		if put || slices.Contains(r.Fields, "setAddress") {
			captures = append(captures, r)
		}
	}
	return captures
}

// link is the cart link of the selection that the only capture was for.
func (s *openShop) link(t *testing.T) string {
	t.Helper()
	return strings.ReplaceAll(s.cartLink, "{selection}", s.capture(t).Selection)
}

// method is the ID of a payment method in the shop's API.
func (s *openShop) method(name string) string {
	if s.api != "storefront" {
		return name
	}
	return map[string]string{
		centratest.DummyMethod: "1", centratest.KlarnaMethod: "2", centratest.SuccessMethod: "5", centratest.RetryMethod: "9",
	}[name]
}

// everyAPI runs the test for each value of -api.
func everyAPI(t *testing.T, test func(t *testing.T, api string)) {
	t.Helper()
	eachOf(t, []string{"checkout", "shop", "storefront"}, test)
}

func eachOf(t *testing.T, apis []string, test func(t *testing.T, api string)) {
	t.Helper()
	for _, api := range apis {
		t.Run(api, func(t *testing.T) {
			t.Parallel()
			test(t, api)
		})
	}
}
