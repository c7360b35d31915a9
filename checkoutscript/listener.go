package checkoutscript

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"time"
)

//go:embed listener.js
var listenerJS []byte

// listener serves listener.js, the browser's half of [Handler].
type listener struct {
	body    []byte
	version string // of the body
	url     string // with the version, for Embed
}

// newListener writes the callback below path over the one in the file, which is
// that of the default path. A file that is cached forever must not outlive a
// change of it, so the version depends on the path too.
func newListener(path string) *listener {
	l := &listener{body: bytes.Replace(listenerJS, quoteJS(defaultPath+callbackName), quoteJS(path+callbackName), 1)}
	sum := sha256.Sum256(l.body)
	l.version = hex.EncodeToString(sum[:8])
	l.url = path + listenerName + "?v=" + l.version
	return l
}

// quoteJS returns s as a JavaScript string, which JSON is.
func quoteJS(s string) []byte {
	quoted, _ := json.Marshal(s) // strings always encode
	return quoted
}

// ServeHTTP lets a URL with the version of the file be cached forever; any other
// is revalidated by its ETag.
func (l *listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	h.Set("Content-Type", "text/javascript; charset=utf-8")
	h.Set("ETag", `"`+l.version+`"`)
	h.Set("Cache-Control", "no-cache")
	if r.URL.Query().Get("v") == l.version {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(l.body))
}
