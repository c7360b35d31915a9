package recovery_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/recovery"
)

const (
	cartLink      = "https://example.com/abandoned-cart/{selection}"
	linkedID      = "abeb59928306768d255e21920f9087a4"
	linkedPath    = "/abandoned-cart/" + linkedID
	sessionCookie = "__Host-centra-session"
	markCookie    = "__Host-centra-recovered-abandoned-cart"
)

// shop is a handler under test with what it told Observe.
type shop struct {
	*recovery.Handler
	mu       sync.Mutex
	outcomes []recovery.Outcome
}

// newShop completes the config with what the test does not care about.
func newShop(t testing.TB, c recovery.Config) *shop {
	t.Helper()
	s := new(shop)
	if c.Visitors == nil {
		c.Visitors = visitors(t, session.Cookie{})
	}
	if c.CartLink == "" {
		c.CartLink = cartLink
	}
	if c.Checkout == "" {
		c.Checkout = "/checkout"
	}
	if c.DeadLink == "" {
		c.DeadLink = "/no-such-cart"
	}
	c.Observe = func(_ context.Context, o recovery.Outcome) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.outcomes = append(s.outcomes, o)
	}
	h, err := recovery.New(c)
	if err != nil {
		t.Fatal(err)
	}
	s.Handler = h
	return s
}

// last returns the outcome of the latest request.
func (s *shop) last(t testing.TB) recovery.Outcome {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.outcomes) == 0 {
		t.Fatal("Observe was not called")
	}
	return s.outcomes[len(s.outcomes)-1]
}

