package centra_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jarcoal/httpmock"

	"github.com/centra-go/cartabandonment/centra"
)

// kinds are all the errors that a failure can be matched with.
var kinds = []error{
	centra.ErrSelectionNotFound, centra.ErrUnauthorized, centra.ErrRateLimited, centra.ErrUnavailable,
	centra.ErrInvalidResponse, centra.ErrOutcomeUnknown, centra.ErrInvalidSelectionID, centra.ErrInvalidSession, centra.ErrNoSession,
	context.Canceled, context.DeadlineExceeded,
}

// wantKind checks that err matches the given errors and no other.
func wantKind(t *testing.T, err error, want ...error) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, kind := range kinds {
		wanted := false
		for _, w := range want {
			wanted = wanted || w == kind
		}
		if errors.Is(err, kind) != wanted {
			t.Errorf("errors.Is(%q, %q) is %v, want %v", err, kind, !wanted, wanted)
		}
	}
}

func asError(t *testing.T, err error) *centra.Error {
	t.Helper()
	var e *centra.Error
	if !errors.As(err, &e) {
		t.Fatalf("%T %v is no *centra.Error", err, err)
	}
	return e
}

func TestErrorKinds(t *testing.T) {
	field := map[string]string{"email": "is invalid"}
	const fieldBody = `{"token":"rotated","errors":{"email":"is invalid"}}`
	tests := []struct {
		name   string
		status int
		body   string
		kind   []error
		fields map[string]string
		token  string // the session to keep
	}{
		{"refused fields", 400, fieldBody, nil, field, "rotated"},
		{"refused fields, 422", 422, fieldBody, nil, field, "rotated"},
		{"refused fields with 200", 200, fieldBody, nil, field, "rotated"},
		{"refused fields beside a selection", 200, `{"token":"rotated","errors":{"email":"is invalid"},"selection":{"items":[]}}`, nil, field, "rotated"},
		{"refused fields in PHP's list", 400, `{"errors":["is invalid","is short"]}`, nil, map[string]string{"0": "is invalid", "1": "is short"}, string(token)},
		{"refused fields without a message", 400, `{"errors":{"email":false}}`, nil, map[string]string{"email": ""}, string(token)},
		{"no errors in a 400", 400, `{"token":"rotated","errors":[]}`, nil, nil, "rotated"},
		{"a selection field that is refused", 400, `{"errors":{"selection":"not found"}}`,
			nil, map[string]string{"selection": "not found"}, string(token)},
		{"401", 401, `{"errors":{"origin":"not allowed"}}`, []error{centra.ErrUnauthorized}, map[string]string{"origin": "not allowed"}, string(token)},
		{"403 in HTML", 403, `<html>forbidden`, []error{centra.ErrUnauthorized}, nil, string(token)},
		{"404", 404, `{"token":"rotated"}`, []error{centra.ErrSelectionNotFound}, nil, "rotated"},
		{"404 empty", 404, ``, []error{centra.ErrSelectionNotFound}, nil, string(token)},
		{"404 in HTML", 404, `<html>no`, []error{centra.ErrInvalidResponse}, nil, string(token)},
		{"404 in HTML, too large", 404, `<html>` + strings.Repeat("no", 64<<10), []error{centra.ErrInvalidResponse}, nil, string(token)},
		{"408", 408, `{"token":"rotated"}`, []error{centra.ErrUnavailable}, nil, "rotated"},
		{"409", 409, `{"token":"rotated"}`, []error{centra.ErrUnavailable}, nil, "rotated"},
		{"423", 423, `{"token":"rotated"}`, []error{centra.ErrUnavailable}, nil, "rotated"},
		{"425", 425, `{"token":"rotated"}`, []error{centra.ErrUnavailable}, nil, "rotated"},
		{"410", 410, `{"token":"rotated"}`, []error{centra.ErrSelectionNotFound}, nil, "rotated"},
		{"429", 429, `{"token":"rotated"}`, []error{centra.ErrRateLimited}, nil, "rotated"},
		{"500", 500, `{"token":"rotated","errors":{"selection":"?"}}`, []error{centra.ErrUnavailable}, map[string]string{"selection": "?"}, "rotated"},
		{"501", 501, ``, []error{centra.ErrUnavailable}, nil, string(token)},
		{"502 in HTML", 502, `<html>bad gateway</html>`, []error{centra.ErrUnavailable}, nil, string(token)},
		{"503 truncated", 503, `{"token":"rot`, []error{centra.ErrUnavailable}, nil, string(token)},
		{"504 empty", 504, ``, []error{centra.ErrUnavailable}, nil, string(token)},
		{"302", 302, ``, []error{centra.ErrInvalidResponse}, nil, string(token)},
		{"304", 304, ``, []error{centra.ErrInvalidResponse}, nil, string(token)},
		{"200 in HTML", 200, `<html>maintenance</html>`, []error{centra.ErrInvalidResponse}, nil, string(token)},
		{"200 empty", 200, ``, []error{centra.ErrInvalidResponse}, nil, string(token)},
		{"204", 204, ``, []error{centra.ErrInvalidResponse}, nil, string(token)},
		{"200 without a selection", 200, `{"token":"rotated"}`, []error{centra.ErrInvalidResponse}, nil, "rotated"},
		{"a token that no header can carry", 400, `{"token":"a\r\nb"}`, nil, nil, string(token)},
		{"a token that is no string", 400, `{"token":[]}`, nil, nil, string(token)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			mock := httpmock.NewMockTransport()
			mock.RegisterResponder("PUT", "https://shop.example.com/api/checkout/52/payment-fields",
				httpmock.NewStringResponder(test.status, test.body))
			mock.RegisterResponder("PUT", "https://shop.example.com/api/shop/selections/"+string(cartID)+"/checkout-fields",
				httpmock.NewStringResponder(test.status, test.body))
			host := centra.WithTransport(mock)

			_, err := newCheckout(t, "https://shop.example.com", host, quickRetries()).UpdateFields(t.Context(), token, centra.Fields{})
			wantKind(t, err, test.kind...)
			e := asError(t, err)
			if e.Op != "PUT /payment-fields" || e.StatusCode != test.status || e.CorrelationID == "" {
				t.Errorf("op %q, status %d, correlation ID %q", e.Op, e.StatusCode, e.CorrelationID)
			}
			if diff := cmp.Diff(test.fields, e.Fields); diff != "" {
				t.Errorf("fields (-want +got):\n%s", diff)
			}
			if string(e.Session) != test.token {
				t.Errorf("session %q, want %q", string(e.Session), test.token)
			}

			_, err = newShop(t, "https://shop.example.com", host, quickRetries()).UpdateFields(t.Context(), centra.Session(cartID), centra.Fields{})
			wantKind(t, err, test.kind...)
			e = asError(t, err)
			if e.Op != "PUT /selections/{selection}/checkout-fields" || e.Session != centra.Session(cartID) {
				t.Errorf("op %q, session %q: in the Shop API the session is the cart's ID and stays", e.Op, string(e.Session))
			}
		})
	}
}

