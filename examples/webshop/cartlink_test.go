package main

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRecoveryInAnotherBrowser(t *testing.T) {
	everyAPI(t, func(t *testing.T, api string) {
		synctest.Test(t, func(t *testing.T) {
			shop := open(t, api)
			first, second := shop.visitor(t), shop.visitor(t)
			first.add("1-1", "3-1")
			first.post("/centra/callback", jQueryEvent).want(t, http.StatusOK)
			time.Sleep(interval - time.Second)
			if mails := shop.inbox(t); len(mails) != 0 {
				t.Fatalf("%d mails before the interval has passed", len(mails))
			}
			time.Sleep(time.Second)
			mails := shop.inbox(t)
			want := []mail{{To: canaryEmail, Subject: "You left something in your cart", Link: shop.link(t), SentAt: time.Now()}}
			if diff := cmp.Diff(want, mails); diff != "" {
				t.Fatalf("inbox (-want +got):\n%s", diff)
			}

			second.wantItems()
			p := second.get(mails[0].Link + "?utm_source=rule&utm_medium=email&secret=1")
			checkRecovered(t, p)
			second.wantItems("1-1", "3-1")
			if p := second.get(p.Location); !strings.Contains(p.Body, "Merino Beanie") {
				t.Error("the checkout does not show the recovered cart")
			}
		})
	})
}

func checkRecovered(t *testing.T, p page) {
	t.Helper()
	type answer struct {
		Status                           int
		Location, Robots, Referrer, Kept string
	}
	want := answer{http.StatusSeeOther, "/checkout?utm_source=rule&utm_medium=email", "noindex, nofollow, noarchive", "no-referrer", "no-store"}
	got := answer{p.Status, p.Location, p.Header.Get("X-Robots-Tag"), p.Header.Get("Referrer-Policy"), p.Header.Get("Cache-Control")}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("cart link (-want +got):\n%s", diff)
	}
}

// A GET that no person made, or that would cost a visitor a cart, attaches
// nothing; the visitor is asked, and the POST decides.
func TestCartLinkAsksFirst(t *testing.T) {
	everyAPI(t, func(t *testing.T, api string) {
		shop := open(t, api)
		first := shop.visitor(t)
		first.add("1-1")
		first.post("/centra/callback", jQueryEvent).want(t, http.StatusOK)
		link := shop.link(t)

		t.Run("HEAD", func(t *testing.T) {
			v := shop.visitor(t)
			v.send("HEAD", link, "", "").want(t, http.StatusOK)
			v.wantItems()
		})
		t.Run("prefetch", func(t *testing.T) {
			v := shop.visitor(t)
			v.get(link, "Sec-Purpose", "prefetch")
			v.wantItems()
		})
		t.Run("another cart", func(t *testing.T) {
			v := shop.visitor(t)
			v.add("4-1")
			p := v.get(link).want(t, http.StatusOK)
			if !strings.Contains(p.Body, `method="post"`) {
				t.Error("the page has no form to decide with")
			}
			v.wantItems("4-1")
			v.send("POST", link, "application/x-www-form-urlencoded", "", "Sec-Fetch-Site", "cross-site").want(t, http.StatusForbidden)
			v.wantItems("4-1")
			v.post(link, "").want(t, http.StatusSeeOther)
			v.wantItems("1-1")
		})
	})
}

func TestDeadLinks(t *testing.T) {
	everyAPI(t, func(t *testing.T, api string) {
		shop := open(t, api)
		v := shop.visitor(t)
		v.add("4-1")
		buyer := shop.visitor(t)
		buyer.add("1-1")
		buyer.post("/centra/callback", jQueryEvent).want(t, http.StatusOK)
		ordered := shop.capture(t).Selection
		buyer.pay().want(t, http.StatusOK)

		for name, row := range map[string]struct {
			id    string
			calls bool
		}{
			"unknown":        {strings.Repeat("0", 32), true},
			"ordered":        {ordered, true},
			"dots":           {"..%2f..", false},
			"500 characters": {strings.Repeat("a", 500), false},
			"CR LF":          {"a%0d%0aX-Injected:%201", false},
			"NUL":            {"a%00b", false},
		} {
			t.Run(name, func(t *testing.T) {
				session := v.session()
				before := len(shop.centra.Requests())
				// Who has a cart is asked before Centra is; the answer tells.
				p := v.post("/abandoned-cart/"+row.id, "")
				if p.Status != http.StatusSeeOther || p.Location != "/?cart=gone" {
					t.Errorf("answer = %d to %q, want 303 to /?cart=gone", p.Status, p.Location)
				}
				if p.Header.Get("X-Injected") != "" {
					t.Error("a header was injected")
				}
				if called := len(shop.centra.Requests()) > before; called != row.calls {
					t.Errorf("Centra was called: %t, want %t", called, row.calls)
				}
				if v.session() != session {
					t.Error("the session has changed")
				}
				v.wantItems("4-1")
			})
		}
		if p := v.get("/?cart=gone"); !strings.Contains(p.Body, "no longer there") {
			t.Error("the shop does not say that the cart is gone")
		}
	})
}
