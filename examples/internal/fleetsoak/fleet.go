package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

const (
	fleetSource = "../../fleet" // from here: this is no program for other directories
	fleetSize   = 3
	secret      = "fleetsoak-secret-canary"
	shopOrigin  = "http://shop.example" // how Centra knows the shop, wherever it listens
)

// built is where the program is, once it has been built.
var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "fleetsoak")
	if err != nil {
		return "", err
	}
	builtDir = dir
	binary := filepath.Join(dir, "fleet")
	build := exec.Command("go", "build", "-o", binary, ".")
	build.Dir = fleetSource
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("the fleet cannot be built; run this in its own directory: %w\n%s", err, out)
	}
	return binary, nil
})

var builtDir string

// removeBuilt removes the program from the disk, if it was built.
func removeBuilt() {
	if builtDir != "" {
		_ = os.RemoveAll(builtDir)
	}
}

// process is one of the fleet's, always at the same address.
type process struct {
	program
	addr string
}

func (p *process) url() string { return "http://" + p.addr }

func (p *process) open() error {
	_, err := p.start("The shop is open: ")
	return err
}

// newProcess makes the process of a number, which speaks to Centra by a socket of
// its own, so that Centra knows which one it answers.
func newProcess(number int, centra, redis string, queue []string) (*process, error) {
	binary, err := built()
	if err != nil {
		return nil, err
	}
	addr, err := freeAddress()
	if err != nil {
		return nil, err
	}
	args := append([]string{"-addr", addr, "-centra", centra, "-redis", redis, "-origin", shopOrigin}, queue...)
	p := &process{addr: addr}
	p.name, p.log = fmt.Sprintf("process %d", number), newRecord()
	p.command = func() *exec.Cmd {
		cmd := exec.Command(binary, args...)
		cmd.Env = append(os.Environ(), "CENTRA_SECRET="+secret)
		return cmd
	}
	return p, nil
}

// freeAddress is one of the loopback that nobody listens on. Systems give an outgoing
// connection a port above these, so it is still free when a process comes back.
func freeAddress() (addr string, err error) {
	for range 100 {
		addr = fmt.Sprintf("127.0.0.1:%d", 10_000+rand.IntN(20_000))
		l, listenErr := net.Listen("tcp", addr)
		if listenErr == nil {
			return addr, l.Close()
		}
		err = listenErr
	}
	return "", err
}

// machine is everything beside the visitors.
type machine struct {
	dir      string
	centra   *upstream
	redis    *redisServer
	postgres *postgres // nil: an SQLite file
	fleet    []*process
	balancer *balancer
}

// killedWithin reports whether a process was killed between two moments.
func (m *machine) killedWithin(from, to time.Time) bool {
	return slices.ContainsFunc(m.fleet, func(p *process) bool { return p.killedWithin(from, to) })
}

func newMachine(ctx context.Context, inPostgres bool) (m *machine, err error) {
	m = new(machine)
	defer func(made *machine) {
		if err != nil {
			_ = made.close()
		}
	}(m)
	if m.dir, err = os.MkdirTemp("", "fleetsoak"); err != nil {
		return nil, err
	}
	if m.redis, err = startRedis(m.dir); err != nil {
		return nil, err
	}
	queue := []string{"-queue", filepath.Join(m.dir, "queue.db")}
	if inPostgres {
		if m.postgres, err = startPostgres(ctx); err != nil {
			return nil, err
		}
		queue = []string{"-postgres", m.postgres.url}
	}
	if m.centra, err = newUpstream(fleetSize); err != nil {
		return nil, err
	}
	for i := range fleetSize {
		p, err := newProcess(i, m.centra.url(i), m.redis.addr, queue)
		if err != nil {
			return nil, err
		}
		m.fleet = append(m.fleet, p)
	}
	var opening sync.WaitGroup
	failed := make([]error, fleetSize)
	for i, p := range m.fleet { // together, as an orchestrator does
		opening.Go(func() { failed[i] = p.open() })
	}
	opening.Wait()
	if err := errors.Join(failed...); err != nil {
		return nil, err
	}
	m.balancer, err = newBalancer(m.fleet)
	return m, err
}

// close ends everything, the fleet as a deployment does.
func (m *machine) close() error {
	var all sync.WaitGroup
	failed := make([]error, len(m.fleet))
	for i, p := range m.fleet {
		all.Go(func() { failed[i] = p.stop(closing) })
	}
	all.Wait()
	if m.balancer != nil {
		m.balancer.close()
	}
	if m.centra != nil {
		m.centra.close()
	}
	if m.redis != nil {
		m.redis.kill()
	}
	if m.postgres != nil {
		m.postgres.stop()
	}
	_ = os.RemoveAll(m.dir)
	return errors.Join(failed...)
}

// closing is more than a process takes that finishes all it has to.
const closing = 40 * time.Second