func TestErrorText(t *testing.T) {
	tests := []struct {
		name   string
		status int
		body   string
		text   string
	}{
		{"fields", 400, `{"errors":{"zipCode":"x","address.email":"y"}}`,
			"centra: PUT /payment-fields: status 400: refused fields address.email, zipCode [correlation ID trace-1]"},
		{"names that are none", 400, `{"errors":{"a@example.com":"x","4711":"y","has space":"z","":"w"}}`,
			"centra: PUT /payment-fields: status 400 [correlation ID trace-1]"},
		{"many fields", 400, `{"errors":{"a":"","b":"","c":"","d":"","e":"","f":"","g":"","h":"","i":"","j":""}}`,
			"centra: PUT /payment-fields: status 400: refused fields a, b, c, d, e, f, g, h [correlation ID trace-1]"},
		{"the secret", 401, `{"errors":{"origin":"x"}}`,
			"centra: PUT /payment-fields: status 401: secret or origin refused: refused fields origin [correlation ID trace-1]"},
		{"the secret, in HTML", 403, `<html>`, "centra: PUT /payment-fields: status 403: secret or origin refused [correlation ID trace-1]"},
		{"attempts", 503, ``, "centra: PUT /payment-fields: status 503 (3 attempts) [correlation ID trace-1]"},
		{"HTML", 200, `<html>`, "centra: PUT /payment-fields: status 200: invalid JSON [correlation ID trace-1]"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rec := record(t, answer(test.status, test.body))
			c := newCheckout(t, rec.URL, quickRetries(), centra.WithCorrelationID(func(context.Context) string { return "trace-1" }))
			_, err := c.UpdateFields(t.Context(), token, centra.Fields{})
			if err == nil || err.Error() != test.text {
				t.Errorf("error %v\nwant  %s", err, test.text)
			}
		})
	}
}

