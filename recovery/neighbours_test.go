package recovery_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/recovery"
)

// together sends requests that are under way at the same time, in that order,
// and returns how they were answered.
func together(requests ...func() *http.Response) []*http.Response {
	answers := make([]*http.Response, len(requests))
	var wg sync.WaitGroup
	for i, send := range requests {
		wg.Go(func() { answers[i] = send() })
		synctest.Wait()
	}
	wg.Wait()
	return answers
}

// The link is opened while something else of the same visitor is under way. The
// visitor has the link's cart afterwards, nothing failed, and no cart was spoken
// to twice at once.
func TestLinkBesideOtherCalls(t *testing.T) {
	everywhere(t, recovery.Config{}, func(t *testing.T, h *host) {
		for _, beside := range []struct{ method, path string }{
			{http.MethodPost, "/event"}, {http.MethodGet, "/checkout"}, {http.MethodPost, "/items/2-2"},
		} {
			for _, first := range []string{"link", "other"} {
				b := h.visitor("2-2") // has a cart, and says yes
				own := h.cart(b)
				_, linked := h.server.NewCart("1-1")
				h.server.SetLatency(100 * time.Millisecond)
				requests := []func() *http.Response{
					func() *http.Response { return post(b, "/abandoned-cart/"+linked) },
					func() *http.Response { return b.do(beside.method, beside.path) },
				}
				if first == "other" {
					slices.Reverse(requests)
				}
				for _, resp := range together(requests...) {
					if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusSeeOther {
						t.Errorf("%s beside the link: status %d", beside.path, resp.StatusCode)
					}
				}
				h.server.SetLatency(0)
				if got := h.cart(b); got != linked {
					t.Errorf("%s, %s first: the visitor does not have the link's cart", beside.path, first)
				}
				for _, cart := range []string{own, linked} {
					if n := h.server.MaxConcurrent(cart); n > 1 {
						t.Errorf("%s: %d calls for one cart at once", beside.path, n)
					}
				}
				if resp := b.do(http.MethodGet, "/checkout"); resp.StatusCode != http.StatusOK {
					t.Errorf("the next page: %d", resp.StatusCode)
				}
				if beside.path == "/event" {
					var told []string
					for _, cart := range []string{own, linked} {
						told = append(told, h.server.Cart(cart).Email)
					}
					if !slices.Contains(told, "kim@example.com") {
						t.Error("the event went to none of the visitor's carts")
					}
				}
			}
		}
	})
}

// A double click is one recovery, and no question about the cart that it brought.
func TestDoubleClick(t *testing.T) {
	everywhere(t, recovery.Config{}, func(t *testing.T, h *host) {
		for _, visit := range []func(*browser, string) *http.Response{get, post} {
			b := h.visitorWithNothing()
			_, linked := h.server.NewCart("1-1")
			h.server.SetLatency(100 * time.Millisecond)
			click := func() *http.Response { return visit(b, "/abandoned-cart/"+linked) }
			seen := len(h.links.outcomes)
			for _, resp := range together(click, click, click) {
				redirectsTo(t, resp, "/checkout")
			}
			h.server.SetLatency(0)
			synctest.Wait() // an outcome is told after its answer
			var codes []recovery.Code
			for _, o := range h.links.outcomes[seen:] {
				codes = append(codes, o.Code)
			}
			want := []recovery.Code{recovery.Recovered, recovery.AlreadyCurrent, recovery.AlreadyCurrent}
			if !slices.Equal(codes, want) {
				t.Errorf("codes %q, want %q", codes, want)
			}
			if h.cart(b) != linked {
				t.Error("the visitor does not have the link's cart")
			}
		}
	})
}

