package main

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra/centratest"
)

// What $.ajax({method: "POST", data: event.detail}) sends for
// {email, address: {email, firstName, country}, additionalFields: {suspendIgnore: true}}.
const jQueryEvent = "email=canary%40example.com&address%5Bemail%5D=canary%40example.com&address%5BfirstName%5D=Kim" +
	"&address%5Bcountry%5D=swe&additionalFields%5BsuspendIgnore%5D=true"

const jsonEvent = `{"email":"canary@example.com","address":{"email":"canary@example.com","firstName":"Kim","country":"swe"},"additionalFields":{"suspendIgnore":true}}`

func TestCallback(t *testing.T) {
	for name, row := range map[string]struct{ contentType, body string }{
		"jQuery": {"application/x-www-form-urlencoded; charset=UTF-8", jQueryEvent},
		"JSON":   {"application/json", jsonEvent},
	} {
		t.Run(name, func(t *testing.T) {
			eachOf(t, []string{"checkout", "shop"}, func(t *testing.T, api string) {
				shop := open(t, api)
				v := shop.visitor(t)
				v.add("1-1")
				session := v.session()

				p := v.send("POST", "/centra/callback", row.contentType, row.body).want(t, http.StatusOK)
				var answer map[string]any
				if err := json.Unmarshal([]byte(p.Body), &answer); err != nil {
					t.Fatal(err)
				}
				if answer["suspendIgnore"] != true {
					t.Errorf("suspendIgnore = %#v, want true", answer["suspendIgnore"])
				}
				if strings.Contains(p.Body, session) {
					t.Error("the answer holds the session")
				}

				put := shop.capture(t)
				var sent map[string]any
				if err := json.Unmarshal(put.Body, &sent); err != nil {
					t.Fatal(err)
				}
				want := map[string]any{
					"email":                canaryEmail,
					"cartAbandonmentEmail": true,
					"address":              map[string]any{"email": canaryEmail, "firstName": "Kim", "country": "swe"},
					"additionalFields":     map[string]any{"suspendIgnore": true},
				}
				if diff := cmp.Diff(want, sent); diff != "" {
					t.Errorf("PUT body (-want +got):\n%s", diff)
				}
				checkCredentials(t, api, put, session)
			})
		})
	}
}

// checkCredentials: in the Checkout API the shopper's token and no secret,
// though one is configured; in the Shop API the other way round.
func checkCredentials(t *testing.T, api string, r centratest.Request, session string) {
	t.Helper()
	type credentials struct{ Path, Token, Authorization, APIAuthorization string }
	got := credentials{r.Path, r.Header.Get("Api-Token"), r.Header.Get("Authorization"), r.Header.Get("Api-Authorization")}
	want := credentials{Path: "/payment-fields", Token: session}
	if api == "shop" {
		want = credentials{Path: "/selections/" + session + "/checkout-fields", APIAuthorization: "canary-secret"}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("PUT (-want +got):\n%s", diff)
	}
}

func TestCheckoutFormDoesTheSamePut(t *testing.T) {
	for name, row := range map[string]struct {
		reminder string
		want     bool
	}{
		"not asked":           {"", true},
		"asked and ticked":    {"&reminder=no&reminder=yes", true},
		"asked, not ticked":   {"&reminder=no", false},
		"asked, other answer": {"&reminder=maybe", false},
	} {
		t.Run(name, func(t *testing.T) {
			eachOf(t, []string{"checkout", "shop"}, func(t *testing.T, api string) {
				shop := open(t, api)
				v := shop.visitor(t)
				v.add("1-1")
				session := v.session()
				p := v.post("/checkout", "email=canary%40example.com&firstName=Kim&country=SE"+row.reminder)
				if p.Status != http.StatusSeeOther || p.Location != "/checkout" {
					t.Fatalf("answer = %d to %q, want 303 to /checkout", p.Status, p.Location)
				}
				put := shop.capture(t)
				var sent map[string]any
				if err := json.Unmarshal(put.Body, &sent); err != nil {
					t.Fatal(err)
				}
				want := map[string]any{
					"email":                canaryEmail,
					"cartAbandonmentEmail": row.want,
					"address":              map[string]any{"email": canaryEmail, "firstName": "Kim", "country": "SE"},
				}
				if diff := cmp.Diff(want, sent); diff != "" {
					t.Errorf("PUT body (-want +got):\n%s", diff)
				}
				checkCredentials(t, api, put, session)
			})
		})
	}
}

