package checkoutscript_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/checkoutscript"
)

func TestCallbackUpstreamFailures(t *testing.T) {
	refused := map[string]string{"email": "not a valid e-mail address"}
	later := map[string]string{"request": "try again later"}
	tests := map[string]struct {
		fault      centratest.Fault
		status     int
		code       checkoutscript.Code
		fields     map[string]string
		retryAfter string
	}{
		"fields refused":          {centratest.StatusFault(422, refused), 422, "refused", refused, ""},
		"fields refused with 200": {centratest.StatusFault(200, refused), 422, "refused", refused, ""},
		"bad request":             {centratest.StatusFault(400, refused), 422, "refused", refused, ""},
		"payment under way":       {centratest.StatusFault(409, nil), 503, "unavailable", nil, "5"},
		"cart not found":          {centratest.StatusFault(404, nil), 404, "selection_not_found", nil, ""},
		"secret refused":          {centratest.StatusFault(401, nil), 502, "unauthorized", nil, ""},
		"origin refused":          {centratest.StatusFault(403, nil), 502, "unauthorized", nil, ""},
		"rate limited":            {centratest.RetryAfterFault(429, "7"), 503, "rate_limited", later, "7"},
		"rate limited, no time":   {centratest.StatusFault(429, nil), 503, "rate_limited", nil, "5"},
		"down":                    {centratest.StatusFault(500, nil), 503, "unavailable", nil, "5"},
		"down for a minute":       {centratest.RetryAfterFault(503, "60"), 503, "unavailable", later, "60"},
		"connection reset":        {centratest.ResetFault(), 503, "unavailable", nil, "5"},
		"HTML with 200":           {centratest.HTMLFault(200), 502, "invalid_response", nil, ""},
		"HTML with 502":           {centratest.HTMLFault(502), 503, "unavailable", nil, "5"},
		"list for an object":      {centratest.ListFault(), 502, "invalid_response", nil, ""},
		"truncated":               {centratest.TruncatedFault(), 502, "invalid_response", nil, ""},
		"oversized":               {centratest.OversizedFault(8<<20 + 1), 502, "invalid_response", nil, ""},
		"redirect":                {centratest.StatusFault(307, nil), 502, "invalid_response", nil, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := newShop(t, nil)
			s.centra.FailNext(test.fault)
			w := s.send(post(jsonType, jsonEvent))
			got := readReply(t, w)
			if w.Code != test.status || got.code() != test.code || got.Error.Message == "" {
				t.Errorf("answered %d %s, want %d %s", w.Code, w.Body, test.status, test.code)
			}
			if string(got.SuspendIgnore) != "true" || got.Selection != nil {
				t.Errorf("answered %s", w.Body)
			}
			if diff := cmp.Diff(test.fields, got.Error.Fields); diff != "" {
				t.Errorf("fields (-want +got):\n%s", diff)
			}
			if after := w.Header().Get("Retry-After"); after != test.retryAfter {
				t.Errorf("Retry-After %q, want %q", after, test.retryAfter)
			}
			if saved := w.Header().Get("Set-Cookie"); saved != "" {
				t.Errorf("Set-Cookie although nothing rotated: %s", saved)
			}
			// The client has logged it.
			if lines := s.logged(); len(lines) > 1 || strings.Contains(s.log.String(), "checkoutscript: event") {
				t.Errorf("logged more than once:\n%s", s.log)
			}
			outcome := s.outcomes[0]
			if outcome.Code != test.code || outcome.Err == nil || outcome.CartAbandonmentEmail != centra.Yes {
				t.Errorf("outcome %+v", outcome)
			}
		})
	}
}

// An API that is not one of package centra's.
type anyAPI struct {
	sel *centra.Selection
	err error
}

func (a anyAPI) Selection(context.Context, centra.Session) (*centra.Selection, error) {
	return a.sel, a.err
}

func (a anyAPI) UpdateFields(context.Context, centra.Session, centra.Fields) (*centra.Selection, error) {
	return a.sel, a.err
}

func TestCallbackWithAnyAPI(t *testing.T) {
	tests := map[string]struct {
		api    anyAPI
		status int
		code   checkoutscript.Code
	}{
		"an unknown error":    {anyAPI{err: errors.New("no idea")}, 500, "internal"},
		"a price that is NaN": {anyAPI{sel: &centra.Selection{Items: []centra.Item{{}}, Totals: centra.Totals{GrandTotalPriceAsNumber: math.NaN()}}}, 502, "invalid_response"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := newShop(t, func(c *checkoutscript.Config) { c.API = test.api })
			w := s.send(post(jsonType, jsonEvent))
			got := readReply(t, w)
			if w.Code != test.status || got.code() != test.code || string(got.SuspendIgnore) != "true" {
				t.Errorf("answered %d %s, want %d %s", w.Code, w.Body, test.status, test.code)
			}
			if savedSession(w) != "" {
				t.Errorf("a session was saved: %v", w.Header())
			}
		})
	}
}