// What cannot have come from Centra is refused before any call.
func TestNothingIsSent(t *testing.T) {
	const evil = "a\r\nX-Evil: 1"
	tests := []struct {
		name string
		shop bool
		do   func(context.Context, api) error
		kind error
	}{
		{"checkout: a token with a line break", false, with(readSelection, evil), centra.ErrInvalidSession},
		{"checkout: a token with a space", false, with(updateFields, "a b"), centra.ErrInvalidSession},
		{"checkout: a token that is not ASCII", false, with(startPayment, "ü"), centra.ErrInvalidSession},
		{"checkout: a token that is too long", false, with(paymentResult, centra.Session(strings.Repeat("x", 2049))), centra.ErrInvalidSession},
		{"checkout: Do with a malformed token", false, with(addItem, evil), centra.ErrInvalidSession},
		{"checkout: attach with a malformed token", false, with(attachSelection, evil), centra.ErrInvalidSession},
		{"checkout: attach no ID", false, attach(""), centra.ErrInvalidSelectionID},
		{"checkout: attach a path", false, attach("../payment"), centra.ErrInvalidSelectionID},
		{"checkout: attach an escaped path", false, attach("..%2fpayment"), centra.ErrInvalidSelectionID},
		{"checkout: attach a query", false, attach("a?b=c"), centra.ErrInvalidSelectionID},
		{"shop: no session", true, with(readSelection, ""), centra.ErrNoSession},
		{"shop: UpdateFields without a session", true, with(updateFields, ""), centra.ErrNoSession},
		{"shop: StartPayment without a session", true, with(startPayment, ""), centra.ErrNoSession},
		{"shop: PaymentResult without a session", true, with(paymentResult, ""), centra.ErrNoSession},
		{"shop: a path", true, with(readSelection, "../../admin"), centra.ErrInvalidSession},
		{"shop: a slash", true, with(updateFields, "a/b"), centra.ErrInvalidSession},
		{"shop: a query", true, with(startPayment, "a?b"), centra.ErrInvalidSession},
		{"shop: a line break", true, with(paymentResult, evil), centra.ErrInvalidSession},
		{"shop: too long", true, with(readSelection, centra.Session(strings.Repeat("x", 129))), centra.ErrInvalidSession},
		{"shop: attach no ID", true, attach(""), centra.ErrInvalidSelectionID},
		{"shop: attach a path", true, attach("../payment"), centra.ErrInvalidSelectionID},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rec := record(t, answer(200, fitsAll))
			var c api = newCheckout(t, rec.URL)
			if test.shop {
				c = newShop(t, rec.URL)
			}
			err := test.do(t.Context(), c)
			wantKind(t, err, test.kind)
			if e := asError(t, err); e.Attempts != 0 || e.StatusCode != 0 || e.Op == "" {
				t.Errorf("%d attempts, status %d, op %q", e.Attempts, e.StatusCode, e.Op)
			}
			if n := len(rec.sent()); n != 0 {
				t.Errorf("%d requests were sent", n)
			}
		})
	}
}

func with(c call, s centra.Session) func(context.Context, api) error {
	return func(ctx context.Context, client api) error { return c(ctx, client, s) }
}

func attach(id centra.SelectionID) func(context.Context, api) error {
	return func(ctx context.Context, c api) error {
		_, err := c.AttachSelection(ctx, token, id)
		return err
	}
}

// Tokens rotate on success too, and an answer without one changes nothing.
func TestSessionToKeep(t *testing.T) {
	noToken := strings.Replace(fitsAll, `"token":"f611707b97e18a902270223b79f743c2",`, "", 1)
	rotated := centra.Session("f611707b97e18a902270223b79f743c2")
	tests := []struct {
		name    string
		shop    bool
		body    string
		session centra.Session
		want    centra.Session
	}{
		{"rotated", false, fitsAll, token, rotated},
		{"started", false, fitsAll, "", rotated},
		{"kept", false, noToken, token, token},
		{"empty", false, strings.Replace(fitsAll, string(rotated), "", 1), token, token},
		{"false", false, strings.Replace(fitsAll, `"`+string(rotated)+`"`, "false", 1), token, token},
		{"with a line break", false, strings.Replace(fitsAll, string(rotated), `a\nb`, 1), token, token},
		{"too long", false, strings.Replace(fitsAll, string(rotated), strings.Repeat("x", 2049), 1), token, token},
		{"shop: a token changes nothing", true, fitsAll, centra.Session(cartID), centra.Session(cartID)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rec := record(t, answer(200, test.body))
			var c api = newCheckout(t, rec.URL)
			if test.shop {
				c = newShop(t, rec.URL)
			}
			got := map[string]string{}
			if sel, err := c.Selection(t.Context(), test.session); err == nil {
				got["Selection"] = string(sel.Session)
			}
			if sel, err := c.UpdateFields(t.Context(), test.session, centra.Fields{}); err == nil {
				got["UpdateFields"] = string(sel.Session)
			}
			if sel, err := c.AttachSelection(t.Context(), test.session, cartID); err == nil {
				got["AttachSelection"] = string(sel.Session)
			}
			if action, err := c.StartPayment(t.Context(), test.session, centra.Payment{}); err == nil {
				got["StartPayment"] = string(action.Session)
			}
			if order, err := c.PaymentResult(t.Context(), test.session, url.Values{}); err == nil {
				got["PaymentResult"] = string(order.Session)
			}
			if s, err := c.Do(t.Context(), test.session, "GET", "/x", nil, nil); err == nil {
				got["Do"] = string(s)
			}
			w := string(test.want)
			want := map[string]string{
				"Selection": w, "UpdateFields": w, "AttachSelection": w, "StartPayment": w, "PaymentResult": w, "Do": w,
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("sessions to keep (-want +got):\n%s", diff)
			}
		})
	}
}

