package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// program is a child process and what it has said, over all its lives.
type program struct {
	name    string
	command func() *exec.Cmd
	log     *record

	mu     sync.Mutex
	cmd    *exec.Cmd
	exited chan struct{}
	peak   int64 // resident memory of earlier lives, in bytes
	kills  []time.Time
}

// start starts it and returns when it says ready.
func (p *program) start(ready string) (rest string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	cmd := p.command()
	output, write := io.Pipe()
	cmd.Stdout, cmd.Stderr = write, write
	if err := cmd.Start(); err != nil {
		return "", fmt.Errorf("%s cannot be started: %w", p.name, err)
	}
	said, exited := make(chan string, 1), make(chan struct{})
	go p.log.read(output, ready, said)
	go func() {
		_ = cmd.Wait() // what it would say is in ProcessState
		_ = write.Close()
		close(exited)
	}()
	p.cmd, p.exited = cmd, exited
	if ready == "" {
		return "", nil
	}
	select {
	case rest = <-said:
		return rest, nil
	case <-exited:
		return "", fmt.Errorf("%s ended at once:\n%s", p.name, p.log.tail())
	case <-time.After(opening):
		_ = cmd.Process.Kill()
		return "", fmt.Errorf("%s does not get ready:\n%s", p.name, p.log.tail())
	}
}

// opening is far more than a program needs to get ready, on a busy machine too.
const opening = 30 * time.Second

// kill ends it by SIGKILL.
func (p *program) kill() { _ = p.end(syscall.SIGKILL, time.Second) }

// stop ends it by SIGTERM. The error says that it took too long or complained.
func (p *program) stop(patience time.Duration) error { return p.end(syscall.SIGTERM, patience) }

func (p *program) end(signal os.Signal, patience time.Duration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return nil
	}
	p.peak = max(p.peak, p.status("VmHWM:"))
	if signal == syscall.SIGKILL {
		p.kills = append(p.kills, time.Now())
	}
	_ = p.cmd.Process.Signal(signal)
	var err error
	select {
	case <-p.exited:
		if code := p.cmd.ProcessState.ExitCode(); signal == syscall.SIGTERM && code != 0 {
			err = fmt.Errorf("%s ended with %s:\n%s", p.name, p.cmd.ProcessState, p.log.tail())
		}
	case <-time.After(patience):
		_ = p.cmd.Process.Kill()
		<-p.exited
		if signal == syscall.SIGTERM {
			err = errors.New(p.name + " did not end in time")
		}
	}
	p.cmd = nil
	return err
}

// killedWithin reports whether it was killed between two moments.
func (p *program) killedWithin(from, to time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(p.kills, func(at time.Time) bool { return at.After(from) && at.Before(to) })
}

// died says how it ended, if nobody had asked it to.
func (p *program) died() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return ""
	}
	select {
	case <-p.exited:
		return p.cmd.ProcessState.String()
	default:
		return ""
	}
}

// memory is what it has resident now, and had at most in all its lives; -1 where
// that is not known.
func (p *program) memory() (now, peak int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return -1, p.peak
	}
	return p.status("VmRSS:"), max(p.peak, p.status("VmHWM:"))
}

// status reads a line such as "VmRSS:  12345 kB" of /proc, which only Linux has.
func (p *program) status(name string) int64 {
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.cmd.Process.Pid), "status"))
	if err != nil {
		return -1
	}
	for line := range bytes.Lines(status) {
		if fields := strings.Fields(string(line)); len(fields) >= 2 && fields[0] == name {
			if kilobytes, err := strconv.ParseInt(fields[1], 10, 64); err == nil {
				return kilobytes << 10
			}
		}
	}
	return -1
}

// record is what programs have said: the last lines, and every word that is long
// enough to be an ID, a token or an address.
type record struct {
	mu    sync.Mutex
	last  []string
	words map[string]bool
}

func newRecord() *record { return &record{words: make(map[string]bool)} }

const keptLines = 30

func (r *record) read(output io.Reader, ready string, said chan<- string) {
	lines := bufio.NewScanner(output)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		if _, rest, found := strings.Cut(line, ready); found && ready != "" {
			select {
			case said <- rest:
			default:
			}
		}
		r.add(line)
	}
	_, _ = io.Copy(io.Discard, output) // a line too long may not block the program
}

func (r *record) add(line string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for word := range words(line) {
		r.words[word] = true
	}
	if r.last = append(r.last, line); len(r.last) > keptLines {
		r.last = r.last[1:]
	}
}

func (r *record) tail() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.last, "\n")
}

// leaks counts the canaries and addresses among the words.
func (r *record) leaks(canaries map[string]bool) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for word := range r.words {
		if canaries[word] || strings.Contains(word, mailDomain) {
			n++
		}
	}
	return n
}

// words are the parts of a text that may be tokens, IDs, secrets or addresses.
func words(text string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for _, word := range strings.FieldsFunc(text, func(r rune) bool {
			return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '-' && r != '@' && r != '.'
		}) {
			if len(word) >= 8 && !yield(word) {
				return
			}
		}
	}
}
