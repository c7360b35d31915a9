package checkoutscript_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/checkoutscript"
)

// listenerURL is the versioned URL that a page gets for the default endpoint.
func listenerURL(t *testing.T) string {
	t.Helper()
	match := regexp.MustCompile(`src="([^"]+)"`).FindStringSubmatch(string(checkoutscript.Embed(nil, "")))
	if match == nil {
		t.Fatal("Embed wrote no src")
	}
	return match[1]
}

func TestListenerHeaders(t *testing.T) {
	versioned := listenerURL(t)
	get := httptest.NewRecorder()
	checkoutscript.Listener(checkoutscript.CallbackPath).ServeHTTP(get, httptest.NewRequest("GET", versioned, nil))
	etag := get.Header().Get("ETag")
	if !regexp.MustCompile(`^"[0-9a-f]{16}"$`).MatchString(etag) {
		t.Fatalf("ETag = %s, want a strong one", etag)
	}

	const (
		forever    = "public, max-age=31536000, immutable"
		revalidate = "no-cache"
		javascript = "text/javascript; charset=utf-8"
	)
	type answer struct {
		Status                                 int
		CacheControl, ContentType, ETag, Allow string
		Body                                   bool
	}
	for name, row := range map[string]struct {
		method, target, ifNoneMatch string
		want                        answer
	}{
		"versioned":            {method: "GET", target: versioned, want: answer{200, forever, javascript, etag, "", true}},
		"unversioned":          {method: "GET", target: checkoutscript.ListenerPath, want: answer{200, revalidate, javascript, etag, "", true}},
		"another version":      {method: "GET", target: checkoutscript.ListenerPath + "?v=0", want: answer{200, revalidate, javascript, etag, "", true}},
		"at another path":      {method: "GET", target: "/se" + versioned, want: answer{200, forever, javascript, etag, "", true}},
		"unchanged":            {method: "GET", target: versioned, ifNoneMatch: etag, want: answer{304, forever, "", etag, "", false}},
		"unchanged, by a list": {method: "GET", target: versioned, ifNoneMatch: `"a", W/` + etag, want: answer{304, forever, "", etag, "", false}},
		"changed":              {method: "GET", target: versioned, ifNoneMatch: `"a"`, want: answer{200, forever, javascript, etag, "", true}},
		"HEAD":                 {method: "HEAD", target: versioned, want: answer{200, forever, javascript, etag, "", false}},
		"HEAD, unchanged":      {method: "HEAD", target: versioned, ifNoneMatch: etag, want: answer{304, forever, "", etag, "", false}},
		"POST":                 {method: "POST", target: versioned, want: answer{405, "", "text/plain; charset=utf-8", "", "GET, HEAD", true}},
		"OPTIONS":              {method: "OPTIONS", target: versioned, want: answer{405, "", "text/plain; charset=utf-8", "", "GET, HEAD", true}},
	} {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			r := httptest.NewRequest(row.method, row.target, nil)
			if row.ifNoneMatch != "" {
				r.Header.Set("If-None-Match", row.ifNoneMatch)
			}
			checkoutscript.Listener(checkoutscript.CallbackPath).ServeHTTP(w, r)

			h := w.Header()
			got := answer{w.Code, h.Get("Cache-Control"), h.Get("Content-Type"), h.Get("ETag"), h.Get("Allow"), w.Body.Len() > 0}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got := h.Get("X-Content-Type-Options"); got != "nosniff" {
				t.Errorf("X-Content-Type-Options = %q, want nosniff", got)
			}
		})
	}
}

// A file cached forever must not go on posting to an endpoint of last week.
func TestListenerVersionDependsOnEndpoint(t *testing.T) {
	w := httptest.NewRecorder()
	checkoutscript.Listener("/se/callback").ServeHTTP(w, httptest.NewRequest("GET", listenerURL(t), nil))
	if got := w.Header().Get("Cache-Control"); got != "no-cache" {
		t.Errorf("Cache-Control = %q for the version of another endpoint, want no-cache", got)
	}
}

func TestListenerEndpoint(t *testing.T) {
	for name, row := range map[string]struct{ endpoint, want string }{
		"default":  {checkoutscript.CallbackPath, `"/centra/callback"`},
		"path":     {"/se/callback?market=1", `"/se/callback?market=1"`},
		"absolute": {"https://shop.example/callback", `"https://shop.example/callback"`},
		"quotes":   {`/a"b'`, `"/a\"b'"`},
		"markup":   {"/</script><!--\u2028", `"/\u003c/script\u003e\u003c!--\u2028"`},
	} {
		t.Run(name, func(t *testing.T) {
			script := serveListener(t, row.endpoint)
			if n := strings.Count(script, row.want); n != 1 {
				t.Errorf("the script holds %s %d times, want once", row.want, n)
			}
			if row.endpoint != checkoutscript.CallbackPath && strings.Contains(script, checkoutscript.CallbackPath) {
				t.Errorf("the script still holds %s", checkoutscript.CallbackPath)
			}
		})
	}
}

func TestListenerPanicsOnEndpoint(t *testing.T) {
	for name, endpoint := range map[string]string{
		"empty":             "",
		"relative":          "callback",
		"other host":        "//other.example/callback",
		"other host, slash": `/\other.example/callback`,
		"javascript":        "javascript:alert(1)",
		"no host":           "https:///callback",
		"password":          "https://user:canary@shop.example/callback",
		"fragment":          "/callback#canary",
		"control character": "/call\nback",
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				message, _ := recover().(string)
				if !strings.Contains(message, "endpoint must be") {
					t.Errorf("panic = %q, want it to say what an endpoint must be", message)
				}
				if strings.Contains(message, "canary") {
					t.Errorf("panic = %q, holds the endpoint", message)
				}
			}()
			checkoutscript.Listener(endpoint)
		})
	}
}

// Every checkout page pays for the listener: it is to stay small.
func TestListenerSize(t *testing.T) {
	script := []byte(serveListener(t, checkoutscript.CallbackPath))
	code := regexp.MustCompile(`(?m)^\s*//.*\n`).ReplaceAll(script, nil)
	if bytes.Contains(code, []byte("// ")) {
		t.Fatal("a comment does not have a line of its own: the size would be wrong")
	}
	if len(code) >= 4000 {
		t.Errorf("listener.js is %d bytes without comments, want less than 4000", len(code))
	}
}

func serveListener(t *testing.T, endpoint string) string {
	t.Helper()
	w := httptest.NewRecorder()
	checkoutscript.Listener(endpoint).ServeHTTP(w, httptest.NewRequest("GET", checkoutscript.ListenerPath, nil))
	if w.Code != http.StatusOK {
		t.Fatalf("status = %d, want 200", w.Code)
	}
	return w.Body.String()
}
