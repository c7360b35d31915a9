package checkoutscript_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/checkoutscript"
)

const listenerPath = "/centra/listener.js"

// embedder is a handler for pages only, below path.
func embedder(t *testing.T, path string) *checkoutscript.Handler {
	t.Helper()
	h, err := checkoutscript.New(checkoutscript.Config{
		API: anyAPI{}, Visitors: newVisitors(t, session.Cookie{}), Consent: checkoutscript.AssumeConsent, Path: path,
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// listenerURL is the versioned URL that a page gets.
func listenerURL(t *testing.T, h *checkoutscript.Handler) string {
	t.Helper()
	match := regexp.MustCompile(`src="([^"]+)"`).FindStringSubmatch(string(h.Embed(nil, "")))
	if match == nil {
		t.Fatal("Embed wrote no src")
	}
	return match[1]
}

func TestListenerHeaders(t *testing.T) {
	h := embedder(t, "")
	versioned := listenerURL(t, h)
	get := httptest.NewRecorder()
	h.ServeHTTP(get, httptest.NewRequest("GET", versioned, nil))
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
		"unversioned":          {method: "GET", target: listenerPath, want: answer{200, revalidate, javascript, etag, "", true}},
		"another version":      {method: "GET", target: listenerPath + "?v=0", want: answer{200, revalidate, javascript, etag, "", true}},
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
			h.ServeHTTP(w, r)

			header := w.Header()
			got := answer{w.Code, header.Get("Cache-Control"), header.Get("Content-Type"), header.Get("ETag"), header.Get("Allow"), w.Body.Len() > 0}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got := header.Get("X-Content-Type-Options"); got != "nosniff" {
				t.Errorf("X-Content-Type-Options = %q, want nosniff", got)
			}
		})
	}
}

// A file cached forever must not go on posting to a path of last week.
func TestListenerVersionDependsOnThePath(t *testing.T) {
	w := httptest.NewRecorder()
	embedder(t, "/se/").ServeHTTP(w, httptest.NewRequest("GET", listenerURL(t, embedder(t, "")), nil))
	if got := w.Header().Get("Cache-Control"); got != "no-cache" {
		t.Errorf("Cache-Control = %q for the version of another path, want no-cache", got)
	}
}

// Without anything in the page that says otherwise the script posts to the
// callback below Config.Path.
func TestListenerPostsBelowThePath(t *testing.T) {
	for path, want := range map[string]string{
		"": `"/centra/callback"`, "/se/checkout/": `"/se/checkout/callback"`, "/": `"/callback"`, "/a&b/": `"/a\u0026b/callback"`,
	} {
		script := serveListener(t, embedder(t, path))
		if n := strings.Count(script, want); n != 1 {
			t.Errorf("%s: the script holds %s %d times, want once", path, want, n)
		}
		if path != "" && strings.Contains(script, `"/centra/callback"`) {
			t.Errorf("%s: the script still holds the default", path)
		}
	}
}

// Every checkout page pays for the listener: it is to stay small.
func TestListenerSize(t *testing.T) {
	script := serveListener(t, embedder(t, ""))
	code := regexp.MustCompile(`(?m)^\s*//.*\n|\s// .*$`).ReplaceAllString(script, "")
	if len(code) >= 13_500 {
		t.Errorf("listener.js is %d bytes without comments, want less than 13,500", len(code))
	}
}

func serveListener(t *testing.T, h *checkoutscript.Handler) string {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", listenerPath, nil))
	if w.Code != http.StatusOK {
		t.Fatalf("status = %d, want 200", w.Code)
	}
	return w.Body.String()
}
