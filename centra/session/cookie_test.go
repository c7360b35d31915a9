package session_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/centra/session/sessiontest"
)

func TestCookieIsAStore(t *testing.T) {
	for name, cookie := range map[string]session.Cookie{
		"zero value":   {},
		"named":        {Name: "shop"},
		"strict":       {Strict: true},
		"plain HTTP":   {InsecurePlainHTTP: true},
		"short-lived":  {MaxAge: time.Minute},
		"all together": {Name: "a", MaxAge: time.Hour, Strict: true, InsecurePlainHTTP: true},
	} {
		t.Run(name, func(t *testing.T) {
			sessiontest.Run(t, func(*testing.T) (session.Store, func(http.Handler) http.Handler) { return cookie, nil })
		})
	}
}

func TestCookieAttributes(t *testing.T) {
	for _, tt := range []struct {
		name   string
		cookie session.Cookie
		save   centra.Session
		want   string
	}{
		{"zero value", session.Cookie{}, "abc", "__Host-centra-session=abc; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax"},
		{"named", session.Cookie{Name: "shop"}, "abc", "__Host-shop=abc; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax"},
		{"an hour", session.Cookie{MaxAge: time.Hour}, "abc", "__Host-centra-session=abc; Path=/; Max-Age=3600; HttpOnly; Secure; SameSite=Lax"},
		{"under a second", session.Cookie{MaxAge: time.Millisecond}, "abc", "__Host-centra-session=abc; Path=/; Max-Age=1; HttpOnly; Secure; SameSite=Lax"},
		{"negative age", session.Cookie{MaxAge: -1}, "abc", "__Host-centra-session=abc; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax"},
		{"strict", session.Cookie{Strict: true}, "abc", "__Host-centra-session=abc; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Strict"},
		{"plain HTTP", session.Cookie{InsecurePlainHTTP: true}, "abc", "centra-session=abc; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax"},
		{"plain HTTP, named", session.Cookie{InsecurePlainHTTP: true, Name: "shop"}, "abc", "shop=abc; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax"},
		{"forgotten", session.Cookie{}, "", "__Host-centra-session=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax"},
		{"forgotten, short-lived", session.Cookie{MaxAge: time.Hour}, "", "__Host-centra-session=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			if err := tt.cookie.Save(w, httptest.NewRequest(http.MethodGet, "/", nil), tt.save); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(http.Header{"Set-Cookie": {tt.want}}, w.Header()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCookieSaveReplacesItsOwnOnly(t *testing.T) {
	w := httptest.NewRecorder()
	w.Header().Add("Set-Cookie", "__Host-centra-session-2=other; Path=/")
	cookie := session.Cookie{}
	for _, s := range []centra.Session{"a", "", "b"} {
		if err := cookie.Save(w, nil, s); err != nil {
			t.Fatal(err)
		}
		w.Header().Add("Set-Cookie", "after="+string(s))
	}
	want := []string{
		"__Host-centra-session-2=other; Path=/", "after=a", "after=",
		"__Host-centra-session=b; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax", "after=b",
	}
	if diff := cmp.Diff(want, w.Header()["Set-Cookie"]); diff != "" {
		t.Error(diff)
	}
}

// net/http leaves out a cookie whose name is none, and every visitor loses their cart.
func TestCookieNames(t *testing.T) {
	for _, tt := range []struct {
		name string
		ok   bool
	}{
		{"", true}, {"shop", true}, {"shop.sv-SE_1", true},
		{"a b", false}, {"a;b", false}, {"a=b", false}, {"korg-\u00f6", false}, {"a\n", false}, {"__Host-shop", false}, {"__secure-shop", false},
	} {
		for _, store := range []session.Store{
			session.Cookie{Name: tt.name}, &session.Cookie{Name: tt.name}, struct{ session.Cookie }{session.Cookie{Name: tt.name}},
		} {
			if _, err := session.NewVisitors(store); (err == nil) != tt.ok {
				t.Errorf("%q in a %T: %v", tt.name, store, err)
			}
		}
	}
}

func TestCookieLoad(t *testing.T) {
	const host = "__Host-centra-session"
	for _, tt := range []struct {
		name    string
		cookie  session.Cookie
		headers []string
		want    centra.Session
		err     error
	}{
		{name: "none"},
		{name: "there", headers: []string{host + "=abc"}, want: "abc"},
		{name: "among others", headers: []string{"a=b; " + host + "=abc; c=d"}, want: "abc"},
		{name: "in quotes", headers: []string{host + `="abc"`}, want: "abc"},
		{name: "empty", headers: []string{host + "="}},
		{name: "without the prefix", headers: []string{"centra-session=abc"}},
		{name: "prefix in another case", headers: []string{"__host-centra-session=abc"}},
		{name: "twice", headers: []string{host + "=abc; " + host + "=def"}, err: session.ErrDuplicateCookie},
		{name: "twice the same", headers: []string{host + "=abc; " + host + "=abc"}, err: session.ErrDuplicateCookie},
		{name: "in two headers", headers: []string{host + "=abc", host + "=def"}, err: session.ErrDuplicateCookie},
		{name: "tossed by a subdomain under the bare name", headers: []string{"centra-session=evil; " + host + "=abc"}, want: "abc"},
		{name: "a space inside", headers: []string{host + "=a b"}},
		{name: "a comma inside", headers: []string{host + "=a,b"}},
		{name: "quotes inside", headers: []string{host + `=a"b`}},
		{name: "a backslash", headers: []string{host + `=a\b`}},
		{name: "a control character", headers: []string{host + "=a\x01b"}},
		{name: "beyond ASCII", headers: []string{host + "=å"}},
		{name: "too long", headers: []string{host + "=" + strings.Repeat("a", 2049)}},
		{name: "as long as can be", headers: []string{host + "=" + strings.Repeat("a", 2048)}, want: centra.Session(strings.Repeat("a", 2048))},
		{name: "plain HTTP", cookie: session.Cookie{InsecurePlainHTTP: true}, headers: []string{"centra-session=abc; " + host + "=def"}, want: "abc"},
		{name: "plain HTTP twice", cookie: session.Cookie{InsecurePlainHTTP: true}, headers: []string{"centra-session=abc; centra-session=def"}, err: session.ErrDuplicateCookie},
		{name: "named", cookie: session.Cookie{Name: "shop"}, headers: []string{"__Host-shop=abc; " + host + "=def"}, want: "abc"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header["Cookie"] = tt.headers
			got, err := tt.cookie.Load(r)
			if got != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("got %v, %v; want %v, %v", got, err, tt.want, tt.err)
			}
		})
	}
}

