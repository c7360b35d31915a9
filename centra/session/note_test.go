package session_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
)

// notes are turns that keep one note, whoever the visitor is.
type notes struct {
	session.Turns
	mu   sync.Mutex
	note string
}

func (n *notes) Take(ctx context.Context, s centra.Session) (session.Turn, error) {
	turn, err := n.Turns.Take(ctx, s)
	return notedTurn{turn, n}, err
}

type notedTurn struct {
	session.Turn
	*notes
}

func (t notedTurn) Note() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.note
}

func (t notedTurn) SetNote(note string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.note = note
}

func TestNotes(t *testing.T) {
	tests := []struct {
		name  string
		turns session.Turns
		want  string
	}{
		{"turns that keep notes", &notes{Turns: session.NewTurns()}, "left by the call before, and by who follows"},
		{"turns of one process", session.NewTurns(), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			visitors, err := session.NewVisitors(session.Cookie{}, session.WithTurns(tt.turns))
			if err != nil {
				t.Fatal(err)
			}
			visitors.Follow(func(_ http.ResponseWriter, r *http.Request, _, _ centra.Session) {
				session.SetNote(r.Context(), session.Note(r.Context())+", and by who follows")
			})
			r := httptest.NewRequest(http.MethodGet, "https://example.com/", nil)
			r.Header.Set("Cookie", "__Host-centra-session=old")
			err = visitors.Do(httptest.NewRecorder(), r, func(ctx context.Context, _ centra.Session) (centra.Session, error) {
				session.SetNote(ctx, "left by the call before")
				return "new", nil
			})
			if err != nil {
				t.Fatal(err)
			}
			var got string
			err = visitors.DoSession(t.Context(), "old", func(ctx context.Context, _ centra.Session) (centra.Session, error) {
				got = session.Note(ctx)
				return "", nil
			})
			if err != nil || got != tt.want {
				t.Errorf("the note is %q, %v, want %q", got, err, tt.want)
			}
		})
	}
	session.SetNote(t.Context(), "outside of a turn") // does nothing
	if got := session.Note(t.Context()); got != "" {
		t.Errorf("outside of a turn the note is %q", got)
	}
}
