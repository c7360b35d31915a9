package browsertest

import "testing"

// Only a script is believed to be the script: what else the page calls so, in text
// that a shopper wrote for instance, does not say where events go.
func TestCurrentScriptIsNone(t *testing.T) {
	t.Parallel()
	listener := `<script src="` + listenerPath + `" nonce="{nonce}"></script>`
	for name, body := range map[string]string{
		"a form":     `<form name="currentScript" data-endpoint="/elsewhere"></form>` + listener,
		"an image":   `<img name="currentScript" alt="" data-endpoint="/elsewhere">` + listener,
		"two images": `<img name="currentScript" alt=""><img name="currentScript" alt="" data-endpoint="/elsewhere">` + listener,
		"in an SVG":  `<svg><script href="` + listenerPath + `" nonce="{nonce}" data-endpoint="/elsewhere"></script></svg>`,
		// Not a copy of it either.
		"an element of its name": `<input id="CentraCartAbandonment" capture="user">` + listener,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shop, tab := newFakeShop(t), newTab(t)
			shop.body = script(recorder) + script(fakeCheckoutScript) + body
			tab.open(shop.URL)
			tab.wait(`window.CentraCartAbandonment?.withdraw`) // an SVG's script is not waited for
			tab.run(`fire({email: "a@example.com"})`)
			tab.wait(`resumes.length`)
			if got := eval[string](tab, `heard.map((h) => h.name).join()`); got != "centra:selection" || len(shop.got()) != 1 {
				t.Errorf("the page heard %s and the callback got %d posts, want centra:selection and one", got, len(shop.got()))
			}
		})
	}
}

// A browser that lacks what aborts a fetch has a queue that goes on all the same.
func TestWithoutAbort(t *testing.T) {
	t.Parallel()
	for name, without := range map[string]string{
		"AbortSignal.timeout": `delete AbortSignal.timeout`,
		"AbortController":     `delete window.AbortController; delete window.AbortSignal`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shop, tab := newFakeShop(t), newTab(t)
			tab.expect("Failed to load resource")
			shop.body = script(without) + embedded()
			shop.answer = hangingFirst
			tab.open(shop.URL)
			tab.run(`fire({event: "hangs"}); fire({event: "next"})`)
			tab.wait(`heard.some((h) => h.name === "centra:selection")`)
			if got := eval[int](tab, `resumes.length`); got != 2 {
				t.Errorf("%d resumes of two events", got)
			}
			if got := shop.got(); len(got) < 2 || got[1].Body != `{"event":"next"}` {
				t.Errorf("the callback got %+v, want the next event second", got)
			}
		})
	}
}
