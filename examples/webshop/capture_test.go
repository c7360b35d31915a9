package main

import (
	"encoding/json"
	"net/http"
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
