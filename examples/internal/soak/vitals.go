package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// bytesize is a number of bytes, -1 if it is not known.
type bytesize int64

func (b bytesize) String() string {
	if b < 0 {
		return "not known"
	}
	return fmt.Sprintf("%.1f MiB", float64(b)/(1<<20))
}

// vitals are the shop's size; -1 for what is not known.
type vitals struct {
	memory, peak bytesize // resident
	live         bytesize // of the heap, when it was last collected
	goroutines   int
}

func (v vitals) String() string {
	text := fmt.Sprintf("%s, of it %s live", v.memory, v.live)
	if v.goroutines >= 0 {
		text += fmt.Sprintf(", %d goroutines", v.goroutines)
	}
	return text
}

func (s *webshop) memory() bytesize { return s.status("VmRSS:") }

// status reads a line such as "VmRSS:  12345 kB" of /proc, which only Linux has.
func (s *webshop) status(name string) bytesize {
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(s.command.Process.Pid), "status"))
	if err != nil {
		return -1
	}
	for line := range bytes.Lines(status) {
		fields := strings.Fields(string(line))
		if len(fields) >= 2 && fields[0] == name {
			kilobytes, err := strconv.ParseInt(fields[1], 10, 64)
			if err != nil {
				return -1
			}
			return bytesize(kilobytes << 10)
		}
	}
	return -1
}

func (s *webshop) vitals(ctx context.Context) vitals {
	live, _ := s.log.heap()
	return vitals{memory: s.memory(), peak: s.status("VmHWM:"), live: live, goroutines: s.goroutines(ctx)}
}

// goroutines asks the shop on a connection that it closes, so that it counts
// itself alike each time.
func (s *webshop) goroutines(ctx context.Context) int {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/healthz", nil)
	if err != nil {
		return -1
	}
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return -1
	}
	defer resp.Body.Close()
	var health struct {
		Goroutines int `json:"goroutines"`
	}
	if json.NewDecoder(resp.Body).Decode(&health) != nil {
		return -1
	}
	return cmp.Or(health.Goroutines, -1)
}

const (
	coolDown = time.Second
	patience = 15 * time.Second
)

// settle lets the shop cool down: its garbage is collected and its connections to
// Centra are cut, again and again until it is no bigger than the goal, but not
// for ever. Go's runtime gives free memory back little by little while it
// collects, and hardly at all while a process is idle; what has leaked no number
// of collections brings back.
func (s *webshop) settle(ctx context.Context, up *upstream, goal vitals, remembered int) vitals {
	for end := time.Now().Add(patience); ; {
		s.collect(ctx)
		if up.reconnect() != nil {
			up.open(ctx)
		}
		pause(ctx, coolDown)
		now := s.vitals(ctx)
		if goal == (vitals{}) || now.back(goal, remembered) || time.Now().After(end) || ctx.Err() != nil {
			return now
		}
	}
}

// collect looks at pages until the garbage collector has run three times: the
// second time empties a sync.Pool, and the third finds that memory unused.
// Nothing from outside could make it run.
func (s *webshop) collect(ctx context.Context) {
	_, before := s.log.heap()
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for end := time.Now().Add(patience); time.Now().Before(end) && ctx.Err() == nil; {
		if _, now := s.log.heap(); now >= before+3 {
			return
		}
		resp, err := client.Get(s.url + "/")
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
}

const (
	// liveSlack is for a trace in whole megabytes, and for what the shop remembers
	// beside sessions.
	liveSlack = 8 << 20
	// memorySlack is for what the runtime has not given back yet.
	memorySlack = 24 << 20
	// goroutineSlack is for a connection that the other side has not closed yet.
	goroutineSlack = 2

	// A shop remembers which token took the place of which, so many of them, for an
	// hour: that is what a straggler finds its cart by.
	bytesPerToken    = 600
	tokensRemembered = 100_000
)

// slack is how much more memory may be in use after so many tokens were replaced.
func slack(least bytesize, tokens int) bytesize {
	return least + bytesPerToken*bytesize(min(tokens, tokensRemembered))
}

// back reports whether a shop has returned to what it was before, but for what it
// remembers.
func (v vitals) back(before vitals, remembered int) bool {
	return returned(before.live, v.live, slack(liveSlack, remembered)) &&
		returned(before.memory, v.memory, slack(memorySlack, remembered)) &&
		returned(before.goroutines, v.goroutines, goroutineSlack)
}

// returned reports whether a value is what it was, or less. What was known and
// is not any more has not returned.
func returned[T ~int | ~int64](before, after, slack T) bool {
	return before < 0 || (after >= 0 && after <= before+slack)
}
