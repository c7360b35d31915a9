package centratest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/google/go-cmp/cmp"
)

const optIn = `{"email":"shopper@example.com","cartAbandonmentEmail":true}`

func TestMailAfterInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := centratest.NewServer(t, centratest.WithoutSocket(),
			centratest.WithMailInterval(20*time.Minute), centratest.WithCartLink("https://shop.test/back/{selection}?utm_source=rule"))
		token, selection := server.NewCart("1-1")
		visitor := &shopper{server: server, token: token}
		visitor.do(t, "PUT", "/payment-fields", optIn)

		time.Sleep(20*time.Minute - time.Nanosecond)
		if mails := server.Outbox(); len(mails) != 0 {
			t.Fatalf("%d mails before the interval has passed", len(mails))
		}
		time.Sleep(time.Nanosecond)
		want := []centratest.Mail{{
			To:      "shopper@example.com",
			Subject: "You left something in your cart",
			Link:    "https://shop.test/back/" + selection + "?utm_source=rule",
			SentAt:  time.Now(),
		}}
		if diff := cmp.Diff(want, server.Outbox()); diff != "" {
			t.Errorf("outbox (-want +got):\n%s", diff)
		}
		time.Sleep(24 * time.Hour)
		if mails := server.Outbox(); len(mails) != 1 {
			t.Errorf("%d mails for one countdown, want 1", len(mails))
		}
	})
}

func TestCountdownStartsOnlyWithConsentAndAddress(t *testing.T) {
	for _, row := range []struct {
		name, fields string
		mails        int
	}{
		{"at the top level", optIn, 1},
		{"within address", `{"address":{"email":"shopper@example.com","cartAbandonmentEmail":true}}`, 1},
		{"one at each place", `{"address":{"email":"shopper@example.com"},"cartAbandonmentEmail":true}`, 1},
		{"top level wins", `{"cartAbandonmentEmail":false,"address":{"email":"shopper@example.com","cartAbandonmentEmail":true}}`, 0},
		{"declined", `{"email":"shopper@example.com","cartAbandonmentEmail":false}`, 0},
		{"not asked", `{"email":"shopper@example.com"}`, 0},
		{"true as text", `{"email":"shopper@example.com","cartAbandonmentEmail":"true"}`, 0},
		{"true as number", `{"email":"shopper@example.com","cartAbandonmentEmail":1}`, 0},
		{"no e-mail address", `{"cartAbandonmentEmail":true}`, 0},
		{"not an e-mail address", `{"email":"shopper@","cartAbandonmentEmail":true}`, 0},
		{"a name with the e-mail address", `{"email":"Sam <shopper@example.com>","cartAbandonmentEmail":true}`, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := centratest.NewServer(t, centratest.WithoutSocket())
				token, _ := server.NewCart("1-1")
				visitor := &shopper{server: server, token: token}
				visitor.do(t, "PUT", "/payment-fields", row.fields)
				time.Sleep(time.Hour)
				if mails := server.Outbox(); len(mails) != row.mails {
					t.Errorf("%d mails, want %d", len(mails), row.mails)
				}
			})
		})
	}
}

func TestCountdownStartsAgainWithEachUpdate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := centratest.NewServer(t, centratest.WithoutSocket())
		token, selection := server.NewCart("1-1")
		visitor := &shopper{server: server, token: token}
		visitor.do(t, "PUT", "/payment-fields", optIn)
		time.Sleep(59 * time.Minute)
		visitor.do(t, "PUT", "/payment-fields", optIn)
		if due, want := server.Cart(selection).MailDue, time.Now().Add(time.Hour); !due.Equal(want) {
			t.Errorf("mail due at %v, want %v", due, want)
		}
		time.Sleep(59 * time.Minute)
		if mails := server.Outbox(); len(mails) != 0 {
			t.Errorf("%d mails, although the second update started the countdown again", len(mails))
		}
		time.Sleep(time.Minute)
		if mails := server.Outbox(); len(mails) != 1 {
			t.Errorf("%d mails, want 1", len(mails))
		}
	})
}

func TestCloseStopsCountdowns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := centratest.New(centratest.WithoutSocket())
		token, _ := server.NewCart("1-1")
		visitor := &shopper{server: server, token: token}
		visitor.do(t, "PUT", "/payment-fields", optIn)
		server.Close()
		time.Sleep(2 * time.Hour)
		if mails := server.Outbox(); len(mails) != 0 {
			t.Errorf("%d mails after Close", len(mails))
		}
	})
}

func TestTimelineOfAnAbandonedCart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := centratest.NewServer(t, centratest.WithoutSocket())
		var told []centratest.EventKind
		server.OnEvent(func(e centratest.Event) {
			server.Timeline() // an observer may call the server
			told = append(told, e.Kind)
		})
		token, selection := server.NewCart("1-1")
		visitor := &shopper{server: server, token: token}
		visitor.do(t, "PUT", "/payment-fields", optIn)
		time.Sleep(time.Hour)
		server.Outbox()
		synctest.Wait()
		visitor = &shopper{server: server}
		visitor.do(t, "PUT", "/selection/"+selection, "")

		want := []centratest.EventKind{
			centratest.CartCreated, centratest.FieldsUpdated, centratest.OrderCreated, centratest.CountdownStarted,
			centratest.MailSent, centratest.CartCreated, centratest.CartAttached,
		}
		if diff := cmp.Diff(want, told); diff != "" {
			t.Errorf("observed events (-want +got):\n%s", diff)
		}
		var listed []centratest.EventKind
		for _, e := range server.Timeline() {
			listed = append(listed, e.Kind)
		}
		if diff := cmp.Diff(want, listed); diff != "" {
			t.Errorf("timeline (-want +got):\n%s", diff)
		}
	})
}
