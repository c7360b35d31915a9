package checkoutscript_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/centra-go/cartabandonment/checkoutscript"
)

func TestRoutes(t *testing.T) {
	s := newShop(t, func(c *checkoutscript.Config) { c.Path = "/se/centra/" })
	next := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	pattern := http.NewServeMux()
	pattern.Handle(s.Pattern(), s.Handler)
	prefix := http.NewServeMux()
	prefix.Handle("/shop/", http.StripPrefix("/shop", s.Handler))
	root := http.StripPrefix("/centra/", s.Handler)

	accented := newShop(t, func(c *checkoutscript.Config) { c.Path = "/k%C3%B6p/" })
	accented.token = s.token
	escaped := http.NewServeMux()
	escaped.Handle(accented.Pattern(), accented.Handler)

	for name, row := range map[string]struct {
		host         http.Handler
		method, path string
		status       int
	}{
		"pattern, callback":          {pattern, "POST", "/se/centra/callback", 200},
		"pattern, listener":          {pattern, "GET", "/se/centra/listener.js", 200},
		"pattern, listener, HEAD":    {pattern, "HEAD", "/se/centra/listener.js", 200},
		"pattern, GET callback":      {pattern, "GET", "/se/centra/callback", 405},
		"pattern, POST listener":     {pattern, "POST", "/se/centra/listener.js", 405},
		"pattern, nothing":           {pattern, "GET", "/se/centra/", 404},
		"pattern, something else":    {pattern, "POST", "/se/centra/other", 404},
		"pattern, a longer name":     {pattern, "POST", "/se/centra/xcallback", 404},
		"pattern, callback's folder": {pattern, "POST", "/se/centra/callback/", 404},
		"prefix, callback":           {prefix, "POST", "/shop/any/callback", 200},
		"prefix, listener":           {prefix, "GET", "/shop/listener.js", 200},
		"all stripped, callback":     {root, "POST", "/centra/callback", 200},
		"all stripped, listener":     {root, "GET", "/centra/listener.js", 200},
		"escaped pattern":            {escaped, "GET", "/köp/listener.js", 200},
		"escaped, wrap":              {accented.Wrap(next), "GET", "/köp/listener.js", 200},
		"wrap, callback":             {s.Wrap(next), "POST", "/se/centra/callback", 200},
		"wrap, listener":             {s.Wrap(next), "GET", "/se/centra/listener.js", 200},
		"wrap, GET callback":         {s.Wrap(next), "GET", "/se/centra/callback", 405},
		"wrap, another path":         {s.Wrap(next), "POST", "/centra/callback", http.StatusTeapot},
		"wrap, below the path":       {s.Wrap(next), "POST", "/se/centra/x/callback", http.StatusTeapot},
		"wrap, the path itself":      {s.Wrap(next), "GET", "/se/centra/", http.StatusTeapot},
		"wrap, the root":             {s.Wrap(next), "GET", "/", http.StatusTeapot},
	} {
		t.Run(name, func(t *testing.T) {
			r := post(jsonType, jsonEvent)
			r.Method, r.URL.Path = row.method, row.path
			if w := send(row.host, r, s.token); w.Code != row.status {
				t.Errorf("%s %s: answered %d %s, want %d", row.method, row.path, w.Code, w.Body, row.status)
			}
		})
	}
}

// A page has its answer before anybody is told of it.
func TestObserveComesAfterTheAnswer(t *testing.T) {
	observing, release := make(chan struct{}), make(chan struct{})
	s := newShop(t, func(c *checkoutscript.Config) {
		c.Observe = func(context.Context, checkoutscript.Outcome) { close(observing); <-release }
	})
	server := httptest.NewServer(s.Handler)
	defer server.Close()
	defer close(release)
	r := post(jsonType, jsonEvent)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/centra/callback", r.Body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", jsonType)
	request.AddCookie(&http.Cookie{Name: cookieName, Value: s.token})
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK || len(body) == 0 {
		t.Errorf("answered %d %s, %v", response.StatusCode, body, err)
	}
	<-observing
}

// Each event is observed once, by the context of its request.
func TestObserveHasTheContextOfTheRequest(t *testing.T) {
	type key struct{}
	var seen []any
	s := newShop(t, func(c *checkoutscript.Config) {
		c.Observe = func(ctx context.Context, o checkoutscript.Outcome) { seen = append(seen, ctx.Value(key{}), o.Code) }
	})
	for i, body := range []string{jsonEvent, "{"} {
		r := post(jsonType, body)
		s.send(r.WithContext(context.WithValue(r.Context(), key{}, i)))
	}
	if got := fmt.Sprint(seen); got != "[0 captured 1 invalid_body]" {
		t.Errorf("observed %v", got)
	}
}
