package session

import "context"

// NotedTurn is a [Turn] that carries a note about its visitor from one call to the
// next, in whichever process that is made and whatever session it comes with. A
// Turns need not have it; that of package redisturns has.
type NotedTurn interface {
	Turn

	// Note is what the visitor's last SetNote has left, "" where nothing is known.
	// It is good for as long as the newest session is remembered.
	Note() string

	// SetNote leaves a note of up to [MaxNote] bytes, in place of the one that was
	// there. Done keeps it; after that it does nothing.
	SetNote(note string)
}

// MaxNote is how many bytes a note may have.
const MaxNote = 200

type turnKey struct{}

// Note returns what an earlier call for the same visitor has left by SetNote. ctx
// is the context that a call of [Visitors.Do] was given. It is "" where nothing
// was left, where that is not known any more, and where the turns keep no notes.
// There is one note a visitor, and it is package checkoutscript's: which decision
// about the reminder was the last.
func Note(ctx context.Context) string {
	if turn, ok := ctx.Value(turnKey{}).(NotedTurn); ok {
		return turn.Note()
	}
	return ""
}

// SetNote leaves a note for the visitor's next calls; see [Note].
func SetNote(ctx context.Context, note string) {
	if turn, ok := ctx.Value(turnKey{}).(NotedTurn); ok && len(note) <= MaxNote {
		turn.SetNote(note)
	}
}

// noted lets a call, and what follows it in the same turn, read and leave notes.
func (e *errand) noted(ctx context.Context) context.Context {
	e.mu.Lock()
	defer e.mu.Unlock()
	return withTurn(ctx, e.turn)
}

func withTurn(ctx context.Context, turn Turn) context.Context {
	if noted, ok := turn.(NotedTurn); ok {
		return context.WithValue(ctx, turnKey{}, noted)
	}
	return ctx
}
