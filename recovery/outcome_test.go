package recovery_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/centra-go/cartabandonment/recovery"
)

// A link is opened by a person, and once: not by a robot, nor by the press of a
// button on the page that it opened.
func TestOpened(t *testing.T) {
	tests := []struct {
		name    string
		method  string
		path    string
		confirm recovery.Confirm
		headers []string
		code    recovery.Code
		want    bool
	}{
		{"a click", http.MethodGet, linkedPath, recovery.OnConflict, nil, recovery.Recovered, true},
		{"a click that is asked", http.MethodGet, linkedPath, recovery.Always, nil, recovery.Asked, true},
		{"no click", http.MethodGet, linkedPath, recovery.OnConflict, []string{"Sec-Fetch-Site: cross-site"}, recovery.Asked, true},
		{"the button", http.MethodPost, linkedPath, recovery.Always, nil, recovery.Recovered, false},
		{"another site's button", http.MethodPost, linkedPath, recovery.Always, []string{"Sec-Fetch-Site: cross-site"}, recovery.CrossSite, false},
		{"a HEAD", http.MethodHead, linkedPath, recovery.OnConflict, nil, recovery.NotAPerson, false},
		{"a scanner", http.MethodGet, linkedPath, recovery.Always, []string{"User-Agent: Barracuda Sentinel (EE)"}, recovery.NotAPerson, false},
		{"a malformed link", http.MethodGet, "/abandoned-cart/a.b", recovery.OnConflict, nil, recovery.Malformed, false},
		{"another method", http.MethodDelete, linkedPath, recovery.OnConflict, nil, recovery.MethodNotAllowed, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newShop(t, recovery.Config{API: &fakeAPI{t: t, attach: attaches}, Confirm: tt.confirm})
			newBrowser(t, s).do(tt.method, tt.path, tt.headers...)
			if o := s.last(t); o.Code != tt.code || o.Opened != tt.want {
				t.Errorf("outcome %q, opened %t; want %q, %t", o.Code, o.Opened, tt.code, tt.want)
			}
		})
	}
}

type traceKey struct{}

// A trace begins before anything is done for a request, and ends with its outcome:
// the host's functions and the calls to Centra are in its context.
func TestTrace(t *testing.T) {
	for _, api := range apis {
		t.Run(api.name, func(t *testing.T) {
			var told []string
			in := func(ctx context.Context, what string) {
				op, _ := ctx.Value(traceKey{}).(string)
				told = append(told, what+" in "+op)
			}
			server := centratest.NewServer(t, centratest.WithoutSocket())
			s := newShop(t, recovery.Config{
				API: api.client(t, server, centra.WithObserve(func(ctx context.Context, _ centra.Call) { in(ctx, "call") })),
				Trace: func(ctx context.Context, op string) (context.Context, func(recovery.Outcome)) {
					in(ctx, "begin "+op)
					return context.WithValue(ctx, traceKey{}, op), func(o recovery.Outcome) {
						told = append(told, "end "+string(o.Code))
					}
				},
				Allow:  func(_ http.ResponseWriter, r *http.Request) bool { in(r.Context(), "Allow"); return true },
				Target: func(ctx context.Context, _ *centra.Selection) string { in(ctx, "Target"); return "" },
			})
			b := newBrowser(t, s)
			_, linked := server.NewCart("1-1")
			get(b, "/abandoned-cart/"+linked)
			b.do(http.MethodHead, "/abandoned-cart/"+linked)
			want := []string{
				"begin link in ", "Allow in link", "call in link", "Target in link", "end recovered",
				"begin link in ", "end not_a_person",
			}
			if diff := cmp.Diff(want, told); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
			told = nil
			b.answer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !s.Ordered(w, r, &centra.Order{Order: "61", Session: centra.Session(b.session())}) {
					t.Error("the order came from a recovered cart")
				}
			}))
			if diff := cmp.Diff([]string{"begin order in ", "end order_recovered"}, told); diff != "" {
				t.Errorf("told of the order (-want +got):\n%s", diff)
			}
		})
	}
}
