package main

import (
	"encoding/json"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centra-go/cartabandonment/centra/centratest"
)

// A Centra that never answers keeps a shopper, and their other calls, for seconds
// and not for as long as a client waits.
func TestCartChangesAreAnsweredSoon(t *testing.T) {
	everyAPI(t, func(t *testing.T, api string) {
		synctest.Test(t, func(t *testing.T) {
			shop := open(t, api)
			v := shop.visitor(t)
			v.add("1-1")
			var cart struct{ Items []struct{ Line string } }
			if err := json.Unmarshal([]byte(v.get("/cart.json").Body), &cart); err != nil {
				t.Fatal(err)
			}
			shop.centra.SetFault(centratest.HangFault())
			for name, change := range map[string]func() page{
				"an item": func() page { return v.post("/cart/items/3-1", "") },
				"a line":  func() page { return v.post("/cart/lines/"+cart.Items[0].Line, "quantity=2") },
			} {
				began := time.Now()
				change().want(t, http.StatusServiceUnavailable)
				if took := time.Since(began); took > 10*time.Second {
					t.Errorf("%s: %s", name, took)
				}
			}
		})
	})
}