// A shopper who declines, before or after the address is known, gets no mail; one
// who changes their mind again does.
func TestReminderIsDeclined(t *testing.T) {
	for name, row := range map[string]struct {
		steps []string // "event", "no", "yes"
		mails int
	}{
		"never":                   {[]string{"event"}, 1},
		"before":                  {[]string{"no", "event"}, 0},
		"after":                   {[]string{"event", "no"}, 0},
		"after, and agreed again": {[]string{"event", "no", "yes"}, 1},
		"without an address":      {[]string{"no", "yes"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			everyAPI(t, func(t *testing.T, api string) {
				synctest.Test(t, func(t *testing.T) {
					shop := open(t, api)
					v := shop.visitor(t)
					v.add("1-1")
					for _, step := range row.steps {
						if step == "event" {
							v.post("/centra/callback", jQueryEvent).want(t, http.StatusOK)
							continue
						}
						v.post("/reminder", "reminder="+step).want(t, http.StatusSeeOther)
					}
					time.Sleep(2 * interval)
					if mails := shop.inbox(t); len(mails) != row.mails {
						t.Errorf("%d mails, want %d", len(mails), row.mails)
					}
				})
			})
		})
	}
}

// A shopper who is not known to want no mail is not told so.
func TestReminderThatDoesNotReachCentra(t *testing.T) {
	everyAPI(t, func(t *testing.T, api string) {
		shop := open(t, api)
		v := shop.visitor(t)
		v.add("1-1")
		v.post("/centra/callback", jQueryEvent).want(t, http.StatusOK)
		v.post("/demo/trouble", "do=down").want(t, http.StatusSeeOther)
		v.post("/reminder", "reminder=no").want(t, http.StatusServiceUnavailable)
	})
}

// The funnel counts people who came back, not clicks, and an order once.
func TestFunnel(t *testing.T) {
	everyAPI(t, func(t *testing.T, api string) {
		shop := open(t, api)
		first, second, third := shop.visitor(t), shop.visitor(t), shop.visitor(t)
		first.add("1-1")
		first.post("/centra/callback", jQueryEvent).want(t, http.StatusOK)
		link := shop.link(t)
		third.add("4-1")
		third.get(link).want(t, http.StatusOK) // is asked, and leaves
		second.get(link).want(t, http.StatusSeeOther)
		second.post("/centra/callback", jQueryEvent).want(t, http.StatusOK)
		second.pay().want(t, http.StatusOK)
		third.post("/centra/callback", jQueryEvent).want(t, http.StatusOK)
		third.pay().want(t, http.StatusOK)
		want := funnelCounts{Captured: 3, Opened: 2, Recovered: 1, Ordered: 1, Value: "499.00 SEK"}
		if diff := cmp.Diff(want, shop.funnel.now()); diff != "" {
			t.Errorf("funnel (-want +got):\n%s", diff)
		}
		if body := first.get("/").Body; !strings.Contains(body, `data-count="value">499.00 SEK<`) {
			t.Error("the page does not show the funnel")
		}
	})
}

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

