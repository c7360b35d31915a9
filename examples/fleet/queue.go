package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/checkoutscript"
)

// capture is a checkoutscript.Pending as a job. Its JSON is left alone until the
// job is worked on, so that one which cannot be read is dropped and not tried
// again. It prints as nothing.
type capture struct{ pending json.RawMessage }

func (capture) Kind() string                    { return "centra_capture" }
func (capture) String() string                  { return "a capture" }
func (c capture) MarshalJSON() ([]byte, error)  { return c.pending, nil }
func (c *capture) UnmarshalJSON(b []byte) error { c.pending = append(c.pending[:0], b...); return nil }
func (capture) LogValue() slog.Value            { return slog.StringValue("a capture") }

const (
	workers = 8 // at once, of a process
	// Whoever is at work on a job for longer than this was killed, and the job is
	// another process's.
	lostAfter = redeliveryTimeout + 6*time.Second
	// What has been delivered or given up is deleted at once. Should the process end
	// at that moment, River's cleaner does it within half a minute.
	retention = time.Second
)

// queue keeps captures while Centra is away, and works on them.
type queue struct {
	jobs      jobs
	logger    *slog.Logger
	redeliver func(context.Context, checkoutscript.Pending) error // set by start
}

// jobs is what is used of a river.Client, whose type depends on the database.
type jobs interface {
	Insert(context.Context, river.JobArgs, *river.InsertOpts) (*rivertype.JobInsertResult, error)
	JobDelete(context.Context, int64) (*rivertype.JobRow, error)
	Subscribe(...river.EventKind) (<-chan *river.Event, func())
	Start(context.Context) error
	Stop(context.Context) error
}

// config is River's, the same for each database.
func (q *queue) config() *river.Config {
	work := river.NewWorkers()
	river.AddWorker(work, &deliverer{queue: q})
	return &river.Config{
		Queues:               map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: workers}},
		Workers:              work,
		FetchOnlyKnownKinds:  true, // a job of another kind is none of ours
		JobTimeout:           redeliveryTimeout + time.Second,
		RescueStuckJobsAfter: lostAfter,
		SoftStopTimeout:      redeliveryTimeout,
		RetryPolicy:          retries{},

		CompletedJobRetentionPeriod: retention,
		CancelledJobRetentionPeriod: retention,
		DiscardedJobRetentionPeriod: retention,

		Logger: slog.New(atLeast{slog.LevelWarn, q.logger.Handler()}),
	}
}

// start begins to work on what waits.
func (q *queue) start(ctx context.Context, redeliver func(context.Context, checkoutscript.Pending) error) error {
	q.redeliver = redeliver
	finished, _ := q.jobs.Subscribe(river.EventKindJobCompleted, river.EventKindJobCancelled, river.EventKindJobFailed)
	go q.forget(context.WithoutCancel(ctx), finished)
	return q.jobs.Start(context.WithoutCancel(ctx))
}

// stop finishes what is under way, or leaves it to the other processes.
func (q *queue) stop(ctx context.Context) error { return q.jobs.Stop(ctx) }

// forget deletes what is finished: an address is not kept for longer than it is
// of use. The channel is closed when the queue has stopped.
func (q *queue) forget(ctx context.Context, finished <-chan *river.Event) {
	for event := range finished {
		if event.Job.FinalizedAt != nil {
			_, _ = q.jobs.JobDelete(ctx, event.Job.ID) // or River's cleaner does
		}
	}
}

// later is checkoutscript.Config.Later. When it returns nil the capture is on the
// disk.
func (q *queue) later(ctx context.Context, p checkoutscript.Pending) error {
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	_, err = q.jobs.Insert(ctx, capture{text}, &river.InsertOpts{
		ScheduledAt: time.Now().Add(wait(0, nil)), // Centra did not answer just now
	})
	return err
}

// deliverer works on a job.
type deliverer struct {
	river.WorkerDefaults[capture]
	*queue
}

// Work delivers a capture, or says when to try again. A job that waits is put off,
// not failed: River keeps a record of each failure in the job.
func (d *deliverer) Work(ctx context.Context, job *river.Job[capture]) error {
	var p checkoutscript.Pending
	if err := json.Unmarshal(job.Args.pending, &p); err != nil {
		return river.JobCancel(errUnreadable)
	}
	err := d.redeliver(ctx, p)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, checkoutscript.ErrDropped):
		return river.JobCancel(err)
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return err // the process ends; River gives the job to another one
	}
	return river.JobSnooze(wait(time.Since(p.CapturedAt), err))
}

var errUnreadable = errors.New("the job holds no capture")

// retries says when a job is tried again that failed, as when its process was
// killed or it cannot be read: River gives up after 25 times.
type retries struct{}

func (retries) NextRetry(job *rivertype.JobRow) time.Time {
	return time.Now().Add(wait(time.Since(job.CreatedAt), nil))
}

// wait is how long a capture waits for its next try: longer the older it is, but
// never so long that it comes late once Centra is back, and not all at once.
func wait(age time.Duration, err error) time.Duration {
	d := min(max(age/4, time.Second), 12*time.Second)
	d = d/2 + rand.N(d)
	var failed *centra.Error
	if errors.As(err, &failed) {
		d = max(d, min(failed.RetryAfter, 10*time.Minute))
	}
	return d
}

// atLeast is a log without what is less than a warning.
type atLeast struct {
	level slog.Level
	slog.Handler
}

func (h atLeast) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= h.level && h.Handler.Enabled(ctx, level)
}
func (h atLeast) WithAttrs(attrs []slog.Attr) slog.Handler {
	return atLeast{h.level, h.Handler.WithAttrs(attrs)}
}
func (h atLeast) WithGroup(name string) slog.Handler {
	return atLeast{h.level, h.Handler.WithGroup(name)}
}
