package recovery

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"strconv"
	"strings"
)

// Page is what one of the small pages has to say.
//
// Config.Page gets a response whose header is complete, Content-Type included:
// it writes Status and HTML. Its Content-Security-Policy fits the default page
// and allows no script, style or image of the host's; a page that needs some
// replaces that header, and then keeps form-action and frame-ancestors. Every
// page of kind [PageConfirm] and [PageConflict] must have a form with
// method="post", without an action and with no field needed.
type Page struct {
	Kind   PageKind
	Status int
	// Keep is where a visitor goes who does not want the link's cart, with
	// campaign parameters; set for PageConfirm and PageConflict.
	Keep string
}

// PageKind tells the small pages apart.
type PageKind string

// The pages.
const (
	PageConfirm          PageKind = "confirm"            // shall the cart be opened?
	PageConflict         PageKind = "conflict"           // shall it replace the one that the visitor has?
	PageUnavailable      PageKind = "unavailable"        // try again, with a link to the same address
	PageCrossOrigin      PageKind = "cross-origin"       // the button was pressed on another site
	PageNotFound         PageKind = "not-found"          // no cart link
	PageMethodNotAllowed PageKind = "method-not-allowed" // neither GET nor HEAD nor POST
)

//go:embed page.html
var pageHTML string

var (
	pageTemplate = template.Must(template.New("page").Parse(pageHTML))
	pageStyle    = styleHash()
)

// styleHash is what a Content-Security-Policy calls the page's style element.
func styleHash() string {
	_, style, _ := strings.Cut(pageHTML, "<style>")
	style, _, _ = strings.Cut(style, "</style>")
	sum := sha256.Sum256([]byte(style))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// pagePolicy is the pages' Content-Security-Policy. Chromium applies form-action
// to where the POST is redirected to as well.
func pagePolicy(checkout target, chosen bool) string {
	forms := "'self'"
	if checkout.origin != "" {
		forms += " " + checkout.origin
	}
	if chosen { // by Config.Target, per cart
		forms += " https:"
	}
	return "default-src 'none'; style-src " + pageStyle + "; form-action " + forms +
		"; frame-ancestors 'none'; base-uri 'none'"
}

func renderPage(w http.ResponseWriter, _ *http.Request, p Page) {
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, p); err != nil {
		panic(err) // the template is a constant
	}
	w.Header().Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(p.Status)
	_, _ = w.Write(b.Bytes()) // a visitor who has left misses nothing
}
