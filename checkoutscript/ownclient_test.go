package checkoutscript_test

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
	"github.com/centra-go/cartabandonment/checkoutscript"
)

// What a client of a host's own may return, as the guide lists it, each with what the
// guide says of an event.
func TestTheGuideForAClientOfOnesOwn(t *testing.T) {
	refused := map[string]string{"email": "is not valid"}
	kind := func(kind error) anyAPI { return anyAPI{err: &centra.Error{Op: "PUT /own", Kind: kind}} }
	returns := map[string]anyAPI{
		"a `*centra.Selection` with `Session` set": {sel: &centra.Selection{Session: "newest", Items: make([]centra.Item, 1)}},
		"`Kind: centra.ErrSelectionNotFound`":      kind(centra.ErrSelectionNotFound),
		"`Kind: centra.ErrUnavailable`":            kind(centra.ErrUnavailable),
		"`Kind: centra.ErrRateLimited`":            kind(centra.ErrRateLimited),
		"`Kind: centra.ErrUnauthorized`":           kind(centra.ErrUnauthorized),
		"`Kind: centra.ErrInvalidResponse`":        kind(centra.ErrInvalidResponse),
		"`Kind: centra.ErrOutcomeUnknown`":         {err: &centra.Error{Kind: centra.ErrOutcomeUnknown, StatusCode: 502}},
		"no `Kind`, but `StatusCode` and `Fields`": {err: &centra.Error{StatusCode: 400, Fields: refused}},
		"a `*centra.OutOfStockError`":              {err: &centra.OutOfStockError{Err: &centra.Error{StatusCode: 410}}},
		"what matches `context.DeadlineExceeded`":  {err: fmt.Errorf("own: %w", context.DeadlineExceeded)},
		"any other error":                          {err: errors.New("own")},
		"neither a cart nor an error":              {},
	}
	for _, row := range guideRows(t) {
		api, known := returns[row.returns]
		if !known {
			t.Errorf("the guide has a row that is not tried: %s", row.returns)
			continue
		}
		delete(returns, row.returns)
		t.Run(row.returns, func(t *testing.T) {
			s := newShop(t, func(c *checkoutscript.Config) { c.API = api })
			w := s.send(post(jsonType, jsonEvent))
			got := readReply(t, w)
			want, _, queued := strings.Cut(row.event, ", or 202 with `Later`")
			want = strings.TrimSuffix(want, ", with `Fields`")
			said := fmt.Sprint(w.Code)
			if got.Error != nil {
				said += fmt.Sprintf(" `%s`", got.code())
			}
			if said != want {
				t.Errorf("answered %s, the guide says %s", said, want)
			}
			if strings.Contains(row.event, "`Fields`") != (got.Error != nil && len(got.Error.Fields) > 0) {
				t.Errorf("answered %s, the guide says %s", w.Body, row.event)
			}
			if failed := got.Error != nil; failed && len(s.logged()) != 1 {
				t.Errorf("a failure is one line of the log, got:\n%s", s.log)
			}
			if success := api.sel != nil; success && savedSession(w) != "newest" {
				t.Errorf("saved %q", savedSession(w))
			}

			var kept int
			s = newShop(t, func(c *checkoutscript.Config) {
				c.API = api
				c.Later = func(context.Context, checkoutscript.Pending) error { kept++; return nil }
			})
			if w := s.send(post(jsonType, jsonEvent)); (w.Code == http.StatusAccepted) != queued || kept > 0 != queued {
				t.Errorf("with Later: answered %d, %d kept; the guide says %s", w.Code, kept, row.event)
			}
		})
	}
	for missing := range returns {
		t.Errorf("the guide has no row %q", missing)
	}
}

// The two fields that any failure may have beside its kind.
func TestWhatAnErrorOfOnesOwnMayHave(t *testing.T) {
	api := &rotatingAPI{err: &centra.Error{Kind: centra.ErrUnavailable, Session: "newest", RetryAfter: 90 * time.Second}}
	s := newShop(t, func(c *checkoutscript.Config) { c.API = api })
	w := s.send(post(jsonType, jsonEvent))
	if after := w.Header().Get("Retry-After"); after != "90" {
		t.Errorf("Retry-After %q", after)
	}
	if savedSession(w) != "newest" {
		t.Errorf("saved %q, want the session of the error", savedSession(w))
	}
}

// rotatingAPI fails and brings a new token, whose cart is there.
type rotatingAPI struct{ err *centra.Error }

func (a *rotatingAPI) Selection(_ context.Context, s centra.Session) (*centra.Selection, error) {
	return &centra.Selection{Session: s, Items: make([]centra.Item, 1)}, nil
}

func (a *rotatingAPI) UpdateFields(context.Context, centra.Session, centra.Fields) (*centra.Selection, error) {
	return nil, a.err
}

type guideRow struct{ returns, event string }

// guideRows reads the table of the guide.
func guideRows(t *testing.T) (rows []guideRow) {
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
	for line := range strings.SplitSeq(table, "\n") {
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		if len(cells) != 4 {
			t.Fatalf("a row of %d cells: %s", len(cells), line)
		}
		rows = append(rows, guideRow{cells[0], cells[2]})
	}
	return rows
}
