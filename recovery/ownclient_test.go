package recovery_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/recovery"
)

// What a client of a host's own may return, as the guide lists it, each with what the
// guide says of the link: whether the visitor has a cart already or not, and never at
// the cost of that.
func TestTheGuideForAClientOfOnesOwn(t *testing.T) {
	type answer struct {
		sel *centra.Selection
		err error
	}
	kind := func(kind error) answer { return answer{err: &centra.Error{Op: "GET /own", Kind: kind}} }
	returns := map[string]answer{
		"a `*centra.Selection` with `Session` set": {sel: attached("newest")},
		"`Kind: centra.ErrSelectionNotFound`":      kind(centra.ErrSelectionNotFound),
		"`Kind: centra.ErrUnavailable`":            kind(centra.ErrUnavailable),
		"`Kind: centra.ErrRateLimited`":            kind(centra.ErrRateLimited),
		"`Kind: centra.ErrUnauthorized`":           kind(centra.ErrUnauthorized),
		"`Kind: centra.ErrInvalidResponse`":        kind(centra.ErrInvalidResponse),
		"`Kind: centra.ErrOutcomeUnknown`":         {err: &centra.Error{Kind: centra.ErrOutcomeUnknown, StatusCode: 502}},
		"no `Kind`, but `StatusCode` and `Fields`": {err: &centra.Error{StatusCode: 400, Fields: map[string]string{"selection": "is not valid"}}},
		"a `*centra.OutOfStockError`":              {err: &centra.OutOfStockError{Err: &centra.Error{StatusCode: 410}}},
		"what matches `context.DeadlineExceeded`":  {err: fmt.Errorf("own: %w", context.DeadlineExceeded)},
		"any other error":                          {err: errors.New("own")},
		"neither a cart nor an error":              {},
	}
	for row, want := range guideRows(t) {
		answer, known := returns[row]
		if !known {
			t.Errorf("the guide has a row that is not tried: %s", row)
			continue
		}
		delete(returns, row)
		t.Run(row, func(t *testing.T) {
			log, logger := newLog()
			api := &fakeAPI{t: t, selection: hasNothing,
				attach: func(context.Context, centra.Session, centra.SelectionID) (*centra.Selection, error) {
					return answer.sel, answer.err
				}}
			s := newShop(t, recovery.Config{API: api, Logger: logger})
			b := newBrowser(t, s)
			b.have("own")
			resp := get(b, linkedPath)
			said := map[string]string{
				"303 /checkout": "303 to `Checkout`", "303 /no-such-cart": "303 to `DeadLink`", "503 ": "503",
			}[fmt.Sprint(resp.StatusCode, " ", resp.Header.Get("Location"))]
			if said != want {
				t.Errorf("answered %s %s, the guide says %s", resp.Status, resp.Header.Get("Location"), want)
			}
			session := "own"
			if answer.sel != nil {
				session = "newest"
			}
			if got := b.cookie(sessionCookie); got != session {
				t.Errorf("the visitor has session %q, want %q", got, session)
			}
			lines := 0
			if want == "503" {
				lines = 1
			}
			if got := warnings(log); len(got) != lines {
				t.Errorf("%d lines of the log, want %d:\n%s", len(got), lines, log)
			}
		})
	}
	for missing := range returns {
		t.Errorf("the guide has no row %q", missing)
	}
}

// The two fields that any failure may have beside its kind.
func TestWhatAnErrorOfOnesOwnMayHave(t *testing.T) {
	filled := func(_ context.Context, s centra.Session) (*centra.Selection, error) { return attached(s), nil }
	api := &fakeAPI{t: t, attach: func(context.Context, centra.Session, centra.SelectionID) (*centra.Selection, error) {
		return nil, &centra.Error{Kind: centra.ErrUnavailable, Session: "newest", RetryAfter: 90 * time.Second}
	}, selection: filled}
	b := newBrowser(t, newShop(t, recovery.Config{API: api}))
	b.have("own")
	resp := post(b, linkedPath)
	if after := resp.Header.Get("Retry-After"); resp.StatusCode != http.StatusServiceUnavailable || after != "90" {
		t.Errorf("answered %s, Retry-After %q", resp.Status, after)
	}
	if got := b.cookie(sessionCookie); got != "newest" {
		t.Errorf("the visitor has session %q, want that of the error", got)
	}
}

// guideRows reads the table of the guide: what is returned, and how the link is
// answered then.
func guideRows(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../.github/guides/parts-alone.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(text), "|---|---|---|---|\n")
	if !found {
		t.Fatal("the guide has no table")
	}
	table, _, _ = strings.Cut(table, "\n\n")
	rows := map[string]string{}
	for line := range strings.SplitSeq(table, "\n") {
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		if len(cells) != 4 {
			t.Fatalf("a row of %d cells: %s", len(cells), line)
		}
		rows[cells[0]] = cells[3]
	}
	return rows
}
