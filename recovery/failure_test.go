package recovery_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/centra-go/cartabandonment/recovery"
)

// An error of a host's own API reaches neither the log nor the text that Observe
// is given; the error itself is still there to be found.
func TestErrorOfAHostsOwnAPI(t *testing.T) {
	const canary = "kim@example.com"
	own := &url.Error{Op: "Get", URL: "https://centra.example/selection/" + linkedID + "?email=" + canary, Err: errors.New("dial " + canary)}
	for name, err := range map[string]error{
		"its own":                    own,
		"around a kind":              fmt.Errorf("%w: %w", own, centra.ErrUnavailable),
		"around one of the client's": fmt.Errorf("%w: %w", own, &centra.Error{Op: "PUT /x", Kind: centra.ErrUnavailable}),
		"around a deadline":          fmt.Errorf("%w: %w", own, context.DeadlineExceeded),
	} {
		t.Run(name, func(t *testing.T) {
			api := &fakeAPI{
				t:         t,
				selection: func(context.Context, centra.Session) (*centra.Selection, error) { return nil, err },
				attach: func(context.Context, centra.Session, centra.SelectionID) (*centra.Selection, error) {
					return nil, err
				},
			}
			log, logger := newLog()
			s := newShop(t, recovery.Config{API: api, Logger: logger})
			b := newBrowser(t, s)
			b.have("own")
			for _, visit := range []func(*browser, string) *http.Response{get, post} {
				shows(t, visit(b, linkedPath), 503, "Nothing has changed")
				got := s.last(t)
				if got.Code != recovery.Unavailable || !errors.Is(got.Err, err) {
					t.Errorf("got %+v", got)
				}
				said := fmt.Sprintf("%v %+v %#v %s %q", got.Err, got, got.Err, got.Err, got.Err)
				if said += log.String(); strings.Contains(said, canary) || strings.Contains(said, linkedID) {
					t.Errorf("what the host's API said leaked: %s", said)
				}
			}
			if lines := warnings(log); len(lines) != 2 {
				t.Errorf("%d lines for two failures:\n%s", len(lines), log)
			}
		})
	}
}

// Every failure is one line of the log, whoever writes it; a dead link is none
// that anybody has to look at.
func TestOneLineAFailure(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault centratest.Fault
		want  int
	}{
		{"down", centratest.StatusFault(503, nil), 1},
		{"refused", centratest.StatusFault(401, map[string]string{"authorization": "wrong"}), 1},
		{"nonsense", centratest.HTMLFault(200), 1},
		{"gone", centratest.StatusFault(404, map[string]string{"selection": "not found"}), 0},
	} {
		for _, api := range apis {
			t.Run(tt.name+", "+api.name, func(t *testing.T) {
				log, logger := newLog()
				server := centratest.NewServer(t, centratest.WithoutSocket())
				server.SetFault(tt.fault)
				client := api.client(t, server, centra.WithLogger(logger), centra.WithRetry(centra.Retry{}))
				s := newShop(t, recovery.Config{API: client, Logger: logger})
				get(newBrowser(t, s), linkedPath)
				if lines := warnings(log); len(lines) != tt.want {
					t.Errorf("%d lines, want %d:\n%s", len(lines), tt.want, log)
				}
			})
		}
	}
}

// An API that answers nothing at all is a failure, not a panic.
func TestAPIWithoutAnAnswer(t *testing.T) {
	nothing := &fakeAPI{
		t:         t,
		selection: func(context.Context, centra.Session) (*centra.Selection, error) { return nil, nil },
		attach:    func(context.Context, centra.Session, centra.SelectionID) (*centra.Selection, error) { return nil, nil },
	}
	b := newBrowser(t, newShop(t, recovery.Config{API: nothing}))
	shows(t, get(b, linkedPath), 503, "Nothing has changed")
	b.have("own")
	shows(t, get(b, linkedPath), 503, "Nothing has changed")
}

// A session that only took the place of an expired one never overwrites what may
// be good, whatever the link came to.
func TestExpiredSessionAndNoCart(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault centratest.Fault
		owner func(*http.Request, *centra.Selection) bool
		visit func(*browser, string) *http.Response
		want  recovery.Code
	}{
		{"no such cart", centratest.Fault{}, nil, get, recovery.NotFound},
		{"no such cart, and a yes", centratest.Fault{}, nil, post, recovery.NotFound},
		{"Centra fails once, and a yes", centratest.StatusFault(503, nil), nil, post, recovery.Unavailable},
		{"not theirs", centratest.Fault{}, func(*http.Request, *centra.Selection) bool { return false }, get, recovery.Refused},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := centratest.NewServer(t, centratest.WithoutSocket())
			s := newShop(t, recovery.Config{API: apis[0].client(t, server, centra.WithRetry(centra.Retry{})), Owner: tt.owner})
			b := newBrowser(t, s)
			token, _ := server.NewCart("2-2")
			b.have(token)
			server.ExpireToken(token)
			path := linkedPath
			if tt.owner != nil {
				_, linked := server.NewCart("1-1")
				path = "/abandoned-cart/" + linked
			}
			if tt.want == recovery.Unavailable {
				server.FailNext(tt.fault)
			}
			tt.visit(b, path)
			if got := s.last(t); got.Code != tt.want {
				t.Errorf("got %+v, want %q", got, tt.want)
			}
			if b.session() != token {
				t.Error("the visitor's session was overwritten")
			}
		})
	}
}

