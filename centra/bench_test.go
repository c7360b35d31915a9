package centra_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-retryablehttp"

	"github.com/centra-go/cartabandonment/centra"
)

// plainSelection has the fields of a centra.Selection in types that
// encoding/json fills by itself.
type plainSelection struct {
	Token     string `json:"token"`
	Selection struct {
		Items           []centra.Item `json:"items"`
		Totals          centra.Totals `json:"totals"`
		Currency        string        `json:"currency"`
		Language        string        `json:"language"`
		PaymentMethod   string        `json:"paymentMethod"`
		ShippingMethod  string        `json:"shippingMethod"`
		Address         plainAddress  `json:"address"`
		ShippingAddress plainAddress  `json:"shippingAddress"`
		CheckoutScript  string        `json:"centraCheckoutScript"`
	} `json:"selection"`
	Location centra.Location   `json:"location"`
	LoggedIn bool              `json:"loggedIn"`
	Errors   map[string]string `json:"errors"`
}

type plainAddress struct {
	Email          string `json:"email"`
	Newsletter     *bool  `json:"newsletter"`
	FirstName      string `json:"firstName"`
	LastName       string `json:"lastName"`
	Company        string `json:"company"`
	Address1       string `json:"address1"`
	Address2       string `json:"address2"`
	ZipCode        string `json:"zipCode"`
	City           string `json:"city"`
	State          string `json:"state"`
	Country        string `json:"country"`
	PhoneNumber    string `json:"phoneNumber"`
	VATNumber      string `json:"vatNumber"`
	IdentityNumber string `json:"identityNumber"`
	HouseNumber    string `json:"houseNumber"`
	HouseExtension string `json:"houseExtension"`
}

// The benchmarks compare like with like: on clean data both decoders agree.
func TestBenchmarksCompareEquals(t *testing.T) {
	for _, kB := range []int{30, 300} {
		body := benchBody(kB)
		if len(body) < kB*1000*95/100 || len(body) > kB*1000*105/100 {
			t.Errorf("%d bytes, want about %d kB", len(body), kB)
		}
		got, err := decodeSelection(body)
		if err != nil {
			t.Fatal(err)
		}
		var plain plainSelection
		if err := json.Unmarshal([]byte(body), &plain); err != nil {
			t.Fatal(err)
		}
		p, a := plain.Selection, plain.Selection.Address
		address := centra.Address{
			Email: a.Email, Newsletter: centra.YesNo(*a.Newsletter), FirstName: a.FirstName, LastName: a.LastName, Address1: a.Address1,
			ZipCode: a.ZipCode, City: a.City, Country: a.Country, PhoneNumber: a.PhoneNumber,
		}
		want := &centra.Selection{
			Session: centra.Session(plain.Token), Items: p.Items, Totals: p.Totals, Currency: p.Currency, Language: p.Language,
			PaymentMethod: p.PaymentMethod, ShippingMethod: p.ShippingMethod, Address: address, ShippingAddress: address,
			CheckoutScript: p.CheckoutScript, Location: plain.Location,
		}
		if diff := cmp.Diff(want, got, unexported); diff != "" {
			t.Errorf("%d kB (-encoding/json +ours):\n%s", kB, diff)
		}
	}
}

