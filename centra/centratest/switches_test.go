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

func TestPlacesOfEmailAndOptIn(t *testing.T) {
	everywhere := map[string]string{
		"top":      `{"email":"a@example.com","cartAbandonmentEmail":true}`,
		"address":  `{"address":{"email":"a@example.com","cartAbandonmentEmail":true}}`,
		"shipping": `{"shippingAddress":{"email":"a@example.com","cartAbandonmentEmail":true}}`,
		"mixed":    `{"shippingAddress":{"email":"a@example.com"},"cartAbandonmentEmail":true}`,
	}
	for _, row := range []struct {
		name    string
		options []centratest.Option
		starts  []string // a countdown
	}{
		{"default", nil, []string{"top", "address", "mixed"}},
		{
			"top level only",
			[]centratest.Option{centratest.WithEmailAt(centratest.TopLevel), centratest.WithOptInAt(centratest.TopLevel)},
			[]string{"top"},
		},
		{
			"as the one public shop sends it",
			[]centratest.Option{centratest.WithEmailAt(centratest.InShippingAddress), centratest.WithOptInAt(centratest.TopLevel)},
			[]string{"mixed"},
		},
		{
			"shipping address only",
			[]centratest.Option{centratest.WithEmailAt(centratest.InShippingAddress), centratest.WithOptInAt(centratest.InShippingAddress)},
			[]string{"shipping"},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			var starts []string
			for _, name := range []string{"top", "address", "shipping", "mixed"} {
				server := centratest.NewServer(t, append(row.options, centratest.WithoutSocket())...)
				token, selection := server.NewCart("1-1")
				(&shopper{server: server, token: token}).do(t, "PUT", "/payment-fields", everywhere[name])
				if !server.Cart(selection).MailDue.IsZero() {
					starts = append(starts, name)
				}
			}
			if diff := cmp.Diff(row.starts, starts); diff != "" {
				t.Errorf("started a countdown (-want +got):\n%s", diff)
			}
		})
	}
}

func TestConsentWithdrawn(t *testing.T) {
	for _, row := range []struct {
		name    string
		options []centratest.Option
		mails   int
	}{
		{"stops the countdown", nil, 0},
		{"is ignored", []centratest.Option{centratest.WithNoIgnored()}, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := centratest.NewServer(t, append(row.options, centratest.WithoutSocket())...)
				token, selection := server.NewCart("1-1")
				visitor := &shopper{server: server, token: token}
				visitor.do(t, "PUT", "/payment-fields", optIn)
				visitor.do(t, "PUT", "/payment-fields", `{"cartAbandonmentEmail":false}`)
				if server.Cart(selection).CartAbandonmentEmail != false {
					t.Error("the cart does not hold the no")
				}
				time.Sleep(time.Hour)
				if mails := server.Outbox(); len(mails) != row.mails {
					t.Errorf("%d mails, want %d", len(mails), row.mails)
				}
			})
		})
	}
}

func TestAttachNeedsSecret(t *testing.T) {
	server := centratest.NewServer(t, centratest.WithoutSocket(), centratest.WithAttachNeedsSecret())
	_, selection := server.NewCart("1-1")
	visitor := &shopper{server: server}
	if status, _ := visitor.do(t, "PUT", "/selection/"+selection, ""); status != http.StatusUnauthorized {
		t.Errorf("a shopper: status %d, want 401", status)
	}
	visitor.header = http.Header{"Authorization": {"Bearer " + centratest.Secret}}
	if status, _ := visitor.do(t, "PUT", "/selection/"+selection, ""); status != http.StatusOK {
		t.Errorf("with the secret: status %d, want 200", status)
	}
}

func TestFlatOrders(t *testing.T) {
	server := centratest.NewServer(t, centratest.WithoutSocket(), centratest.WithFlatOrders())
	token, _ := server.NewCart("1-1")
	visitor := &shopper{server: server, token: token}
	_, body := visitor.do(t, "POST", "/payment", strings.Replace(pay, "dummy", centratest.SuccessMethod, 1))
	if body["order"] != "1001" || body["status"] != "untouched" || body["token"] == nil {
		t.Errorf("order %v, status %v; want the number as text and the rest beside it", body["order"], body["status"])
	}
}

func TestPluginFields(t *testing.T) {
	for _, row := range []struct {
		name, method string
		options      []centratest.Option
		replace      []string // where the page reads that the snippet is another
	}{
		{"Klarna Payments", centratest.KlarnaPaymentsMethod, nil, []string{"klarnaPayments", "replaceSnippet"}},
		{"Qliro", centratest.QliroMethod, nil, []string{"qliro", "qliroReplaceSnippet"}},
		{"Ingrid", centratest.DummyMethod, []centratest.Option{centratest.WithIngrid()}, []string{"ingrid", "reload"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			server := centratest.NewServer(t, append(row.options, centratest.WithoutSocket(), centratest.WithPaymentMethod(row.method))...)
			token, selection := server.NewCart("1-1")
			visitor := &shopper{server: server, token: token}
			var said []any
			for i := range 3 {
				if i == 1 {
					server.ReplaceSnippet(selection)
				}
				_, body := visitor.do(t, "PUT", "/payment-fields", `{}`)
				said = append(said, dig(t, body, append([]string{"selection", "pluginFields"}, row.replace...)...))
			}
			if diff := cmp.Diff([]any{false, true, false}, said); diff != "" {
				t.Errorf("the page was told to replace the snippet (-want +got):\n%s", diff)
			}
			_, body := shopCall(t, server, "GET", "/selections/"+selection, "")
			if dig(t, body, "pluginFields", row.replace[0]) == nil {
				t.Error("the Shop API has no pluginFields beside the selection")
			}
		})
	}
	t.Run("none", func(t *testing.T) {
		server := centratest.NewServer(t, centratest.WithoutSocket())
		_, body := (&shopper{server: server}).do(t, "GET", "/selection", "")
		if fields, ok := body["selection"].(map[string]any)["pluginFields"]; ok {
			t.Errorf("pluginFields %v without a plugin", fields)
		}
	})
}