func TestCookieRefusesWhatDoesNotFit(t *testing.T) {
	for _, s := range []centra.Session{"a b", "a;b", "a,b", `a"b`, `a\b`, "a\r\nSet-Cookie: x=y", "a\x00", "å", centra.Session(strings.Repeat("a", 2049))} {
		w := httptest.NewRecorder()
		w.Header().Set("Set-Cookie", "__Host-centra-session=before")
		err := session.Cookie{}.Save(w, nil, s)
		if !errors.Is(err, session.ErrUnstorable) {
			t.Errorf("%v: got %v", s, err)
		}
		if err != nil && strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), string(s)) {
			t.Errorf("the error holds the session: %v", err)
		}
		if got := w.Header()["Set-Cookie"]; !cmp.Equal(got, []string{"__Host-centra-session=before"}) {
			t.Errorf("%v: the cookie is now %q", s, got)
		}
	}
}

// FuzzCookie sends any Cookie header: what Load returns can be saved, and comes
// back as it was.
func FuzzCookie(f *testing.F) {
	for _, header := range []string{
		"", "__Host-centra-session=abc", "centra-session=abc", "centra-session=a; centra-session=b", `centra-session="a b"`,
		"centra-session=\x00", "centra-session=;=;;", "centra-session==a=", "centra-session=a\r\nb", strings.Repeat("centra-session=a;", 100),
	} {
		f.Add(header, false)
		f.Add(header, true)
	}
	f.Fuzz(func(t *testing.T, header string, plain bool) {
		cookie := session.Cookie{InsecurePlainHTTP: plain}
		r := &http.Request{Header: http.Header{"Cookie": {header}}}
		got, err := cookie.Load(r)
		if err != nil {
			if got != "" || !errors.Is(err, session.ErrDuplicateCookie) {
				t.Errorf("Load: %v, %v", got, err)
			}
			return
		}
		w := httptest.NewRecorder()
		if err := cookie.Save(w, r, got); err != nil {
			t.Fatalf("Save of what Load returned: %v", err)
		}
		set := w.Result().Cookies()
		if len(set) != 1 || set[0].Value != string(got) {
			t.Fatalf("%d cookies were set", len(set))
		}
		if got == "" {
			return
		}
		again := &http.Request{Header: make(http.Header)}
		again.AddCookie(set[0])
		if back, err := cookie.Load(again); back != got || err != nil {
			t.Errorf("saved %v, loaded %v, %v", got, back, err)
		}
	})
}
