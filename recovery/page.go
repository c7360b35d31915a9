package recovery

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"github.com/centra-go/cartabandonment/centra"
)

// Page is what one of the small pages has to say.
//
// Config.Page gets a response whose header is complete, Content-Type and the
// visitor's session included: it writes Status and HTML. Its
// Content-Security-Policy fits the default page and allows no script, style or
// image of the host's; a page that needs some, such as pictures of what is in the
// carts, replaces that header, and then keeps form-action and frame-ancestors.
// Every page of kind [PageConfirm] and [PageConflict] must have a form with
// method="post", without an action and with no field needed.
type Page struct {
	Kind   PageKind
	Status int

	// Lang is the language of Texts, for the page's lang: that of the cart that is
	// shown, else one that the browser asks for, out of Config.Languages.
	Lang  string
	Texts Texts

	// Keep is where a visitor goes who does not want the link's cart, with
	// campaign parameters; set for PageConfirm and PageConflict.
	Keep string

	// Own is the cart that the visitor has, and Linked the link's, for
	// PageConflict. Linked is nil where the cart cannot be seen without attaching
	// it, as in the Checkout API. They hold what the shopper entered: a page
	// shows what is in them and not whose they are.
	Own, Linked *centra.Selection
}

// PageKind tells the small pages apart.
type PageKind string

// The pages.
const (
	PageConfirm          PageKind = "confirm"            // shall the cart be opened?
	PageConflict         PageKind = "conflict"           // shall it replace the one that the visitor has?
	PageUnavailable      PageKind = "unavailable"        // try again, with a link to the same address
	PageCrossSite        PageKind = "cross_site"         // the button was pressed on another site
	PageNotFound         PageKind = "not_found"          // no cart link
	PageMethodNotAllowed PageKind = "method_not_allowed" // neither GET nor HEAD nor POST
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

// show answers with one of the small pages, or for HEAD with its header.
func (v *visit) show(p Page) {
	l := v.languages.choose(v.r.Header["Accept-Language"], p.Own, p.Linked)
	p.Lang, p.Texts = l.tag, l.Texts
	h := v.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", v.policy)
	if v.r.Method == http.MethodHead {
		v.w.WriteHeader(p.Status)
		return
	}
	v.page(v.w, v.r, p)
}

// pageView is what page.html says.
type pageView struct {
	Lang, Title, Text string
	Own, Linked       *cartView
	Yes, No, Keep     string
	Retry             string
}

func renderPage(w http.ResponseWriter, _ *http.Request, p Page) {
	v := pageView{Lang: p.Lang, Keep: p.Keep}
	t := p.Texts
	switch p.Kind {
	case PageConfirm:
		v.Title, v.Text, v.Yes, v.No = t.ConfirmTitle, t.ConfirmText, t.ConfirmYes, t.ConfirmNo
	case PageConflict:
		v.Title, v.Text, v.Yes, v.No = t.ConflictTitle, t.ConflictText, t.ConflictYes, t.ConflictNo
		v.Own, v.Linked = viewCart("own", t.OwnCart, t.Total, p.Own), viewCart("linked", t.LinkedCart, t.Total, p.Linked)
	case PageUnavailable:
		v.Title, v.Text, v.Retry = t.UnavailableTitle, t.UnavailableText, t.UnavailableRetry
	case PageCrossSite:
		v.Title, v.Text = t.CrossSiteTitle, t.CrossSiteText
	case PageMethodNotAllowed:
		v.Title, v.Text = t.MethodNotAllowedTitle, t.MethodNotAllowedText
	default:
		v.Title, v.Text = t.NotFoundTitle, t.NotFoundText
	}
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, v); err != nil {
		panic(err) // the template is a constant
	}
	w.Header().Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(p.Status)
	_, _ = w.Write(b.Bytes()) // a visitor who has left misses nothing
}

// cartView is what is in a cart, and nothing about whose it is.
type cartView struct {
	ID, Title         string
	Lines             []lineView
	More              bool
	TotalLabel, Total string
}

type lineView struct {
	Quantity    int
	Name, Price string
}

const maxShownLines = 50

func viewCart(id, title, total string, sel *centra.Selection) *cartView {
	if sel == nil || sel.Empty() {
		return nil
	}
	v := &cartView{ID: id, Title: title, TotalLabel: total, Total: sel.Totals.GrandTotalPrice}
	for i, item := range sel.Items {
		if v.More = i == maxShownLines; v.More {
			break
		}
		v.Lines = append(v.Lines, lineView{item.Quantity, nameOf(item), item.TotalPrice})
	}
	return v
}

// nameOf says what a line is: "Linen Shirt, Blue, M".
func nameOf(item centra.Item) string {
	name := cmp.Or(item.Product.Name, item.SKU, item.Item)
	for _, part := range []string{item.Product.VariantName, item.Size} {
		if part != "" && part != name {
			name += ", " + part
		}
	}
	return name
}
