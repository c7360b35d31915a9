package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	_ "modernc.org/sqlite"
)

// database is where the queue is kept.
type database struct {
	*queue
	close func()
	count func(context.Context) (int, error) // of captures that wait
}

const countWaiting = `SELECT count(*) FROM river_job WHERE kind = 'centra_capture' AND finalized_at IS NULL`

// openFile keeps the queue in an SQLite file. The processes of one machine share
// it, which takes a local disk; those of another machine have a file of their own,
// whose captures wait for one of them to be back.
func openFile(ctx context.Context, path string, logger *slog.Logger) (*database, error) {
	// Nobody but the shop's own user reads it; the files beside it follow.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	_ = f.Close()
	options := url.Values{"_txlock": {"immediate"}, "_pragma": {
		"busy_timeout(1000)", // another process writes
		"journal_mode(WAL)",
		"synchronous(FULL)",       // what was accepted survives a power cut
		"secure_delete(ON)",       // a deleted address is overwritten
		"wal_autocheckpoint(100)", // and does not stay in the log beside the file,
		"journal_size_limit(0)",   // which a shop that has little to do takes hours to fill
	}}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+options.Encode())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // a second one would only wait for the first
	q, err := newQueue(ctx, riversqlite.New(db), logger)
	if err != nil {
		_ = db.Close()
		return nil, err
	}
	return &database{q, func() { _ = db.Close() }, func(ctx context.Context) (n int, err error) {
		return n, db.QueryRowContext(ctx, countWaiting).Scan(&n)
	}}, nil
}

// openPostgres keeps the queue where any process on any machine reaches it.
func openPostgres(ctx context.Context, address string, logger *slog.Logger) (*database, error) {
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, errors.New("-postgres is no URL of a database") // the error may quote a password
	}
	config.ConnConfig.ConnectTimeout = 2 * time.Second
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	q, err := newQueue(ctx, riverpgxv5.New(pool), logger)
	if err != nil {
		pool.Close()
		return nil, err
	}
	return &database{q, pool.Close, func(ctx context.Context) (n int, err error) {
		return n, pool.QueryRow(ctx, countWaiting).Scan(&n)
	}}, nil
}

func newQueue[TTx any](ctx context.Context, driver riverdriver.Driver[TTx], logger *slog.Logger) (*queue, error) {
	if err := migrate(ctx, driver); err != nil {
		return nil, fmt.Errorf("the queue's tables: %w", err)
	}
	q := &queue{logger: logger}
	client, err := river.NewClient(driver, q.config())
	if err != nil {
		return nil, err
	}
	q.jobs = client
	return q, nil
}

// migrate makes the queue's tables. Processes that start together meet here, and
// who comes second tries again.
func migrate[TTx any](ctx context.Context, driver riverdriver.Driver[TTx]) error {
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	for try := 1; ; try++ {
		if _, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err == nil || try == 10 {
			return err
		}
		select {
		case <-time.After(time.Duration(try) * 100 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
