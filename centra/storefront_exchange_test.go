package centra_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
)

// started is the answer to the query that starts a session.
const started = `{"data":{"selection":` + nothingInIt + `},` + withToken + `}`

// Each call with a session that has expired → what is asked then and with which
// token, what the caller gets, and what is told of the calls.
func TestStorefrontExpiredSession(t *testing.T) {
	const plugin, dead, fresh = pluginToken, string(token), string(newToken)
	attach := func(ctx context.Context, c api, s centra.Session) (centra.Session, error) {
		sel, err := c.AttachSelection(ctx, s, storefrontCart)
		if err != nil {
			return asError(t, err).Session, err
		}
		return sel.Session, nil
	}
	read := func(ctx context.Context, c api, s centra.Session) (centra.Session, error) {
		sel, err := c.Selection(ctx, s)
		if err != nil {
			return asError(t, err).Session, err
		}
		if !sel.Replaces(s) {
			t.Error("the selection does not say that the session had expired")
		}
		return sel.Session, nil
	}
	update := func(ctx context.Context, c api, s centra.Session) (centra.Session, error) {
		_, err := c.UpdateFields(ctx, s, centra.Fields{Address: &centra.Address{Country: "SE"}})
		return asError(t, err).Session, err
	}
	pay := func(ctx context.Context, c api, s centra.Session) (centra.Session, error) {
		_, err := c.StartPayment(ctx, s, centra.Payment{Fields: centra.Fields{Address: &centra.Address{Country: "SE"}}})
		return asError(t, err).Session, err
	}
	result := func(ctx context.Context, c api, s centra.Session) (centra.Session, error) {
		_, err := c.PaymentResult(ctx, s, nil)
		return asError(t, err).Session, err
	}
	add := func(ctx context.Context, c api, s centra.Session) (centra.Session, error) {
		return c.Do(ctx, s, http.MethodPost, "mutation addItem { addItem(item: \"1\") { ...answered } }", nil, nil)
	}
	addedItem := changed("addItem", storedCart)
	tests := []struct {
		name    string
		call    func(context.Context, api, centra.Session) (centra.Session, error)
		answers map[string][]string
		tokens  string
		session centra.Session
		kind    error
		calls   []centra.Call
	}{
		{"Selection", read, map[string][]string{"selection": {unauthorized, started}}, dead + " " + plugin, newToken, nil, []centra.Call{
			{Op: "query selection", Failure: "not_found", Cart: centra.CartEmpty},
			{Op: "query selection", Session: centra.SessionReplaced, Cart: centra.CartEmpty},
		}},
		{"Selection with 401", read, map[string][]string{"selection": {"HTTP 401 " + unauthorized, started}}, dead + " " + plugin, newToken, nil, []centra.Call{
			{Op: "query selection", StatusCode: 401, Failure: "not_found", Cart: centra.CartEmpty},
			{Op: "query selection", Session: centra.SessionReplaced, Cart: centra.CartEmpty},
		}},
		{"Selection with 401 in other words", read, map[string][]string{
			"selection": {`HTTP 401 {"errors":[{"message":"The token is not valid"}]}`, started},
		}, dead + " " + plugin, newToken, nil, []centra.Call{
			{Op: "query selection", StatusCode: 401, Failure: "not_found", Cart: centra.CartEmpty},
			{Op: "query selection", Session: centra.SessionReplaced, Cart: centra.CartEmpty},
		}},
		{"Selection where no other session can be had", read, map[string][]string{"selection": {
			unauthorized, `{"errors":[{"message":"Too many requests"}],` + withToken + `}`,
		}}, dead + " " + plugin, token, centra.ErrRateLimited, []centra.Call{
			{Op: "query selection", Failure: "not_found", Cart: centra.CartEmpty},
			{Op: "query selection", Failure: "rate_limited"},
		}},
		{"Selection where the plugin's token is refused too", read, map[string][]string{"selection": {unauthorized}}, dead + " " + plugin, token,
			centra.ErrUnauthorized, []centra.Call{
				{Op: "query selection", Failure: "not_found", Cart: centra.CartEmpty},
				{Op: "query selection", Failure: "unauthorized"},
			}},
		{"AttachSelection", attach, map[string][]string{
			"selection": {started}, "setSelection": {unauthorized, changed("setSelection", storedCart)},
		}, dead + " " + plugin + " " + fresh, newToken, nil, []centra.Call{
			{Op: "mutation setSelection", Failure: "not_found", Cart: centra.CartEmpty},
			{Op: "query selection", Session: centra.SessionReplaced, Cart: centra.CartEmpty},
			{Op: "mutation setSelection", Cart: centra.CartFilled},
		}},
		{"AttachSelection of a cart that is gone", attach, map[string][]string{
			"selection": {started}, "setSelection": {unauthorized, changed("setSelection", "null")},
		}, dead + " " + plugin + " " + fresh, newToken, centra.ErrSelectionNotFound, []centra.Call{
			{Op: "mutation setSelection", Failure: "not_found", Cart: centra.CartEmpty},
			{Op: "query selection", Session: centra.SessionReplaced, Cart: centra.CartEmpty},
			{Op: "mutation setSelection", Failure: "not_found"},
		}},
		{"UpdateFields", update, map[string][]string{"setAddress": {unauthorized}}, dead, token, centra.ErrSelectionNotFound, []centra.Call{
			{Op: "mutation setAddress", Failure: "not_found", Cart: centra.CartEmpty},
		}},
		{"UpdateFields whose answer brings a new token", update, map[string][]string{
			"setAddress": {strings.TrimSuffix(unauthorized, "}") + "," + withToken + "}"},
		}, dead, newToken, centra.ErrSelectionNotFound, []centra.Call{
			{Op: "mutation setAddress", Failure: "not_found", Session: centra.SessionReplaced, Cart: centra.CartEmpty},
		}},
		{"StartPayment", pay, map[string][]string{"paymentInstructions": {unauthorized}}, dead, token, centra.ErrSelectionNotFound, []centra.Call{
			{Op: "mutation paymentInstructions", Failure: "not_found", Cart: centra.CartEmpty},
		}},
		{"PaymentResult", result, map[string][]string{"paymentResult": {unauthorized}}, dead, token, centra.ErrSelectionNotFound, []centra.Call{
			{Op: "mutation paymentResult", Failure: "not_found", Cart: centra.CartEmpty},
		}},
		{"Do", add, map[string][]string{"selection": {started}, "addItem": {unauthorized, addedItem}}, dead + " " + plugin + " " + fresh, newToken, nil,
			[]centra.Call{
				{Op: "mutation addItem", Failure: "not_found", Cart: centra.CartEmpty},
				{Op: "query selection", Session: centra.SessionReplaced, Cart: centra.CartEmpty},
				{Op: "mutation addItem", Cart: centra.CartFilled},
			}},
		{"AttachSelection that the plugin may not", attach, map[string][]string{"selection": {started}, "setSelection": {unauthorized}},
			dead + " " + plugin + " " + fresh, token, centra.ErrUnauthorized, []centra.Call{
				{Op: "mutation setSelection", Failure: "not_found", Cart: centra.CartEmpty},
				{Op: "query selection", Session: centra.SessionReplaced, Cart: centra.CartEmpty},
				{Op: "mutation setSelection", Failure: "not_found", Cart: centra.CartEmpty},
			}},
		{"Do that the plugin may not", add, map[string][]string{"selection": {started}, "addItem": {unauthorized}},
			dead + " " + plugin + " " + fresh, token, centra.ErrUnauthorized, []centra.Call{
				{Op: "mutation addItem", Failure: "not_found", Cart: centra.CartEmpty},
				{Op: "query selection", Session: centra.SessionReplaced, Cart: centra.CartEmpty},
				{Op: "mutation addItem", Failure: "not_found", Cart: centra.CartEmpty},
			}},
		{"Do where only a field is refused", add, map[string][]string{"addItem": {failing("null", "Unauthorized", "addItem")}}, dead, token,
			centra.ErrUnauthorized, []centra.Call{{Op: "mutation addItem", Failure: "unauthorized"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := storefrontServer(t, test.answers)
			c := newStorefront(t, g.URL, centra.WithPartialAddress(), centra.WithShopperAddress(func(context.Context) string { return "203.0.113.7" }))
			var calls []centra.Call
			ctx := centra.WatchCalls(t.Context(), func(call centra.Call) {
				if call.API != "storefront" || call.Attempts != 1 {
					t.Errorf("told %+v", call)
				}
				call.API, call.Attempts, call.Duration = "", 0, 0
				if call.StatusCode == 200 {
					call.StatusCode = 0
				}
				calls = append(calls, call)
			})
			got, err := test.call(ctx, c, token)
			switch {
			case test.kind == nil && err != nil:
				t.Fatal(err)
			case test.kind != nil:
				wantKind(t, err, test.kind)
			}
			if got != test.session {
				t.Errorf("session %q, want %q", string(got), string(test.session))
			}
			var tokens []string
			for i, a := range g.asked(t) {
				tokens = append(tokens, a.Token)
				if address := g.sent()[i].Header.Get("X-Forwarded-For"); (address != "") != (a.Token == pluginToken) {
					t.Errorf("%s has the address %q", a.Op, address)
				}
			}
			if got := strings.Join(tokens, " "); got != test.tokens {
				t.Errorf("tokens %s, want %s", got, test.tokens)
			}
			if diff := cmp.Diff(test.calls, calls); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("without a session it is the plugin's token", func(t *testing.T) {
		rec := record(t, answer(200, unauthorized))
		for _, call := range []call{readSelection, attachSelection, updateFields, startPayment, paymentResult, addItem} {
			if err := call(t.Context(), newStorefront(t, rec.URL), ""); err != nil && !strings.Contains(err.Error(), "document") {
				wantKind(t, err, centra.ErrUnauthorized)
			}
		}
	})
}

// A login, an order or a token that rotates brings another session while nothing is
// in the cart. That is no sign that the one before had expired, and it must be kept.
func TestStorefrontRotationIsNoExpiry(t *testing.T) {
	rotated := func(data string) []string { return []string{`{"data":{` + data + `},` + withToken + `}`} }
	empty := `"selection":` + nothingInIt + `,"userErrors":[]`
	for name, test := range map[string]struct {
		answers map[string][]string
		call    func(context.Context, api) (centra.Session, error)
	}{
		"Do": {map[string][]string{"login": rotated(`"login":{` + empty + `}`)}, func(ctx context.Context, c api) (centra.Session, error) {
			return c.Do(ctx, token, http.MethodPost, "mutation login { login { ...answered } }", nil, nil)
		}},
		"Selection": {map[string][]string{"selection": rotated(`"selection":` + nothingInIt)}, func(ctx context.Context, c api) (centra.Session, error) {
			sel, err := c.Selection(ctx, token)
			if sel.Replaces(token) {
				t.Error("the selection says that the session had expired")
			}
			return sel.Session, err
		}},
		"UpdateFields": {map[string][]string{"setAddress": rotated(`"setAddress":{` + empty + `}`)}, func(ctx context.Context, c api) (centra.Session, error) {
			sel, err := c.UpdateFields(ctx, token, centra.Fields{Address: &centra.Address{Country: "SE"}})
			return sel.Session, err
		}},
		"StartPayment": {map[string][]string{
			"paymentInstructions": rotated(`"paymentInstructions":{` + empty + `,"action":{"__typename":"SuccessPaymentAction","order":{"number":7}}}`),
		}, func(ctx context.Context, c api) (centra.Session, error) {
			action, err := c.StartPayment(ctx, token, storefrontPayment)
			return action.Session, err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			g := storefrontServer(t, test.answers)
			var told centra.Call
			ctx := centra.WatchCalls(t.Context(), func(c centra.Call) { told = c })
			got, err := test.call(ctx, newStorefront(t, g.URL, centra.WithPartialAddress()))
			if err != nil || got != newToken {
				t.Fatalf("%v, %v", got, err)
			}
			if told.Session != centra.SessionRotated || (told.Cart == centra.CartUnknown) != (name == "StartPayment") {
				t.Errorf("told %+v", told)
			}
		})
	}
}

// A visitor's expired session as session.Visitors sees it: an event is refused and
// changes nothing, the shop's own pages heal it, and what one visitor got in its
// place is never another's who has the same dead value.
func TestStorefrontVisitorsHeal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sessions := 0
		centraAnswers := func(r *http.Request) (*http.Response, error) {
			rec := httptest.NewRecorder()
			switch auth := r.Header.Get("Authorization"); {
			case auth == "Bearer "+pluginToken:
				sessions++
				answer(200, `{"data":{"selection":`+nothingInIt+`},"extensions":{"token":"session`+strings.Repeat("x", sessions)+`"}}`)(rec, r)
			case strings.HasPrefix(auth, "Bearer session"):
				answer(200, readCartAnswer(nothingInIt))(rec, r)
			default:
				answer(200, unauthorized)(rec, r)
			}
			return rec.Result(), nil
		}
		c := newStorefront(t, "http://shop.example.com", over(centraAnswers), centra.WithPartialAddress())
		visitors, err := session.NewVisitors(session.Cookie{InsecurePlainHTTP: true})
		if err != nil {
			t.Fatal(err)
		}
		visit := func(call func(context.Context, centra.Session) (centra.Session, error)) (cookie string, err error) {
			r := httptest.NewRequest(http.MethodGet, "http://shop.example.com/", nil)
			r.AddCookie(&http.Cookie{Name: "centra-session", Value: "dead"})
			w := httptest.NewRecorder()
			err = visitors.Do(w, r, call)
			for _, cookie := range w.Result().Cookies() {
				return cookie.Value, err
			}
			return "", err
		}
		page := func(ctx context.Context, s centra.Session) (centra.Session, error) {
			sel, err := c.Selection(ctx, s)
			if err != nil {
				return "", err
			}
			return sel.Session, nil
		}
		event := func(ctx context.Context, s centra.Session) (centra.Session, error) {
			_, err := c.UpdateFields(ctx, s, centra.Fields{Address: &centra.Address{Country: "SE"}})
			return "", err
		}
		if cookie, err := visit(event); cookie != "" || err == nil {
			t.Errorf("an event: cookie %q, error %v", cookie, err)
		}
		if cookie, err := visit(page); cookie != "" || err != nil {
			t.Errorf("the first page: cookie %q, error %v", cookie, err)
		}
		time.Sleep(3 * time.Second)
		first, err := visit(page)
		if first == "" || err != nil {
			t.Errorf("the page after three seconds: cookie %q, error %v", first, err)
		}
		time.Sleep(3 * time.Second)
		if second, err := visit(page); second == "" || second == first || err != nil {
			t.Errorf("another browser with the same dead value got %q, the first one %q, error %v", second, first, err)
		}
	})
}

// A token that rotated in the first of two calls is kept, and followed by whoever
// still brings the old one, though the second shows an empty cart.
func TestStorefrontVisitorsFollow(t *testing.T) {
	g := storefrontServer(t, map[string][]string{
		"addresses":  {strings.TrimSuffix(entered("null", "null", "SE"), "}") + "," + withToken + "}"},
		"setAddress": {changed("setAddress", nothingInIt)},
		"selection":  {readCartAnswer(nothingInIt)},
	})
	c := newStorefront(t, g.URL)
	visitors, err := session.NewVisitors(session.Cookie{InsecurePlainHTTP: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, call := range []func(context.Context, centra.Session) (*centra.Selection, error){
		func(ctx context.Context, s centra.Session) (*centra.Selection, error) {
			return c.UpdateFields(ctx, s, centra.Fields{Email: "a@b.se"})
		},
		c.Selection,
	} {
		r := httptest.NewRequest(http.MethodGet, "http://shop.example.com/", nil)
		r.AddCookie(&http.Cookie{Name: "centra-session", Value: string(token)})
		w := httptest.NewRecorder()
		err := visitors.Do(w, r, func(ctx context.Context, s centra.Session) (centra.Session, error) {
			sel, err := call(ctx, s)
			if err != nil {
				return "", err
			}
			return sel.Session, nil
		})
		if cookies := w.Result().Cookies(); err != nil || len(cookies) != 1 || cookies[0].Value != string(newToken) {
			t.Errorf("cookies %v, error %v", cookies, err)
		}
	}
	if all := g.asked(t); all[len(all)-1].Token != string(newToken) {
		t.Errorf("the last call was made with %q", all[len(all)-1].Token)
	}
}
