package centra_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/centra-go/cartabandonment/centra"
)

// An outage is not multiplied: in the long run retries add a twentieth to the
// calls, and all clients made of one share what is left.
func TestRetryBudget(t *testing.T) {
	clients := map[string]func(testing.TB, ...centra.Option) []api{
		"checkout": func(tb testing.TB, opts ...centra.Option) []api {
			return []api{newCheckout(tb, "https://shop.example.com", opts...)}
		},
		"shop": func(tb testing.TB, opts ...centra.Option) []api {
			return []api{newShop(tb, "https://shop.example.com", opts...)}
		},
		"checkout and its shoppers": func(tb testing.TB, opts ...centra.Option) []api {
			c := newCheckout(tb, "https://shop.example.com", opts...)
			return []api{c, c.AsShopper(), c.AsShopper()}
		},
	}
	outages := map[string]func(*http.Request) (*http.Response, error){
		"503":               status(503, "", "").answer,
		"connections break": func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF },
	}
	for outage, down := range outages {
		for name, client := range clients {
			if outage != "503" && name != "checkout and its shoppers" {
				continue // the budget is the same code, and 10,000 calls take a while
			}
			t.Run(outage+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var up atomic.Bool
					centraAPI := &attempts{answer: func(r *http.Request) (*http.Response, error) {
						if !up.Load() {
							return down(r)
						}
						w := httptest.NewRecorder()
						_, _ = io.WriteString(w, fitsAll)
						return w.Result(), nil
					}}
					apis := client(t, centraAPI.option())
					var visitors sync.WaitGroup
					for i := range 100 {
						visitors.Go(func() {
							for j := range 100 {
								if err := updateFields(t.Context(), apis[(i+j)%len(apis)], centra.Session(cartID)); err == nil {
									t.Error("no error while Centra is down")
								}
							}
						})
					}
					visitors.Wait()
					sends := centraAPI.count()
					if sends > 11_000 {
						t.Errorf("10,000 calls were sent %d times, want at most 11,000", sends)
					}
					if sends < 10_100 {
						t.Errorf("10,000 calls were sent %d times: the budget allows more", sends)
					}
					up.Store(true)
					for range 100 {
						if err := updateFields(t.Context(), apis[0], centra.Session(cartID)); err != nil {
							t.Fatalf("Centra is back, but %v", err)
						}
					}
					if again := centraAPI.count() - sends; again != 100 {
						t.Errorf("100 calls were sent %d times", again)
					}
				})
			})
		}
	}
}

// Two clients that were made apart do not share a budget.
func TestBudgetsAreApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := status(503, "", "")
		first, second := newCheckout(t, "https://shop.example.com", down.option()), newCheckout(t, "https://shop.example.com", down.option())
		for range 100 {
			_ = readSelection(t.Context(), first, token)
		}
		before := down.count()
		_ = readSelection(t.Context(), second, token)
		if sends := down.count() - before; sends != 3 {
			t.Errorf("the second client sent its first call %d times, want 3", sends)
		}
	})
}
