package stores_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/alexedwards/scs/goredisstore"
	"github.com/alexedwards/scs/v2"
	"github.com/redis/go-redis/v9"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/centra/session/sessiontest"
	"github.com/centra-go/cartabandonment/examples/frameworks/internal/flow"
	"github.com/centra-go/cartabandonment/examples/frameworks/stores"
)

func TestSCS(t *testing.T) {
	var shop *scs.SessionManager
	withOtherWrite := sessiontest.WithOtherWrite(func(_ http.ResponseWriter, r *http.Request) error {
		shop.Put(r.Context(), "language", "sv")
		return nil
	})
	// With an IdleTimeout scs writes every visitor's session back after every request.
	for name, idle := range map[string]time.Duration{"SCS": 0, "SCS with idle timeout": time.Hour} {
		t.Run(name, func(t *testing.T) {
			sessiontest.Run(t, func(*testing.T) (session.Store, func(http.Handler) http.Handler) {
				shop = scs.New()
				shop.IdleTimeout = idle
				return stores.NewSCS(shop), shop.LoadAndSave
			}, withOtherWrite)
		})
	}
	t.Run("SCS alone", func(t *testing.T) {
		sessiontest.Run(t, func(*testing.T) (session.Store, func(http.Handler) http.Handler) {
			return stores.NewSCS(scs.New()), nil
		})
	})
	t.Run("InSCS", func(t *testing.T) {
		sessiontest.Run(t, func(*testing.T) (session.Store, func(http.Handler) http.Handler) {
			shop = scs.New()
			return stores.InSCS{Sessions: shop, Key: "centra"}, shop.LoadAndSave
		}, withOtherWrite)
	})
}

func TestSCSInRedis(t *testing.T) {
	client, _ := flow.Redis(t)
	gone, stop := flow.Redis(t)
	stop()
	in := func(client *redis.Client) *scs.SessionManager {
		sessions := scs.New()
		sessions.Store = goredisstore.New(client)
		sessions.ErrorFunc = func(http.ResponseWriter, *http.Request, error) {}
		return sessions
	}
	for name, newStore := range map[string]func(*redis.Client) sessiontest.NewStore{
		"SCS": func(client *redis.Client) sessiontest.NewStore {
			return func(*testing.T) (session.Store, func(http.Handler) http.Handler) {
				return stores.NewSCS(in(client)), nil
			}
		},
		"InSCS": func(client *redis.Client) sessiontest.NewStore {
			return func(*testing.T) (session.Store, func(http.Handler) http.Handler) {
				shop := in(client)
				return stores.InSCS{Sessions: shop, Key: "centra"}, shop.LoadAndSave
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			sessiontest.Run(t, newStore(client), sessiontest.WithBrokenBackend(newStore(gone)))
		})
	}
}

// Do calls the store in a goroutine of its own. Without LoadAndSave in front scs
// panics there, and Do in the handler's, where a host's recovery sees it.
func TestInSCSWithoutItsMiddleware(t *testing.T) {
	visitors, err := session.NewVisitors(stores.InSCS{Sessions: scs.New(), Key: "centra"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	err = visitors.Do(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil),
		func(context.Context, centra.Session) (centra.Session, error) { return "", errors.New("called") })
	t.Errorf("Do returned %v", err)
}
