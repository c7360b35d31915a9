package browsertest

import (
	"testing"
)

// documentedListener is the one of Centra's documentation, with jQuery.
const documentedListener = `
	document.addEventListener("centra_checkout_callback", function (origdata) {
		var url = "/centra/callback";
		$.ajax(url, {
			method: "POST",
			data: origdata.detail,
			success: function (data) {
				CentraCheckout.resume(origdata.detail.additionalFields.suspendIgnore);
			}
		});
	});`

// fetchListener posts with the options of fetch, which prepare may have made of
// detail.
func fetchListener(prepare, options string) string {
	return `
	document.addEventListener("centra_checkout_callback", async ({ detail }) => {
		` + prepare + `
		const response = await fetch("/centra/callback", { method: "POST", ` + options + ` });
		const { suspendIgnore } = await response.json();
		CentraCheckout.resume(suspendIgnore);
	});`
}

// widgetEvent has every kind of value that a widget may send.
const widgetEvent = `{
	email: "åsa+test@example.com",
	address: { firstName: "Åsa", zipCode: "111 22", country: "SE", newsletter: false },
	items: [{ sku: "A-1", quantity: 2 }],
	tags: ["a", "b"],
	nothing: null,
	additionalFields: { suspendIgnore: true },
}`

// What shops' own listeners put on the wire, with what their pages load today.
func TestOtherListeners(t *testing.T) {
	t.Parallel()
	jquery := fromNPM(t).jquery
	const (
		form = "application/x-www-form-urlencoded; charset=UTF-8"
		json = "application/json"
		// $.param: null is empty, a boolean is its text.
		param = "email=%C3%A5sa%2Btest%40example.com" +
			"&address%5BfirstName%5D=%C3%85sa&address%5BzipCode%5D=111+22&address%5Bcountry%5D=SE&address%5Bnewsletter%5D=false" +
			"&items%5B0%5D%5Bsku%5D=A-1&items%5B0%5D%5Bquantity%5D=2" +
			"&tags%5B%5D=a&tags%5B%5D=b&nothing=&additionalFields%5BsuspendIgnore%5D=true"
	)
	for name, row := range map[string]struct{ jquery, listener, contentType, body string }{
		"jQuery 3.7": {jquery["3"], documentedListener, form, param},
		"jQuery 4":   {jquery["4"], documentedListener, form, param},
		"fetch, JSON": {"", fetchListener("", `headers: {"Content-Type": "application/json"}, body: JSON.stringify(detail)`), json,
			`{"email":"åsa+test@example.com","address":{"firstName":"Åsa","zipCode":"111 22","country":"SE","newsletter":false},` +
				`"items":[{"sku":"A-1","quantity":2}],"tags":["a","b"],"nothing":null,"additionalFields":{"suspendIgnore":true}}`},
		"fetch, URLSearchParams": {"", fetchListener("", `body: new URLSearchParams({email: detail.email,
			"address[zipCode]": detail.address.zipCode, "additionalFields[suspendIgnore]": detail.additionalFields.suspendIgnore})`),
			"application/x-www-form-urlencoded;charset=UTF-8",
			"email=%C3%A5sa%2Btest%40example.com&address%5BzipCode%5D=111+22&additionalFields%5BsuspendIgnore%5D=true"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shop, tab := newFakeShop(t), newTab(t)
			shop.body = script(recorder) + script(fakeCheckoutScript) + script(row.jquery) + script(row.listener)
			tab.open(shop.URL)
			tab.run(`fire(` + widgetEvent + `)`)
			tab.wait(`resumes.length`)
			if got := eval[string](tab, `JSON.stringify(resumes[0].args)`); got != "[true]" {
				t.Errorf("resumed with %s, want [true]", got)
			}
			if got := shop.got()[0]; got.ContentType != row.contentType || got.Body != row.body {
				t.Errorf("the callback got\n%s: %s, want\n%s: %s", got.ContentType, got.Body, row.contentType, row.body)
			}
		})
	}
}