// What Centra says to the shopper reaches the shop's page, and nothing else.
func TestErrorsForTheShopper(t *testing.T) {
	const mismatch = `{"token":"rotated","code":"COUNTRY_MISMATCH","message":"Please check out with the same country.",
		"messages":["Please check out with the same country."],"errors":{"paymentMethod":"COUNTRY_MISMATCH"}}`
	type said struct {
		Fields   map[string]string
		Message  string
		Messages []string
		Code     string
	}
	tests := []struct {
		name   string
		status int
		body   string
		want   said
	}{
		{"412", 412, mismatch, said{map[string]string{"paymentMethod": "COUNTRY_MISMATCH"}, "Please check out with the same country.",
			[]string{"Please check out with the same country."}, "COUNTRY_MISMATCH"}},
		{"200 with errors", 200, mismatch, said{map[string]string{"paymentMethod": "COUNTRY_MISMATCH"}, "Please check out with the same country.",
			[]string{"Please check out with the same country."}, "COUNTRY_MISMATCH"}},
		{"406 without message and code", 406, `{"messages":["Always fail!","Could not connect."],"errors":{"paymentMethod":"failed"}}`,
			said{map[string]string{"paymentMethod": "failed"}, "", []string{"Always fail!", "Could not connect."}, ""}},
		{"a message alone", 412, `{"message":"Sorry."}`, said{nil, "Sorry.", nil, ""}},
		{"PHP's habits", 412, `{"message":false,"messages":"Sorry.","code":10486,"errors":{"paymentMethod":null}}`,
			said{map[string]string{"paymentMethod": ""}, "", []string{"Sorry."}, "10486"}},
		{"messages by name", 412, `{"messages":{"1":"Sorry."},"errors":[]}`, said{nil, "", []string{"Sorry."}, ""}},
		{"none", 412, `<html>`, said{}},
	}
	for _, test := range tests {
		for name, call := range everyCall {
			t.Run(test.name+", "+name, func(t *testing.T) {
				mock := httpmock.NewMockTransport()
				mock.RegisterNoResponder(httpmock.NewStringResponder(test.status, test.body))
				err := call(t.Context(), newCheckout(t, "https://shop.example.com", centra.WithTransport(mock)), token)
				wantKind(t, err)
				e := asError(t, err)
				if diff := cmp.Diff(test.want, said{e.Fields, e.Message, e.Messages, e.Code}); diff != "" {
					t.Errorf("for the shopper (-want +got):\n%s", diff)
				}
				text, err := json.Marshal(e)
				if err != nil {
					t.Fatal(err)
				}
				for _, words := range []string{"Please", "Sorry", "fail!", "COUNTRY", "10486"} {
					if shown := string(text) + fmt.Sprintf("%v %+v %#v %+v", e, e, e, *e); strings.Contains(shown, words) {
						t.Errorf("%q is in %s", words, shown)
					}
				}
			})
		}
	}
}

// Only a 404 or 410 says that a cart is gone, and only where the call is about one.
func TestWhatSaysThatACartIsGone(t *testing.T) {
	for status := 300; status < 600; status++ {
		mock := httpmock.NewMockTransport()
		mock.RegisterNoResponder(httpmock.NewStringResponder(status, `{}`))
		c := newCheckout(t, "https://shop.example.com", centra.WithTransport(mock), centra.WithRetry(centra.Retry{}))
		for name, call := range everyCall {
			err := call(t.Context(), c, token)
			want := (status == 404 || status == 410) && !strings.HasPrefix(name, "Do")
			if got := errors.Is(err, centra.ErrSelectionNotFound); got != want || err == nil {
				t.Errorf("%d, %s: %v", status, name, err)
			}
		}
	}
}