func BenchmarkDecodeSelection(b *testing.B) {
	for _, kB := range []int{30, 300} {
		body := []byte(benchBody(kB))
		b.Run(strconv.Itoa(kB)+"kB/ours", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				if err := new(centra.Selection).UnmarshalJSON(body); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(strconv.Itoa(kB)+"kB/encodingjson", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				if err := json.Unmarshal(body, new(plainSelection)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// benchFields are about 200 B on the wire.
var benchFields = centra.Fields{
	Email: "test@example.com", CartAbandonmentEmail: centra.Yes,
	Address: &centra.Address{Email: "test@example.com", FirstName: "Test", LastName: "Testsson", ZipCode: "11122", City: "Malmö", Country: "SE", PhoneNumber: "+46701234567"},
}

// eightFields are what a hand-written callback would read of the answer.
type eightFields struct {
	Token     string `json:"token"`
	Selection struct {
		Currency string `json:"currency"`
		Items    []struct {
			Item       string `json:"item"`
			Quantity   int    `json:"quantity"`
			TotalPrice string `json:"totalPrice"`
		} `json:"items"`
		Totals struct {
			GrandTotalPrice string `json:"grandTotalPrice"`
			TotalQuantity   int    `json:"totalQuantity"`
		} `json:"totals"`
		Script string `json:"centraCheckoutScript"`
	} `json:"selection"`
}

var errNoCart = errors.New("no cart came back")

// updater is one way to make the PUT and to have token and cart afterwards.
type updater func(ctx context.Context, token string) error

func ours(b *testing.B, url string, opts ...centra.Option) updater {
	c, err := centra.NewCheckoutAPI(url, opts...)
	if err != nil {
		b.Fatal(err)
	}
	return func(ctx context.Context, token string) error {
		sel, err := c.UpdateFields(ctx, centra.Session(token), benchFields)
		if err != nil {
			return err
		}
		if sel.Session == "" || sel.Empty() {
			return errNoCart
		}
		return nil
	}
}

func setBenchHeader(h http.Header, token string) {
	h.Set("API-Token", token)
	h.Set("Content-Type", "application/json")
	h.Set("Accept", "application/json")
}

func readEightFields(resp *http.Response, err error) error {
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	var answer eightFields
	if err := json.Unmarshal(body, &answer); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK || answer.Token == "" || len(answer.Selection.Items) == 0 {
		return errNoCart
	}
	return nil
}

// plainTransport keeps as many connections as there are visitors at a time.
func plainTransport(b *testing.B) *http.Transport {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = 256, 256
	b.Cleanup(transport.CloseIdleConnections)
	return transport
}

func netHTTP(b *testing.B, url string) updater {
	client := &http.Client{Transport: plainTransport(b)}
	return func(ctx context.Context, token string) error {
		body, err := json.Marshal(plainFields)
		if err != nil {
			return err
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodPut, url+"/payment-fields", bytes.NewReader(body))
		if err != nil {
			return err
		}
		setBenchHeader(req.Header, token)
		return readEightFields(client.Do(req))
	}
}

func retryableHTTP(b *testing.B, url string) updater {
	client := retryablehttp.NewClient()
	client.Logger = nil
	client.HTTPClient = &http.Client{Transport: plainTransport(b)}
	return func(ctx context.Context, token string) error {
		body, err := json.Marshal(plainFields)
		if err != nil {
			return err
		}
		req, err := retryablehttp.NewRequestWithContext(ctx, http.MethodPut, url+"/payment-fields", body)
		if err != nil {
			return err
		}
		setBenchHeader(req.Header, token)
		return readEightFields(client.Do(req))
	}
}

// plainFields are benchFields as a struct of the host's own.
var plainFields = struct {
	Email                string         `json:"email"`
	CartAbandonmentEmail bool           `json:"cartAbandonmentEmail"`
	Address              centra.Address `json:"address"`
}{benchFields.Email, true, *benchFields.Address}

func benchmarkUpdateFields(b *testing.B, path string) {
	url := startBenchServer(b) + path
	for _, way := range []struct {
		name   string
		update updater
	}{
		{"ours", ours(b, url)},
		{"oursWithoutRaw", ours(b, url, centra.WithoutRaw())},
		{"nethttp", netHTTP(b, url)},
		{"retryablehttp", retryableHTTP(b, url)},
	} {
		b.Run(way.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := way.update(b.Context(), string(token)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkUpdateFields(b *testing.B)     { benchmarkUpdateFields(b, "/30kB") }
func BenchmarkUpdateFields300k(b *testing.B) { benchmarkUpdateFields(b, "/300kB") }

// BenchmarkParallel has 200 visitors at once.
func BenchmarkParallel(b *testing.B) {
	const visitors = 200
	host := startBenchServer(b)
	for _, way := range []struct {
		name   string
		update updater
	}{
		{"ours", ours(b, host+"/30kB")},
		{"nethttp", netHTTP(b, host+"/30kB")},
	} {
		var rounds int64
		before := connections(b, host) // counted over all rounds: kept connections must not hide the first ones
		b.Run(way.name, func(b *testing.B) {
			b.ReportAllocs()
			var mu sync.Mutex
			var all []time.Duration
			b.SetParallelism((visitors + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0))
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				var mine []time.Duration
				for pb.Next() {
					begin := time.Now()
					if err := way.update(b.Context(), string(token)); err != nil {
						b.Error(err)
					}
					mine = append(mine, time.Since(begin))
				}
				mu.Lock()
				all = append(all, mine...)
				mu.Unlock()
			})
			b.StopTimer()
			rounds++ // each asks for the count on a connection of its own
			slices.Sort(all)
			b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "p99-ms")
			b.ReportMetric(float64(connections(b, host)-before-rounds), "connections")
		})
	}
}