// A double click on the link of another cart never replaces the visitor's own:
// the second one sees what the first did.
func TestDoubleClickOnAnotherCartsLink(t *testing.T) {
	everywhere(t, recovery.Config{}, func(t *testing.T, h *host) {
		b := h.visitor("2-2")
		own := h.cart(b)
		_, linked := h.server.NewCart("1-1")
		h.server.SetLatency(100 * time.Millisecond)
		click := func() *http.Response { return get(b, "/abandoned-cart/"+linked) }
		for _, resp := range together(click, click) {
			shows(t, resp, 200, `<form method="post">`)
		}
		if h.cart(b) != own {
			t.Error("the visitor's cart was replaced unasked")
		}
	})
}

// Two tabs with two links: the first brings its cart, the second asks.
func TestTwoTabs(t *testing.T) {
	everywhere(t, recovery.Config{}, func(t *testing.T, h *host) {
		b := h.visitorWithNothing()
		_, one := h.server.NewCart("1-1")
		_, other := h.server.NewCart("2-2")
		h.server.SetLatency(100 * time.Millisecond)
		answers := together(
			func() *http.Response { return get(b, "/abandoned-cart/"+one) },
			func() *http.Response { return get(b, "/abandoned-cart/"+other) },
		)
		redirectsTo(t, answers[0], "/checkout")
		shows(t, answers[1], 200, `<form method="post">`)
		if h.cart(b) != one {
			t.Error("the second link took the place of the first")
		}
	})
}

// A browser that leaves while Centra answers has the link's cart when it is back.
func TestBrowserLeaves(t *testing.T) {
	everywhere(t, recovery.Config{}, func(t *testing.T, h *host) {
		b := h.visitor("2-2")
		_, linked := h.server.NewCart("1-1")
		h.server.SetLatency(time.Second)
		ctx, leave := context.WithCancel(t.Context())
		time.AfterFunc(500*time.Millisecond, leave)
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, "https://example.com/abandoned-cart/"+linked, nil)
		for _, cookie := range b.jar.Cookies(site) {
			r.AddCookie(cookie)
		}
		h.mux.ServeHTTP(httptest.NewRecorder(), r) // and the answer is lost
		h.server.SetLatency(0)
		if got := h.links.last(t); got.Code != recovery.Recovered {
			t.Errorf("got %+v", got)
		}
		if h.apiName == "shop" && b.session() != "" {
			return // the cookie with the cart's ID is lost, and the visitor's own is whole
		}
		if got := h.cart(b); got != linked {
			t.Error("the visitor does not have the link's cart")
		}
		if resp := b.do(http.MethodGet, "/checkout"); resp.StatusCode != http.StatusOK {
			t.Errorf("the next page: %d", resp.StatusCode)
		}
	})
}

// Between the question and the answer the visitor's token changes, and the page
// with the button may have been loaded with an old one.
func TestRotationBetweenQuestionAndAnswer(t *testing.T) {
	everywhere(t, recovery.Config{}, func(t *testing.T, h *host) {
		b := h.visitor("2-2")
		_, linked := h.server.NewCart("1-1")
		shows(t, get(b, "/abandoned-cart/"+linked), 200, `<form method="post">`)
		old := b.session()
		for range 3 {
			b.do(http.MethodPost, "/event")
			b.do(http.MethodGet, "/checkout")
		}
		if old != "" {
			b.have(old) // whose answers came in another order than they were made
		}
		redirectsTo(t, post(b, "/abandoned-cart/"+linked), "/checkout")
		if h.cart(b) != linked {
			t.Error("the visitor does not have the link's cart")
		}
	})
}

