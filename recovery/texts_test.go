package recovery_test

import (
	"context"
	"flag"
	"fmt"
	"html"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/recovery"
)

var update = flag.Bool("update", false, "write what the pages say to testdata/pages")

// builtIn are the languages of the default pages.
var builtIn = []string{"en", "sv", "nb", "da", "fi", "de", "nl", "fr"}

var (
	tags    = regexp.MustCompile(`(?s)<style>.*?</style>|<[^>]*>`)
	lang    = regexp.MustCompile(`<html lang="([^"]*)">`)
	heading = regexp.MustCompile(`<h1>[^<]+</h1>`)
)

// textOf returns what a reader sees of a page, line by line.
func textOf(body string) (lines []string) {
	for line := range strings.Lines(html.UnescapeString(tags.ReplaceAllString(body, "\n"))) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// Every page in every language, to be read in testdata/pages. None leaves a text
// in another language, or has the typography of a typewriter.
func TestPagesInEveryLanguage(t *testing.T) {
	english := map[string][]string{}
	for _, language := range builtIn {
		t.Run(language, func(t *testing.T) {
			var said strings.Builder
			pages := pagesIn(t, language)
			for _, name := range []string{"confirm", "conflict", "half known", "unavailable", "cross-origin", "not found", "method"} {
				body := bodyOf(t, pages[name])
				if got := lang.FindStringSubmatch(body); got == nil || got[1] != language {
					t.Errorf("%s: %q, want %s", name, got, language)
				}
				if n := len(heading.FindAllString(body, -1)); n != 1 {
					t.Errorf("%s: %d headings", name, n)
				}
				lines := textOf(body)
				fmt.Fprintf(&said, "%s (%d)\n\t%s\n\n", name, pages[name].StatusCode, strings.Join(lines, "\n\t"))
				if language == "en" {
					english[name] = lines
				}
				if want := len(english[name]); len(lines) != want {
					t.Errorf("%s: %d lines, want %d", name, len(lines), want)
					continue
				}
				for i, line := range lines {
					if language != "en" && line == english[name][i] && !strings.Contains(line, "SEK") && !strings.Contains(line, "×") && line != "Total" {
						t.Errorf("%s: %q is English", name, line)
					}
					for _, wrong := range []string{"'", `"`, "...", "  ", " ?", " !", " :", "%!"} {
						if strings.Contains(line, wrong) {
							t.Errorf("%s: %q contains %q", name, line, wrong)
						}
					}
				}
			}
			golden := filepath.Join("testdata", "pages", language+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(said.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), said.String()); diff != "" {
				t.Errorf("the pages read otherwise (-want +got):\n%s", diff)
			}
		})
	}
}

// The cart's language goes before the browser's, and that before English.
func TestLanguage(t *testing.T) {
	hebrew := complete("ברירת מחדל")
	for _, tt := range []struct {
		name      string
		cart      string
		accept    []string
		texts     map[string]recovery.Texts
		languages []string
		want      string
	}{
		{name: "nothing said", want: "en"},
		{name: "the browser's", accept: []string{"sv"}, want: "sv"},
		{name: "of a country", accept: []string{"de-AT"}, want: "de"},
		{name: "of a country, in other letters", accept: []string{"FR_ca"}, want: "fr"},
		{name: "of a script", accept: []string{"nl-Latn-BE"}, want: "nl"},
		{name: "Bokmål", accept: []string{"nb-NO"}, want: "nb"},
		{name: "Nynorsk", accept: []string{"nn-NO"}, want: "nb"},
		{name: "Norwegian", accept: []string{"no"}, want: "nb"},
		{name: "Norwegian of Norway", accept: []string{"no-NO"}, want: "nb"},
		{name: "the first that there is", accept: []string{"pl, it;q=0.9, fi;q=0.8, sv;q=0.7"}, want: "fi"},
		{name: "the best, not the first", accept: []string{"de;q=0.5, da;q=0.9"}, want: "da"},
		{name: "of equals the first", accept: []string{"nl;q=0.5, fr;q=0.5"}, want: "nl"},
		{name: "a browser as they are", accept: []string{"sv-SE,sv;q=0.9,en-US;q=0.8,en;q=0.7"}, want: "sv"},
		{name: "not that one", accept: []string{"sv;q=0, fi;q=0.1"}, want: "fi"},
		{name: "none of ours", accept: []string{"sv;q=0"}, want: "en"},
		{name: "no number", accept: []string{"sv;q=NaN"}, want: "en"},
		{name: "less than nothing", accept: []string{"sv;q=-1"}, want: "en"},
		{name: "any", accept: []string{"*"}, want: "en"},
		{name: "any but English", accept: []string{"en;q=0, *"}, want: "en"},
		{name: "two headers", accept: []string{"pl", "da"}, want: "da"},
		{name: "broken", accept: []string{";;q=,,sv;q=x, de ; q = 0.3 ,fi;q=NaN, nl;q=7, -, --"}, want: "de"},
		{name: "other parameters", accept: []string{"sv;level=1"}, want: "sv"},

		{name: "the cart's", cart: "fi", accept: []string{"sv"}, want: "fi"},
		{name: "the cart's, of a country", cart: "nl-BE", accept: []string{"sv"}, want: "nl"},
		{name: "a cart in a language that there is none of", cart: "pl", accept: []string{"sv"}, want: "sv"},
		{name: "a cart that says none", accept: []string{"sv"}, want: "sv"},
		{name: "a cart that says nonsense", cart: "-- sv", accept: []string{"da"}, want: "da"},

		{name: "added", accept: []string{"he-IL"}, texts: map[string]recovery.Texts{"he": hebrew}, want: "he"},
		{name: "added, of a country", accept: []string{"pt-br"}, texts: map[string]recovery.Texts{"pt-BR": hebrew}, want: "pt-BR"},
		{name: "added, of another country", accept: []string{"pt-PT"}, texts: map[string]recovery.Texts{"pt-BR": hebrew}, want: "en"},
		{name: "added Nynorsk", accept: []string{"nn"}, texts: map[string]recovery.Texts{"nn": hebrew}, want: "nn"},

		{name: "few", accept: []string{"de"}, languages: []string{"sv", "en"}, want: "sv"},
		{name: "few, and one of them", accept: []string{"de, en;q=0.5"}, languages: []string{"sv", "en"}, want: "en"},
		{name: "few, and another cart", cart: "fi", languages: []string{"sv", "en"}, want: "sv"},
		{name: "few, without Norwegian", accept: []string{"nn"}, languages: []string{"sv"}, want: "sv"},
		{name: "few, with an added one", languages: []string{"HE"}, texts: map[string]recovery.Texts{"he": hebrew}, want: "he"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			api := &fakeAPI{t: t, selection: func(_ context.Context, s centra.Session) (*centra.Selection, error) {
				return cartIn(tt.cart, s), nil
			}}
			s := newShop(t, recovery.Config{API: api, Texts: tt.texts, Languages: tt.languages})
			b := newBrowser(t, s)
			b.have(ownID)
			var headers []string
			for _, value := range tt.accept {
				headers = append(headers, "Accept-Language: "+value)
			}
			body := bodyOf(t, b.do(http.MethodGet, linkedPath, headers...))
			if got := lang.FindStringSubmatch(body); got == nil || got[1] != tt.want {
				t.Errorf("the page is in %q, want %q", got, tt.want)
			}
		})
	}
}

