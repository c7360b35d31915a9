package recovery

import (
	"bytes"
	"net/http"
	"strconv"
)

// RobotsTxt is a group for robots.txt that keeps robots away from cart links,
// without naming any: "User-agent: *\nDisallow: /abandoned-cart/\n".
func (h *Handler) RobotsTxt() string {
	return "User-agent: *\nDisallow: " + h.link.disallow + "\n"
}

// WrapRobotsTxt adds [Handler.RobotsTxt] to what next answers for /robots.txt,
// or answers with it alone where next has none (404 or 410). Robots for which
// next's file has a group of their own ignore it; the cart link's answers tell
// them to stay away too. Everything else goes to next untouched.
func (h *Handler) WrapRobotsTxt(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/robots.txt" || (r.Method != http.MethodGet && r.Method != http.MethodHead) {
			next.ServeHTTP(w, r)
			return
		}
		whole := r.Clone(r.Context())
		whole.Method = http.MethodGet
		// What is added would not fit a part, a compressed body or a 304.
		for _, name := range []string{"Accept-Encoding", "Range", "If-Range", "If-None-Match", "If-Modified-Since"} {
			whole.Header.Del(name)
		}
		answer := robotsAnswer{header: w.Header()}
		next.ServeHTTP(&answer, whole)

		body := answer.body.Bytes()
		switch answer.status {
		case 0, http.StatusOK:
			if len(body) > 0 {
				body = append(bytes.TrimRight(body, "\n"), "\n\n"...)
			}
		case http.StatusNotFound, http.StatusGone:
			body = nil
		default:
			w.WriteHeader(answer.status)
			_, _ = w.Write(body)
			return
		}
		body = append(body, h.RobotsTxt()...)
		for _, name := range []string{"Etag", "Last-Modified", "Accept-Ranges"} {
			w.Header().Del(name) // of a body that this is not
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		if r.Method == http.MethodGet {
			_, _ = w.Write(body)
		}
	})
}

// robotsAnswer holds a robots.txt back until it is complete.
type robotsAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *robotsAnswer) Header() http.Header { return a.header }
func (a *robotsAnswer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}

func (a *robotsAnswer) WriteHeader(status int) {
	if a.status == 0 && status >= 200 {
		a.status = status
	}
}
