package benchmarks_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/centra-go/cartabandonment/centra"
)

// storefrontCart is a Storefront API answer of about the given size to a mutation
// setAddress: the lines of a cart as our document asks for them, and little else,
// since a document asks for what it needs.
func storefrontCart(size int) []byte {
	var b strings.Builder
	b.WriteString(`{"data":{"setAddress":{"__typename":"GenericSelectionMutationPayload","selection":{"__typename":"Selection",` +
		`"id":"0a1b2c3d4e5f60718293a4b5c6d7e8f9","comment":null,"language":{"code":"sv"},` +
		`"grandTotal":{"value":3649,"formattedValue":"3,649.00 SEK","currency":{"code":"SEK"}},"lines":[`)
	for i := 0; b.Len() < size; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"__typename":"ProductLine","id":"0a6d0c85c097bffdd54ad0cac52b%04[1]d","name":"Shell Jacket %[1]d","productVariantName":"Red",`+
			`"size":"M","quantity":2,"comment":"","hasDiscount":false,"item":{"id":"%[1]d-1","sku":"SKU-%[1]d"},"displayItem":{"id":%[1]d,`+
			`"uri":"women/jackets/shell-jacket-%[1]d","media":[{"source":{"url":"https://cdn.example.com/client/dynamic/images/%[1]d_front.jpg"}},`+
			`{"source":{"url":"https://cdn.example.com/client/dynamic/images/%[1]d_back.jpg"}}]},"unitPrice":{"value":100,"formattedValue":"100.00 SEK"},`+
			`"unitOriginalPrice":{"value":100,"formattedValue":"100.00 SEK"},"lineValue":{"value":200,"formattedValue":"200.00 SEK"},`+
			`"originalLineValue":{"value":200,"formattedValue":"200.00 SEK"}}`, i)
	}
	b.WriteString(`]},"userErrors":[]}},"extensions":{"token":"esf1p3tgchfg5ggtpqdpgqjtt6","traceId":"7d1e4f0c9b8a"}}`)
	return []byte(b.String())
}

// setAddressDocument is what a shop would ask for by hand.
const setAddressDocument = `mutation setAddress($address: AddressInput!, $optIn: Boolean!) {
  setAddress(shippingAddress: $address, sendCartAbandonmentEmail: $optIn) {
    selection { id grandTotal { value currency { code } } lines { name quantity item { id } lineValue { value } } }
    userErrors { message path }
  }
}`

// eightGraphQLFields is what a shop would decode by hand.
type eightGraphQLFields struct {
	Data struct {
		SetAddress struct {
			Selection struct {
				ID         string `json:"id"`
				GrandTotal struct {
					Value    float64 `json:"value"`
					Currency struct {
						Code string `json:"code"`
					} `json:"currency"`
				} `json:"grandTotal"`
				Lines []struct {
					Name     string `json:"name"`
					Quantity int    `json:"quantity"`
					Item     struct {
						ID string `json:"id"`
					} `json:"item"`
					LineValue struct {
						Value float64 `json:"value"`
					} `json:"lineValue"`
				} `json:"lines"`
			} `json:"selection"`
		} `json:"setAddress"`
	} `json:"data"`
	Extensions struct {
		Token string `json:"token"`
	} `json:"extensions"`
}

func (f *eightGraphQLFields) check() error {
	sel := f.Data.SetAddress.Selection
	if f.Extensions.Token == "" || len(sel.Lines) == 0 || sel.GrandTotal.Value == 0 {
		return errors.New("not the cart")
	}
	return nil
}

func oursStorefront(tb testing.TB, endpoint string, opts ...centra.Option) update {
	api, err := centra.NewStorefrontAPI(endpoint, "plugin", append(opts,
		centra.WithTransport(newTransport()), centra.WithPartialAddress())...)
	if err != nil {
		tb.Fatal(err)
	}
	return func(ctx context.Context) error {
		sel, err := api.UpdateFields(ctx, token, fields)
		if err != nil {
			return err
		}
		return checkSelection(sel)
	}
}

func netHTTPStorefront(_ testing.TB, endpoint string) update {
	client := &http.Client{Transport: newTransport()}
	return func(ctx context.Context) error {
		address := struct {
			Email string `json:"email"`
			*centra.Address
		}{fields.Email, fields.Address}
		body, err := json.Marshal(map[string]any{
			"query":     setAddressDocument,
			"variables": map[string]any{"address": address, "optIn": true},
		})
		if err != nil {
			return err
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, bytes.NewReader(body))
		if err != nil {
			return err
		}
		setHeader(req.Header)
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		var cart eightGraphQLFields
		return readInto(resp, &cart)
	}
}

func BenchmarkStorefrontSetAddress(b *testing.B) {
	endpoint := startServer(b) + "/storefront"
	for _, client := range []struct {
		name string
		update
	}{
		{"ours", oursStorefront(b, endpoint)},
		{"oursWithoutRaw", oursStorefront(b, endpoint, centra.WithoutRaw())},
		{"nethttp", netHTTPStorefront(b, endpoint)},
	} {
		b.Run(client.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := client.update(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