// complete has the same for every text.
func complete(text string) recovery.Texts {
	return recovery.Texts{
		ConfirmTitle: text, ConfirmText: text, ConfirmYes: text, ConfirmNo: text,
		ConflictTitle: text, ConflictText: text, ConflictYes: text, ConflictNo: text,
		OwnCart: text, LinkedCart: text, Total: text,
		UnavailableTitle: text, UnavailableText: text, UnavailableRetry: text,
		CrossSiteTitle: text, CrossSiteText: text, NotFoundTitle: text, NotFoundText: text,
		MethodNotAllowedTitle: text, MethodNotAllowedText: text,
	}
}

// One text of a language is replaced, and the others stay.
func TestReplacedText(t *testing.T) {
	s := newShop(t, recovery.Config{
		API: &fakeAPI{t: t}, Confirm: recovery.Always,
		Texts: map[string]recovery.Texts{"sv": {ConfirmYes: "Ja <tack>"}},
	})
	body := bodyOf(t, newBrowser(t, s).do(http.MethodGet, linkedPath, "Accept-Language: sv"))
	if got := textOf(body); !slices.Contains(got, "Ja <tack>") || !slices.Contains(got, "Fortsätt utan den") {
		t.Errorf("the page says %q", got)
	}
	if strings.Contains(body, "<tack>") {
		t.Error("a text became markup")
	}
}

