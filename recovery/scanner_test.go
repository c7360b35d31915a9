package recovery_test

import (
	"net/http"
	"testing"

	"github.com/centra-go/cartabandonment/recovery"
)

// Requests as robots and browsers send them. None of the robots' reaches Centra
// or the visitor's session, and all of them get the page with the button.
func TestRobots(t *testing.T) {
	const chrome = "User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36"
	for _, tt := range []struct {
		name    string
		headers []string
		status  int
	}{
		{"Chrome's speculation rules", []string{chrome, "Sec-Purpose: prefetch", "Sec-Fetch-Dest: document"}, 503},
		{"Chrome's prerender", []string{chrome, "Sec-Purpose: prefetch;prerender", "Purpose: prefetch"}, 503},
		{"Chrome's private prefetch proxy", []string{chrome, "Sec-Purpose: prefetch;anonymous-client-ip"}, 503},
		{"Chrome before Sec-Purpose", []string{chrome, "Purpose: prefetch"}, 503},
		{"Firefox before Sec-Purpose", []string{"X-Moz: prefetch"}, 503},
		{"Safari's preview", []string{"X-Purpose: preview"}, 503},
		{"image", []string{chrome, "Sec-Fetch-Dest: image"}, 200},
		{"iframe", []string{chrome, "Sec-Fetch-Dest: iframe"}, 200},
		{"script", []string{chrome, "Sec-Fetch-Dest: script"}, 200},
		{"Googlebot", []string{"From: googlebot(at)googlebot.com", "User-Agent: Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}, 200},
		{"From alone", []string{chrome, "From: scanner@example.net"}, 200},
		{"bingbot", []string{"User-Agent: Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/116.0.1938.76 Safari/537.36"}, 200},
		{"BingPreview", []string{"User-Agent: Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/534+ (KHTML, like Gecko) BingPreview/1.0b"}, 200},
		{"Google-InspectionTool", []string{"User-Agent: Mozilla/5.0 (compatible; Google-InspectionTool/1.0;)"}, 200},
		{"Gmail", []string{"User-Agent: Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"}, 200},
		{"Google Messages", []string{"User-Agent: GoogleMessages/20"}, 200},
		{"Barracuda", []string{"User-Agent: Barracuda Sentinel (EE)"}, 200},
		{"Slack", []string{"User-Agent: Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"}, 200},
		{"Facebook", []string{"User-Agent: facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"}, 200},
		{"Facebook, short", []string{"User-Agent: facebookexternalhit/1.1"}, 200},
		{"iMessage", []string{"User-Agent: Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0"}, 200},
		{"Teams", []string{"User-Agent: Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com"}, 200},
		{"WhatsApp", []string{"User-Agent: WhatsApp/2.23.20.0"}, 200},
		{"Telegram", []string{"User-Agent: TelegramBot (like TwitterBot)"}, 200},
		{"X", []string{"User-Agent: Twitterbot/1.0"}, 200},
		{"LinkedIn", []string{"User-Agent: LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)"}, 200},
		{"Discord", []string{"User-Agent: Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)"}, 200},
		{"Outlook, before it opens the browser", []string{"User-Agent: Mozilla/4.0 (compatible; ms-office; MSOffice 16)"}, 200},
		{"Outlook on the Mac", []string{"User-Agent: Microsoft Office/16.89 (Macintosh; Intel Mac OS X 14_6)"}, 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, confirm := range []recovery.Confirm{recovery.OnConflict, recovery.Always, recovery.Never} {
				s := newShop(t, recovery.Config{
					API: &fakeAPI{t: t}, Visitors: visitors(t, unusedStore{t}), Confirm: confirm,
					Allow: func(http.ResponseWriter, *http.Request) bool { t.Error("Allow was asked"); return true },
				})
				shows(t, newBrowser(t, s).do(http.MethodGet, linkedPath, tt.headers...), tt.status, `<form method="post">`)
				if event := s.last(t); event.Code != recovery.NotAPerson || event.Signature == "" {
					t.Errorf("got %+v", event)
				}
			}
		})
	}
}

func TestPeople(t *testing.T) {
	for _, tt := range []struct {
		name    string
		headers []string
	}{
		{"Chrome", []string{"User-Agent: Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Mobile Safari/537.36", "Sec-Fetch-Dest: document", "Sec-Fetch-Site: cross-site", "Sec-Fetch-User: ?1"}},
		{"Firefox", []string{"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0", "Sec-Fetch-Dest: document"}},
		{"Safari", []string{"User-Agent: Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1"}},
		{"Edge", []string{"User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36 Edg/139.0.0.0"}},
		{"Samsung Internet", []string{"User-Agent: Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36"}},
		{"Gmail's own browser", []string{"User-Agent: Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) GSA/381.0 Mobile/15E148 Safari/604.1"}},
		{"Facebook's own browser", []string{"User-Agent: Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 [FBAN/FBIOS;FBAV/525.0;FBBV/1]"}},
		{"Pinterest's own browser", []string{"User-Agent: Mozilla/5.0 (Linux; Android 14; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/139.0.0.0 Mobile Safari/537.36 [Pinterest/Android]"}},
		{"a phone called Cubot", []string{"User-Agent: Mozilla/5.0 (Linux; Android 9; Cubot X19) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Mobile Safari/537.36"}},
		{"a service worker passing on the click", []string{"Sec-Fetch-Dest: empty", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Site: same-origin"}},
		{"curl, which shops test with", []string{"User-Agent: curl/8.15.0"}},
		{"Go, likewise", []string{"User-Agent: Go-http-client/1.1"}},
		{"a browser test", []string{"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/139.0.0.0 Safari/537.36"}},
		{"without a name", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newShop(t, recovery.Config{API: &fakeAPI{t: t, attach: attaches}})
			redirectsTo(t, newBrowser(t, s).do(http.MethodGet, linkedPath, tt.headers...), "/checkout")
		})
	}
}

// A person who is taken for a robot gets in by the button.
func TestMistakenPersonPressesTheButton(t *testing.T) {
	s := newShop(t, recovery.Config{API: &fakeAPI{t: t, attach: attaches}})
	resp := newBrowser(t, s).do(http.MethodPost, linkedPath, "User-Agent: Barracuda Sentinel (EE)", "Sec-Fetch-Site: same-origin", "Sec-Fetch-Dest: document")
	redirectsTo(t, resp, "/checkout")
}

// Only the page's own button counts.
func TestButtonOfAnotherSite(t *testing.T) {
	for _, tt := range []struct {
		name    string
		headers []string
		ok      bool
	}{
		{"the page itself", []string{"Sec-Fetch-Site: same-origin", "Origin: https://example.com"}, true},
		{"typed", []string{"Sec-Fetch-Site: none"}, true},
		{"an old browser", []string{"Origin: https://example.com"}, true},
		{"an old browser behind a proxy that rewrites Host", []string{"Origin: https://shop.example"}, true},
		{"no browser", nil, true},
		{"another site", []string{"Sec-Fetch-Site: cross-site", "Origin: https://evil.example"}, false},
		{"a subdomain", []string{"Sec-Fetch-Site: same-site", "Origin: https://blog.example.com"}, false},
		{"another site in an old browser", []string{"Origin: https://evil.example"}, false},
		{"a sandboxed frame", []string{"Origin: null"}, false},
		{"a name that begins alike", []string{"Origin: https://example.com.evil.example"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			api := &fakeAPI{t: t}
			if tt.ok {
				api.attach = attaches
			}
			s := newShop(t, recovery.Config{API: api, CartLink: "https://shop.example/abandoned-cart/{selection}"})
			resp := newBrowser(t, s).do(http.MethodPost, linkedPath, tt.headers...)
			if tt.ok {
				redirectsTo(t, resp, "/checkout")
				return
			}
			shows(t, resp, 403, "another site")
			if got := s.last(t).Code; got != recovery.CrossSite {
				t.Errorf("outcome %q", got)
			}
		})
	}
}
