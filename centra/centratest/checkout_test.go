package centratest_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/google/go-cmp/cmp"
)

func TestSessionStartsWithoutToken(t *testing.T) {
	server := centratest.NewServer(t, centratest.WithoutSocket())
	visitor := &shopper{server: server}
	if status, _ := visitor.do(t, "POST", "/items/1-1", ""); status != http.StatusOK {
		t.Fatalf("POST items: status %d", status)
	}
	visitor.do(t, "POST", "/items/2-1/quantity/2", "")
	want := []centratest.CartItem{{Item: "1-1", Quantity: 1}, {Item: "2-1", Quantity: 2}}
	if diff := cmp.Diff(want, server.Cart(server.SelectionOf(visitor.token)).Items); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
}

func TestTokenThatDoesNotWorkLosesTheCart(t *testing.T) {
	for _, row := range []struct {
		name  string
		spoil func(*centratest.Server, *shopper)
	}{
		{"unknown", func(_ *centratest.Server, v *shopper) { v.token = "0123456789abcdefghijklmnop" }},
		{"expired", func(s *centratest.Server, v *shopper) { s.ExpireToken(v.token) }},
	} {
		t.Run(row.name, func(t *testing.T) {
			server := centratest.NewServer(t, centratest.WithoutSocket())
			token, selection := server.NewCart("1-1")
			visitor := &shopper{server: server, token: token}
			row.spoil(server, visitor)
			spoiled := visitor.token
			status, body := visitor.do(t, "PUT", "/payment-fields", optIn)
			if status != http.StatusOK || visitor.token == spoiled {
				t.Fatalf("status %d, new token %t; want 200 and a new token", status, visitor.token != spoiled)
			}
			if items := dig(t, body, "selection", "items"); len(items.([]any)) != 0 {
				t.Errorf("the new session has items: %v", items)
			}
			if server.SelectionOf(visitor.token) == selection || server.Cart(selection).Email != "" {
				t.Error("the new session reaches the old cart")
			}
		})
	}
}

func TestTokenlessCall(t *testing.T) {
	server := centratest.NewServer(t, centratest.WithoutSocket())
	visitor := &shopper{server: server, token: "none"}
	status, body := visitor.do(t, "GET", "/selection", "")
	if _, hasToken := body["token"]; status != http.StatusOK || hasToken {
		t.Errorf("status %d, token in the answer: %t; want 200 and none", status, hasToken)
	}
	_, selection := server.NewCart("1-1")
	if status, _ := visitor.do(t, "PUT", "/selection/"+selection, ""); status != http.StatusBadRequest {
		t.Errorf("attaching without a session: status %d, want 400", status)
	}
}

