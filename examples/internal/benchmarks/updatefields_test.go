package benchmarks_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/go-resty/resty/v2"
	"github.com/hashicorp/go-retryablehttp"

	"github.com/centra-go/cartabandonment/centra"
)

const token = "f611707b97e18a902270223b79f743c2"

var fields = centra.Fields{
	Email:                "test@example.com",
	CartAbandonmentEmail: centra.Yes,
	Address: &centra.Address{
		FirstName: "Test", LastName: "Testsson", Address1: "Storgatan 1", ZipCode: "11122", City: "Stockholm", Country: "SE",
	},
}

// eightFields is what a shop would decode by hand.
type eightFields struct {
	Token     string `json:"token"`
	Selection struct {
		Currency string `json:"currency"`
		Items    []struct {
			Item       string  `json:"item"`
			Quantity   int     `json:"quantity"`
			TotalPrice float64 `json:"totalPriceAsNumber"`
			Product    struct {
				Name string `json:"name"`
			} `json:"product"`
		} `json:"items"`
		Totals struct {
			GrandTotalPrice float64 `json:"grandTotalPriceAsNumber"`
			TotalQuantity   int     `json:"totalQuantity"`
		} `json:"totals"`
	} `json:"selection"`
}

func (f *eightFields) check() error {
	if f.Token == "" || len(f.Selection.Items) == 0 || f.Selection.Totals.GrandTotalPrice == 0 {
		return errors.New("not the cart")
	}
	return nil
}

func checkSelection(sel *centra.Selection) error {
	if sel.Session == "" || len(sel.Items) == 0 || sel.Totals.GrandTotalPriceAsNumber == 0 {
		return errors.New("not the cart")
	}
	return nil
}

// update makes one call and checks that the cart arrived.
type update func(context.Context) error

func newTransport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConns, t.MaxIdleConnsPerHost = 256, 256
	return t
}

func ours(tb testing.TB, baseURL string, opts ...centra.Option) update {
	api, err := centra.NewCheckoutAPI(baseURL, append(opts, centra.WithTransport(newTransport()))...)
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

// wireFields is fields as the baselines write them.
type wireFields struct {
	Email                string          `json:"email"`
	CartAbandonmentEmail bool            `json:"cartAbandonmentEmail"`
	Address              *centra.Address `json:"address"`
}

func requestBody() ([]byte, error) {
	return json.Marshal(wireFields{fields.Email, true, fields.Address})
}

func setHeader(h http.Header) {
	h.Set("Accept", "application/json")
	h.Set("Content-Type", "application/json")
	h.Set("API-Token", token)
	h.Set("X-Correlation-ID", "0123456789abcdef")
}

func readCart(resp *http.Response) error { return readInto(resp, new(eightFields)) }

func readInto(resp *http.Response, cart interface{ check() error }) error {
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= 400 {
		return errors.New(resp.Status)
	}
	if err := json.Unmarshal(body, cart); err != nil {
		return err
	}
	return cart.check()
}

func netHTTP(_ testing.TB, baseURL string) update {
	client := &http.Client{Transport: newTransport()}
	return func(ctx context.Context) error {
		body, err := requestBody()
		if err != nil {
			return err
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodPut, baseURL+"/payment-fields", bytes.NewReader(body))
		if err != nil {
			return err
		}
		setHeader(req.Header)
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		return readCart(resp)
	}
}

func retryableHTTP(_ testing.TB, baseURL string) update {
	client := retryablehttp.NewClient()
	client.Logger = nil
	client.HTTPClient = &http.Client{Transport: newTransport()}
	return func(ctx context.Context) error {
		body, err := requestBody()
		if err != nil {
			return err
		}
		req, err := retryablehttp.NewRequestWithContext(ctx, http.MethodPut, baseURL+"/payment-fields", body)
		if err != nil {
			return err
		}
		setHeader(req.Header)
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		return readCart(resp)
	}
}

func restyClient(_ testing.TB, baseURL string) update {
	client := resty.NewWithClient(&http.Client{Transport: newTransport()}).SetBaseURL(baseURL)
	return func(ctx context.Context) error {
		var cart eightFields
		resp, err := client.R().SetContext(ctx).
			SetHeader("API-Token", token).SetHeader("X-Correlation-ID", "0123456789abcdef").
			SetBody(wireFields{fields.Email, true, fields.Address}).SetResult(&cart).Put("/payment-fields")
		if err != nil {
			return err
		}
		if resp.IsError() {
			return errors.New(resp.Status())
		}
		return cart.check()
	}
}

func BenchmarkUpdateFields(b *testing.B)     { benchmarkUpdateFields(b, "/30k") }
func BenchmarkUpdateFields300k(b *testing.B) { benchmarkUpdateFields(b, "/300k") }

func benchmarkUpdateFields(b *testing.B, path string) {
	baseURL := startServer(b) + path
	for _, client := range []struct {
		name string
		update
	}{
		{"ours", ours(b, baseURL)},
		{"oursWithoutRaw", ours(b, baseURL, centra.WithoutRaw())},
		{"nethttp", netHTTP(b, baseURL)},
		{"retryablehttp", retryableHTTP(b, baseURL)},
		{"resty", restyClient(b, baseURL)},
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
