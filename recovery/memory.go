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
	order  *list.List // of *remembered[K, V], oldest first
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
	if _, known := m.find(key); known {
		return false
	}
	m.put(key, value)
	return true
}

func (m *memory[K, V]) get(key K) (value V, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.find(key)
}

func (m *memory[K, V]) forget(key K) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.drop(key)
}

func (m *memory[K, V]) find(key K) (value V, known bool) {
	e, known := m.values[key]
	if !known {
		return value, false
	}
	found := e.Value.(*remembered[K, V])
	if time.Now().After(found.until) {
		return value, false
	}
	return found.value, true
}

func (m *memory[K, V]) put(key K, value V) {
	now := time.Now()
	newest := remembered[K, V]{key, value, now.Add(m.ttl)}
	if e, known := m.values[key]; known {
		*e.Value.(*remembered[K, V]) = newest
		m.order.MoveToBack(e)
	} else {
		m.values[key] = m.order.PushBack(&newest)
	}
	for e := m.order.Front(); e != nil; e = m.order.Front() {
		oldest := e.Value.(*remembered[K, V])
		if len(m.values) <= m.max && !now.After(oldest.until) {
			return
		}
		m.drop(oldest.key)
	}
}

func (m *memory[K, V]) drop(key K) {
	if e, known := m.values[key]; known {
		m.order.Remove(e)
		delete(m.values, key)
	}
}