func TestPaidOrdersSendNoMail(t *testing.T) {
	for name, row := range map[string]struct {
		leave func(t *testing.T, shop *openShop, v *visitor) (payer *visitor)
		mails int
	}{
		"not paid": {func(*testing.T, *openShop, *visitor) *visitor { return nil }, 1},
		"paid":     {func(_ *testing.T, _ *openShop, v *visitor) *visitor { return v }, 0},
		"paid without a widget": {func(t *testing.T, shop *openShop, v *visitor) *visitor {
			v.post("/payment-method", "method="+shop.method(centratest.DummyMethod)).want(t, http.StatusSeeOther)
			return v
		}, 0},
		"paid at once": {func(t *testing.T, shop *openShop, v *visitor) *visitor {
			v.post("/payment-method", "method="+shop.method(centratest.SuccessMethod)).want(t, http.StatusSeeOther)
			return v
		}, 0},
		"recovered elsewhere and paid": {func(t *testing.T, shop *openShop, _ *visitor) *visitor {
			other := shop.visitor(t)
			other.get(shop.link(t)).want(t, http.StatusSeeOther)
			other.post("/centra/callback", jQueryEvent).want(t, http.StatusOK) // the countdown starts again
			return other
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			everyAPI(t, func(t *testing.T, api string) {
				synctest.Test(t, func(t *testing.T) {
					shop := open(t, api)
					v := shop.visitor(t)
					v.add("1-1")
					v.post("/centra/callback", jQueryEvent).want(t, http.StatusOK)
					time.Sleep(interval / 2)
					if payer := row.leave(t, shop, v); payer != nil {
						if p := payer.pay().want(t, http.StatusOK); !strings.Contains(p.Body, "1001") {
							t.Error("the page after the payment does not name the order")
						}
						payer.wantItems()
						payer.add("4-1") // in the Shop API too, where the session was the ordered cart
						payer.wantItems("4-1")
					}
					time.Sleep(2 * interval)
					if mails := shop.inbox(t); len(mails) != row.mails {
						t.Errorf("%d mails, want %d", len(mails), row.mails)
					}
				})
			})
		})
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

func TestOutOfStock(t *testing.T) {
	everyAPI(t, func(t *testing.T, api string) {
		shop := open(t, api)
		v := shop.visitor(t)
		v.get("/")
		v.add("1-1", "3-1")
		v.post("/demo/trouble", "do=sell-out&page=/checkout").want(t, http.StatusSeeOther)
		p := v.post("/pay", "").want(t, http.StatusOK)
		for _, want := range []string{"Merino Beanie is sold out.", "Raincoat"} {
			if !strings.Contains(p.Body, want) {
				t.Errorf("the page does not say %q", want)
			}
		}
		v.wantItems("3-1")
		v.pay().want(t, http.StatusOK)
	})
}

// A token that any answer brings is in the visitor's cookie afterwards.
func TestRotatedTokenIsKept(t *testing.T) {
	rotating := centratest.StatusFault(http.StatusBadRequest, map[string]string{"email": "refused"}).Rotating()
	for name, row := range map[string]struct {
		fault bool
		visit func(*visitor) page
		want  int
	}{
		"callback":             {false, func(v *visitor) page { return v.post("/centra/callback", jQueryEvent) }, 200},
		"callback, refused":    {true, func(v *visitor) page { return v.post("/centra/callback", jQueryEvent) }, 422},
		"checkout":             {false, func(v *visitor) page { return v.post("/checkout", "email=canary%40example.com") }, 303},
		"checkout, refused":    {true, func(v *visitor) page { return v.post("/checkout", "email=canary%40example.com") }, 422},
		"cart":                 {false, func(v *visitor) page { return v.get("/cart.json") }, 200},
		"payment, refused":     {true, func(v *visitor) page { return v.post("/pay", "") }, 422},
		"cart change, refused": {true, func(v *visitor) page { return v.post("/cart/items/3-1", "") }, 422},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shop := open(t, "checkout")
			v := shop.visitor(t)
			v.add("1-1")
			before := v.session()
			if row.fault {
				shop.centra.FailNext(rotating)
			} else {
				shop.centra.RotateNext()
			}
			row.visit(v).want(t, row.want)
			after := v.session()
			if after == before {
				t.Fatal("the cookie still has the old token")
			}
			if shop.centra.SelectionOf(after) == "" {
				t.Error("Centra does not know the token in the cookie")
			}
			v.wantItems("1-1")
		})
	}
}