func visitors(t testing.TB, store session.Store, opts ...session.Option) *session.Visitors {
	t.Helper()
	v, err := session.NewVisitors(store, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// browser is a visitor with a cookie jar. It follows no redirect.
type browser struct {
	handler http.Handler
	jar     http.CookieJar
}

func newBrowser(t testing.TB, handler http.Handler) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{handler, jar}
}

var site = &url.URL{Scheme: "https", Host: "example.com", Path: "/"}

// do sends a request with headers given as "Name: value".
func (b *browser) do(method, path string, headers ...string) *http.Response {
	r := httptest.NewRequest(method, "https://example.com"+path, nil)
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Add(name, value)
	}
	for _, cookie := range b.jar.Cookies(site) {
		r.AddCookie(cookie)
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	resp := w.Result()
	b.jar.SetCookies(site, resp.Cookies())
	return resp
}

// answer sends a request to another handler of the shop.
func (b *browser) answer(handler http.Handler) *http.Response {
	return (&browser{handler, b.jar}).do(http.MethodGet, "/")
}

// have gives the visitor a session.
func (b *browser) have(s string) {
	b.jar.SetCookies(site, []*http.Cookie{{Name: sessionCookie, Value: s, Path: "/", Secure: true}})
}

// session returns the visitor's session, "" for none.
func (b *browser) session() string { return b.cookie(sessionCookie) }

func (b *browser) cookie(name string) string {
	for _, cookie := range b.jar.Cookies(site) {
		if cookie.Name == name {
			return cookie.Value
		}
	}
	return ""
}

func redirectsTo(t testing.TB, resp *http.Response, location string) {
	t.Helper()
	if got := resp.Header.Get("Location"); resp.StatusCode != http.StatusSeeOther || got != location {
		t.Errorf("got %d to %q, want 303 to %q", resp.StatusCode, got, location)
	}
}

func shows(t testing.TB, resp *http.Response, status int, text string) {
	t.Helper()
	if body := bodyOf(t, resp); resp.StatusCode != status || !strings.Contains(body, text) {
		t.Errorf("got %d, want %d and a page that says %q:\n%s", resp.StatusCode, status, text, body)
	}
}

func bodyOf(t testing.TB, resp *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// fakeAPI answers with functions and records what it was asked. A call without
// a function fails the test.
type fakeAPI struct {
	t         testing.TB
	selection func(context.Context, centra.Session) (*centra.Selection, error)
	attach    func(context.Context, centra.Session, centra.SelectionID) (*centra.Selection, error)

	mu    sync.Mutex
	calls []string
}

func (a *fakeAPI) record(format string, args ...any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls = append(a.calls, fmt.Sprintf(format, args...))
}

func (a *fakeAPI) Selection(ctx context.Context, s centra.Session) (*centra.Selection, error) {
	a.record("read %s", string(s))
	if a.selection == nil {
		a.t.Error("a cart was read")
		return nil, centra.ErrUnavailable
	}
	return a.selection(ctx, s)
}

func (a *fakeAPI) AttachSelection(ctx context.Context, s centra.Session, id centra.SelectionID) (*centra.Selection, error) {
	a.record("attach %s to %s", string(id), string(s))
	if a.attach == nil {
		a.t.Error("a cart was attached")
		return nil, centra.ErrUnavailable
	}
	return a.attach(ctx, s, id)
}

// attached is a cart with something in it.
func attached(s centra.Session) *centra.Selection {
	return &centra.Selection{Session: s, Items: make([]centra.Item, 1), Language: "sv"}
}

// hasNothing is a visitor's cart with nothing in it.
func hasNothing(_ context.Context, s centra.Session) (*centra.Selection, error) {
	return &centra.Selection{Session: s}, nil
}

// attaches answers as the Checkout API does for a cart that is there.
func attaches(_ context.Context, s centra.Session, _ centra.SelectionID) (*centra.Selection, error) {
	if s == "" {
		s = "token-of-a-new-session"
	}
	return attached(s), nil
}

// apis are Centra's APIs over one simulated Centra, as a shop uses them.
var apis = []struct {
	name   string
	client func(testing.TB, *centratest.Server, ...centra.Option) centra.API
	// session is how the API calls the cart that token and selection name.
	session func(token, selection string) string
	// selection is the ID of the cart that the visitor's session stands for.
	selection func(server *centratest.Server, session string) string
}{
	{
		name: "checkout",
		client: func(t testing.TB, server *centratest.Server, opts ...centra.Option) centra.API {
			opts = append(opts, centra.WithTransport(server.Client().Transport), centra.WithSecret(centratest.Secret))
			api, err := centra.NewCheckoutAPI(server.CheckoutURL(), opts...)
			if err != nil {
				t.Fatal(err)
			}
			return api
		},
		session:   func(token, _ string) string { return token },
		selection: (*centratest.Server).SelectionOf,
	},
	{
		name: "shop",
		client: func(t testing.TB, server *centratest.Server, opts ...centra.Option) centra.API {
			opts = append(opts, centra.WithTransport(server.Client().Transport))
			api, err := centra.NewShopAPI(server.ShopURL(), centratest.Secret, opts...)
			if err != nil {
				t.Fatal(err)
			}
			return api
		},
		session:   func(_, selection string) string { return selection },
		selection: func(_ *centratest.Server, session string) string { return session },
	},
	{
		name: "storefront",
		client: func(t testing.TB, server *centratest.Server, opts ...centra.Option) centra.API {
			opts = append(opts, centra.WithTransport(server.Client().Transport))
			api, err := centra.NewStorefrontAPI(server.StorefrontURL(), centratest.SessionModeToken, opts...)
			if err != nil {
				t.Fatal(err)
			}
			return api
		},
		session:   func(token, _ string) string { return token },
		selection: (*centratest.Server).SelectionOf,
	},
}

// emptyStore is a visitor without a session, whose sessions go nowhere.
type emptyStore struct{}

func (emptyStore) Load(*http.Request) (centra.Session, error)                    { return "", nil }
func (emptyStore) Save(http.ResponseWriter, *http.Request, centra.Session) error { return nil }

// syncBuffer is a log that several requests write to.
type syncBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func newLog() (*syncBuffer, *slog.Logger) {
	b := new(syncBuffer)
	return b, slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// warnings are the lines of a log that somebody should look at.
func warnings(log *syncBuffer) (lines []string) {
	for line := range strings.Lines(log.String()) {
		if strings.Contains(line, "level=WARN") || strings.Contains(line, "level=ERROR") {
			lines = append(lines, line)
		}
	}
	return lines
}
