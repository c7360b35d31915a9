package checkoutscript_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/checkoutscript"
)

// shop is a webshop with one visitor, who has a cart, on an in-memory Centra.
type shop struct {
	*checkoutscript.Handler
	centra    *centratest.Server
	token     string
	selection string
	log       *bytes.Buffer
	logger    *slog.Logger

	client   centra.API // that the handler uses, too
	store    session.Store
	visitors *session.Visitors

	mu       sync.Mutex
	outcomes []checkoutscript.Outcome
}

const cookieName = "__Host-centra-session"

// newShop uses the Checkout API with the shopper's rights, without retries.
func newShop(t testing.TB, change func(*checkoutscript.Config)) *shop {
	t.Helper()
	s := emptyShop(t)
	s.token, s.selection = s.centra.NewCart("1-1")
	api, err := centra.NewCheckoutAPI(s.centra.CheckoutURL(), s.options(centra.WithSecret(centratest.Secret))...)
	if err != nil {
		t.Fatal(err)
	}
	s.client = api.AsShopper()
	return s.open(t, s.client, change)
}

// newShopAPIShop uses the Shop API; there the selection ID is the session.
func newShopAPIShop(t testing.TB, change func(*checkoutscript.Config)) *shop {
	t.Helper()
	s := emptyShop(t)
	_, s.selection = s.centra.NewCart("1-1")
	s.token = s.selection
	api, err := centra.NewShopAPI(s.centra.ShopURL(), centratest.Secret, s.options()...)
	if err != nil {
		t.Fatal(err)
	}
	s.client = api
	return s.open(t, api, func(c *checkoutscript.Config) {
		c.Filter = func(*http.Request, *centra.Fields) {}
		if change != nil {
			change(c)
		}
	})
}

func (s *shop) options(more ...centra.Option) []centra.Option {
	return append(more, centra.WithOrigin("https://shop.example"), centra.WithTransport(s.centra.Client().Transport), centra.WithRetry(centra.Retry{}), centra.WithLogger(s.logger))
}

func emptyShop(t testing.TB) *shop {
	log := new(bytes.Buffer)
	return &shop{
		centra: centratest.NewServer(t, centratest.WithoutSocket()),
		log:    log,
		store:  session.Cookie{},
		logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
}

func (s *shop) open(t testing.TB, api checkoutscript.API, change func(*checkoutscript.Config)) *shop {
	t.Helper()
	s.visitors = newVisitors(t, s.store)
	config := checkoutscript.Config{
		API: api, Visitors: s.visitors, Consent: checkoutscript.AssumeConsent,
		Logger: s.logger, Observe: s.observe,
	}
	if change != nil {
		change(&config)
	}
	h, err := checkoutscript.New(config)
	if err != nil {
		t.Fatal(err)
	}
	s.Handler = h
	return s
}

func newVisitors(t testing.TB, store session.Store) *session.Visitors {
	t.Helper()
	visitors, err := session.NewVisitors(store)
	if err != nil {
		t.Fatal(err)
	}
	return visitors
}

func (s *shop) observe(_ context.Context, o checkoutscript.Outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outcomes = append(s.outcomes, o)
}

// send has the visitor's browser send the request.
func (s *shop) send(r *http.Request) *httptest.ResponseRecorder {
	return send(s.Handler, r, s.token)
}

// send adds the session's cookie, unless it is empty.
func send(h http.Handler, r *http.Request, token string) *httptest.ResponseRecorder {
	if token != "" {
		r.AddCookie(&http.Cookie{Name: cookieName, Value: token})
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// reply is an answer's body.
type reply struct {
	SuspendIgnore json.RawMessage `json:"suspendIgnore"`
	Selection     json.RawMessage `json:"selection"`
	Error         *struct {
		Code    checkoutscript.Code `json:"code"`
		Message string              `json:"message"`
		Fields  map[string]string   `json:"fields"`
	} `json:"error"`
}

func (r reply) code() checkoutscript.Code {
	if r.Error == nil {
		return ""
	}
	return r.Error.Code
}

func readReply(t testing.TB, w *httptest.ResponseRecorder) reply {
	t.Helper()
	var r reply
	if err := json.Unmarshal(w.Body.Bytes(), &r); err != nil {
		t.Fatalf("the answer is not JSON: %v\n%s", err, w.Body)
	}
	return r
}

// savedSession is the session in the answer's Set-Cookie, "" if there is none.
func savedSession(w *httptest.ResponseRecorder) string {
	for _, cookie := range w.Result().Cookies() {
		if cookie.Name == cookieName {
			return cookie.Value
		}
	}
	return ""
}

// logged are the lines above debug level.
func (s *shop) logged() []string {
	var lines []string
	for line := range strings.Lines(s.log.String()) {
		if !strings.Contains(line, "level=DEBUG") {
			lines = append(lines, line)
		}
	}
	return lines
}

// codes lists the outcomes by code.
func (s *shop) codes() []checkoutscript.Code {
	s.mu.Lock()
	defer s.mu.Unlock()
	var codes []checkoutscript.Code
	for _, o := range s.outcomes {
		codes = append(codes, o.Code)
	}
	return codes
}

func (s *shop) lastBody(t testing.TB) map[string]any {
	t.Helper()
	requests := s.centra.Requests()
	if len(requests) == 0 {
		t.Fatal("no call to Centra")
	}
	return parseTree(t, string(requests[len(requests)-1].Body))
}
