package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centra-go/cartabandonment/centra/centratest"
)

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