// An Owner that takes too long, whether or not it minds its context, costs the
// visitor an error page, and neither their cart nor their next call.
func TestSlowOwner(t *testing.T) {
	for name, wait := range map[string]func(context.Context){
		"minds its context":   func(ctx context.Context) { <-ctx.Done() },
		"ignores its context": func(context.Context) { time.Sleep(time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			slow := recovery.Config{Owner: func(r *http.Request, _ *centra.Selection) bool { wait(r.Context()); return true }}
			everywhere(t, slow, func(t *testing.T, h *host) {
				b := h.visitor("2-2")
				own := h.cart(b)
				_, linked := h.server.NewCart("1-1")
				start := time.Now()
				answers := together(
					func() *http.Response { return post(b, "/abandoned-cart/"+linked) },
					func() *http.Response { return b.do(http.MethodGet, "/checkout") },
				)
				shows(t, answers[0], 503, "Nothing has changed")
				if answers[1].StatusCode != http.StatusOK {
					t.Errorf("the visitor's next page: %d", answers[1].StatusCode)
				}
				if took := time.Since(start); took > 9*time.Second {
					t.Errorf("it took %v", took)
				}
				if h.cart(b) != own {
					t.Error("the visitor's cart has changed")
				}
			})
		})
	}
}

// What an Owner asks Centra for by itself is no call for the visitor: an expired
// session that it meets says nothing of theirs.
func TestOwnerThatAsksCentra(t *testing.T) {
	var asks func(context.Context)
	curious := recovery.Config{Owner: func(r *http.Request, _ *centra.Selection) bool { asks(r.Context()); return true }}
	everywhere(t, curious, func(t *testing.T, h *host) {
		if h.apiName == "shop" { // where sessions do not change
			return
		}
		another, _ := h.server.NewCart("2-2")
		h.server.ExpireToken(another)
		asks = func(ctx context.Context) { _, _ = h.api.Selection(ctx, centra.Session(another)) }
		b := h.visitor("2-2")
		before := centra.Session(h.session(b))
		_, linked := h.server.NewCart("1-1")
		post(b, "/abandoned-cart/"+linked)
		straggler := func(_ context.Context, s centra.Session) (centra.Session, error) {
			if h.server.SelectionOf(string(s)) != linked {
				t.Error("who brings the session before is not led to the cart")
			}
			return "", nil
		}
		if err := h.visitors.DoSession(t.Context(), before, straggler); err != nil {
			t.Error(err)
		}
	})
}

// Nor is the look at the link's cart that Owner is shown, in a session of its own. It
// does not say that the visitor's cart is filled: of two items that are put into
// that at once one would be lost.
func TestOwnerWhoRefusesAndTwoItemsAtOnce(t *testing.T) {
	refuses := recovery.Config{Owner: func(*http.Request, *centra.Selection) bool { return false }}
	everywhere(t, refuses, func(t *testing.T, h *host) {
		b := h.visitorWithNothing()
		_, linked := h.server.NewCart("2-2")
		post(b, "/abandoned-cart/"+linked)
		h.server.SetLatency(100 * time.Millisecond)
		together(
			func() *http.Response { return b.do(http.MethodPost, "/items/1-1") },
			func() *http.Response { return b.do(http.MethodPost, "/items/1-1") },
		)
		if items := h.server.Cart(h.cart(b)).Items; len(items) != 1 || items[0].Quantity != 2 {
			t.Errorf("in the cart is %v", items)
		}
	})
}

// Target and Page are asked when the turn is over: a slow one keeps nobody.
func TestSlowTargetAndPage(t *testing.T) {
	slow := recovery.Config{
		Target: func(context.Context, *centra.Selection) string { time.Sleep(time.Minute); return "" },
		Page: func(w http.ResponseWriter, _ *http.Request, p recovery.Page) {
			time.Sleep(time.Minute)
			w.WriteHeader(p.Status)
		},
	}
	everywhere(t, slow, func(t *testing.T, h *host) {
		b := h.visitor("2-2")
		_, linked := h.server.NewCart("1-1")
		for _, visit := range []func(*browser, string) *http.Response{get, post} {
			var wg sync.WaitGroup
			wg.Go(func() { visit(b, "/abandoned-cart/"+linked) })
			synctest.Wait()
			start := time.Now()
			if resp := b.do(http.MethodGet, "/checkout"); resp.StatusCode != http.StatusOK || time.Since(start) > time.Second {
				t.Errorf("the visitor's next page: %d after %v", resp.StatusCode, time.Since(start))
			}
			wg.Wait()
		}
	})
}

