package main

import (
	"bytes"
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
	// A page that takes longer is broken; the report would say so anyway.
	browserPatience = 30 * time.Second
)

// browser is a cookie jar with a way to the shop. It follows no redirect.
type browser struct {
	*crowd
	client *http.Client
	shopAt *url.URL
}

func (c *crowd) newBrowser(session string) *browser {
	jar, _ := cookiejar.New(nil)   // has no error to return
	shopAt, _ := url.Parse(c.shop) // the shop said so itself
	if session != "" {
		jar.SetCookies(shopAt, []*http.Cookie{{Name: sessionCookie, Value: session, Path: "/"}})
	}
	return &browser{crowd: c, shopAt: shopAt, client: &http.Client{
		Transport:     c.transport,
		Jar:           jar,
		Timeout:       browserPatience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// close throws the browser away. Its session would cost the simulated Centra
// time with every look at a cart.
func (b *browser) close() {
	if b.api == "checkout" {
		b.centra.ExpireToken(b.session())
	}
}

func (b *browser) session() string {
	for _, cookie := range b.client.Jar.Cookies(b.shopAt) {
		if cookie.Name == sessionCookie {
			return cookie.Value
		}
	}
	return ""
}

// selection is the cart that the browser's session stands for.
func (b *browser) selection() string {
	if b.api == "shop" {
		return b.session()
	}
	return b.centra.SelectionOf(b.session())
}

// answer is what came back. Whoever asked has to say what it is worth: served
// or refused.
type answer struct {
	*browser
	result
	status   int // 0: none came
	location string
	body     []byte
}

func (b *browser) send(e endpoint, method, path, contentType, body string) *answer {
	a := &answer{browser: b, result: result{endpoint: e, start: time.Now(), outage: b.centra.now().outage()}}
	err := a.exchange(method, path, contentType, body)
	a.end = time.Now()
	a.outage = a.outage || b.centra.now().outage()
	if err != nil {
		a.status = 0
	}
	return a
}

func (a *answer) exchange(method, path, contentType, body string) error {
	req, err := http.NewRequest(method, a.shop+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := a.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	a.status, a.location = resp.StatusCode, resp.Header.Get("Location")
	a.body, err = io.ReadAll(resp.Body)
	return err
}

// served counts the answer and reports whether it is the one that was hoped
// for. The others are those that the shop may give while Centra fails.
func (a *answer) served(hoped int, others ...int) bool {
	return a.count(a.status == hoped, "", others...)
}

func (a *answer) count(ok bool, code string, others ...int) bool {
	a.ok = ok
	a.kind = strings.TrimSpace(fmt.Sprintf("%d %s", a.status, code))
	if a.status == 0 {
		a.kind = "no answer"
	}
	a.tally.add(a.result, a.centra.outageEnd())
	switch {
	case ok:
	case a.status == 0:
		a.tally.found(unanswered, string(a.endpoint))
	case !slices.Contains(others, a.status):
		a.tally.found(wrongAnswer, fmt.Sprintf("%s: %s", a.endpoint, a.kind))
	}
	return ok
}

// capture is an address that a shopper left.
type capture struct {
	endpoint      endpoint
	email         string
	suspendIgnore string // as JSON
	ok            bool   // answered 2xx, or with the redirect after a form
}

func (b *browser) capture(c *capture) bool {
	const formType = "application/x-www-form-urlencoded"
	switch c.endpoint {
	case callbackForm:
		return b.postEvent(c, formType, url.Values{
			"email":                           {c.email},
			"address[firstName]":              {"Kim"},
			"address[country]":                {"SE"},
			"additionalFields[suspendIgnore]": {"true"},
		}.Encode(), `true`)
	case callbackJSON:
		return b.postEvent(c, "application/json", fmt.Sprintf(
			`{"email":%q,"address":{"firstName":"Kim","country":"SE"},"additionalFields":{"suspendIgnore":%s}}`,
			c.email, c.suspendIgnore), c.suspendIgnore)
	}
	a := b.send(c.endpoint, "POST", "/checkout", formType, url.Values{
		"email": {c.email}, "firstName": {"Kim"}, "address1": {"Storgatan 1"}, "zipCode": {"111 22"},
		"city": {"Stockholm"}, "country": {"SE"}, "reminder": {"no", "yes"},
	}.Encode())
	return a.served(http.StatusSeeOther, http.StatusBadGateway, http.StatusServiceUnavailable)
}

func (b *browser) postEvent(c *capture, contentType, body, suspendIgnore string) bool {
	a := b.send(c.endpoint, "POST", "/centra/callback", contentType, body)
	var said struct {
		SuspendIgnore json.RawMessage
		Selection     json.RawMessage
		Error         struct{ Code string }
	}
	if err := json.Unmarshal(a.body, &said); err != nil && a.status != 0 {
		a.tally.found(wrongAnswer, fmt.Sprintf("%s: %d is no JSON", a.endpoint, a.status))
	}
	ok := a.count(a.status == http.StatusOK && said.Selection != nil, said.Error.Code,
		http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout)
	if a.status != 0 && !bytes.Equal(said.SuspendIgnore, []byte(suspendIgnore)) {
		a.tally.found(wrongResume, fmt.Sprintf("%s: %s", a.endpoint, a.kind))
	}
	return ok
}

// opened is what became of a cart link.
type opened int

const (
	failed opened = iota
	recovered
	asked
)

func (b *browser) openCartLink(selection string) opened {
	hadCart := b.session() != ""
	a := b.send(cartLink, "GET", "/abandoned-cart/"+selection+"?utm_source=mail", "", "")
	switch {
	case a.status == http.StatusSeeOther && a.location == "/checkout?utm_source=mail":
		a.count(true, "")
		return recovered
	case a.status == http.StatusSeeOther:
		a.count(false, "to the dead link's page", http.StatusSeeOther)
		a.tally.found(deadLink, "while Centra "+string(b.centra.now()))
		return failed
	case a.status == http.StatusOK && hadCart:
		a.count(true, "")
		return asked
	}
	a.count(false, "", http.StatusServiceUnavailable)
	return failed
}
