package main

import (
	"bufio"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
)

// shopLog watches what the shop writes without keeping it.
type shopLog struct {
	isSecret func(word string) bool

	mu          sync.Mutex
	last        []string
	leaks       int // lines with an address, a session, a selection's ID or the secret
	collections int
	live        bytesize // after the last of them
}

const keptLines = 20

func (l *shopLog) read(r io.Reader, address chan<- string) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		if _, url, found := strings.Cut(line, "The shop is open: "); found {
			address <- url
		}
		live, collected := liveHeap(line)
		l.mu.Lock()
		if collected {
			l.collections++
			l.live = live
			l.mu.Unlock()
			continue
		}
		if l.tells(line) {
			l.leaks++
		}
		if l.last = append(l.last, line); len(l.last) > keptLines {
			l.last = l.last[1:]
		}
		l.mu.Unlock()
	}
	_, _ = io.Copy(io.Discard, r) // a line too long may not block the shop
}

// tells reports whether a line says what no log may.
func (l *shopLog) tells(line string) bool {
	if strings.Contains(line, secret) || strings.Contains(line, mailDomain) {
		return true
	}
	words := strings.FieldsFunc(line, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return slices.ContainsFunc(words, func(word string) bool { return len(word) >= 20 && l.isSecret(word) })
}

func (l *shopLog) tail() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.last, "\n")
}

func (l *shopLog) leaked() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.leaks
}

// liveHeap reads a line of the garbage collector's trace, such as
// "gc 7 @1.9s 2%: 0.02+1.2+0.03 ms clock, 0.05+0.6/0.9/0+0.07 ms cpu, 7->8->3 MB, 8 MB goal, ...".
func liveHeap(line string) (live bytesize, ok bool) {
	rest, ok := strings.CutPrefix(line, "gc ")
	if !ok {
		return 0, false
	}
	sizes, _, _ := strings.Cut(rest, " MB,")
	megabytes, err := strconv.Atoi(sizes[strings.LastIndex(sizes, ">")+1:])
	return bytesize(megabytes) << 20, err == nil
}

func (l *shopLog) heap() (live bytesize, collections int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.live, l.collections
}
