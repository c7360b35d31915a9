package session

import (
	"sync"
	"time"

	"github.com/centra-go/cartabandonment/centra"
)

// memory keeps what this process has learned of sessions, bounded in number and
// for an hour.
type memory[V any] struct {
	mu     sync.Mutex
	values map[centra.Session]V
	order  []learned // oldest first
}

type learned struct {
	of    centra.Session
	until time.Time
}

const maxLearned = 10_000

func newMemory[V any]() *memory[V] { return &memory[V]{values: map[centra.Session]V{}} }

func (m *memory[V]) get(s centra.Session) (value V, known bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forgetOld()
	value, known = m.values[s]
	return value, known
}

func (m *memory[V]) set(s centra.Session, value V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forgetOld()
	if _, known := m.values[s]; !known {
		m.order = append(m.order, learned{s, time.Now().Add(replacedTTL)})
	}
	m.values[s] = value
}

func (m *memory[V]) forgetOld() {
	now := time.Now()
	for len(m.order) > 0 && (len(m.order) > maxLearned || now.After(m.order[0].until)) {
		delete(m.values, m.order[0].of)
		m.order = m.order[1:]
	}
}
