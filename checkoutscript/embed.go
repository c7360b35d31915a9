package checkoutscript

import (
	"html/template"
	"regexp"
	"strings"

	"github.com/centra-go/cartabandonment/centra"
)

// Embed returns what a checkout page needs of this package: the script tag of
// listener.js below Config.Path, then the selection's centraCheckoutScript
// inline. Without one (sel is nil, or no widget needs it) the listener remains,
// for pages that capture an e-mail address themselves.
//
// Both tags carry nonce, the page's Content-Security-Policy nonce; "" leaves it
// out. Besides script-src 'nonce-...' the listener needs connect-src 'self'.
//
// CheckoutScript is code from Centra and runs with the rights of the page;
// Embed only keeps it from ending its own tag.
func (h *Handler) Embed(sel *centra.Selection, nonce string) template.HTML {
	attr := ""
	if nonce != "" {
		attr = ` nonce="` + template.HTMLEscapeString(nonce) + `"`
	}
	var b strings.Builder
	// Not deferred, and first: an event that CheckoutScript dispatches while the
	// page still loads would find no listener, and its widget stay suspended.
	b.WriteString(`<script src="` + h.listener.url + `"` + attr + `></script>`)
	if sel != nil && sel.CheckoutScript != "" {
		b.WriteString("\n<script" + attr + ">")
		b.WriteString(tagLike.ReplaceAllString(sel.CheckoutScript, `\x3C$1`))
		b.WriteString("</script>")
	}
	return template.HTML(b.String())
}

// tagLike is what HTML sees inside of a script. \x3C is the same to JavaScript in
// strings, templates and regular expressions, where alone these can stand.
var tagLike = regexp.MustCompile(`(?i)<(/?script|!--)`)
