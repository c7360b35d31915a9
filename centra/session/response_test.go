package session_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
)

// headerStore changes the header in every way that a store may.
type headerStore struct{ session.Cookie }

func (h headerStore) Save(w http.ResponseWriter, r *http.Request, s centra.Session) error {
	w.Header().Set("X-Replaced", "by the store")
	w.Header().Add("Set-Cookie", "store=1")
	w.Header().Del("X-Removed")
	return h.Cookie.Save(w, r, s)
}

func TestDoKeepsTheHeaderOfTheHost(t *testing.T) {
	w := httptest.NewRecorder()
	w.Header()["X-Removed"] = []string{"by the store"}
	w.Header()["X-Replaced"] = []string{"by the host"}
	w.Header()["X-Host"] = []string{"a", "b"}
	http.SetCookie(w, &http.Cookie{Name: "before", Value: "1"})
	err := newVisitors(t, headerStore{}).Do(w, request(t, "s"), func(context.Context, centra.Session) (centra.Session, error) {
		http.SetCookie(w, &http.Cookie{Name: "within", Value: "1"})
		return "t", nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := http.Header{
		"X-Host":     {"a", "b"},
		"X-Replaced": {"by the store"},
		"Set-Cookie": {"before=1", "within=1", "store=1",
			"__Host-centra-session=t; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax"},
	}
	if diff := cmp.Diff(want, w.Header()); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
}

// aroundStore sets its cookie in the response that it has from elsewhere, as the
// session of a framework does that knows its request's.
type aroundStore struct {
	session.Cookie
	w http.ResponseWriter
}

func (a aroundStore) Save(_ http.ResponseWriter, r *http.Request, s centra.Session) error {
	a.w.Header().Set("X-Host", "by the store")
	return a.Cookie.Save(a.w, r, s)
}

func TestDoOfAStoreThatHasTheResponse(t *testing.T) {
	w := httptest.NewRecorder()
	http.SetCookie(w, &http.Cookie{Name: "before", Value: "1"})
	w.Header().Set("X-Host", "a")
	err := newVisitors(t, aroundStore{w: w}).Do(w, request(t, "s"), func(context.Context, centra.Session) (centra.Session, error) {
		return "t", nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := http.Header{"X-Host": {"by the store"}, "Set-Cookie": {"before=1",
		"__Host-centra-session=t; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax"}}
	if diff := cmp.Diff(want, w.Header()); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
}

// slowStore takes longer than anybody waits, and saves all the same.
type slowStore struct{ session.Cookie }

func (s slowStore) Save(w http.ResponseWriter, r *http.Request, of centra.Session) error {
	time.Sleep(time.Minute)
	return s.Cookie.Save(w, r, of)
}

// Once Do has returned, the response is its caller's alone. Run with -race.
func TestDoLeavesTheResponseAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := httptest.NewRecorder()
		err := newVisitors(t, slowStore{}).Within(time.Second).Do(w, request(t, "s"),
			func(context.Context, centra.Session) (centra.Session, error) { return "t", nil })
		if err == nil {
			t.Error("no error although the session was not saved")
		}
		w.Header().Set("X-Host", "1")
		time.Sleep(2 * time.Minute)
		if diff := cmp.Diff(http.Header{"X-Host": {"1"}}, w.Header()); diff != "" {
			t.Errorf("header (-want +got):\n%s", diff)
		}
	})
}

// Nor does a follower that takes longer than anybody waits keep the request from its
// caller. Run with -race.
func TestDoLeavesTheRequestAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVisitors(t, session.Cookie{})
		v.Follow(func(http.ResponseWriter, *http.Request, centra.Session, centra.Session) { time.Sleep(time.Minute) })
		r := request(t, "s")
		err := v.Within(time.Second).Do(httptest.NewRecorder(), r,
			func(context.Context, centra.Session) (centra.Session, error) { return "t", nil })
		if err == nil {
			t.Error("no error although a follower did not end in time")
		}
		r.Pattern = "/checkout"
		time.Sleep(2 * time.Minute)
	})
}
