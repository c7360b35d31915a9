package recovery

import (
	"sync"
	"time"
)

// memory keeps values for a while, and the newest of them only.
type memory[K comparable, V any] struct {
	ttl time.Duration
	max int

	mu     sync.Mutex
	values map[K]remembered[K, V]
	oldest []remembered[K, V] // in the order in which they were kept
}

type remembered[K comparable, V any] struct {
	key   K
	value V
	until time.Time
}

func newMemory[K comparable, V any](ttl time.Duration, most int) *memory[K, V] {
	return &memory[K, V]{ttl: ttl, max: most, values: map[K]remembered[K, V]{}}
}

func (m *memory[K, V]) keep(key K, value V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.put(key, value)
}

// keepNew reports whether key was not there before.
func (m *memory[K, V]) keepNew(key K, value V) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if there, ok := m.values[key]; ok && time.Now().Before(there.until) {
		return false
	}
	m.put(key, value)
	return true
}

func (m *memory[K, V]) put(key K, value V) {
	now := time.Now()
	for len(m.oldest) > 0 && (len(m.oldest) >= m.max || !now.Before(m.oldest[0].until)) {
		first := m.oldest[0]
		if m.values[first.key].until.Equal(first.until) { // or it was kept anew
			delete(m.values, first.key)
		}
		m.oldest = m.oldest[1:]
	}
	kept := remembered[K, V]{key, value, now.Add(m.ttl)}
	m.values[key] = kept
	m.oldest = append(m.oldest, kept)
}

func (m *memory[K, V]) get(key K) (value V, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	there, ok := m.values[key]
	if !ok || !time.Now().Before(there.until) {
		return value, false
	}
	return there.value, true
}

func (m *memory[K, V]) forget(key K) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.values, key)
}
