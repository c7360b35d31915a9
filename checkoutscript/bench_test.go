package checkoutscript_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/checkoutscript"
)

// largeEvent is near the limits of bytes and keys in either encoding.
func largeEvent(t testing.TB) (asJSON, asForm string) {
	event := map[string]any{}
	for i := range 20 {
		lines := map[string]any{}
		for j := range 40 {
			lines[fmt.Sprintf("field%d", j)] = strings.Repeat("x", 59)
		}
		event[fmt.Sprintf("part%d", i)] = lines
	}
	text, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	return string(text), param(event)
}

// BenchmarkDecodeEvent compares with what reads the same body without making
// anything of it.
func BenchmarkDecodeEvent(b *testing.B) {
	json64k, form64k := largeEvent(b)
	b.Run("json", func(b *testing.B) { benchmarkJSON(b, golden(b, "event-klarna.json")) })
	b.Run("form", func(b *testing.B) { benchmarkForm(b, golden(b, "event-klarna.form")) })
	b.Run("json64k", func(b *testing.B) { benchmarkJSON(b, json64k) })
	b.Run("form64k", func(b *testing.B) { benchmarkForm(b, form64k) })
}

func benchmarkJSON(b *testing.B, body string) {
	b.Run("ours", func(b *testing.B) { benchmarkDecode(b, jsonType, body) })
	b.Run("encodingjson", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			var tree map[string]any
			if err := json.NewDecoder(strings.NewReader(body)).Decode(&tree); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func benchmarkForm(b *testing.B, body string) {
	b.Run("ours", func(b *testing.B) { benchmarkDecode(b, formType, body) })
	b.Run("neturl", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			if _, err := url.ParseQuery(body); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func benchmarkDecode(b *testing.B, contentType, body string) {
	r := post(contentType, body)
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		r.Body = io.NopCloser(strings.NewReader(body))
		if _, err := checkoutscript.Decode(r); err != nil {
			b.Fatal(err)
		}
	}
}

// cartAPI answers a cart of five lines without a network.
type cartAPI struct{ cart *centra.Selection }

func (a cartAPI) UpdateFields(ctx context.Context, s centra.Session, _ centra.Fields) (*centra.Selection, error) {
	return a.Selection(ctx, s)
}

func (a cartAPI) Selection(_ context.Context, s centra.Session) (*centra.Selection, error) {
	cart := *a.cart
	cart.Session = s
	return &cart, nil
}

// handwritten is the least that does the same call.
func handwritten(api checkoutscript.API, sessions session.Store) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var payload map[string]any
		if err := json.NewDecoder(r.Body).Decode(&payload); err != nil {
			http.Error(w, "bad request", http.StatusBadRequest)
			return
		}
		before, err := sessions.Load(r)
		if err != nil {
			http.Error(w, "no session", http.StatusServiceUnavailable)
			return
		}
		email, _ := payload["email"].(string)
		sel, err := api.UpdateFields(r.Context(), before, centra.Fields{Email: email, CartAbandonmentEmail: centra.Yes, Extra: payload})
		if err != nil {
			http.Error(w, "failed", http.StatusBadGateway)
			return
		}
		if sel.Session != before {
			_ = sessions.Save(w, r, sel.Session)
		}
		additional, _ := payload["additionalFields"].(map[string]any)
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"suspendIgnore": additional["suspendIgnore"], "selection": sel})
	}
}

// BenchmarkCallback has as many visitors at once as there are processors.
func BenchmarkCallback(b *testing.B) {
	cart := &centra.Selection{Currency: "SEK", Language: "sv", PaymentMethod: "klarna-checkout"}
	for i := range 5 {
		cart.Items = append(cart.Items, centra.Item{
			Item: fmt.Sprintf("%d-1", i), Line: "7ad342aaa6b0829b0369146ddf624b04", SKU: "BEANIE-ONE", Quantity: 1,
			PriceEach: "499.00 SEK", PriceEachAsNumber: 499, TotalPrice: "499.00 SEK", TotalPriceAsNumber: 499,
			Product: centra.Product{Product: "1", Name: "Merino Beanie", URI: "merino-beanie"},
		})
	}
	api := cartAPI{cart}
	ours, err := checkoutscript.New(checkoutscript.Config{API: api, Visitors: newVisitors(b, session.Cookie{}), Consent: checkoutscript.AssumeConsent})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("ours", func(b *testing.B) { benchmarkCallback(b, ours) })
	b.Run("handwritten", func(b *testing.B) { benchmarkCallback(b, handwritten(api, session.Cookie{})) })
}

func benchmarkCallback(b *testing.B, h http.Handler) {
	body := []byte(golden(b, "event-klarna.json"))
	var visitors atomic.Int64
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		r := post(jsonType, string(body))
		r.Header.Set("Cookie", fmt.Sprintf("__Host-centra-session=esf1p3tgchfg5ggtpqdpgqjtt%d", visitors.Add(1)))
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		w := httptest.NewRecorder()
		for pb.Next() {
			r.Body = io.NopCloser(bytes.NewReader(body))
			w.Body.Reset()
			clear(w.Header())
			h.ServeHTTP(w, r)
			if w.Code != http.StatusOK {
				b.Errorf("status %d: %s", w.Code, w.Body)
			}
		}
	})
}
