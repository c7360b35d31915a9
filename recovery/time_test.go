package recovery_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/centra-go/cartabandonment/recovery"
)

// Whatever Centra does, the visitor has an answer within 10 s, and the call is
// over by then.
func TestAnswersInTime(t *testing.T) {
	for _, tt := range []struct {
		name  string
		owner bool
		fault func(*centratest.Server)
	}{
		{"hangs", false, func(server *centratest.Server) { server.SetFault(centratest.HangFault()) }},
		{"hangs at the second call", false, func(server *centratest.Server) { server.SetLatency(6 * time.Second) }},
		{"is slow at every call", true, func(server *centratest.Server) { server.SetLatency(3500 * time.Millisecond) }},
		{"fails slowly", false, func(server *centratest.Server) {
			server.SetLatency(3 * time.Second)
			server.SetFault(centratest.StatusFault(503, nil))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, api := range apis {
				synctest.Test(t, func(t *testing.T) {
					server := centratest.NewServer(t, centratest.WithoutSocket())
					config := recovery.Config{API: api.client(t, server)}
					if tt.owner {
						config.Owner = func(*http.Request, *centra.Selection) bool { return true }
					}
					s := newShop(t, config)
					b := newBrowser(t, s)
					token, own := server.NewCart()
					b.have(api.session(token, own))
					_, linked := server.NewCart("1-1")
					tt.fault(server)
					start := time.Now()
					resp := get(b, "/abandoned-cart/"+linked)
					if took := time.Since(start); took >= 10*time.Second {
						t.Errorf("%s: answered after %v", api.name, took)
					}
					if resp.StatusCode != 503 && resp.StatusCode != 303 {
						t.Errorf("%s: status %d", api.name, resp.StatusCode)
					}
					server.Close()
				})
			}
		})
	}
}

func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t, recovery.Config{API: &fakeAPI{t: t, attach: hangs}, Timeout: time.Second})
		start := time.Now()
		shows(t, get(newBrowser(t, s), linkedPath), 503, "Try again")
		if took := time.Since(start); took < 800*time.Millisecond || took > time.Second {
			t.Errorf("answered after %v, want at most 1s, and Centra to have nearly all of it", took)
		}
		if event := s.last(t); event.Code != recovery.Unavailable || !errors.Is(event.Err, context.DeadlineExceeded) {
			t.Errorf("got %+v", event)
		}
	})
}

// No timer of the call is left behind.
func TestCallEndsWithTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var call context.Context
		s := newShop(t, recovery.Config{API: &fakeAPI{t: t, attach: func(ctx context.Context, s centra.Session, id centra.SelectionID) (*centra.Selection, error) {
			call = ctx
			return attaches(ctx, s, id)
		}}})
		get(newBrowser(t, s), linkedPath)
		synctest.Wait() // the answer waits for no end of a turn
		if !errors.Is(call.Err(), context.Canceled) {
			t.Errorf("the context of the call outlives the answer: %v", call.Err())
		}
	})
}

func hangs(ctx context.Context, _ centra.Session, _ centra.SelectionID) (*centra.Selection, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// A visitor who leaves while Centra does not answer is no failure of anybody's.
func TestVisitorLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, logger := newLog()
		s := newShop(t, recovery.Config{API: &fakeAPI{t: t, attach: hangs}, Logger: logger})
		ctx, leave := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, leave)
		s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodGet, linkedPath, nil))
		if got := s.last(t).Code; got != recovery.Canceled {
			t.Errorf("code %q", got)
		}
		if log.String() != "" {
			t.Errorf("log: %s", log)
		}
	})
}

// Two tabs and many visitors at once: each visitor ends up with the cart that
// their link names.
func TestConcurrentVisitors(t *testing.T) {
	for _, api := range apis {
		server := centratest.NewServer(t, centratest.WithoutSocket())
		s := newShop(t, recovery.Config{API: api.client(t, server)})
		var wg sync.WaitGroup
		for range 20 {
			_, linked := server.NewCart("1-1")
			token, own := server.NewCart()
			wg.Go(func() {
				b := newBrowser(t, s)
				b.have(api.session(token, own))
				var tabs sync.WaitGroup
				for range 2 {
					tabs.Go(func() { get(b, "/abandoned-cart/"+linked) })
				}
				tabs.Wait()
				if api.selection(server, b.session()) != linked {
					t.Errorf("%s: a visitor has another cart than the link's", api.name)
				}
			})
		}
		wg.Wait()
	}
}

// Visitors at the same time do not see each other's parameters. With -race this
// also shows that requests write nothing that they share.
func TestConcurrentParameters(t *testing.T) {
	s := newShop(t, recovery.Config{
		API: &fakeAPI{t: t, attach: attaches}, Visitors: visitors(t, emptyStore{}), Checkout: "/checkout?a=1&b=2&c=3",
	})
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			query := fmt.Sprintf("utm_%d=%d&utm_x=y", i, i)
			redirectsTo(t, get(newBrowser(t, s), linkedPath+"?"+query), "/checkout?a=1&b=2&c=3&"+query)
		})
	}
	wg.Wait()
}
