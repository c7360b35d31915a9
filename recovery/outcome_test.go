package recovery_test

import (
	"net/http"
	"testing"

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
