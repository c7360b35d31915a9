package centratest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/google/go-cmp/cmp"
)

func TestCarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := centratest.NewServer(t, centratest.WithoutSocket())
		tokens := map[string]string{}
		ids := map[string]string{}
		for _, name := range []string{"opted in", "withdrawn", "ordered", "abandoned for another", "expired token", "old"} {
			tokens[name], ids[name] = server.NewCart("1-1")
		}
		as := func(name string) *shopper { return &shopper{server: server, token: tokens[name]} }
		time.Sleep(centratest.CartLifetime - time.Hour)
		as("opted in").do(t, "PUT", "/payment-fields", optIn)
		as("withdrawn").do(t, "PUT", "/payment-fields", optIn)
		as("withdrawn").do(t, "PUT", "/payment-fields", `{"cartAbandonmentEmail":false}`)
		server.CompleteCart(ids["ordered"])
		as("abandoned for another").do(t, "PUT", "/selection/"+ids["opted in"], "")
		as("expired token").do(t, "PUT", "/lines/none/quantity/1", "")
		as("expired token").do(t, "PUT", "/countries/NO", "")
		as("abandoned for another").do(t, "GET", "/selection", "")
		server.ExpireToken(tokens["expired token"])
		time.Sleep(30 * time.Minute)

		type row struct {
			Name, OptedIn   string
			Sessions        int
			Lost, Completed bool
			AtOnce          int
		}
		rows := func() []row {
			var rows []row
			for _, cart := range server.Carts() {
				for name, id := range ids {
					if id == cart.Selection {
						rows = append(rows, row{name, cart.OptedIn, cart.Sessions, cart.Lost(), cart.Completed, server.MaxConcurrent(id)})
					}
				}
			}
			return rows
		}
		want := []row{
			{Name: "opted in", OptedIn: "shopper@example.com", Sessions: 2, AtOnce: 1},
			{Name: "withdrawn", Sessions: 1, AtOnce: 1},
			{Name: "ordered", Sessions: 1, Completed: true},
			{Name: "abandoned for another", Lost: true, AtOnce: 1},
			{Name: "expired token", Lost: true, AtOnce: 1},
			{Name: "old", Sessions: 1},
		}
		if diff := cmp.Diff(want, rows()); diff != "" {
			t.Errorf("carts (-want +got):\n%s", diff)
		}
		time.Sleep(time.Hour)
		want = append(want[:3:3], want[4]) // untouched for 30 days; an order stays
		if diff := cmp.Diff(want, rows()); diff != "" {
			t.Errorf("carts an hour later (-want +got):\n%s", diff)
		}
	})
}
