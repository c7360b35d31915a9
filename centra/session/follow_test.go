package session_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/centra-go/cartabandonment/centra/session"
)

// follow returns where f was told that sessions went, as "from>to".
func follow(v *session.Visitors) (told *[]string) {
	told = new([]string)
	v.Follow(func(_ http.ResponseWriter, _ *http.Request, from, to centra.Session) {
		*told = append(*told, string(from)+">"+string(to))
	})
	return told
}

func TestFollow(t *testing.T) {
	for _, tt := range []struct {
		name     string
		has, now centra.Session
		err      error
		want     []string
	}{
		{"a rotated session", "s", "t", nil, []string{"s>t"}},
		{"a rotated session beside an error", "s", "", &centra.Error{Session: "t"}, []string{"s>t"}},
		{"the same session", "s", "s", nil, nil},
		{"nothing said", "s", "", nil, nil},
		{"a new visitor's session", "", "t", nil, nil},
		{"a session that is given up", "s", centra.NoSession, nil, nil},
		{"there is none to give up", "", centra.NoSession, nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := newVisitors(t, session.Cookie{})
			told := follow(v)
			_, _, _ = do(t, v.Within(time.Minute), request(t, tt.has), tt.now, tt.err)
			if diff := cmp.Diff(tt.want, *told); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
		})
	}
}

// A browser that has not seen the newest session gets it with the next answer,
// and what is kept beside the old one goes along.
func TestFollowAStraggler(t *testing.T) {
	v := newVisitors(t, session.Cookie{})
	told := follow(v)
	for _, step := range [][2]centra.Session{{"s1", "s2"}, {"s2", "s3"}, {"s1", ""}, {"s2", "s4"}, {"s4", ""}, {"s4", "s4"}} {
		if _, _, err := do(t, v, request(t, step[0]), step[1], nil); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"s1>s2", "s2>s3", "s1>s3", "s2>s4", "s3>s4"}, *told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

// What was not saved was not told: the browser still has the old session.
func TestFollowNothingThatWasNotSaved(t *testing.T) {
	broken := func(*http.Request) error { return context.DeadlineExceeded }
	v := newVisitors(t, &serverStore{sessions: map[string]centra.Session{"v": "s"}, save: broken})
	told := follow(v)
	if _, _, err := do(t, v, request(t, ""), "t", nil); err == nil {
		t.Fatal("the store did not fail")
	}
	if len(*told) > 0 {
		t.Errorf("told %q", *told)
	}
}

// A follower's headers reach the browser beside the store's, and those that were
// there before stay.
func TestFollowSetsHeaders(t *testing.T) {
	v := newVisitors(t, session.Cookie{})
	for _, name := range []string{"one", "two"} {
		v.Follow(func(w http.ResponseWriter, _ *http.Request, _, to centra.Session) {
			http.SetCookie(w, &http.Cookie{Name: name, Value: string(to)})
			w.WriteHeader(http.StatusTeapot) // changes nothing
			_, _ = w.Write([]byte("x"))
		})
	}
	w := httptest.NewRecorder()
	w.Header().Set("Set-Cookie", "before=1")
	err := v.Do(w, request(t, "s"), func(context.Context, centra.Session) (centra.Session, error) { return "t", nil })
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, cookie := range w.Result().Cookies() {
		got = append(got, cookie.Name+"="+cookie.Value)
	}
	if diff := cmp.Diff([]string{"before=1", "__Host-centra-session=t", "one=t", "two=t"}, got); diff != "" {
		t.Errorf("cookies (-want +got):\n%s", diff)
	}
	if w.Body.Len() > 0 || w.Code != http.StatusOK {
		t.Error("a follower wrote to the response")
	}
}

// A cart with nothing in it is not the one that something was kept about.
func TestFollowAnEmptiedCart(t *testing.T) {
	server := centratest.NewServer(t, centratest.WithoutSocket())
	api, err := centra.NewCheckoutAPI(server.CheckoutURL(), centra.WithTransport(server.Transport()))
	if err != nil {
		t.Fatal(err)
	}
	read := func(v *session.Visitors, s string) {
		err := v.Do(httptest.NewRecorder(), request(t, centra.Session(s)), func(ctx context.Context, s centra.Session) (centra.Session, error) {
			sel, err := api.Selection(ctx, s)
			if err != nil {
				return "", err
			}
			return sel.Session, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	filled, cart := server.NewCart("1-1")
	empty, _ := server.NewCart()
	expired, _ := server.NewCart("1-1")
	server.ExpireToken(expired)
	v := newVisitors(t, session.Cookie{})
	told := follow(v)
	read(v, filled)
	read(v, empty)
	read(v, expired) // whose cart nobody knows
	server.CompleteCart(cart)
	read(v, filled)
	if diff := cmp.Diff([]string{empty + ">", filled + ">"}, *told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

// Nor is one that was emptied by the call in which its token rotated.
func TestFollowACartThatIsEmptiedAsItsTokenRotates(t *testing.T) {
	s := openShop(t)
	s.RotateTokens(1)
	token, _ := s.NewCart("1-1")
	v := newVisitors(t, session.Cookie{})
	told := follow(v)
	has := visit(t, v, centra.Session(token), func(ctx context.Context, now centra.Session) (centra.Session, error) {
		cart, err := s.client.Selection(ctx, now)
		if err != nil {
			return "", err
		}
		s.RotateTokens(0)
		return s.client.Do(ctx, cart.Session, http.MethodDelete, "/lines/"+cart.Items[0].Line, nil, nil)
	})
	if diff := cmp.Diff([]string{token + ">" + string(has), string(has) + ">"}, *told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

// Whoever puts another cart into a session says so.
func TestCartChanged(t *testing.T) {
	v := newVisitors(t, session.Cookie{})
	one, two := follow(v), follow(v.Within(time.Minute))
	v.CartChanged(httptest.NewRecorder(), request(t, "s"), "s")
	for _, told := range []*[]string{one, two} {
		if diff := cmp.Diff([]string{"s>"}, *told); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
	}
}
