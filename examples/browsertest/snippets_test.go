package browsertest

import (
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// snippet is what the documentation shows in JavaScript, with what a page around it
// has and how it shows that it works.
type snippet struct {
	page string // before it; the listener is the documented one's own business
	try  func(t *testing.T, shop *fakeShop, tab *tab)
}

// snippets are known by a part of them.
func snippets(t *testing.T) map[string]snippet {
	const stubs = `
		let totalPrice;
		const shown = [];
		const renderCart = (cart) => shown.push("cart " + cart.answer);
		const renderSnippets = (fields) => shown.push("snippets " + fields.qliro);
		const showNotice = (text) => shown.push("notice " + text);`
	return map[string]snippet{
		"centra:selection": {embedded() + script(stubs), func(t *testing.T, shop *fakeShop, tab *tab) {
			shop.answer = func(w http.ResponseWriter, _ *http.Request, n int) {
				answers := []string{
					`{"selection": {"answer": 1, "totals": {"grandTotalPriceAsNumber": 499}, "pluginFields": {"qliro": "html"}}}`,
					`{"error": {"code": "refused", "message": "No."}}`,
					`{}`,
					`{}`,
				}
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader([]int{200, 422, 202, 200}[n-1])
				_, _ = w.Write([]byte(answers[n-1]))
			}
			tab.expect("422")
			tab.run(`fire({email: "anna@example.com"})`)
			tab.wait(`resumes.length`)
			tab.run(`fire({email: "anna@example"})`)
			tab.wait(`resumes.length > 1`)
			tab.run(`fire({email: "anna@example.com"})`)
			tab.wait(`resumes.length > 2`)
			eval[bool](tab, `CentraCartAbandonment.withdraw()`)
			const want = "cart 1,snippets html,notice refused,notice saved,notice no reminder"
			if got := eval[string](tab, `shown.join()`); got != want {
				t.Errorf("the page showed %s, want %s", got, want)
			}
			if got := eval[int](tab, `totalPrice`); got != 499 {
				t.Errorf("totalPrice is %d", got)
			}
		}},
		"CentraCartAbandonment.watch": {embedded() + form, func(t *testing.T, shop *fakeShop, tab *tab) {
			tab.click("#consent")
			tab.focus("#email")
			tab.keys("anna@example.com\t")
			shop.waitPosts(t, 1)
			if got := shop.got()[0].Body; got != `{"email":"anna@example.com"}` {
				t.Errorf("the callback got %s", got)
			}
		}},
		"$.ajax": {script(recorder) + script(fakeCheckoutScript) + script(fromNPM(t).jquery["3"]),
			func(t *testing.T, shop *fakeShop, tab *tab) {
				tab.run(`fire({email: "anna@example.com", additionalFields: {suspendIgnore: true}})`)
				tab.wait(`resumes.length`)
				if got := eval[string](tab, `JSON.stringify(resumes[0].args)`); got != "[true]" {
					t.Errorf("resumed with %s", got)
				}
			}},
	}
}

// What the README and the guides show in JavaScript runs, to the letter, in a page
// with a strict policy, and does what they say.
func TestSnippets(t *testing.T) {
	t.Parallel()
	tried := map[string]bool{}
	known := snippets(t)
	for _, shown := range documented(t, "js") {
		for part, s := range known {
			if !strings.Contains(shown.code, part) {
				continue
			}
			tried[part], tried[shown.code] = true, true
			t.Run(shown.file+", "+part, func(t *testing.T) {
				t.Parallel()
				shop, tab := newFakeShop(t), newTab(t)
				shop.body = s.page + script(strings.ReplaceAll(shown.code, "/your-callback", callbackPath))
				tab.open(shop.URL)
				s.try(t, shop, tab)
			})
		}
		if !tried[shown.code] {
			t.Errorf("%s shows what nothing tries:\n%s", shown.file, shown.code)
		}
	}
	for part := range known {
		if !tried[part] {
			t.Errorf("no document shows %s any more", part)
		}
	}
}

type shownCode struct{ file, code string }

// documented finds all code of a language in the repository's documents.
func documented(t *testing.T, language string) (all []shownCode) {
	t.Helper()
	const root = "../.."
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "node_modules"):
			return fs.SkipDir
		case d.IsDir() || filepath.Ext(path) != ".md":
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		_, rest, found := strings.Cut(string(text), "\n```"+language+"\n")
		for found {
			code, after, _ := strings.Cut(rest, "```\n")
			file, _ := filepath.Rel(root, path)
			all = append(all, shownCode{file, code})
			_, rest, found = strings.Cut(after, "\n```"+language+"\n")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
