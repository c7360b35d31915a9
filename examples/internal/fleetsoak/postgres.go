package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// postgres is a cluster of this run's own, in a directory that goes away with it.
type postgres struct {
	program
	dir, url string
}

// startPostgres makes a cluster and starts it. PostgreSQL refuses to run as root,
// so there it runs as its own user, or as nobody.
func startPostgres(ctx context.Context) (_ *postgres, err error) {
	bin, err := postgresPrograms()
	if err != nil {
		return nil, err
	}
	p := &postgres{}
	if p.dir, err = os.MkdirTemp("", "fleetsoak-postgres"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = os.RemoveAll(p.dir)
		}
	}()
	var as *syscall.SysProcAttr
	if os.Geteuid() == 0 {
		if as, err = otherUser(p.dir); err != nil {
			return nil, err
		}
	}
	data := filepath.Join(p.dir, "data")
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"),
		"-D", data, "-U", "shop", "-A", "trust", "-E", "UTF8", "--no-sync")
	initdb.SysProcAttr, initdb.Dir = as, p.dir
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	addr, err := freeAddress()
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(addr)
	p.url = "postgres://shop@" + addr + "/postgres?sslmode=disable"
	p.name, p.log = "postgres", newRecord()
	p.command = func() *exec.Cmd {
		cmd := exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-h", "127.0.0.1", "-p", port, "-k", p.dir)
		cmd.SysProcAttr, cmd.Dir = as, p.dir
		return cmd
	}
	_, err = p.start("database system is ready to accept connections")
	return p, err
}

func (p *postgres) stop() {
	// SIGINT ends the connections, where SIGTERM would wait for them.
	_ = p.end(syscall.SIGINT, 20*time.Second)
	_ = os.RemoveAll(p.dir)
}

var errNoPostgres = errors.New("PostgreSQL is missing: install it by its ordinary package")

func postgresPrograms() (string, error) {
	if initdb, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(initdb), nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // where Debian has it
	if err != nil || len(found) == 0 {
		return "", errNoPostgres
	}
	return filepath.Dir(found[len(found)-1]), nil
}

func otherUser(dir string) (*syscall.SysProcAttr, error) {
	u, err := user.Lookup("postgres")
	if err != nil {
		if u, err = user.Lookup("nobody"); err != nil {
			return nil, errors.New("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")
		}
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	as := &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return &syscall.SysProcAttr{Credential: as}, os.Chown(dir, uid, gid)
}
