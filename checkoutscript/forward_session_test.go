package checkoutscript_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/checkoutscript"
)

func TestCallbackSavesARotatedSession(t *testing.T) {
	tests := map[string]func(*centratest.Server){
		"after success": func(c *centratest.Server) { c.RotateNext() },
		"after refused fields": func(c *centratest.Server) {
			c.FailNext(centratest.StatusFault(422, map[string]string{"email": "no"}).Rotating())
		},
		"after an outage": func(c *centratest.Server) { c.FailNext(centratest.RetryAfterFault(503, "1").Rotating()) },
	}
	for name, rotate := range tests {
		t.Run(name, func(t *testing.T) {
			s := newShop(t, nil)
			rotate(s.centra)
			saved := savedSession(s.send(post(jsonType, jsonEvent)))
			if saved == "" || saved == s.token {
				t.Fatal("the new session was not saved")
			}
			if s.centra.SelectionOf(saved) != s.selection {
				t.Error("the saved session is not the visitor's")
			}
		})
	}
}

// Centra takes an expired token for a new visitor's and answers 200. The page
// must not take that for a capture, and the browser may have a better token.
func TestCallbackWithAnExpiredSession(t *testing.T) {
	s := newShop(t, nil)
	s.centra.ExpireToken(s.token)
	for i := range 3 {
		w := s.send(post(jsonType, jsonEvent))
		got := readReply(t, w)
		if w.Code != http.StatusNotFound || got.code() != checkoutscript.SelectionNotFound || got.Selection != nil ||
			string(got.SuspendIgnore) != "true" {
			t.Errorf("event %d: answered %d %s", i, w.Code, w.Body)
		}
		if saved := savedSession(w); saved != "" {
			t.Errorf("event %d: a session was saved that only took the place of a dead one", i)
		}
	}
	for _, cart := range s.centra.Carts() {
		if !cart.MailDue.IsZero() {
			t.Errorf("the shopper will be reminded of a cart of %d items that nobody has", len(cart.Items))
		}
	}
}

// The same with fields that Centra refuses: its answer names a session, but not
// what is in its cart.
func TestCallbackRefusedWithAnExpiredSession(t *testing.T) {
	s := newShop(t, nil)
	s.centra.ExpireToken(s.token)
	w := s.send(post(jsonType, `{"email": "a@b.se", "paymentMethod": "no such method"}`))
	if got := readReply(t, w); w.Code != http.StatusNotFound || got.code() != checkoutscript.SelectionNotFound || savedSession(w) != "" {
		t.Errorf("answered %d %v %s", w.Code, w.Header(), w.Body)
	}
}

func TestCallbackWithoutSession(t *testing.T) {
	tests := map[string]struct {
		open   func(testing.TB, func(*checkoutscript.Config)) *shop
		cookie string
	}{
		"Shop API, no session":            {newShopAPIShop, ""},
		"Checkout API, no session":        {newShop, ""},
		"Shop API, no selection ID":       {newShopAPIShop, "a/b"},
		"Checkout API, malformed session": {newShop, "a b"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := test.open(t, func(c *checkoutscript.Config) { c.Visitors = newVisitors(t, fixedSession{loaded: test.cookie}) })
			w := s.send(post(jsonType, jsonEvent))
			if got := readReply(t, w); w.Code != http.StatusConflict || got.code() != "no_session" || string(got.SuspendIgnore) != "true" {
				t.Errorf("answered %d %s", w.Code, w.Body)
			}
			if n := len(s.centra.Requests()); n != 0 {
				t.Errorf("%d calls to Centra", n)
			}
		})
	}
}

// fixedSession is a store that always has the same session, or fails.
type fixedSession struct {
	loaded           string
	loadErr, saveErr error
}

func (f fixedSession) Load(*http.Request) (centra.Session, error) {
	return centra.Session(f.loaded), f.loadErr
}

func (f fixedSession) Save(http.ResponseWriter, *http.Request, centra.Session) error {
	return f.saveErr
}

func TestCallbackWithABrokenStore(t *testing.T) {
	broken := errors.New("store is down")
	t.Run("load", func(t *testing.T) {
		s := newShop(t, func(c *checkoutscript.Config) { c.Visitors = newVisitors(t, fixedSession{loadErr: broken}) })
		w := s.send(post(jsonType, jsonEvent))
		if got := readReply(t, w); w.Code != http.StatusServiceUnavailable || got.code() != "session_store" || w.Header().Get("Retry-After") != "5" {
			t.Errorf("answered %d %v %s", w.Code, w.Header(), w.Body)
		}
		if n := len(s.centra.Requests()); n != 0 {
			t.Errorf("%d calls to Centra although it is unknown whose cart it is", n)
		}
		err := s.outcomes[0].Err
		if !errors.Is(err, session.ErrStore) || !errors.Is(err, broken) {
			t.Errorf("outcome %v", err)
		}
		if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), "is down") {
			t.Errorf("the store's own words are in the error: %v", err)
		}
	})
	t.Run("save", func(t *testing.T) {
		s := newShop(t, nil)
		s.open(t, s.api(t), func(c *checkoutscript.Config) {
			c.Visitors = newVisitors(t, fixedSession{loaded: s.token, saveErr: broken})
		})
		s.centra.RotateNext()
		w := s.send(post(jsonType, jsonEvent))
		if got := readReply(t, w); w.Code != http.StatusServiceUnavailable || got.code() != "session_store" || got.Selection != nil {
			t.Errorf("answered %d %s", w.Code, w.Body)
		}
	})
	t.Run("save is not tried for a session that stays", func(t *testing.T) {
		s := newShop(t, nil)
		s.open(t, s.api(t), func(c *checkoutscript.Config) {
			c.Visitors = newVisitors(t, fixedSession{loaded: s.token, saveErr: broken})
		})
		if w := s.send(post(jsonType, jsonEvent)); w.Code != http.StatusOK {
			t.Errorf("answered %d %s", w.Code, w.Body)
		}
	})
	t.Run("save after a failed call", func(t *testing.T) {
		s := newShop(t, nil)
		s.open(t, s.api(t), func(c *checkoutscript.Config) {
			c.Visitors = newVisitors(t, fixedSession{loaded: s.token, saveErr: broken})
		})
		s.centra.FailNext(centratest.StatusFault(404, nil).Rotating())
		s.send(post(jsonType, jsonEvent))
		err := s.outcomes[0].Err
		if !errors.Is(err, session.ErrStore) || !errors.Is(err, centra.ErrSelectionNotFound) {
			t.Errorf("outcome %v, want both failures", err)
		}
	})
}

func (s *shop) api(t testing.TB) checkoutscript.API {
	t.Helper()
	api, err := centra.NewCheckoutAPI(s.centra.CheckoutURL(), s.options()...)
	if err != nil {
		t.Fatal(err)
	}
	return api
}

func TestCallbackRefusesADuplicateCookie(t *testing.T) {
	s := newShop(t, nil)
	r := post(jsonType, jsonEvent)
	r.AddCookie(&http.Cookie{Name: cookieName, Value: "planted"})
	if w := s.send(r); w.Code != http.StatusServiceUnavailable || len(s.centra.Requests()) != 0 {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
	if err := s.outcomes[0].Err; !errors.Is(err, session.ErrDuplicateCookie) {
		t.Errorf("outcome %v", err)
	}
}