func TestRotation(t *testing.T) {
	t.Run("every second response", func(t *testing.T) {
		server := centratest.NewServer(t, centratest.WithoutSocket())
		server.RotateTokens(2)
		token, selection := server.NewCart("1-1")
		visitor := &shopper{server: server, token: token}
		var rotated []bool
		for range 4 {
			before := visitor.token
			visitor.do(t, "GET", "/selection", "")
			rotated = append(rotated, visitor.token != before)
		}
		if diff := cmp.Diff([]bool{false, true, false, true}, rotated); diff != "" {
			t.Errorf("rotated (-want +got):\n%s", diff)
		}
		if server.SelectionOf(visitor.token) != selection || server.SelectionOf(token) != "" {
			t.Error("the cart should have moved from the old token to the new one")
		}
	})
	t.Run("on an error response", func(t *testing.T) {
		server := centratest.NewServer(t, centratest.WithoutSocket())
		token, selection := server.NewCart("1-1")
		visitor := &shopper{server: server, token: token}
		server.RotateNext()
		status, _ := visitor.do(t, "POST", "/items/none", "")
		if status != http.StatusNotFound || visitor.token == token || server.SelectionOf(visitor.token) != selection {
			t.Errorf("status %d, rotated %t; want 404 with a new token for the same cart", status, visitor.token != token)
		}
	})
	t.Run("by a fault", func(t *testing.T) {
		server := centratest.NewServer(t, centratest.WithoutSocket())
		token, selection := server.NewCart("1-1")
		visitor := &shopper{server: server, token: token}
		server.FailNext(centratest.StatusFault(500, map[string]string{"server": "broken"}).Rotating())
		status, _ := visitor.do(t, "GET", "/selection", "")
		if status != 500 || visitor.token == token || server.SelectionOf(visitor.token) != selection {
			t.Errorf("status %d, rotated %t; want 500 with a new token for the same cart", status, visitor.token != token)
		}
	})
	t.Run("with grace", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			server := centratest.NewServer(t, centratest.WithoutSocket(), centratest.WithTokenGrace(time.Second))
			token, selection := server.NewCart("1-1")
			server.RotateNext()
			(&shopper{server: server, token: token}).do(t, "GET", "/selection", "")
			if server.SelectionOf(token) != selection {
				t.Error("the old token stopped working at once")
			}
			time.Sleep(time.Second)
			if server.SelectionOf(token) != "" {
				t.Error("the old token still works after its grace")
			}
		})
	})
}

// Each answer of a Centra that rotates always ends the token it was asked with.
func TestRotationOnEveryAnswer(t *testing.T) {
	server := centratest.NewServer(t, centratest.WithoutSocket())
	server.RotateTokens(1)
	token, selection := server.NewStorefrontCart("1-1")
	visitor := &shopper{server: server, token: token}
	storefront := &graphqlShopper{server: server}
	for range 3 {
		before := visitor.token
		visitor.do(t, "PUT", "/payment-fields", `{}`)
		storefront.token = visitor.token
		storefront.data(t, `{ selection { id } }`, nil)
		if server.SelectionOf(before) != "" || server.SelectionOf(visitor.token) != "" {
			t.Error("an old token still works")
		}
		visitor.token = storefront.token
	}
	if server.SelectionOf(visitor.token) != selection {
		t.Error("the newest token has lost the cart")
	}
}

func TestAttachSelection(t *testing.T) {
	server := centratest.NewServer(t, centratest.WithoutSocket())
	_, abandoned := server.NewCart("1-1", "2-1")
	_, ordered := server.NewCart("1-1")
	server.CompleteCart(ordered)
	for _, row := range []struct {
		name, selection string
		status          int
		attached        string
	}{
		{"abandoned", abandoned, http.StatusOK, abandoned},
		{"ordered", ordered, http.StatusNotFound, ""},
		{"unknown", "00000000000000000000000000000000", http.StatusNotFound, ""},
		{"escaped path", "..%2Fpayment-fields", http.StatusNotFound, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			token, own := server.NewCart("3-1")
			visitor := &shopper{server: server, token: token}
			status, body := visitor.do(t, "PUT", "/selection/"+row.selection, "")
			if status != row.status {
				t.Errorf("status %d, want %d", status, row.status)
			}
			if status == http.StatusNotFound && dig(t, body, "errors", "selection") == nil {
				t.Errorf("no error for the selection in %v", body)
			}
			want := row.attached
			if want == "" {
				want = own
			}
			if server.SelectionOf(visitor.token) != want {
				t.Error("the session has the wrong selection")
			}
		})
	}
	if sessions := server.Cart(abandoned).Sessions; sessions != 2 {
		t.Errorf("%d sessions attached to the abandoned cart, want its own and the visitor's", sessions)
	}
}

