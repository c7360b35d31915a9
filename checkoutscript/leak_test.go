package checkoutscript_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/centra-go/cartabandonment/checkoutscript"
)

// Nothing of the visitor's leaves but to Centra and to the visitor.
func TestCallbackLeaks(t *testing.T) {
	const email = "canary@example.com"
	faults := map[string]centratest.Fault{
		"refused":      centratest.StatusFault(422, map[string]string{"email": email + " is taken", email: "no"}).Rotating(),
		"not found":    centratest.StatusFault(404, nil),
		"down":         centratest.RetryAfterFault(503, "1").Rotating(),
		"HTML":         centratest.HTMLFault(200),
		"reset":        centratest.ResetFault(),
		"no fault":     centratest.StatusFault(200, nil),
		"unauthorized": centratest.StatusFault(401, nil),
	}
	for _, open := range []func(testing.TB, func(*checkoutscript.Config)) *shop{newShop, newShopAPIShop} {
		for name, fault := range faults {
			s := open(t, nil)
			s.centra.FailNext(fault)
			w := s.send(post(jsonType, `{"email": "`+email+`", "address": {"address1": "Canary Wharf 1"}}`))
			canaries := []string{"canary", "Canary", s.token, s.selection, centratest.Secret}
			rotated := savedSession(w)
			if rotated != "" {
				canaries = append(canaries, rotated)
			}
			var printed strings.Builder
			for _, o := range s.outcomes {
				fmt.Fprintf(&printed, "%v %+v %#v\n", o, o, o)
				for err := o.Err; err != nil; err = errors.Unwrap(err) {
					fmt.Fprintf(&printed, "%v %+v %#v %q\n", err, err, err, err)
				}
			}
			for _, canary := range canaries {
				if strings.Contains(s.log.String(), canary) {
					t.Errorf("%s: %q in the log:\n%s", name, canary, s.log)
				}
				if strings.Contains(printed.String(), canary) {
					t.Errorf("%s: %q in an outcome:\n%s", name, canary, printed.String())
				}
			}
			for _, secret := range []string{s.token, s.selection, centratest.Secret} {
				if strings.Contains(w.Body.String(), secret) || strings.Contains(fmt.Sprint(w.Header()), secret) {
					t.Errorf("%s: a secret in the answer: %v %s", name, w.Header(), w.Body)
				}
			}
			if rotated != "" && strings.Contains(w.Body.String(), rotated) {
				t.Errorf("%s: the session in the body: %s", name, w.Body)
			}
		}
	}
}

func TestDecodeErrorsQuoteNothing(t *testing.T) {
	for _, r := range []*http.Request{
		post(jsonType, `{"canary": "canary" canary}`), post(formType, "canary=%canary"), post("text/canary", "canary"),
		post("multipart/form-data; boundary=canary", "--canary\r\ncanary\r\n"), post(jsonType+"; charset=canary", "{}"),
	} {
		s := newShop(t, nil)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		err := s.outcomes[0].Err
		if all := fmt.Sprintf("%v %+v %#v %s %s", err, err, err, w.Body, s.log); err == nil || strings.Contains(all, "canary") {
			t.Errorf("answered %d, quoting the body: %s", w.Code, all)
		}
	}
}
