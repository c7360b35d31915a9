package checkoutscript_test

import (
	"fmt"
	"html/template"
	"log"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/checkoutscript"
)

func TestEmbed(t *testing.T) {
	h := embedder(t, "")
	listener := listenerURL(t, h)
	for name, row := range map[string]struct {
		sel         *centra.Selection
		nonce, want string
	}{
		"script and nonce": {
			&centra.Selection{CheckoutScript: "window.a = 1 < 2;"}, "r4nd0m+/=",
			`<script src="` + listener + `" nonce="r4nd0m+/="></script>` + "\n" +
				`<script nonce="r4nd0m+/=">window.a = 1 < 2;</script>`,
		},
		"no nonce": {
			&centra.Selection{CheckoutScript: "a()"}, "",
			`<script src="` + listener + `"></script>` + "\n<script>a()</script>",
		},
		"no script":    {&centra.Selection{}, "n", `<script src="` + listener + `" nonce="n"></script>`},
		"no selection": {nil, "n", `<script src="` + listener + `" nonce="n"></script>`},
		"hostile nonce": {
			nil, `"><script>alert(1)</script>`,
			`<script src="` + listener + `" nonce="&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"></script>`,
		},
		"tags in strings": {
			&centra.Selection{CheckoutScript: `a("</script>", '</ScRiPt x', "<!--", "<SCRIPT>", "</div>")`}, "",
			`<script src="` + listener + `"></script>` + "\n" +
				`<script>a("\x3C/script>", '\x3C/ScRiPt x', "\x3C!--", "\x3CSCRIPT>", "</div>")</script>`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(row.want, string(h.Embed(row.sel, row.nonce))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func ExampleHandler_Embed() {
	api, err := centra.NewCheckoutAPI("https://shop.centra.com/api/checkout")
	if err != nil {
		log.Fatal(err)
	}
	visitors, err := session.NewVisitors(session.Cookie{})
	if err != nil {
		log.Fatal(err)
	}
	callback, err := checkoutscript.New(checkoutscript.Config{
		API: api.AsShopper(), Visitors: visitors, Consent: checkoutscript.AssumeConsent,
	})
	if err != nil {
		log.Fatal(err)
	}
	page := template.Must(template.New("checkout").Parse("<main>...</main>\n{{.}}\n"))

	// From the API, and new for every response, as in its Content-Security-Policy.
	selection, nonce := &centra.Selection{CheckoutScript: "window.CentraCheckout = {};"}, "r4nd0m"

	var b strings.Builder
	_ = page.Execute(&b, callback.Embed(selection, nonce))
	fmt.Print(regexp.MustCompile(`v=\w+`).ReplaceAllString(b.String(), "v=..."))
	// Output:
	// <main>...</main>
	// <script src="/centra/listener.js?v=..." nonce="r4nd0m"></script>
	// <script nonce="r4nd0m">window.CentraCheckout = {};</script>
}
