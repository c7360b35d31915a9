package checkoutscript

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// ListenerPath is where [Embed] expects the host to serve [Listener].
const ListenerPath = "/centra/listener.js"

// CallbackPath is the conventional path of the callback, to which a
// listener.js that nobody configured posts.
const CallbackPath = "/centra/callback"

//go:embed listener.js
var listenerJS []byte

// Listener serves listener.js, the browser's half of [Handler]. It posts each
// event of CheckoutScript to endpoint, one at a time and even when the tab is
// closed, and resumes the widget whatever comes of it. On document it dispatches
// "centra:selection" (detail: the updated selection) and "centra:error" (detail:
// status, code, message), from which a page renders itself.
//
// endpoint is the path of the host's [Handler], such as [CallbackPath], or an
// absolute http or https URL of the same origin. Listener panics on anything
// else, as it is part of the program and not input.
//
// A URL with the version of the file (?v=, as [Embed] writes it) may be cached
// forever; any other is revalidated by its ETag. The handler is safe for
// concurrent use.
func Listener(endpoint string) http.Handler {
	if !validEndpoint(endpoint) {
		panic("checkoutscript: Listener: endpoint must be a path such as " + CallbackPath + ", or an absolute http or https URL")
	}
	body := listenerFor(endpoint)
	version := listenerVersion(body)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h.Set("Allow", "GET, HEAD")
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			return
		}
		h.Set("Content-Type", "text/javascript; charset=utf-8")
		h.Set("ETag", `"`+version+`"`)
		h.Set("Cache-Control", "no-cache")
		if r.URL.Query().Get("v") == version {
			h.Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	})
}

// listenerFor writes endpoint over the one in the file.
func listenerFor(endpoint string) []byte {
	return bytes.Replace(listenerJS, quoteJS(CallbackPath), quoteJS(endpoint), 1)
}

// quoteJS returns s as a JavaScript string, which JSON is.
func quoteJS(s string) []byte {
	quoted, _ := json.Marshal(s) // strings always encode
	return quoted
}

// listenerVersion depends on the endpoint too: a cached file must not outlive
// a change of it.
func listenerVersion(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:8])
}

func validEndpoint(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil || u.User != nil || strings.ContainsAny(endpoint, `\#`) {
		return false
	}
	switch u.Scheme {
	case "":
		return u.Host == "" && strings.HasPrefix(endpoint, "/") && !strings.HasPrefix(endpoint, "//")
	case "http", "https":
		return u.Host != ""
	}
	return false
}
