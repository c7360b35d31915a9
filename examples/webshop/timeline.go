package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// entry is one line of the timeline. All visitors of the demo see it, so it
// holds nothing about any of them.
type entry struct {
	ID     int        `json:"id"`
	At     time.Time  `json:"at"`
	Kind   string     `json:"kind"` // event, put, mailer, mail, recovery, order, trouble: the colour
	From   string     `json:"from"` // who does it: "Browser → shop"
	Title  string     `json:"title"`
	Detail string     `json:"detail,omitempty"`
	Cart   int        `json:"cart,omitempty"`  // a serial number, never an ID
	Due    *time.Time `json:"due,omitempty"`   // a countdown for the cart runs until then
	Ends   bool       `json:"ends,omitempty"`  // the countdown for the cart has ended
	Mails  int        `json:"mails,omitempty"` // with a mail: how many there are now

	Funnel *funnelCounts `json:"funnel,omitempty"` // where it changed
}

// maxEntries is what a page that opens late still gets to see.
const maxEntries = 200

// timeline tells open pages what happens, as server-sent events.
type timeline struct {
	mu      sync.Mutex
	entries []entry
	last    int
	mails   int
	changed chan struct{} // closed and replaced with each new entry
	closed  chan struct{}
}

func newTimeline() *timeline {
	return &timeline{changed: make(chan struct{}), closed: make(chan struct{})}
}

func (t *timeline) add(e entry) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last++
	e.ID = t.last
	if e.Kind == "mail" {
		t.mails++
		e.Mails = t.mails
	}
	if e.At.IsZero() {
		e.At = time.Now()
	}
	if len(t.entries) == maxEntries {
		t.entries = t.entries[1:]
	}
	t.entries = append(t.entries, e)
	close(t.changed)
	t.changed = make(chan struct{})
}

// since returns the entries after an ID, and what closes when there are more.
func (t *timeline) since(id int) ([]entry, <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, e := range t.entries {
		if e.ID > id {
			return append([]entry(nil), t.entries[i:]...), t.changed
		}
	}
	return nil, t.changed
}

// close ends all streams, which would hold up a graceful shutdown.
func (t *timeline) close() { close(t.closed) }

// ServeHTTP streams the timeline from its beginning, or from where a
// reconnecting browser says that it was.
func (t *timeline) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	out := http.NewResponseController(w)
	_, _ = fmt.Fprint(w, "retry: 2000\n\n")

	seen, _ := strconv.Atoi(r.Header.Get("Last-Event-ID"))
	heartbeat := time.NewTicker(15 * time.Second)
	defer heartbeat.Stop()
	for {
		entries, more := t.since(seen)
		for _, e := range entries {
			data, _ := json.Marshal(e) // plain values: it cannot fail
			_, _ = fmt.Fprintf(w, "id: %d\ndata: %s\n\n", e.ID, data)
			seen = e.ID
		}
		if out.Flush() != nil {
			return
		}
		select {
		case <-more:
		case <-heartbeat.C:
			_, _ = fmt.Fprint(w, ": still here\n\n")
		case <-r.Context().Done():
			return
		case <-t.closed:
			return
		}
	}
}