// With Centra down every page answers, the widget is resumed, and nothing that
// the visitor has is lost.
func TestCentraDown(t *testing.T) {
	everyAPI(t, func(t *testing.T, api string) {
		shop := open(t, api)
		v := shop.visitor(t)
		v.add("1-1")
		session := v.session()
		v.post("/demo/trouble", "do=down").want(t, http.StatusSeeOther)
		payment := http.StatusBadGateway // may have been done
		if api == "storefront" {         // which reads what was entered first
			payment = http.StatusServiceUnavailable
		}
		for name, row := range map[string]struct {
			visit func() page
			want  int
		}{
			"home":      {func() page { return v.get("/") }, 200},
			"checkout":  {func() page { return v.get("/checkout") }, 200},
			"cart":      {func() page { return v.get("/cart.json") }, 503},
			"add":       {func() page { return v.post("/cart/items/3-1", "") }, 502}, // may have been done
			"form":      {func() page { return v.post("/checkout", "email=canary%40example.com") }, 503},
			"pay":       {func() page { return v.post("/pay", "") }, payment},
			"cart link": {func() page { return v.post("/abandoned-cart/"+strings.Repeat("0", 32), "") }, 503},
		} {
			t.Run(name, func(t *testing.T) { row.visit().want(t, row.want) })
		}
		p := v.post("/centra/callback", jQueryEvent).want(t, http.StatusServiceUnavailable)
		if !strings.Contains(p.Body, `"suspendIgnore":true`) {
			t.Error("the callback's answer has no suspendIgnore")
		}
		v.post("/demo/trouble", "do=down").want(t, http.StatusSeeOther)
		if v.session() != session {
			t.Error("the session has changed")
		}
		v.wantItems("1-1")
	})
}

// A payment whose answer was lost is not "try again": that could be a second
// order. The shop looks at the cart before it says anything.
func TestPaymentWhoseAnswerWasLost(t *testing.T) {
	for name, row := range map[string]struct {
		fault  centratest.Fault
		status int
		says   string
		orders int
	}{
		"carried out":     {centratest.LostAnswerFault(), http.StatusBadGateway, "do not pay again", 1},
		"not carried out": {centratest.ResetFault(), http.StatusConflict, "Nothing was ordered", 0},
	} {
		eachOf(t, []string{"checkout", "shop"}, func(t *testing.T, api string) {
			t.Run(name, func(t *testing.T) {
				shop := open(t, api)
				v := shop.visitor(t)
				v.add("1-1")
				v.post("/payment-method", "method="+shop.method(centratest.SuccessMethod)).want(t, http.StatusSeeOther)
				v.post("/checkout", "email="+canaryEmail+"&reminder=yes").want(t, http.StatusSeeOther)
				shop.centra.FailNext(row.fault)
				if p := v.post("/pay", ""); p.Status != row.status || !strings.Contains(p.Body, row.says) {
					t.Errorf("answer = %d, want %d that says %q", p.Status, row.status, row.says)
				}
				payments := 0
				for _, r := range shop.centra.Requests() {
					if strings.HasSuffix(r.Path, "/payment") || slices.Contains(r.Fields, "paymentInstructions") {
						payments++
					}
				}
				if payments != 1 {
					t.Errorf("%d payments were sent, want 1", payments)
				}
				if row.orders == 0 {
					v.wantItems("1-1")
				}
			})
		})
	}
}

// A provider may send the shopper on once more before the order is there.
func TestPaymentThatAsksTwice(t *testing.T) {
	eachOf(t, []string{"checkout", "shop"}, func(t *testing.T, api string) {
		shop := open(t, api)
		v := shop.visitor(t)
		v.add("1-1")
		v.post("/payment-method", "method="+centratest.RetryMethod).want(t, http.StatusSeeOther)
		v.post("/checkout", "email="+canaryEmail+"&reminder=yes").want(t, http.StatusSeeOther)
		if p := v.pay().want(t, http.StatusOK); !strings.Contains(p.Body, "1001") {
			t.Error("the page after the payment does not name the order")
		}
	})
}
