package stores_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/adaptor"

	"github.com/gofiber/fiber/v3/middleware/recover"
	fibersession "github.com/gofiber/fiber/v3/middleware/session"
	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/centra/session/sessiontest"
	"github.com/centra-go/cartabandonment/examples/frameworks/stores"
)

func TestFiber(t *testing.T) {
	sessiontest.Run(t, inFiber(nil), sessiontest.WithBrokenBackend(inFiber(brokenStorage{})))
}

// inFiber is the store beside the sessions of a shop that has the middleware.
func inFiber(storage fiber.Storage) sessiontest.NewStore {
	return func(*testing.T) (session.Store, func(http.Handler) http.Handler) {
		middleware, sessions := fibersession.NewWithStore(fibersession.Config{Storage: storage})
		return stores.Fiber{Sessions: sessions}, func(next http.Handler) http.Handler {
			app := fiber.New()
			app.Use(middleware, stores.FiberHandler(next))
			return adaptor.FiberApp(app)
		}
	}
}

// brokenStorage is one whose server is not there.
type brokenStorage struct{ fiber.Storage }

func (brokenStorage) GetWithContext(context.Context, string) ([]byte, error) { return nil, nil }
func (brokenStorage) SetWithContext(context.Context, string, []byte, time.Duration) error {
	return errors.New("connection refused")
}

// A call that is given up, and what is told afterwards, may still hold the request
// when fasthttp has used its memory for many others.
func TestFiberRequestIsItsOwn(t *testing.T) {
	var held *http.Request
	address := serveFiber(t, func(app *fiber.App) {
		app.All("/*", stores.FiberHandler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if held == nil {
				held = r
			}
		})))
	})
	get := func(path, value string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Value", value)
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	}
	get("/abandoned-cart/a?utm_source=a", "a")
	seen := func() []string {
		return []string{held.Method, held.URL.String(), held.RequestURI, held.Host, held.Header.Get("X-Value")}
	}
	want := []string{http.MethodGet, "/abandoned-cart/a?utm_source=a", "/abandoned-cart/a?utm_source=a", address, "a"}
	if diff := cmp.Diff(want, seen()); diff != "" {
		t.Errorf("the request (-want +got):\n%s", diff)
	}
	for range 20 {
		get("/abandoned-cart/b?utm_source=b", "b")
	}
	if diff := cmp.Diff(want, seen()); diff != "" {
		t.Errorf("the request, 20 requests later (-want +got):\n%s", diff)
	}
}

// A panic of a call ends the request, where fiber's recovery sees it. Without that
// middleware it ends the process, as any panic in fasthttp does.
func TestFiberDoOfACallThatPanics(t *testing.T) {
	visitors, err := session.NewVisitors(session.Cookie{})
	if err != nil {
		t.Fatal(err)
	}
	address := serveFiber(t, func(app *fiber.App) {
		app.Use(recover.New())
		app.Get("/panic", func(c fiber.Ctx) error {
			return stores.FiberDo(c, visitors, func(context.Context, centra.Session) (centra.Session, error) { panic("host") })
		})
		app.Get("/error", func(c fiber.Ctx) error {
			return stores.FiberDo(c, visitors, func(context.Context, centra.Session) (centra.Session, error) {
				return "", fiber.ErrTeapot
			})
		})
	})
	for path, want := range map[string]int{"/panic": http.StatusInternalServerError, "/error": http.StatusTeapot} {
		resp, err := client.Get("http://" + address + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: status %d, want %d", path, resp.StatusCode, want)
		}
	}
}

var client = &http.Client{Transport: &http.Transport{}}

func serveFiber(t *testing.T, routes func(*fiber.App)) (address string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	app := fiber.New()
	routes(app)
	go func() { _ = app.Listener(l, fiber.ListenConfig{DisableStartupMessage: true}) }()
	t.Cleanup(func() {
		client.CloseIdleConnections()
		_ = app.ShutdownWithTimeout(time.Second)
	})
	return l.Addr().String()
}
