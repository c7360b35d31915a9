package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

const (
	webshopPackage = "github.com/centra-go/cartabandonment/examples/webshop"
	secret         = "soak-secret-canary"
)

// webshop is the shop under test, a process of its own.
type webshop struct {
	url     string
	command *exec.Cmd
	dir     string // of the binary
	log     *shopLog

	stopping sync.Once
	exited   chan struct{}
	death    string // how it ended if nobody asked it to
}

// startWebshop returns when the shop is open.
func startWebshop(ctx context.Context, api, centra string, w *witness) (_ *webshop, err error) {
	dir, err := os.MkdirTemp("", "soak")
	if err != nil {
		return nil, err
	}
	s := &webshop{dir: dir, log: &shopLog{isSecret: w.isSecret}, exited: make(chan struct{})}
	defer func() {
		if err != nil {
			_ = os.RemoveAll(dir)
		}
	}()
	binary := filepath.Join(dir, "webshop")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, webshopPackage)
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("the webshop cannot be built: %w\n%s", err, out)
	}

	s.command = exec.Command(binary, "-addr", "127.0.0.1:0", "-api", api, "-centra", centra, "-origin", shopOrigin)
	// The trace of the garbage collector tells how much is in use, which resident
	// memory does not.
	s.command.Env = append(os.Environ(), "CENTRA_SECRET="+secret, "GODEBUG=gctrace=1")
	output, write := io.Pipe()
	s.command.Stdout, s.command.Stderr = write, write
	if err := s.command.Start(); err != nil {
		return nil, fmt.Errorf("the webshop cannot be started: %w", err)
	}
	address := make(chan string, 1)
	go s.log.read(output, address)
	go func() {
		_ = s.command.Wait() // what it would say is in ProcessState
		_ = write.Close()
		close(s.exited)
	}()
	select {
	case s.url = <-address:
		return s, nil
	case <-s.exited:
		return nil, errors.New("the webshop ended at once:\n" + s.log.tail())
	case <-time.After(opening):
		s.stop()
		return nil, errors.New("the webshop did not say where it listens:\n" + s.log.tail())
	case <-ctx.Done():
		s.stop()
		return nil, ctx.Err()
	}
}

// opening is far more than a shop needs to open, on a busy machine too.
const opening = 20 * time.Second

// stop ends the shop. It reports how it had ended before, if it had
// ("signal: killed", "exit status 2"), and its log.
func (s *webshop) stop() (death string, log *shopLog) {
	s.stopping.Do(func() {
		select {
		case <-s.exited:
			s.death = s.command.ProcessState.String()
		default:
			_ = s.command.Process.Signal(syscall.SIGTERM)
			select {
			case <-s.exited:
			case <-time.After(12 * time.Second): // more than it gives its last requests
				_ = s.command.Process.Kill()
				<-s.exited
			}
		}
		_ = os.RemoveAll(s.dir)
	})
	return s.death, s.log
}
