package main

import (
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"
)

const (
	sessionCookie  = "centra-session"
	reminderCookie = "reminder"
	// A page that takes longer is broken; the report would say so anyway.
	browserPatience = 30 * time.Second
	// Answers do not reach a browser in the order in which the shop made them: some
	// take so much longer.
	slowestArrival = 100 * time.Millisecond
)

// browser is a cookie jar with a way to the shop; whatever answer comes last sets
// the cookies. It follows no redirect.
type browser struct {
	*crowd
	jar    *cookiejar.Jar
	shopAt *url.URL
}

func (c *crowd) newBrowser(session string) *browser {
	jar, _ := cookiejar.New(nil)   // has no error to return
	shopAt, _ := url.Parse(c.shop) // the shop said so itself
	b := &browser{crowd: c, jar: jar, shopAt: shopAt}
	if session != "" {
		b.setCookie(sessionCookie, session)
	}
	return b
}

func (b *browser) setCookie(name, value string) {
	b.jar.SetCookies(b.shopAt, []*http.Cookie{{Name: name, Value: value, Path: "/"}})
}

func (b *browser) session() string {
	for _, cookie := range b.jar.Cookies(b.shopAt) {
		if cookie.Name == sessionCookie {
			return cookie.Value
		}
	}
	return ""
}

// selection is the cart that the browser's session stands for, if that works: an
// answer that came late may have brought back an older one, which only the shop
// can tell from the newest.
func (b *browser) selection() string {
	if b.api == "shop" {
		return b.session()
	}
	return b.centra.SelectionOf(b.session())
}

// sending is a request that a browser makes.
type sending struct {
	endpoint
	method, path      string
	contentType, body string
	fromMail          bool // a click in a mail, not on the shop's own pages
}

// send makes a request. It ends early with ctx: the browser leaves.
func (b *browser) send(ctx context.Context, s sending) *answer {
	a := &answer{browser: b, result: result{endpoint: s.endpoint, start: time.Now(), outage: b.centra.now().outage()}}
	a.hadSession = b.session() != ""
	patient, cancel := context.WithTimeout(ctx, browserPatience)
	defer cancel()
	cookies, err := a.exchange(patient, s)
	a.end = time.Now()
	a.outage = a.outage || b.centra.now().outage()
	if err != nil {
		a.status = 0
		a.left = ctx.Err() != nil
		return a
	}
	if rand.N(4) == 0 {
		pause(ctx, rand.N(slowestArrival))
	}
	b.jar.SetCookies(b.shopAt, cookies)
	return a
}

func (a *answer) exchange(ctx context.Context, s sending) ([]*http.Cookie, error) {
	req, err := http.NewRequestWithContext(ctx, s.method, a.shop+s.path, strings.NewReader(s.body))
	if err != nil {
		return nil, err
	}
	if s.body == "" {
		req.Body, req.GetBody, req.ContentLength = http.NoBody, nil, 0
	}
	if s.contentType != "" {
		req.Header.Set("Content-Type", s.contentType)
	}
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	if s.fromMail {
		req.Header.Set("Sec-Fetch-Site", "cross-site")
		req.Header.Set("Sec-Fetch-Mode", "navigate")
		req.Header.Set("Sec-Fetch-Dest", "document")
		req.Header.Set("Sec-Fetch-User", "?1")
	}
	for _, cookie := range a.jar.Cookies(a.shopAt) {
		req.AddCookie(cookie)
	}
	resp, err := a.transport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	a.status, a.location = resp.StatusCode, resp.Header.Get("Location")
	a.body, err = io.ReadAll(resp.Body)
	return resp.Cookies(), err
}
