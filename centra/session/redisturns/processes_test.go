package redisturns_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/centra/session/redisturns"
)

// shop is a Centra with one cart, whose token rotates with every call.
type shop struct {
	mu      sync.Mutex
	name    string
	tokens  []centra.Session // the last is the newest
	at      atomic.Int32
	atOnce  atomic.Int32
	stale   atomic.Int32
	carried atomic.Int32
}

func newShop(name string) *shop {
	return &shop{name: name, tokens: []centra.Session{centra.Session(name + "-0")}}
}

// some returns the newest token or one of those before it.
func (s *shop) some(back int) centra.Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tokens[max(0, len(s.tokens)-1-back)]
}

func (s *shop) call(with centra.Session) centra.Session {
	if s.at.Add(1) > 1 {
		s.atOnce.Add(1)
	}
	time.Sleep(500 * time.Microsecond)
	s.at.Add(-1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if with != s.tokens[len(s.tokens)-1] {
		s.stale.Add(1)
	}
	next := centra.Session(fmt.Sprint(s.name, "-", len(s.tokens)))
	s.tokens = append(s.tokens, next)
	s.carried.Add(1)
	return next
}

func TestProcessesTakeTurns(t *testing.T) {
	client := startServer(t).client()
	processes := []*redisturns.Turns{process(t, client), process(t, client), process(t, client)}
	shops := []*shop{newShop("anna"), newShop("bert"), newShop("cleo")}
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	var wait sync.WaitGroup
	for i := range 18 {
		wait.Go(func() {
			shop, turns := shops[i%3], processes[i/3%3]
			for n := range 25 {
				turn, err := turns.Take(ctx, shop.some(n%4))
				if err != nil {
					t.Error(err)
					return
				}
				turn.Done(shop.call(turn.Session()))
			}
		})
	}
	wait.Wait()
	for _, s := range shops {
		if n := s.atOnce.Load(); n > 0 {
			t.Errorf("%d times two calls had the turn of %s at once", n, s.name)
		}
		if n := s.stale.Load(); n > 0 {
			t.Errorf("%d calls for %s were made with an old session", n, s.name)
		}
		if n := s.carried.Load(); n != 150 {
			t.Errorf("%d calls were made for %s, want 150", n, s.name)
		}
	}
}

func TestAnotherProcessKnowsTheNewest(t *testing.T) {
	client := startServer(t).client()
	one, two, three := process(t, client), process(t, client), process(t, client)
	began := time.Now()
	take(t, one, "a").Done("b")
	take(t, two, "b").Done("c")
	takes(t, three, "a", "c")
	takes(t, one, "b", "c")
	take(t, three, "a").Done("a") // which came back
	takes(t, two, "c", "a")
	takes(t, one, "b", "a")
	if took := time.Since(began); took > time.Second {
		t.Errorf("seven turns that nobody held took %v", took)
	}
}

// A server-side store of sessions is written before the turn ends, so that
// another process may take a turn with the new session first.
func TestVisitorsWhoTurnOutToBeOne(t *testing.T) {
	client := startServer(t).client()
	tests := []struct {
		name string
		end  func(old, other session.Turn)
	}{
		{"the call with the new session ends first", func(old, other session.Turn) {
			other.Done("newer")
			old.Done("new")
		}},
		{"the call with the old session ends first", func(old, other session.Turn) {
			old.Done("new")
			other.Done("newer")
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			client.FlushAll(t.Context())
			one, two, three := process(t, client), process(t, client), process(t, client)
			old, other := take(t, one, "old"), take(t, two, "new")
			came := make(chan centra.Session, 2)
			for _, s := range []centra.Session{"old", "new"} {
				go func() {
					turn := take(t, three, s)
					came <- turn.Session()
					turn.Done("")
				}()
			}
			time.Sleep(50 * time.Millisecond)
			tt.end(old, other)
			for range 2 {
				if got := <-came; got != "newer" {
					t.Errorf("a turn's session is %q, want the newest", string(got))
				}
			}
			for _, turns := range []session.Turns{one, two, three} {
				takes(t, turns, "old", "newer")
			}
			held := take(t, one, "old")
			blocked(t, two, "new")
			blocked(t, three, "newer")
			held.Done("")
		})
	}
}

// Nobody may wait for ever where two ended their turns with each other's session,
// and all who are led there must agree.
func TestACircleIsCut(t *testing.T) {
	server := startServer(t)
	client, slow := server.client(), server.client()
	gate := &gate{reached: make(chan struct{}), open: make(chan struct{})}
	slow.AddHook(gate)
	one, two := process(t, slow), process(t, client)
	sessions := []centra.Session{"a", "b"}
	for i := range 8 {
		s := centra.Session(fmt.Sprint("older-", i))
		turn := take(t, one, "a")
		turn.Done(s)
		sessions = append(sessions, s)
	}
	a, b := take(t, one, "a"), take(t, two, "b")
	gate.closed.Store(true)
	ended := make(chan struct{})
	go func() {
		a.Done("b")
		close(ended)
	}()
	<-gate.reached // it has seen that b is somebody's, and not yet said so
	b.Done("a")
	close(gate.open)
	<-ended
	held := take(t, process(t, client), "a")
	for _, s := range sessions {
		blocked(t, process(t, client), s)
	}
	held.Done("c")
	for _, s := range append(sessions, "c") {
		takes(t, process(t, client), s, "c")
	}
}

// gate stops a process, once closed, before it ends a turn in Redis: that is the
// only script with three keys.
type gate struct {
	closed        atomic.Bool
	reached, open chan struct{}
}

func (g *gate) DialHook(next redis.DialHook) redis.DialHook { return next }

func (g *gate) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (g *gate) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if args := cmd.Args(); args[0] == "evalsha" && args[2] == 3 && g.closed.CompareAndSwap(true, false) {
			close(g.reached)
			<-g.open
		}
		return next(ctx, cmd)
	}
}

