package recovery

import (
	"container/list"
	"sync"
	"time"
)

// memory keeps values for a while, and the newest of them only.
type memory[K comparable, V any] struct {
	ttl time.Duration
	max int

	mu     sync.Mutex
	values map[K]*list.Element
	order  *list.List // of remembered[K, V], oldest first
}

type remembered[K comparable, V any] struct {
	key   K
	value V
	until time.Time
}

func newMemory[K comparable, V any](ttl time.Duration, most int) *memory[K, V] {
	return &memory[K, V]{ttl: ttl, max: most, values: map[K]*list.Element{}, order: list.New()}
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
	m.dropOld()
	if _, ok := m.values[key]; ok {
		return false
	}
	m.put(key, value)
	return true
}

func (m *memory[K, V]) get(key K) (value V, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dropOld()
	e, ok := m.values[key]
	if !ok {
		return value, false
	}
	return e.Value.(remembered[K, V]).value, true
}

func (m *memory[K, V]) forget(key K) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.drop(key)
}

func (m *memory[K, V]) put(key K, value V) {
	m.drop(key)
	m.values[key] = m.order.PushBack(remembered[K, V]{key, value, time.Now().Add(m.ttl)})
	m.dropOld()
}

func (m *memory[K, V]) dropOld() {
	now := time.Now()
	for e := m.order.Front(); e != nil; e = m.order.Front() {
		oldest := e.Value.(remembered[K, V])
		if len(m.values) <= m.max && now.Before(oldest.until) {
			return
		}
		m.drop(oldest.key)
	}
}

func (m *memory[K, V]) drop(key K) {
	if e, ok := m.values[key]; ok {
		m.order.Remove(e)
		delete(m.values, key)
	}
}