// An API that shows the IDs of carts, as the Storefront API does: they compare,
// and whatever it answers for an ID that is none is never a success.
func TestAPIThatShowsIDs(t *testing.T) {
	cart := func(s centra.Session, id centra.SelectionID, items int) *centra.Selection {
		return &centra.Selection{Session: s, ID: id, Items: make([]centra.Item, items)}
	}
	const other = "1ce1c2d4a1a84bd2a31b7cdd4a4f5e7f"
	gone := &centra.Error{Kind: centra.ErrSelectionNotFound, Op: "setSelection", Session: "rotated"}
	refused := &centra.Error{Op: "setSelection", StatusCode: 200, Fields: map[string]string{"id": "no"}, Session: "rotated"}
	for _, tt := range []struct {
		name     string
		own      *centra.Selection
		attached *centra.Selection
		err      error
		visit    func(*browser, string) *http.Response
		want     recovery.Code
	}{
		{"the very cart", cart("rotated", linkedID, 1), nil, nil, get, recovery.AlreadyCurrent},
		{"another cart", cart("rotated", other, 1), nil, nil, get, recovery.Asked},
		{"nothing yet", cart("rotated", "", 0), cart("rotated", linkedID, 1), nil, get, recovery.Recovered},
		{"yes", nil, cart("rotated", linkedID, 1), nil, post, recovery.Recovered},
		{"an error says that it is gone", nil, nil, gone, post, recovery.NotFound},
		{"a refusal", nil, nil, refused, post, recovery.Unavailable},
		{"the cart that was there before", nil, cart("rotated", other, 1), nil, post, recovery.Unavailable},
		{"an empty cart", nil, cart("rotated", "", 0), nil, post, recovery.NotFound},
		{"the link's cart, empty", nil, cart("rotated", linkedID, 0), nil, post, recovery.NotFound},
	} {
		t.Run(tt.name, func(t *testing.T) {
			api := &fakeAPI{t: t}
			api.selection = func(context.Context, centra.Session) (*centra.Selection, error) {
				if tt.own == nil {
					return cart("rotated", other, 1), nil
				}
				return tt.own, nil
			}
			if tt.attached != nil || tt.err != nil {
				api.attach = func(context.Context, centra.Session, centra.SelectionID) (*centra.Selection, error) {
					return tt.attached, tt.err
				}
			}
			s := newShop(t, recovery.Config{API: api})
			b := newBrowser(t, s)
			b.have("own")
			tt.visit(b, linkedPath)
			if got := s.last(t); got.Code != tt.want {
				t.Errorf("got %+v, want %q", got, tt.want)
			}
			if b.session() != "rotated" {
				t.Errorf("the visitor has the session %q", b.session())
			}
		})
	}
}

// In an API whose sessions are the IDs of carts, a failure that names the link's
// cart gives it to nobody.
func TestFailureThatNamesTheLinksCart(t *testing.T) {
	api := &fakeAPI{t: t, selection: hasNothing, attach: func(context.Context, centra.Session, centra.SelectionID) (*centra.Selection, error) {
		return nil, &centra.Error{Op: "x", Kind: centra.ErrUnavailable, Session: linkedID}
	}}
	for _, own := range []string{"", "own"} {
		b := newBrowser(t, newShop(t, recovery.Config{API: api}))
		b.have(own)
		shows(t, post(b, linkedPath), 503, "Nothing has changed")
		if b.session() != own {
			t.Errorf("the visitor has the session %q", b.session())
		}
	}
}

// Where the link's cart can be seen without attaching it, nobody is asked about
// one that is gone, or shown one that is not theirs.
func TestNobodyIsAskedAboutADeadLink(t *testing.T) {
	for _, tt := range []struct {
		name  string
		items []string
		order bool
		owner func(*http.Request, *centra.Selection) bool
		want  recovery.Code
	}{
		{"alive", []string{"1-1"}, false, nil, recovery.Asked},
		{"ordered", []string{"1-1"}, true, nil, recovery.NotFound},
		{"empty", nil, false, nil, recovery.NotFound},
		{"theirs", []string{"1-1"}, false, func(*http.Request, *centra.Selection) bool { return true }, recovery.Asked},
		{"not theirs", []string{"1-1"}, false, func(*http.Request, *centra.Selection) bool { return false }, recovery.Refused},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := centratest.NewServer(t, centratest.WithoutSocket())
			s := newShop(t, recovery.Config{API: apis[1].client(t, server), Owner: tt.owner})
			b := newBrowser(t, s)
			_, own := server.NewCart("2-2")
			b.have(own)
			_, linked := server.NewCart(tt.items...)
			if tt.order {
				server.CompleteCart(linked)
			}
			resp := get(b, "/abandoned-cart/"+linked)
			if got := s.last(t); got.Code != tt.want {
				t.Errorf("got %+v, want %q", got, tt.want)
			}
			if tt.want != recovery.Asked {
				redirectsTo(t, resp, "/no-such-cart")
			}
			if b.session() != own {
				t.Error("the visitor's cart has changed")
			}
		})
	}
}
