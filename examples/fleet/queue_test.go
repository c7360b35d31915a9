package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/checkoutscript"
)

type redeliver = func(context.Context, checkoutscript.Pending) error

// open opens a queue on a file without a shop.
func open(t *testing.T, file string, log *safeBuffer) *database {
	t.Helper()
	q, err := openFile(t.Context(), file, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(q.close)
	return q
}

func begin(t *testing.T, q *database, f redeliver) {
	t.Helper()
	if err := q.start(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = q.stop(context.Background()) })
}

func pending(session, email string, age time.Duration) checkoutscript.Pending {
	return checkoutscript.Pending{
		Version: 1, Session: centra.Session(session), CapturedAt: time.Now().Add(-age),
		Fields: centra.Fields{Email: email, CartAbandonmentEmail: centra.Yes},
	}
}

func (d *database) waiting(t *testing.T) int {
	t.Helper()
	n, err := d.count(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// handler is one of the library's, over a Centra of the test's own.
func handler(t *testing.T, c *centratest.Server) *checkoutscript.Handler {
	t.Helper()
	api, err := centra.NewCheckoutAPI(c.CheckoutURL())
	if err != nil {
		t.Fatal(err)
	}
	visitors, err := session.NewVisitors(session.Cookie{})
	if err != nil {
		t.Fatal(err)
	}
	h, err := checkoutscript.New(checkoutscript.Config{
		API: api.AsShopper(), Visitors: visitors, Consent: checkoutscript.AssumeConsent,
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// What has been delivered or given up is gone from the queue at once, and from the
// disk when the file is closed.
func TestWhatIsFinishedIsForgotten(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]error{
		"delivered": nil,
		"dropped":   fmt.Errorf("the cart was ordered: %w", checkoutscript.ErrDropped),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log safeBuffer
			file := queueFile(t)
			q := open(t, file, &log)
			db, calls := workedOff(t, q, file, end)
			_ = q.stop(t.Context())
			_ = db.Close()
			q.close()
			left, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(left), mailDomain) {
				t.Error("the file holds the address")
			}
			if n := calls.Load(); n != 1 || strings.Contains(log.String(), mailDomain) {
				t.Errorf("%d calls, log %s", n, log.String())
			}
		})
	}
}

// The log beside the file does not keep what is gone from it for as long as a shop
// is open.
func TestTheFilesLogForgetsToo(t *testing.T) {
	t.Parallel()
	file := queueFile(t)
	q := open(t, file, new(safeBuffer))
	workedOff(t, q, file, nil)
	var others int
	eventually(t, 20*time.Second, "the log has forgotten the address", func() bool {
		others++
		if err := q.later(t.Context(), pending("another", "a", 0)); err != nil {
			t.Fatal(err)
		}
		log, err := os.ReadFile(file + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		return !strings.Contains(string(log), mailDomain)
	})
	if others > 100 {
		t.Errorf("the address was in the log until %d others had come", others)
	}
}

// workedOff has an address of mailDomain come and go, its delivery end as it is told
// to, and returns the file and how often there is a delivery.
func workedOff(t *testing.T, q *database, file string, end error) (*sql.DB, *atomic.Int32) {
	t.Helper()
	calls := new(atomic.Int32)
	begin(t, q, func(_ context.Context, p checkoutscript.Pending) error {
		if calls.Add(1) == 1 && (p.Fields.Email != "kim"+mailDomain || p.Session != "token") {
			t.Errorf("delivered is %v", p)
		}
		return end
	})
	if err := q.later(t.Context(), pending("token", "kim"+mailDomain, 0)); err != nil {
		t.Fatal(err)
	}
	eventually(t, 10*time.Second, "the job is worked on", func() bool { return calls.Load() == 1 })
	db := rawFile(t, file)
	eventually(t, 5*time.Second, "the job is gone", func() bool { return rows(t, db) == 0 })
	return db, calls
}

func rawFile(t *testing.T, file string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func rows(t *testing.T, db *sql.DB) (n int) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM river_job").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// No job holds up the others, whatever is in it, and none that can never be
// delivered stays.
func TestStrangeJobs(t *testing.T) {
	t.Parallel()
	c := centratest.NewServer(t)
	token, selection := c.NewCart("1-1")
	var log safeBuffer
	file := queueFile(t)
	q := open(t, file, &log)
	of := func(p checkoutscript.Pending) string {
		text, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	good := pending(token, "kim"+mailDomain, time.Hour)
	another := good
	another.Version = 2
	for name, args := range map[string]string{
		"an empty object":   `{}`,
		"a list":            `["old` + mailDomain + `"]`,
		"another's job":     `{"customer_id": 7, "email": "old` + mailDomain + `"}`,
		"another version":   of(another),
		"no session":        of(pending("", "old"+mailDomain, 0)),
		"a dead session":    of(pending("dead", "old"+mailDomain, 0)),
		"a malformed one":   of(pending("a\nb", "old"+mailDomain, 0)),
		"more than a day":   of(pending(token, "old"+mailDomain, 25*time.Hour)),
		"from the future":   of(pending(token, "old"+mailDomain, -48*time.Hour)),
		"no consent":        strings.Replace(of(good), "true", "null", 1),
		"an hour old, good": of(good),
	} {
		if _, err := q.jobs.Insert(t.Context(), capture{json.RawMessage(args)}, nil); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	broken, err := q.jobs.Insert(t.Context(), capture{json.RawMessage(`{}`)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	db := rawFile(t, file)
	mustExec(t, db, fmt.Sprintf(`UPDATE river_job SET args = 'old%s' WHERE id = %d`, mailDomain, broken.Job.ID))
	mustExec(t, db, `INSERT INTO river_job (args, kind, max_attempts) VALUES ('{}', 'another_kind', 3)`)
	begin(t, q, handler(t, c).Redeliver)
	eventually(t, 20*time.Second, "the good one arrives", func() bool { return c.Cart(selection).OptedIn == "kim"+mailDomain })
	// One is of another kind, and one not even JSON: River tries it for some minutes.
	eventually(t, 20*time.Second, "the others are gone", func() bool { return rows(t, db) == 2 })
	for _, cart := range c.Carts() {
		if strings.HasPrefix(cart.Email, "old") {
			t.Error("an address was sent that must not be")
		}
	}
	mustNotLeak(t, c, "the log", log.String())
}

// What cannot be delivered yet is put off; River keeps no record of each try.
func TestPutOff(t *testing.T) {
	t.Parallel()
	file := queueFile(t)
	q := open(t, file, new(safeBuffer))
	var calls atomic.Int32
	begin(t, q, func(context.Context, checkoutscript.Pending) error {
		calls.Add(1)
		return &centra.Error{Kind: centra.ErrUnavailable}
	})
	if err := q.later(t.Context(), pending("s", "a", 0)); err != nil {
		t.Fatal(err)
	}
	eventually(t, 15*time.Second, "it is tried again", func() bool { return calls.Load() >= 2 })
	var attempts, failures int
	err := rawFile(t, file).QueryRowContext(t.Context(),
		"SELECT attempt, coalesce(json_array_length(errors), 0) FROM river_job").Scan(&attempts, &failures)
	if err != nil || attempts > 1 || failures > 0 {
		t.Errorf("the job has %d attempts and %d errors, %v", attempts, failures, err)
	}
}

func TestWait(t *testing.T) {
	limited := func(after time.Duration) error { return &centra.Error{Kind: centra.ErrRateLimited, RetryAfter: after} }
	tests := []struct {
		name     string
		age      time.Duration
		err      error
		min, max time.Duration
	}{
		{"new", 0, nil, 500 * time.Millisecond, 1500 * time.Millisecond},
		{"clocks that differ", -time.Minute, nil, 500 * time.Millisecond, 1500 * time.Millisecond},
		{"some seconds old", 20 * time.Second, centra.ErrUnavailable, 2500 * time.Millisecond, 7500 * time.Millisecond},
		{"an hour old", time.Hour, &centra.Error{Kind: centra.ErrUnavailable}, 6 * time.Second, 18 * time.Second},
		{"asked to wait", 0, limited(time.Minute), time.Minute, time.Minute},
		{"asked to wait, and longer already", time.Hour, limited(time.Second), 6 * time.Second, 18 * time.Second},
		{"asked to wait for ever", 0, limited(24 * time.Hour), 10 * time.Minute, 10 * time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			seen := make(map[time.Duration]bool)
			for range 100 {
				d := wait(tt.age, tt.err)
				if d < tt.min || d > tt.max {
					t.Fatalf("waits %v, want %v to %v", d, tt.min, tt.max)
				}
				seen[d] = true
			}
			if tt.min != tt.max && len(seen) < 50 {
				t.Errorf("of 100 waits only %d differ", len(seen))
			}
		})
	}
}

// A process that ends finishes the job that it is at; one that it cannot finish
// goes to the next process at once, and counts as never tried.
func TestJobsAreFinishedOrHandedOver(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		work     redeliver
		finished bool
	}{
		{"finished", func(context.Context, checkoutscript.Pending) error {
			time.Sleep(time.Second)
			return nil
		}, true},
		{"handed over", func(ctx context.Context, _ checkoutscript.Pending) error {
			<-ctx.Done()
			return ctx.Err()
		}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			file := queueFile(t)
			one, two := open(t, file, new(safeBuffer)), open(t, file, new(safeBuffer))
			started := make(chan struct{}, 1)
			begin(t, one, func(ctx context.Context, p checkoutscript.Pending) error {
				started <- struct{}{}
				return tt.work(ctx, p)
			})
			if err := one.later(t.Context(), pending("s", "a", 0)); err != nil {
				t.Fatal(err)
			}
			<-started
			if err := one.stop(t.Context()); err != nil {
				t.Fatal(err)
			}
			if left := two.waiting(t); (left == 0) != tt.finished {
				t.Errorf("%d jobs wait", left)
			}
			if tt.finished {
				return
			}
			var took atomic.Bool
			begin(t, two, func(context.Context, checkoutscript.Pending) error {
				took.Store(true)
				return nil
			})
			eventually(t, 5*time.Second, "the other process takes it", took.Load)
		})
	}
}

func TestTheQueueSaysWhatIsWrong(t *testing.T) {
	if _, err := openFile(t.Context(), t.TempDir(), slog.New(slog.DiscardHandler)); err == nil {
		t.Error("a directory is opened as a file")
	}
	_, err := openPostgres(t.Context(), "postgres://shop:password canary@", slog.New(slog.DiscardHandler))
	if err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("a broken URL: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := openPostgres(ctx, "postgres://127.0.0.1:1/shop", slog.New(slog.DiscardHandler)); err == nil {
		t.Errorf("a database that is not there: %v", err)
	}
}

func mustExec(t *testing.T, db interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
}, query string) {
	t.Helper()
	if _, err := db.ExecContext(context.Background(), query); err != nil {
		t.Fatal(err)
	}
}