func TestTextsThatAreRefused(t *testing.T) {
	half := complete("x")
	half.Total, half.ConflictYes = "", ""
	for name, tt := range map[string]struct {
		change func(*recovery.Config)
		want   []string
	}{
		"half a language":         {func(c *recovery.Config) { c.Texts = map[string]recovery.Texts{"he": half} }, []string{"Config.Texts", `"he"`, "Total", "ConflictYes"}},
		"no tag":                  {func(c *recovery.Config) { c.Texts = map[string]recovery.Texts{"": {}} }, []string{"Config.Texts"}},
		"a name":                  {func(c *recovery.Config) { c.Texts = map[string]recovery.Texts{"pt BR": {}} }, []string{"Config.Texts", "pt BR"}},
		"twice":                   {func(c *recovery.Config) { c.Texts = map[string]recovery.Texts{"sv": {}, "SV": {}} }, []string{"Config.Texts", "twice"}},
		"no languages":            {func(c *recovery.Config) { c.Languages = []string{} }, []string{"Config.Languages"}},
		"a language without text": {func(c *recovery.Config) { c.Languages = []string{"en", "pl"} }, []string{"Config.Languages", `"pl"`, "Texts"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := recovery.Config{API: &fakeAPI{t: t}, Visitors: visitors(t, emptyStore{}), CartLink: cartLink, Checkout: "/checkout"}
			tt.change(&c)
			_, err := recovery.New(c)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error does not say %q: %v", want, err)
				}
			}
		})
	}
}

// FuzzAcceptLanguage: whatever a browser sends, the page is in a language that
// there is.
func FuzzAcceptLanguage(f *testing.F) {
	for _, header := range []string{"", "sv", "sv-SE,sv;q=0.9,en;q=0.8", "*;q=0.1", ";;q=,,x;q=NaN", strings.Repeat("de-", 1000), strings.Repeat("a,", 1000)} {
		f.Add(header)
	}
	s := newShop(f, recovery.Config{API: &fakeAPI{t: f}, Confirm: recovery.Always})
	f.Fuzz(func(t *testing.T, header string) {
		body := bodyOf(t, newBrowser(t, s).do(http.MethodGet, linkedPath, "Accept-Language: "+header))
		if got := lang.FindStringSubmatch(body); got == nil || !slices.Contains(builtIn, got[1]) {
			t.Errorf("the page is in %q", got)
		}
	})
}

// A cart of hundreds of lines makes no endless page, and one without names or
// prices is still a list.
func TestWhatIsInTheCart(t *testing.T) {
	many := &centra.Selection{Session: ownID, Items: make([]centra.Item, 300)}
	for i := range many.Items {
		many.Items[i] = centra.Item{Item: fmt.Sprintf("%d-1", i), SKU: fmt.Sprintf("SKU%d", i), Quantity: i}
	}
	b := newBrowser(t, newShop(t, recovery.Config{API: &fakeAPI{t: t, selection: func(context.Context, centra.Session) (*centra.Selection, error) {
		return many, nil
	}}}))
	b.have(ownID)
	lines := textOf(bodyOf(t, get(b, linkedPath)))
	if !slices.Contains(lines, "49 × SKU49") || slices.Contains(lines, "50 × SKU50") || !slices.Contains(lines, "…") || slices.Contains(lines, "Total") {
		t.Errorf("the page says %q", lines)
	}
}
