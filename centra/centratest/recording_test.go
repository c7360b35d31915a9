package centratest_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/google/go-cmp/cmp"
)

func TestRequestsAreRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := centratest.NewServer(t, centratest.WithoutSocket())
		token, selection := server.NewCart("1-1")
		visitor := &shopper{server: server, token: token, header: http.Header{"X-Correlation-Id": {"trace-1"}}}
		visitor.do(t, "PUT", "/payment-fields", optIn)
		shopCall(t, server, "GET", "/selections/"+selection, "")

		want := []centratest.Request{
			{
				API: centratest.CheckoutAPI, Method: "PUT", Path: "/payment-fields", Body: []byte(optIn), At: time.Now(), Selection: selection, Status: 200,
				Header: http.Header{"Api-Token": {token}, "X-Correlation-Id": {"trace-1"}},
			},
			{
				API: centratest.ShopAPI, Method: "GET", Path: "/selections/" + selection, Body: []byte{}, At: time.Now(), Selection: selection, Status: 200,
				Header: http.Header{"Api-Authorization": {centratest.Secret}},
			},
		}
		if diff := cmp.Diff(want, server.Requests()); diff != "" {
			t.Errorf("requests (-want +got):\n%s", diff)
		}
	})
}

func TestMaxConcurrent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := centratest.NewServer(t, centratest.WithoutSocket())
		server.SetLatency(time.Second)
		serialToken, serial := server.NewCart("1-1")
		parallelToken, parallel := server.NewCart("1-1")
		var group sync.WaitGroup
		for range 3 {
			group.Go(func() {
				(&shopper{server: server, token: parallelToken}).do(t, "PUT", "/payment-fields", optIn)
				(&shopper{server: server, token: serialToken}).do(t, "GET", "/selection", "")
			})
		}
		group.Wait()
		visitor := &shopper{server: server, token: serialToken}
		visitor.do(t, "PUT", "/payment-fields", optIn)
		visitor.do(t, "POST", "/items/1-1", "")
		if got := server.MaxConcurrent(parallel); got != 3 {
			t.Errorf("three at once: %d", got)
		}
		if got := server.MaxConcurrent(serial); got != 1 {
			t.Errorf("one after the other, and reads at once: %d", got)
		}
	})
}

func rawSelection(t *testing.T, server *centratest.Server, token string) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", server.CheckoutURL()+"/selection", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("API-Token", token)
	resp, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.ContentLength != int64(len(body)) {
		t.Errorf("Content-Length %d, body %d", resp.ContentLength, len(body))
	}
	return body
}

func TestJSONIsLikePHPs(t *testing.T) {
	server := centratest.NewServer(t, centratest.WithoutSocket(),
		centratest.WithProducts(centratest.Product{Item: "9", ID: "9", Name: `Café </script> 🧶`, Price: 63005}))
	token, _ := server.NewCart("9")
	body := rawSelection(t, server, token)
	for _, want := range []string{
		`"name":"Caf\u00e9 <\/script> \ud83e\uddf6"`, `"decimalDigits":"2"`, `"media":[]`, `"totalDiscountPrice":false`,
		`"tableMappings":{}`, `"customAttributes":[]`, `"state":null`, `"priceEach":"630.05 SEK"`, `"priceEachAsNumber":630.05`,
	} {
		if !bytes.Contains(body, []byte(want)) {
			t.Errorf("no %s in the answer", want)
		}
	}
	if strings.ContainsFunc(string(body), func(r rune) bool { return r > 127 }) {
		t.Error("the answer is not plain ASCII")
	}
}

func TestResponseSize(t *testing.T) {
	for _, size := range []int{30_000, 300_000} {
		server := centratest.NewServer(t, centratest.WithoutSocket(), centratest.WithResponseSize(size))
		token, _ := server.NewCart("1-1", "2-1")
		if got := len(rawSelection(t, server, token)); got < size || got > size+2_000 {
			t.Errorf("%d bytes, want about %d", got, size)
		}
	}
}

func TestKlarnaSelectionsCarryTheScript(t *testing.T) {
	server := centratest.NewServer(t, centratest.WithoutSocket())
	visitor := &shopper{server: server}
	if _, body := visitor.do(t, "GET", "/selection", ""); dig(t, body, "selection", "centraCheckoutScript") != nil {
		t.Error("a script without Klarna")
	}
	_, body := visitor.do(t, "PUT", "/payment-methods/"+centratest.KlarnaMethod, "")
	if script := dig(t, body, "selection", "centraCheckoutScript"); script != centratest.CheckoutScript() {
		t.Error("no script with Klarna")
	}
}

func TestConcurrentUse(t *testing.T) {
	server := centratest.NewServer(t)
	server.RotateTokens(3)
	server.OnEvent(func(centratest.Event) { server.Timeline() })
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			visitor := &shopper{server: server}
			for range 5 {
				visitor.do(t, "POST", "/items/1-1", "")
				visitor.do(t, "PUT", "/payment-fields", optIn)
			}
			if got := server.Cart(server.SelectionOf(visitor.token)).Items; len(got) != 1 || got[0].Quantity != 5 {
				t.Errorf("items %v, want five of one", got)
			}
		})
	}
	group.Wait()
	if got := len(server.Requests()); got != 200 {
		t.Errorf("%d requests recorded, want 200", got)
	}
}