func TestALongWay(t *testing.T) {
	client := startServer(t).client()
	// Each time another process is first with the new session.
	for i := range 40 {
		old, next := centra.Session(fmt.Sprint("s", i)), centra.Session(fmt.Sprint("s", i+1))
		turn, early := take(t, process(t, client), old), take(t, process(t, client), next)
		turn.Done(next)
		early.Done("")
		takes(t, process(t, client), "s0", next)
	}
}

func blocked(t testing.TB, turns session.Turns, s centra.Session) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Millisecond)
	defer cancel()
	turn, err := turns.Take(ctx, s)
	if err == nil {
		turn.Done("")
		t.Error("two calls of one visitor have their turn at once")
	} else if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Take: %v, want an error that matches context.DeadlineExceeded", err)
	}
}

// A process whose calls queue up must not have every turn.
func TestAnotherProcessComesBetween(t *testing.T) {
	client := startServer(t).client()
	busy, other := process(t, client), process(t, client)
	var turnsOfBusy atomic.Int32
	ctx, cancel := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for ctx.Err() == nil {
				if turn, err := busy.Take(ctx, "s"); err == nil {
					time.Sleep(20 * time.Millisecond)
					turnsOfBusy.Add(1)
					turn.Done("")
				}
			}
		})
	}
	for range 5 {
		time.Sleep(30 * time.Millisecond)
		before := turnsOfBusy.Load()
		takes(t, other, "s", "s")
		if n := turnsOfBusy.Load() - before; n > 5 {
			t.Errorf("%d turns of the busy process passed before one of the other", n)
		}
	}
	cancel()
	wait.Wait()
}

func TestALivingHolderKeepsItsTurn(t *testing.T) {
	t.Parallel()
	client := startServer(t).client()
	one, two := process(t, client), process(t, client)
	held := take(t, one, "s")
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
	defer cancel()
	if turn, err := two.Take(ctx, "s"); err == nil {
		turn.Done("")
		t.Error("a turn of 4 s was lost")
	}
	held.Done("t")
	takes(t, two, "s", "t")
}

func TestNoGoroutineStays(t *testing.T) {
	client := startServer(t).client()
	turns := process(t, client)
	take(t, turns, "warm").Done("")
	before := runtime.NumGoroutine()
	for i := range 50 {
		s := centra.Session(fmt.Sprint(i))
		held := take(t, turns, s)
		blocked(t, process(t, client), s)
		held.Done("next-" + s)
	}
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	stacks := make([]byte, 1<<20)
	t.Errorf("%d goroutines, before %d:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
}

// What one process notes of a visitor another one reads, by whichever session.
func TestANoteGoesToTheOtherProcesses(t *testing.T) {
	client := startServer(t).client()
	one, two := process(t, client), process(t, client)
	note := func(turns session.Turns, s centra.Session) string {
		t.Helper()
		turn := take(t, turns, s)
		defer turn.Done("")
		return turn.(session.NotedTurn).Note()
	}
	leave := func(turns session.Turns, s, now centra.Session, note string) {
		turn := take(t, turns, s)
		turn.(session.NotedTurn).SetNote(note)
		turn.Done(now)
	}
	leave(one, "a", "b", "first")
	for _, s := range []centra.Session{"a", "b"} {
		if got := note(two, s); got != "first" {
			t.Errorf("by %q the note is %q", string(s), got)
		}
	}
	leave(two, "b", "", "second")
	take(t, one, "a").Done("c")
	if got := note(two, "c"); got != "second" {
		t.Errorf("after another session the note is %q", got)
	}
	leave(one, "alone", "", "without a change of session")
	if got := note(two, "alone"); got != "without a change of session" {
		t.Errorf("the note is %q", got)
	}
	if got := note(two, "nobody"); got != "" {
		t.Errorf("a visitor who is new has the note %q", got)
	}
	for _, key := range client.Keys(t.Context(), "*").Val() {
		if strings.Contains(client.Get(t.Context(), key).Val(), "second") {
			t.Error("the note can be read in Redis")
		}
	}
}

// The answer with a new session may have reached the browser, and the browser
// another process, before the turn has ended in Redis.
func TestANoteFollowsAFastBrowser(t *testing.T) {
	for _, note := range []string{"", "newer"} {
		t.Run("it leaves the note "+note, func(t *testing.T) {
			client := startServer(t).client()
			one, two := process(t, client), process(t, client)
			held := take(t, one, "a")
			held.(session.NotedTurn).SetNote("first")
			next := take(t, two, "b")
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				held.Done("b")
			}()
			time.Sleep(50 * time.Millisecond)
			if note != "" {
				next.(session.NotedTurn).SetNote(note)
			}
			next.Done("c")
			<-ended
			want := cmp.Or(note, "first")
			for _, s := range []centra.Session{"a", "b", "c"} {
				turn := take(t, process(t, client), s)
				if got := turn.(session.NotedTurn).Note(); got != want || turn.Session() != "c" {
					t.Errorf("by %q the newest is %q with the note %q, want %q", string(s), string(turn.Session()), got, want)
				}
				turn.Done("")
			}
		})
	}
}
