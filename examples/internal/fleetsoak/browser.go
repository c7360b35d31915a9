package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	sessionCookie = "centra-session"
	mailDomain    = "@fleetsoak.example"
	// A page that takes longer is broken; the report would say so anyway.
	browserPatience = 45 * time.Second
)

// endpoint is a request of a visitor, as the report names it.
type endpoint string

const (
	callback endpoint = "POST /centra/callback"
	checkout endpoint = "GET /checkout"
	cartJSON endpoint = "GET /cart.json"
	addItem  endpoint = "POST /cart/items/{item}"
	cartLink endpoint = "GET /abandoned-cart/{selection}"
	pay      endpoint = "POST /pay"
)

var endpoints = []endpoint{callback, checkout, cartJSON, addItem, cartLink, pay}

// browser is a cookie jar with a way to the balancer. It follows no redirect.
type browser struct {
	*crowd
	client *http.Client
	shopAt *url.URL
}

func (c *crowd) newBrowser(session string) *browser {
	jar, _ := cookiejar.New(nil)             // has no error to return
	shopAt, _ := url.Parse(c.balancer.url()) // made of an address
	if session != "" {
		jar.SetCookies(shopAt, []*http.Cookie{{Name: sessionCookie, Value: session, Path: "/"}})
	}
	return &browser{crowd: c, shopAt: shopAt, client: &http.Client{
		Transport: c.transport, Jar: jar, Timeout: browserPatience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (b *browser) session() string {
	for _, cookie := range b.client.Jar.Cookies(b.shopAt) {
		if cookie.Name == sessionCookie {
			return cookie.Value
		}
	}
	return ""
}

// answer is what came back.
type answer struct {
	endpoint   endpoint
	status     int // 0: none came
	location   string
	body       []byte
	began, end time.Time
	again      bool // a process was killed meanwhile: a balancer sends a GET to another one then
}

func (b *browser) send(ctx context.Context, e endpoint, path, contentType, body string) answer {
	method, _, _ := strings.Cut(string(e), " ")
	a := answer{endpoint: e, began: time.Now()}
	err := b.exchange(ctx, &a, method, path, contentType, body)
	if a.end = time.Now(); err != nil {
		a.status = 0
	}
	a.again = method == http.MethodGet && a.end.Sub(a.began) >= pageLimit && b.killedWithin(a.began, a.end)
	return a
}

func (b *browser) exchange(ctx context.Context, a *answer, method, path, contentType, body string) error {
	req, err := http.NewRequestWithContext(ctx, method, b.shopAt.String()+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := b.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	a.status, a.location = resp.StatusCode, resp.Header.Get("Location")
	a.body, err = io.ReadAll(resp.Body)
	return err
}

// request makes a request whose answer is counted: served, if it is the one hoped
// for, or not; the others are those that the shop may give while something fails.
func (b *browser) request(ctx context.Context, e endpoint, path string, hoped int, others ...int) answer {
	a := b.send(ctx, e, path, "", "")
	b.tally.add(a, a.status == hoped, fmt.Sprint(a.status))
	if a.status != hoped && !slices.Contains(others, a.status) {
		b.tally.found(wrongAnswer, fmt.Sprintf("%s: %d", e, a.status))
	}
	return a
}

// What the shop, or the balancer for a process that was killed, may answer while
// something fails.
var unwell = []int{http.StatusBadGateway, http.StatusServiceUnavailable}

// notNow is what an event may be answered then by the handler itself.
var notNow = []int{http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusGatewayTimeout}

// capture is an address that a shopper left.
type capture struct {
	email      string
	began, end time.Time
	status     int
}

func (c capture) accepted() bool { return c.status == http.StatusOK || c.status == http.StatusAccepted }

// event posts an address as the listener does.
func (b *browser) event(ctx context.Context, email string) capture {
	const suspendIgnore = `{"a":[true,"b"]}`
	a := b.send(ctx, callback, "/centra/callback", "application/json",
		fmt.Sprintf(`{"email":%q,"address":{"country":"SE"},"additionalFields":{"suspendIgnore":%s}}`, email, suspendIgnore))
	c := capture{email, a.began, a.end, a.status}
	if a.status == 0 && ctx.Err() != nil { // it has left
		return c
	}
	var said struct {
		SuspendIgnore json.RawMessage
		Error         struct{ Code string }
	}
	ours := json.Unmarshal(a.body, &said) == nil // else it is the balancer's
	b.tally.add(a, c.accepted(), strings.TrimSpace(fmt.Sprintf("%d %s", a.status, said.Error.Code)))
	if ours && !bytes.Equal(said.SuspendIgnore, []byte(suspendIgnore)) {
		b.tally.found(wrongResume, fmt.Sprint(a.status))
	}
	switch {
	case c.accepted(), a.status == http.StatusBadGateway && !ours:
	case ours && slices.Contains(notNow, a.status):
	case a.status == http.StatusNotFound: // the audit says whether it may be
	default:
		b.tally.found(wrongAnswer, fmt.Sprintf("%s: %d %s", callback, a.status, said.Error.Code))
	}
	return c
}