func TestCartsLive30Days(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := centratest.NewServer(t, centratest.WithoutSocket())
		token, selection := server.NewCart("1-1")
		time.Sleep(30*24*time.Hour - time.Second)
		if status, _ := (&shopper{server: server}).do(t, "PUT", "/selection/"+selection, ""); status != http.StatusOK {
			t.Errorf("a second before the end: status %d", status)
		}
		time.Sleep(time.Second)
		if status, _ := (&shopper{server: server}).do(t, "PUT", "/selection/"+selection, ""); status != http.StatusNotFound {
			t.Errorf("after 30 days: status %d, want 404", status)
		}
		if server.SelectionOf(token) != "" || server.Cart(selection).Selection != "" {
			t.Error("the cart or its session outlived 30 days")
		}
	})
}

func TestCheckoutAccess(t *testing.T) {
	server := centratest.NewServer(t, centratest.WithoutSocket(),
		centratest.WithSecret("s3cret"), centratest.WithAllowedOrigins("https://shop.test"))
	for _, row := range []struct {
		name, origin, authorization string
		status                      int
	}{
		{"allowed origin", "https://shop.test", "", 200},
		{"other origin", "https://evil.test", "", 401},
		{"no origin", "", "", 401},
		{"secret without origin", "", "Bearer s3cret", 200},
		{"secret with another origin", "https://evil.test", "Bearer s3cret", 200},
		{"wrong secret", "https://shop.test", "Bearer guess", 401},
		{"not a bearer", "https://shop.test", "s3cret", 401},
	} {
		t.Run(row.name, func(t *testing.T) {
			visitor := &shopper{server: server, header: http.Header{}}
			if row.origin != "" {
				visitor.header.Set("Origin", row.origin)
			}
			if row.authorization != "" {
				visitor.header.Set("Authorization", row.authorization)
			}
			status, body := visitor.do(t, "GET", "/selection", "")
			if status != row.status {
				t.Errorf("status %d, want %d", status, row.status)
			}
			if body["token"] == nil || (body["errors"] != nil) != (status >= 400) {
				t.Errorf("want a token always, and errors with an error status: %v", body)
			}
		})
	}
}

func TestUnknownRouteFailsTheTest(t *testing.T) {
	for _, row := range []struct{ name, path string }{
		{"another name", "/api/checkout/payment-field"},
		{"no selection", "/api/checkout/selection/"},
		{"unescaped dots", "/api/checkout/selection/../../shop"},
		{"outside the APIs", "/payment-fields"},
		{"shop without selection", "/api/shop/checkout-fields"},
		{"holding a selection ID", "/api/shop/selections/0123456789abcdef0123456789abcdef/none"},
	} {
		t.Run(row.name, func(t *testing.T) {
			tb := &spyTB{}
			server := centratest.NewServer(tb, centratest.WithoutSocket())
			header := http.Header{"Api-Authorization": {centratest.Secret}}
			status, body := send(t, server.Client(), "PUT", server.URL()+row.path, "", header, "{}")
			if status != http.StatusNotFound || dig(t, body, "errors", "route") == nil {
				t.Errorf("status %d, body %v; want 404 with an error for the route", status, body)
			}
			if len(tb.failures) != 1 {
				t.Fatalf("failures reported: %q; want one", tb.failures)
			}
			if leaked := "0123456789abcdef"; strings.Contains(tb.failures[0], leaked) {
				t.Errorf("the report holds a selection ID: %s", tb.failures[0])
			}
			tb.cleanup()
			send(t, server.Client(), "PUT", server.URL()+row.path, "", header, "{}")
			if len(tb.failures) != 1 {
				t.Error("reported to a test that is over")
			}
		})
	}
}

func TestPluginIDAndCorrelationID(t *testing.T) {
	server := centratest.NewServer(t)
	req, err := http.NewRequestWithContext(t.Context(), "GET", server.CheckoutURL()+"/52/selection", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Correlation-ID", "trace-1")
	resp, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 200 || resp.Header.Get("X-Correlation-ID") != "trace-1" {
		t.Errorf("status %d, correlation ID %q", resp.StatusCode, resp.Header.Get("X-Correlation-ID"))
	}
}
