package recovery_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/centra-go/cartabandonment/recovery"
)

// What browsers say of how they came to the link. A cart is attached where a
// person opened the link; whatever another page made the browser do is asked
// about, with a visitor who has a cart and with one who has none.
func TestHowTheBrowserCame(t *testing.T) {
	const (
		attach = recovery.Recovered
		ask    = recovery.Asked
		robot  = recovery.NotAPerson
	)
	for _, tt := range []struct {
		name                   string
		site, mode, dest, user string
		want                   recovery.Code
	}{
		{"a click in a mail program", "none", "navigate", "document", "?1", attach},
		{"a click in a mail program, not told as one", "none", "navigate", "document", "", attach},
		{"the address typed or a bookmark", "none", "navigate", "document", "?1", attach},
		{"a click in a web mailer", "cross-site", "navigate", "document", "?1", attach},
		{"a click through the mailer's redirect", "cross-site", "navigate", "document", "?1", attach},
		{"a click on another host of the shop", "same-site", "navigate", "document", "?1", attach},
		{"a click on a page of the shop", "same-origin", "navigate", "document", "?1", attach},
		{"a script of the shop leads there", "same-origin", "navigate", "document", "", attach},
		{"a service worker of the shop passes a click on", "same-origin", "navigate", "empty", "?1", attach},
		{"a browser from before these headers", "", "", "", "", attach},
		{"a browser that says where to, not from where", "", "navigate", "document", "", attach},
		{"a proxy that keeps one of them", "", "", "document", "", attach},

		{"a script on another site leads there", "cross-site", "navigate", "document", "", ask},
		{"a script on another host of the shop leads there", "same-site", "navigate", "document", "", ask},
		{"a click in Safari, which does not tell", "cross-site", "navigate", "document", "", ask},
		{"the gesture denied", "cross-site", "navigate", "document", "?0", ask},
		{"a gesture that is no value", "cross-site", "navigate", "document", "1", ask},
		{"the site alone", "cross-site", "", "", "", ask},
		{"a site that nobody knows yet", "future-site", "navigate", "document", "", ask},

		{"an image on another site", "cross-site", "no-cors", "image", "", robot},
		{"an image on a page of the shop", "same-origin", "no-cors", "image", "", robot},
		{"a script element", "cross-site", "no-cors", "script", "", robot},
		{"a no-cors fetch", "cross-site", "no-cors", "empty", "", robot},
		{"a no-cors fetch with a gesture", "cross-site", "no-cors", "empty", "?1", robot},
		{"a no-cors fetch of the shop's", "same-origin", "no-cors", "empty", "", robot},
		{"a fetch with CORS", "cross-site", "cors", "empty", "", robot},
		{"a fetch on another host of the shop", "same-site", "cors", "empty", "", robot},
		{"a fetch of the shop's", "same-origin", "same-origin", "empty", "", robot},
		{"the mode alone", "", "no-cors", "", "", robot},
		{"a frame", "cross-site", "navigate", "iframe", "", robot},
		{"a frame that was clicked for", "cross-site", "navigate", "iframe", "?1", robot},
		{"a frame of the shop's", "same-origin", "navigate", "iframe", "?1", robot},
		{"an old frameset", "cross-site", "navigate", "frame", "", robot},
		{"an object", "cross-site", "navigate", "object", "", robot},
		{"an embed", "cross-site", "navigate", "embed", "", robot},
		{"a fenced frame", "cross-site", "navigate", "fencedframe", "", robot},
		{"a WebSocket", "cross-site", "websocket", "websocket", "", robot},
	} {
		var headers []string
		for name, value := range map[string]string{"Site": tt.site, "Mode": tt.mode, "Dest": tt.dest, "User": tt.user} {
			if value != "" {
				headers = append(headers, "Sec-Fetch-"+name+": "+value)
			}
		}
		for _, confirm := range []recovery.Confirm{recovery.OnConflict, recovery.Never} {
			for _, own := range []string{"", "own"} {
				t.Run(tt.name, func(t *testing.T) {
					api := &fakeAPI{t: t} // any call fails the test
					if tt.want == attach {
						api.attach, api.selection = attaches, hasNothing
					}
					s := newShop(t, recovery.Config{API: api, Confirm: confirm})
					b := newBrowser(t, s)
					b.have(own)
					resp := b.do(http.MethodGet, linkedPath, headers...)
					got := s.last(t)
					if got.Code != tt.want || (got.Signature == "") != (tt.want == attach) {
						t.Errorf("got %+v, want %q", got, tt.want)
					}
					if tt.want == attach {
						redirectsTo(t, resp, "/checkout")
						return
					}
					shows(t, resp, 200, `<form method="post">`)
					if len(resp.Cookies()) > 0 {
						t.Errorf("cookies were set: %v", resp.Cookies())
					}
				})
			}
		}
	}
}

// Who was asked gets in by the button, which only the page itself can press.
func TestPlantedVisitorPressesTheButton(t *testing.T) {
	api := &fakeAPI{t: t}
	s := newShop(t, recovery.Config{API: api})
	b := newBrowser(t, s)
	body := bodyOf(t, b.do(http.MethodGet, linkedPath, "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"))
	if !strings.Contains(body, `href="/checkout"`) {
		t.Error("the page has no way past the question")
	}
	api.attach = attaches
	redirectsTo(t, b.do(http.MethodPost, linkedPath, "Sec-Fetch-Site: same-origin", "Sec-Fetch-Mode: navigate",
		"Sec-Fetch-Dest: document", "Sec-Fetch-User: ?1"), "/checkout")
}