// A shop of two processes: they share turns and, if it has any, the sessions. A
// double click that they share never replaces the visitor's cart unasked.
func TestTwoProcesses(t *testing.T) {
	for _, set := range settings() {
		t.Run(set.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store, turns := set.store(), session.NewTurns()
				set.store = func() session.Store { return store }
				one := newHost(t, set, recovery.Config{})
				one = one.again(visitors(t, store, session.WithTurns(turns)), recovery.Config{})
				two := one.again(visitors(t, store, session.WithTurns(turns)), recovery.Config{})
				one.server.RotateTokens(1)

				b := one.visitor("2-2")
				own := one.cart(b)
				elsewhere := &browser{two.mux, b.jar}
				_, linked := one.server.NewCart("1-1")
				one.server.SetLatency(100 * time.Millisecond)
				for _, resp := range together(
					func() *http.Response { return get(b, "/abandoned-cart/"+linked) },
					func() *http.Response { return get(elsewhere, "/abandoned-cart/"+linked) },
				) {
					shows(t, resp, 200, `<form method="post">`)
				}
				if one.cart(b) != own || two.cart(b) != own {
					t.Error("the visitor's cart was replaced unasked")
				}
				answers := together(
					func() *http.Response { return b.do(http.MethodGet, "/checkout") },
					func() *http.Response { return post(elsewhere, "/abandoned-cart/"+linked) },
					func() *http.Response { return b.do(http.MethodPost, "/event") },
				)
				for _, i := range []int{0, 2} {
					if answers[i].StatusCode != http.StatusOK {
						t.Errorf("beside the link: %d", answers[i].StatusCode)
					}
				}
				if one.cart(b) != linked || two.cart(b) != linked {
					t.Error("the visitor does not have the link's cart")
				}
				redirectsTo(t, post(b, "/abandoned-cart/"+linked), "/checkout")
				elsewhere.do(http.MethodPost, "/event")
				redirectsTo(t, get(elsewhere, "/abandoned-cart/"+linked), "/checkout")
				if got := two.links.last(t).Code; got != recovery.AlreadyCurrent {
					t.Errorf("the other process: code %q", got)
				}
				one.server.Close()
			})
		})
	}
}

// In the Shop API a session is a cart. An event that is still under way for the
// cart before goes to that one or to the visitor's new one, and takes nothing
// back; and another visitor with the same cart keeps it.
func TestStragglersInTheShopAPI(t *testing.T) {
	everywhere(t, recovery.Config{}, func(t *testing.T, h *host) {
		if h.apiName != "shop" {
			return
		}
		_, shared := h.server.NewCart("2-1")
		_, linked := h.server.NewCart("1-1")
		one, other := h.visitor(), h.visitor()
		get(one, "/abandoned-cart/"+shared)
		get(other, "/abandoned-cart/"+shared)
		old := one.jar.Cookies(site)
		redirectsTo(t, post(one, "/abandoned-cart/"+linked), "/checkout")

		shows(t, get(other, "/abandoned-cart/"+linked), 200, `<form method="post">`) // who has not been asked yet

		straggler := httptest.NewRequest(http.MethodPost, "https://example.com/event", nil)
		for _, cookie := range old {
			straggler.AddCookie(cookie)
		}
		w := httptest.NewRecorder()
		h.mux.ServeHTTP(w, straggler)
		one.jar.SetCookies(site, w.Result().Cookies())
		if w.Code != http.StatusOK {
			t.Errorf("the event: %d", w.Code)
		}
		if got := h.cart(one); got != linked {
			t.Error("the event took back the cart that the visitor chose")
		}
		for range 3 {
			other.do(http.MethodPost, "/event")
			other.do(http.MethodGet, "/checkout")
		}
		if got := h.cart(other); got != shared {
			t.Error("another visitor was led to a cart that is not theirs")
		}
	})
}
