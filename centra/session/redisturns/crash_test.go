package redisturns_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/centra/session/redisturns"
)

const childOf = "REDISTURNS_TEST_CHILD_OF"

// TestMain is also the program of a process that can be killed: it takes the
// turn of "a", and ends it with the session that it reads from its input.
func TestMain(m *testing.M) {
	addr := os.Getenv(childOf)
	if addr == "" {
		os.Exit(m.Run())
	}
	client := redis.NewClient(&redis.Options{Addr: addr, ContextTimeoutEnabled: true})
	turns, err := redisturns.New(client)
	if err != nil {
		panic(err)
	}
	redisturns.SetPatience(turns, patient)
	turn, err := turns.Take(context.Background(), "a")
	if err != nil {
		panic(err)
	}
	fmt.Println("taken")
	var now string
	_, _ = fmt.Scanln(&now)
	turn.Done(centra.Session(now))
	fmt.Println("done")
}

type child struct {
	t    *testing.T
	cmd  *exec.Cmd
	in   io.Writer
	says *bufio.Reader
}

func startChild(t *testing.T, s *server) *child {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childOf+"="+s.addr)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	c := &child{t, cmd, in, bufio.NewReader(out)}
	c.said("taken")
	return c
}

func (c *child) said(want string) {
	c.t.Helper()
	line, err := c.says.ReadString('\n')
	if err != nil || strings.TrimSpace(line) != want {
		c.t.Fatalf("the process says %q, %v, want %q", line, err, want)
	}
}

func TestAKilledProcessKeepsNobody(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	turns := process(t, server.client())
	for range 2 {
		child := startChild(t, server)
		time.Sleep(time.Second) // so that it has extended its lease
		_ = child.cmd.Process.Kill()
		killed := time.Now()
		takes(t, turns, "a", "a")
		if took := time.Since(killed); took > 3*time.Second {
			t.Errorf("the turn came %v after its holder was killed, want 3 s at most", took)
		}
	}
}

func TestAFrozenProcessOverwritesNothingNewer(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		meanwhile centra.Session // what another process brought
		note      string         // what it has left
		want      centra.Session
	}{
		{"another process brought a newer session", "b", "", "b"},
		{"nobody brought a newer session", "", "", "late"},
		{"another process left a note", "", "no reminder", "late"},
		{"another process brought a newer session and left a note", "b", "no reminder", "b"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := startServer(t)
			turns := process(t, server.client())
			child := startChild(t, server)
			_ = child.cmd.Process.Signal(syscall.SIGSTOP)
			next := take(t, turns, "a")
			next.(session.NotedTurn).SetNote(tt.note)
			next.Done(tt.meanwhile)
			_ = child.cmd.Process.Signal(syscall.SIGCONT)
			fmt.Fprintln(child.in, "late")
			child.said("done")
			takes(t, turns, "a", tt.want)
			takes(t, turns, "late", tt.want)
			held := take(t, turns, "a")
			if got := held.(session.NotedTurn).Note(); got != tt.note {
				t.Errorf("the note is %q, want %q", got, tt.note)
			}
			blocked(t, process(t, server.client()), "late")
			held.Done("")
		})
	}
}

// Who has the turn now says what is newest, whatever a late one brings meanwhile.
func TestALateHolderMeetsTheNext(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	turns := process(t, server.client())
	child := startChild(t, server)
	_ = child.cmd.Process.Signal(syscall.SIGSTOP)
	next := take(t, turns, "a")
	_ = child.cmd.Process.Signal(syscall.SIGCONT)
	fmt.Fprintln(child.in, "late")
	child.said("done")
	blocked(t, process(t, server.client()), "late")
	next.Done("b")
	for _, s := range []centra.Session{"a", "late", "b"} {
		takes(t, process(t, server.client()), s, "b")
	}
}

// What two have changed who had the turn at the same time is kept of both.
func TestALateNoteIsKept(t *testing.T) {
	tests := []struct {
		name      string
		late      centra.Session // what the late one brings
		meanwhile centra.Session
		note      string // left meanwhile
		want      centra.Session
		wantNote  string
	}{
		{"beside a newer session", "", "b", "", "b", "late"},
		{"beside nothing", "", "", "", "a", "late"},
		{"with another session, beside a newer one", "c", "b", "", "b", "late"},
		{"beside a newer note", "c", "", "newer", "c", "newer"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			client := startServer(t).client()
			turns, err := redisturns.New(client)
			if err != nil {
				t.Fatal(err)
			}
			redisturns.SetPatience(turns, patient)
			late := take(t, turns, "a")
			client.Del(t.Context(), client.Keys(t.Context(), "*:lock").Val()...) // as if its lease had run out
			next := take(t, process(t, client), "a")
			if tt.note != "" {
				next.(session.NotedTurn).SetNote(tt.note)
			}
			next.Done(tt.meanwhile)
			late.(session.NotedTurn).SetNote("late")
			late.Done(tt.late)
			turn := take(t, process(t, client), "a")
			defer turn.Done("")
			if got, note := turn.Session(), turn.(session.NotedTurn).Note(); got != tt.want || note != tt.wantNote {
				t.Errorf("the newest is %q with the note %q, want %q with %q", string(got), note, string(tt.want), tt.wantNote)
			}
		})
	}
}
