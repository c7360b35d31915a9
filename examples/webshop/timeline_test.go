package main

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// What a visitor reads beside the pages, from the first event to the order.
func TestTimelineTellsTheFlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shop := open(t, "checkout")
		first, second := shop.visitor(t), shop.visitor(t)
		first.add("1-1")
		first.post("/centra/callback", jQueryEvent).want(t, http.StatusOK)
		due := time.Now().Add(interval)
		time.Sleep(interval + time.Minute)
		second.get(shop.link(t)).want(t, http.StatusSeeOther)
		second.pay().want(t, http.StatusOK)

		type line struct {
			Kind, From, Title string
			Countdown         bool
			Ends              bool
		}
		want := []line{
			{Kind: "put", From: "Centra", Title: "A cart is created"},
			{Kind: "put", From: "Shop → Centra", Title: "The cart changes"},
			{Kind: "event", From: "Browser → shop", Title: "A checkout event arrives"},
			{Kind: "put", From: "Shop → Centra", Title: "The details are sent"},
			{Kind: "mailer", From: "Centra → mailer", Title: "orderCreated"},
			{Kind: "mailer", From: "Mailer", Title: "The countdown runs", Countdown: true},
			{Kind: "event", From: "Shop → browser", Title: "The checkout may go on"},
			{Kind: "mail", From: "Mailer → shopper", Title: "“Cart abandoned” is sent", Ends: true},
			{Kind: "recovery", From: "Shop → Centra", Title: "The cart is asked for, to attach it to a session"},
			{Kind: "put", From: "Centra", Title: "A cart is created"},
			{Kind: "recovery", From: "Shopper → shop", Title: "The cart is recovered"},
			{Kind: "order", From: "Shop → Centra", Title: "A payment is started"},
			{Kind: "order", From: "Shop → Centra", Title: "The payment’s result is handed on"},
			{Kind: "order", From: "Centra → mailer", Title: "orderCompleted", Ends: true},
			{Kind: "order", From: "Shop", Title: "A recovered cart is ordered"},
		}
		var got []line
		entries, _ := shop.timeline.since(0)
		for _, e := range entries {
			got = append(got, line{e.Kind, e.From, e.Title, e.Due != nil && e.Due.Equal(due), e.Ends})
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("timeline (-want +got):\n%s", diff)
		}
	})
}

func TestTimelineKeepsTheLatest(t *testing.T) {
	tl := newTimeline()
	for range maxEntries + 3 {
		tl.add(entry{})
	}
	type span struct{ Count, First, Last int }
	all, _ := tl.since(0)
	few, _ := tl.since(maxEntries)
	want := []span{{maxEntries, 4, maxEntries + 3}, {3, maxEntries + 1, maxEntries + 3}}
	got := []span{{len(all), all[0].ID, all[len(all)-1].ID}, {len(few), few[0].ID, few[len(few)-1].ID}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
