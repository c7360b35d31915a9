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
	switch dest := r.Header["Sec-Fetch-Dest"]; {
	case len(dest) == 0, dest[0] == "document":
	case dest[0] == "empty": // a service worker passing on the click
	default:
		return "embed"
	}
	if r.Header["From"] != nil { // robots' operators leave an address there, browsers never
		return "From"
	}
	return scanner(r.Header.Get("User-Agent"))
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
// was sent. Listed is what says who it is: most mail scanners (Safe Links,
// Mimecast and Proofpoint among them) usually come as an ordinary browser and
// cannot be told by it. General tools (curl, Go's client, headless browsers) are
// not listed, since shops test with them.
var scanners = [...]struct{ userAgent, why string }{
	{"+http", "nearly all robots link to a page about them: Googlebot, bingbot, Slackbot, facebookexternalhit, LinkedInBot, Discordbot, Applebot, YandexBot"},
	{"Googlebot", "Google's crawler, also in the short form of its image and video robots"},
	{"Google-", "Google's fetchers: Google-Safety, Google-InspectionTool, Google-Read-Aloud"},
	{"GoogleImageProxy", "Gmail's fetches of what it takes for an image"},
	{"GoogleMessages/", "previews in Google's SMS app"},
	{"bingbot", "Bing's crawler"},
	{"BingPreview", "Bing's page snapshots"},
	{"Barracuda", "Barracuda Sentinel (EE), which opens links in mails"},
	{"Proofpoint", "Proofpoint URL Defense, where it says so"},
	{"proofpoint", "likewise"},
	{"Mimecast", "Mimecast URL Protect, where it says so"},
	{"SafeLinks", "Microsoft Safe Links, where it says so"},
	{"ms-office", "Office opens a link itself before the browser does, and hands on where it was redirected to"},
	{"Microsoft Office", "likewise"},
	{"Slackbot", "previews in Slack"},
	{"SkypeUriPreview", "previews in Skype and Teams"},
	{"facebookexternalhit", "previews in Facebook, Messenger and iMessage"},
	{"Facebot", "previews in Facebook and iMessage"},
	{"WhatsApp/", "previews in WhatsApp"},
	{"TelegramBot", "previews in Telegram"},
	{"Twitterbot", "previews in X and iMessage"},
	{"LinkedInBot", "previews in LinkedIn"},
	{"Discordbot", "previews in Discord"},
	{"Snap URL Preview", "previews in Snapchat"},
}

func scanner(userAgent string) (signature string) {
	for i := range scanners {
		if strings.Contains(userAgent, scanners[i].userAgent) {
			return scanners[i].userAgent
		}
	}
	return ""
}
