package flow

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
)

// browser is a shopper's, with cookies of its own. It follows no redirect.
type browser struct {
	*host
	client *http.Client
	site   string // Sec-Fetch-Site of what it posts
}

func (h *host) browser() *browser {
	jar, _ := cookiejar.New(nil) // fails for no options
	transport := &http.Transport{}
	h.Cleanup(transport.CloseIdleConnections) // before the host ends, which may wait for them
	stay := func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}
	return &browser{h, &http.Client{Transport: transport, Jar: jar, CheckRedirect: stay}, "same-origin"}
}

func (b *browser) from(site string) *browser { return &browser{b.host, b.client, site} }

func (b *browser) get(path string) answer { return b.open(b.shop + path) }

// open follows a link, such as one in a mail.
func (b *browser) open(link string) answer { return b.send(http.MethodGet, link, "", "") }

func (b *browser) post(path string, form url.Values) answer {
	return b.send(http.MethodPost, b.shop+path, "application/x-www-form-urlencoded", form.Encode())
}

func (b *browser) sendJSON(path, body string) answer {
	return b.send(http.MethodPost, b.shop+path, "application/json", body)
}

func (b *browser) send(method, address, contentType, body string) answer {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), method, address, strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("Sec-Fetch-Site", b.site)
	}
	resp, err := b.client.Do(r)
	if err != nil {
		b.Error(err)
		return answer{b, r, &http.Response{}, ""}
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.Error(err)
	}
	set := make(map[string]bool)
	for _, cookie := range resp.Cookies() {
		if set[cookie.Name] || !cookie.HttpOnly {
			b.Errorf("%s %s: the cookie %s was set twice, or is there for scripts", method, r.URL.Path, cookie.Name)
		}
		set[cookie.Name] = true
	}
	return answer{b, r, resp, string(text)}
}

type answer struct {
	*browser
	request  *http.Request
	response *http.Response
	body     string
}

func (a answer) is(status int) answer {
	a.Helper()
	if a.response.StatusCode != status {
		a.Errorf("%s %s: status %d, want %d; body:\n%s",
			a.request.Method, a.request.URL.Path, a.response.StatusCode, status, a.body)
	}
	return a
}

func (a answer) holds(parts ...string) answer {
	a.Helper()
	for _, part := range parts {
		if !strings.Contains(a.body, part) {
			a.Errorf("%s %s: the body does not hold %q:\n%.2000s", a.request.Method, a.request.URL.Path, part, a.body)
		}
	}
	return a
}

// leadsTo looks at a redirect to a place in the shop.
func (a answer) leadsTo(path string) answer {
	a.Helper()
	place, err := a.response.Location()
	if err != nil || place.String() != a.shop+path {
		a.Errorf("%s %s: leads to %v, %v, want %s", a.request.Method, a.request.URL.Path, place, err, a.shop+path)
	}
	return a
}

// isPrivate looks for the headers that every answer to a cart link has.
func (a answer) isPrivate() {
	a.Helper()
	for name, want := range map[string]string{
		"X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
	} {
		if got := strings.Join(a.response.Header[name], ", "); !strings.Contains(got, want) {
			a.Errorf("%s: %q, want %s", name, got, want)
		}
	}
}