// What Centra says to the shopper reaches the page, and no log.
func TestCallbackMessages(t *testing.T) {
	const country = "We do not ship <there>."
	for name, row := range map[string]struct {
		err  centra.Error
		want string
	}{
		"a message":              {centra.Error{StatusCode: 412, Message: country}, `,"messages":["We do not ship \u003cthere\u003e."]`},
		"several":                {centra.Error{StatusCode: 406, Messages: []string{"a", "b"}}, `,"messages":["a","b"]`},
		"both":                   {centra.Error{StatusCode: 200, Message: "a", Messages: []string{"b"}}, `,"messages":["a","b"]`},
		"the same twice":         {centra.Error{StatusCode: 412, Message: "b", Messages: []string{"a", "b"}}, `,"messages":["a","b"]`},
		"beside those of fields": {centra.Error{StatusCode: 412, Fields: map[string]string{"email": "no"}, Message: "a"}, `,"fields":{"email":"no"},"messages":["a"]`},
		"none":                   {centra.Error{StatusCode: 412, Code: "X"}, ``},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t, func(c *checkoutscript.Config) { c.API = anyAPI{err: &row.err} })
			w := s.send(post(jsonType, jsonEvent))
			want := `{"suspendIgnore":true,"error":{"code":"refused","message":"Centra refused the fields."` + row.want + `}}`
			if got := w.Body.String(); w.Code != 422 || got != want {
				t.Errorf("answered %d\n%s, want\n%s", w.Code, got, want)
			}
			if strings.Contains(s.log.String(), "ship") {
				t.Errorf("logged:\n%s", s.log)
			}
		})
	}
}

// An API of the host's own fails with whatever error it likes. The page hears
// what it means, the log has one line, and nothing of its text.
func TestCallbackWithAHostsAPI(t *testing.T) {
	const secret = "canary@example.com"
	text := errors.New("PUT https://shop.centra.com/selections/" + secret)
	for name, row := range map[string]struct {
		err    error
		status int
		code   checkoutscript.Code
		level  string
	}{
		"an unknown error":        {text, 500, checkoutscript.Internal, "ERROR"},
		"net/http's":              {&url.Error{Op: "Put", URL: "https://x/" + secret, Err: text}, 500, checkoutscript.Internal, "ERROR"},
		"a deadline":              {fmt.Errorf("%w: %w", text, context.DeadlineExceeded), 504, checkoutscript.Timeout, "WARN"},
		"the library's kind":      {fmt.Errorf("%w: %w", text, centra.ErrUnavailable), 503, checkoutscript.Unavailable, "WARN"},
		"the library's error":     {&centra.Error{Kind: centra.ErrUnauthorized, Op: "PUT /fields", StatusCode: 401}, 502, checkoutscript.Unauthorized, "ERROR"},
		"the library's, wrapped":  {fmt.Errorf("%w: %w", text, &centra.Error{Kind: centra.ErrRateLimited, RetryAfter: time.Hour}), 503, checkoutscript.RateLimited, "WARN"},
		"refused fields":          {&centra.Error{StatusCode: 422, Fields: map[string]string{"email": "no"}}, 422, checkoutscript.Refused, "INFO"},
		"the store's error":       {fmt.Errorf("%w: %w", text, session.ErrStore), 503, checkoutscript.SessionStore, "WARN"},
		"joined with the library": {errors.Join(&centra.Error{Kind: centra.ErrUnavailable}, text), 503, checkoutscript.Unavailable, "WARN"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t, func(c *checkoutscript.Config) { c.API = anyAPI{err: row.err} })
			w := s.send(post(jsonType, jsonEvent))
			if got := readReply(t, w); w.Code != row.status || got.code() != row.code {
				t.Errorf("answered %d %s, want %d %s", w.Code, w.Body, row.status, row.code)
			}
			if lines := s.logged(); len(lines) != 1 || !strings.Contains(lines[0], "level="+row.level) || !strings.Contains(lines[0], "code="+string(row.code)) {
				t.Errorf("want one line at level %s, got:\n%s", row.level, s.log)
			}
			err := s.outcomes[0].Err
			printed := fmt.Sprintf("%s %s %v %+v %#v %q %x", s.log, w.Body, err, err, err, err, err)
			if strings.Contains(printed, "canary") || strings.Contains(printed, "https://") {
				t.Errorf("the host's own text is in the log, the answer or the outcome:\n%s", printed)
			}
			if !errors.Is(err, row.err) {
				t.Errorf("outcome %v does not match the API's error", err)
			}
			if want := map[string]string{"429": "5", "503": "5"}[fmt.Sprint(row.status)]; row.code == checkoutscript.RateLimited {
				if after := w.Header().Get("Retry-After"); after != "600" {
					t.Errorf("Retry-After %q, want ten minutes at most", after)
				}
			} else if after := w.Header().Get("Retry-After"); after != want {
				t.Errorf("Retry-After %q, want %q", after, want)
			}
		})
	}
}

// What a failure is worth in the log, with which context, whoever noticed it.
func TestAFailureIsOneLineInTheLog(t *testing.T) {
	for name, row := range map[string]struct {
		breaks func(*shop) *http.Request
		lines  int
	}{
		"Centra is away": {func(s *shop) *http.Request {
			s.centra.FailNext(centratest.StatusFault(503, nil))
			return post(jsonType, jsonEvent)
		}, 1},
		"refused": {func(s *shop) *http.Request {
			s.centra.FailNext(centratest.StatusFault(422, map[string]string{"email": "no"}))
			return post(jsonType, jsonEvent)
		}, 1},
		"no event":   {func(*shop) *http.Request { return post(jsonType, "{") }, 1},
		"no session": {func(s *shop) *http.Request { s.token = ""; return post(jsonType, jsonEvent) }, 1},
		"expired":    {func(s *shop) *http.Request { s.centra.ExpireToken(s.token); return post(jsonType, jsonEvent) }, 1},
		"forwarded":  {func(*shop) *http.Request { return post(jsonType, jsonEvent) }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t, nil)
			s.send(row.breaks(s))
			if lines := s.logged(); len(lines) != row.lines {
				t.Errorf("%d lines, want %d:\n%s", len(lines), row.lines, s.log)
			}
		})
	}
}
