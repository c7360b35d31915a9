package centra_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
)

// A retry with the token that an error has just replaced would succeed, on a new
// and empty cart.
func TestRetryTakesOverTheTokenOfAnError(t *testing.T) {
	server := centratest.NewServer(t)
	client := newCheckout(t, server.URL(), quickRetries())
	token, id := server.NewCart("1-1")
	server.FailNext(centratest.StatusFault(503, nil).Rotating(), centratest.StatusFault(502, nil).Rotating())
	sel, err := client.UpdateFields(t.Context(), centra.Session(token), centra.Fields{
		Email: "test@example.com", CartAbandonmentEmail: centra.Yes,
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := server.Cart(id).Email; got != "test@example.com" {
		t.Errorf("the cart has the e-mail address %q", got)
	}
	if sel.Empty() || server.SelectionOf(string(sel.Session)) != id {
		t.Error("the session returned is another cart's")
	}
}

// What kind of answer tells the new token, and what is sent next.
func TestTokenOfTheNextAttempt(t *testing.T) {
	const fine = `{"token":"last","selection":{"items":[]}}`
	cut := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte(body))
		}
	}
	for name, test := range map[string]struct {
		first http.HandlerFunc
		want  []string
	}{
		"an error with a token":      {answer(503, `{"token":"new","errors":{"a":"b"}}`), []string{"old", "new"}},
		"an error without a token":   {answer(503, `{"errors":{"a":"b"}}`), []string{"old", "old"}},
		"an error that is HTML":      {answer(502, `<html>"token":"new"</html>`), []string{"old", "old"}},
		"a token that is none":       {answer(503, `{"token":"a b"}`), []string{"old", "old"}},
		"a body cut after the token": {cut(`{"token":"new","selection":{"items":[{"item":"1-`), []string{"old", "new"}},
		"a body cut within a letter": {cut("{\"token\":\"new\",\"selection\":{\"address\":{\"city\":\"Malm\xc3"), []string{"old", "new"}},
		"an error that is not UTF-8": {answer(503, "{\"errors\":{\"a\":\"\xf6\"},\"token\":\"new\"}"), []string{"old", "new"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			rec := record(t, func(w http.ResponseWriter, r *http.Request) {
				got = append(got, r.Header.Get("Api-Token"))
				if len(got) == 1 {
					test.first(w, r)
					return
				}
				answer(200, fine)(w, r)
			})
			sel, err := newCheckout(t, rec.URL, quickRetries()).Selection(t.Context(), "old")
			if err != nil || sel.Session != "last" {
				t.Fatalf("got %v, %v", sel, err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("tokens sent (-want +got):\n%s", diff)
			}
		})
	}
}

// Of a body that makes no sense further down the token counts all the same: the
// old one is dead.
func TestTokenOfASpoiledBody(t *testing.T) {
	for name, body := range map[string]string{
		"one byte that is not UTF-8": "{\"token\":\"new\",\"selection\":{\"items\":[],\"address\":{\"city\":\"Malm\xf6\"}}}",
		"HTML behind it":             `{"token":"new","selection":{"items":[]}}<html>`,
		"no cart in it":              `{"token":"new"}`,
	} {
		t.Run(name, func(t *testing.T) {
			rec := record(t, answer(200, body))
			_, err := newCheckout(t, rec.URL).Selection(t.Context(), "old")
			wantKind(t, err, centra.ErrInvalidResponse)
			if e := asError(t, err); e.Session != "new" {
				t.Errorf("the session to keep is %v, not the new one", e.Session)
			}
		})
	}
}

// A redirect is not Centra's, whatever token its body names.
func TestRedirectTellsNoToken(t *testing.T) {
	rec := record(t, answer(302, `{"token":"new"}`))
	_, err := newCheckout(t, rec.URL).Selection(t.Context(), "old")
	if e := asError(t, err); e.Session != "old" {
		t.Errorf("the session to keep is %v, not the one that was sent", e.Session)
	}
}

// A RoundTripper may return no body at all, as those of tests do.
func TestResponseWithoutBody(t *testing.T) {
	client := newCheckout(t, "https://shop.example.com", over(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{}}, nil
	}))
	_, err := client.Selection(t.Context(), "old")
	if !errors.Is(err, centra.ErrInvalidResponse) {
		t.Errorf("got %v, want an invalid response", err)
	}
}

// In the Shop API a session is the cart's ID, whatever an answer says.
func TestRetryInTheShopAPISendsNoToken(t *testing.T) {
	calls := 0
	rec := record(t, func(w http.ResponseWriter, r *http.Request) {
		if calls++; r.Header.Get("Api-Token") != "" || r.URL.Path != "/api/shop/selections/abc" {
			t.Error("a token was sent, or another cart was asked for")
		}
		if calls == 1 {
			answer(503, `{"token":"new"}`)(w, r)
			return
		}
		answer(200, `{"selection":{"items":[]}}`)(w, r)
	})
	sel, err := newShop(t, rec.URL, quickRetries()).Selection(t.Context(), "abc")
	if err != nil || sel.Session != "abc" || calls != 2 {
		t.Errorf("got %v, %v in %d calls", sel, err, calls)
	}
}
