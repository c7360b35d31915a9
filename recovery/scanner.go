package recovery

import (
	"net/http"
	"strings"
)

// notAPerson names what gives a request away that no person made by clicking
// the link, or returns "". A wrong guess costs a person one more click.
func notAPerson(r *http.Request) (signature string) {
	if r.Method == http.MethodHead {
		return "HEAD"
	}
	if isPrefetch(r.Header) {
		return "prefetch"
	}
	switch r.Header.Get("Sec-Fetch-Dest") {
	case "", "document":
	case "empty": // a service worker passing on the click, if it navigates
	default:
		return "embed"
	}
	switch r.Header.Get("Sec-Fetch-Mode") {
	case "", "navigate":
	default:
		return "fetch"
	}
	if r.Header["From"] != nil { // robots' operators leave an address there, browsers never
		return "From"
	}
	return scanner(r.Header.Get("User-Agent"))
}

// unclicked reports whether another site, or another host of this one, leads the
// browser here without its user having clicked: that is how a cart is planted.
// The click in a web mailer has Sec-Fetch-User, and a link that another program
// opens has "none"; a browser from before these headers has neither, and is
// believed. Safari never sends Sec-Fetch-User, so there a click in a web mailer
// cannot be told from a planted link, and is asked about.
func unclicked(h http.Header) bool {
	switch h.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
		return false
	}
	return h.Get("Sec-Fetch-User") != "?1"
}

// prefetchHeaders announce that a browser loads the page in case it is wanted:
// the standard's own, and those of older Chrome, Safari and Firefox.
var prefetchHeaders = [...]string{"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"}

func isPrefetch(h http.Header) bool {
	for _, name := range prefetchHeaders {
		if h[name] != nil {
			return true
		}
	}
	return false
}

// scanners are parts of the User-Agent of robots that open links which somebody
// was sent, and why they are here. Listed is what says that it is one: most mail
// scanners (Safe Links, Mimecast and Proofpoint among them) usually come as an
// ordinary browser, and nothing in a single request tells. General tools (curl,
// Go's client, headless browsers) are not listed, since shops test with them.
var scanners = [...]struct{ signature, why string }{
	{"+http", "crawlers and previews link to a page about them: Googlebot, bingbot, Slackbot, facebookexternalhit," +
		" Discordbot, Applebot, YandexBot"},
	{"bot/", "those that name only themselves: Twitterbot/1.0 (X, iMessage), Googlebot-Image's and bingbot's short forms"},
	{"Bot", "TelegramBot (like TwitterBot), LinkedInBot"},
	{"Preview", "BingPreview, SkypeUriPreview (Skype, Teams), Snap URL Preview Service"},
	{"facebookexternalhit", "previews in Facebook, Messenger, Instagram and iMessage, with and without the link"},
	{"WhatsApp/", "previews in WhatsApp; the browser that it opens has no such name"},
	{"GoogleMessages/", "previews in Google's SMS app"},
	{"GoogleImageProxy", "Gmail's fetches of what it takes for an image"},
	{"Google-", "Google-Safety, Google-InspectionTool, Google-Read-Aloud and others"},
	{"Barracuda", "Barracuda Sentinel (EE) opens the links of mails"},
	{"roofpoint", "Proofpoint URL Defense, where it says so, in either case"},
	{"Mimecast", "Mimecast URL Protect, where it says so"},
	{"SafeLinks", "Microsoft Safe Links, where it says so"},
	{"ms-office", "Outlook and Office open a link themselves, and then the browser where that was redirected to:" +
		" the session would be Office's, the checkout the browser's"},
	{"Microsoft Office", "likewise, in newer versions and on the Mac"},
}

func scanner(userAgent string) (signature string) {
	for i := range scanners {
		if strings.Contains(userAgent, scanners[i].signature) {
			return scanners[i].signature
		}
	}
	return ""
}
