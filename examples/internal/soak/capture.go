package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
)

// capture is an address that a shopper left.
type capture struct {
	owner
	endpoint      endpoint
	email         string
	suspendIgnore string      // as JSON
	saidNo        bool        // the visitor had declined the reminder when it was sent
	declined      func() bool // whether they decline it now

	ok     bool     // answered 2xx, or with the redirect after a form
	left   bool     // the browser did not wait
	landed []string // the carts that it came into; the witness's
}

// capture leaves another address by any of the three ways.
func (t *trip) capture() act {
	return t.captureBy([]endpoint{callbackForm, callbackJSON, checkoutForm}[t.rng.IntN(3)])
}

// event leaves one by the widget.
func (t *trip) event() act {
	return t.captureBy([]endpoint{callbackForm, callbackJSON}[t.rng.IntN(2)])
}

func (t *trip) captureBy(e endpoint) act {
	t.typed++
	c := &capture{
		owner: t.owner, endpoint: e, email: t.email(t.typed), saidNo: t.declined(), declined: t.declined,
		suspendIgnore: []string{`true`, `"ingrid"`, `0`, `["a"]`, `{"a":{"b":null}}`}[t.rng.IntN(5)],
	}
	t.witness.expect(c)
	return func(ctx context.Context) {
		a := t.sendCapture(ctx, c)
		t.mu.Lock()
		defer t.mu.Unlock()
		c.left = a.left
		c.ok = c.ok && !a.mayBeEmpty // an empty cart may be given up for another at any time
		if c.ok {
			t.tally.captured()
		}
		t.step.captures = append(t.step.captures, c)
	}
}

func (t *trip) sendCapture(ctx context.Context, c *capture) *answer {
	switch c.endpoint {
	case callbackForm:
		c.suspendIgnore = `true`
		return t.postEvent(ctx, c, formType, url.Values{
			"email":                           {c.email},
			"address[firstName]":              {"Kim"},
			"address[country]":                {"SE"},
			"additionalFields[suspendIgnore]": {"true"},
		}.Encode())
	case callbackJSON:
		return t.postEvent(ctx, c, "application/json", fmt.Sprintf(
			`{"email":%q,"address":{"firstName":"Kim","country":"SE"},"additionalFields":{"suspendIgnore":%s}}`,
			c.email, c.suspendIgnore))
	}
	reminder := []string{"no", "yes"}
	if c.saidNo {
		reminder = reminder[:1]
	}
	a := t.send(ctx, sending{endpoint: c.endpoint, method: "POST", path: "/checkout", contentType: formType, body: url.Values{
		"email": {c.email}, "firstName": {"Kim"}, "address1": {"Storgatan 1"}, "zipCode": {"111 22"},
		"city": {"Stockholm"}, "country": {"SE"}, "reminder": reminder,
	}.Encode()})
	c.ok = a.served(http.StatusSeeOther, t.others(a)...)
	return a
}

func (t *trip) postEvent(ctx context.Context, c *capture, contentType, body string) *answer {
	a := t.send(ctx, sending{
		endpoint: c.endpoint, method: "POST", path: "/centra/callback", contentType: contentType, body: body,
	})
	if a.left {
		a.served(http.StatusOK)
		return a
	}
	var said struct {
		SuspendIgnore json.RawMessage
		Selection     json.RawMessage
		Error         struct{ Code string }
	}
	if err := json.Unmarshal(a.body, &said); err != nil && a.status != 0 {
		t.tally.found(wrongAnswer, fmt.Sprintf("%s: %d is no JSON", a.endpoint, a.status))
	}
	c.ok = a.count(a.status == http.StatusOK && said.Selection != nil, said.Error.Code,
		t.others(a, http.StatusTooManyRequests, http.StatusGatewayTimeout)...)
	if a.status != 0 && !bytes.Equal(said.SuspendIgnore, []byte(c.suspendIgnore)) {
		t.tally.found(wrongResume, fmt.Sprintf("%s: %s", a.endpoint, a.kind))
	}
	return a
}
