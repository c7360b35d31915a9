package centra_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra"
)

// Many visitors share a client; each gets the answer to its own call.
func TestConcurrentCalls(t *testing.T) {
	rec := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := r.Header.Get("Api-Token")
		if strings.HasSuffix(s, "7") {
			answer(400, `{"token":"`+s+`new","errors":{"`+"field"+`":"`+s+`"}}`)(w, r)
			return
		}
		answer(200, strings.Repeat(" ", len(s)*1000)+`{"token":"`+s+`new","selection":{"currency":"`+s+`","items":[]}}`)(w, r)
	}))
	defer rec.Close()
	clients := []*centra.CheckoutAPI{newCheckout(t, rec.URL), newCheckout(t, rec.URL, centra.WithoutRaw())}
	var visitors sync.WaitGroup
	for i := range 20 {
		visitors.Go(func() {
			s := strings.Repeat("v", i+1) + string(rune('0'+i%10))
			for j := range 20 {
				sel, err := clients[j%2].UpdateFields(t.Context(), centra.Session(s), centra.Fields{Email: s + "@example.com"})
				if err != nil {
					e := asError(t, err)
					if diff := cmp.Diff(map[string]string{"field": s}, e.Fields); diff != "" || string(e.Session) != s+"new" {
						t.Errorf("an error of another call: %s", diff)
					}
				} else if sel.Currency != s || string(sel.Session) != s+"new" {
					t.Errorf("the answer to another call: %s for %s", sel.Currency, s)
				}
			}
		})
	}
	visitors.Wait()
}

// The default transport is a host's own to change, and nobody else's.
func TestNewTransport(t *testing.T) {
	own, shared := centra.NewTransport(), http.DefaultTransport.(*http.Transport)
	if own == shared || own == centra.NewTransport() {
		t.Error("the transport is shared")
	}
	if own.MaxIdleConns != 256 || own.MaxIdleConnsPerHost != 256 || own.MaxResponseHeaderBytes != 64<<10 {
		t.Errorf("%d idle connections, %d a host, headers of %d bytes", own.MaxIdleConns, own.MaxIdleConnsPerHost, own.MaxResponseHeaderBytes)
	}
	if own.TLSHandshakeTimeout != shared.TLSHandshakeTimeout || !own.ForceAttemptHTTP2 {
		t.Error("it has not the settings of http.DefaultTransport")
	}

	http.DefaultTransport = roundTripper(nil)
	defer func() { http.DefaultTransport = shared }()
	if own := centra.NewTransport(); own.Proxy == nil || !own.ForceAttemptHTTP2 || own.MaxIdleConnsPerHost != 256 {
		t.Error("where a host has replaced http.DefaultTransport, proxies or HTTP/2 are not used")
	}
}
