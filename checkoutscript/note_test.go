package checkoutscript_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/checkoutscript"
)

// sharedTurns are turns that several processes share, with the notes that a
// visitor's turns carry from one process to the other.
type sharedTurns struct {
	session.Turns
	mu    sync.Mutex
	notes map[centra.Session]string // by the newest session
}

func newSharedTurns() *sharedTurns {
	return &sharedTurns{Turns: session.NewTurns(), notes: map[centra.Session]string{}}
}

func (t *sharedTurns) Take(ctx context.Context, s centra.Session) (session.Turn, error) {
	turn, err := t.Turns.Take(ctx, s)
	if err != nil {
		return nil, err
	}
	return &sharedTurn{turn, t}, nil
}

type sharedTurn struct {
	session.Turn
	turns *sharedTurns
}

func (t *sharedTurn) Note() string {
	t.turns.mu.Lock()
	defer t.turns.mu.Unlock()
	return t.turns.notes[t.Session()]
}

func (t *sharedTurn) SetNote(note string) {
	t.turns.mu.Lock()
	defer t.turns.mu.Unlock()
	t.turns.notes[t.Session()] = note
}

func (t *sharedTurn) Done(now centra.Session) {
	t.turns.mu.Lock()
	if now != "" {
		t.turns.notes[now] = t.turns.notes[t.Session()]
	}
	t.turns.mu.Unlock()
	t.Turn.Done(now)
}

// inTwo makes another process of the shop, which shares the turns. From now on
// what the visitor does reaches one of the two after the other.
func (o *outage) inTwo() {
	o.Helper()
	turns := newSharedTurns()
	process := func() (*checkoutscript.Handler, *session.Visitors) {
		visitors, err := session.NewVisitors(o.store, session.WithTurns(turns))
		if err != nil {
			o.Fatal(err)
		}
		config := o.config
		config.Visitors = visitors
		h, err := checkoutscript.New(config)
		if err != nil {
			o.Fatal(err)
		}
		return h, visitors
	}
	var other *checkoutscript.Handler
	var others *session.Visitors
	o.Handler, o.visitors = process()
	other, others = process()
	o.next = func() {
		synctest.Wait() // an answer is there before its turn is over
		o.Handler, other = other, o.Handler
		o.visitors, others = others, o.visitors
	}
}

// Whatever stands in a note, it is read as one or as none.
func TestNotes(t *testing.T) {
	for _, note := range []string{
		"", "0 ", "x", "9223372036854775807 ab", "-9223372036854775808 ab", "99999999999999999999 ab", strings.Repeat("9", 200),
	} {
		turns := newSharedTurns()
		s := newShop(t, nil)
		visitors, err := session.NewVisitors(s.store, session.WithTurns(turns))
		if err != nil {
			t.Fatal(err)
		}
		h, err := checkoutscript.New(checkoutscript.Config{
			API: s.client, Visitors: visitors, Consent: func(*http.Request, centra.Fields) bool { return true },
			Later: func(context.Context, checkoutscript.Pending) error { return nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		turns.notes[centra.Session(s.token)] = note
		if w := send(h, post(jsonType, `{"email": "a@b.se"}`), s.token); w.Code != http.StatusOK {
			t.Errorf("%q: an event is answered %d %s", note, w.Code, w.Body)
		}
		for newest, note := range turns.notes {
			if len(note) > session.MaxNote || strings.Contains(note, "a@b.se") {
				t.Errorf("%v has the note %q", newest, note)
			}
		}
		p := capture(s, "a@b.se")
		p.CapturedAt = time.Now()
		if err := h.Redeliver(t.Context(), p); err != nil && note != "9223372036854775807 ab" {
			t.Errorf("%q: Redeliver: %v", note, err)
		}
	}
}
