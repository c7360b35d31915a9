package centratest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/centra-go/cartabandonment/centra/centratest"
)

// shopper calls the Checkout API as a host does: it keeps the token of every answer.
type shopper struct {
	server *centratest.Server
	token  string
	header http.Header
}

func (s *shopper) do(t *testing.T, method, path, body string) (int, map[string]any) {
	t.Helper()
	status, decoded := send(t, s.server.Client(), method, s.server.CheckoutURL()+path, s.token, s.header, body)
	if token, ok := decoded["token"].(string); ok {
		s.token = token
	}
	return status, decoded
}

func shopCall(t *testing.T, server *centratest.Server, method, path, body string) (int, map[string]any) {
	t.Helper()
	header := http.Header{"Api-Authorization": {centratest.Secret}}
	return send(t, server.Client(), method, server.ShopURL()+path, "", header, body)
}

func send(t *testing.T, client *http.Client, method, url, token string, header http.Header, body string) (int, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		req.Header[name] = values
	}
	if token != "" {
		req.Header.Set("API-Token", token)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var decoded map[string]any
	if err := json.Unmarshal(raw, &decoded); err != nil {
		t.Fatalf("%s: status %d, body %q: %v", method, resp.StatusCode, raw, err)
	}
	return resp.StatusCode, decoded
}

// dig follows keys into nested JSON objects.
func dig(t *testing.T, from map[string]any, keys ...string) any {
	t.Helper()
	var value any = from
	for _, key := range keys {
		object, ok := value.(map[string]any)
		if !ok {
			t.Fatalf("%s in %v: %v is no object", key, keys, value)
		}
		value = object[key]
	}
	return value
}

// spyTB takes the place of a test that is expected to fail.
type spyTB struct {
	cleanups []func()
	failures []string
}

func (tb *spyTB) Helper()          {}
func (tb *spyTB) Cleanup(f func()) { tb.cleanups = append(tb.cleanups, f) }
func (tb *spyTB) Errorf(format string, args ...any) {
	tb.failures = append(tb.failures, fmt.Sprintf(format, args...))
}

func (tb *spyTB) cleanup() {
	for _, f := range tb.cleanups {
		f()
	}
}
