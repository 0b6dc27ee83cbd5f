package zgrpc

import (
	"strings"
	"sync"

	"go.uber.org/atomic"

	"github.com/zibrato/zibrato"
)

// method has the instruments of one method, but for the timers of failures.
type method struct {
	service, name  string
	ok             *zibrato.Timer
	received, sent *zibrato.Counter
}

// maxMethods is how many methods an interceptor tells apart. A program has fewer, unless it passes on the calls of others.
const maxMethods = 1000

// methods are those that an interceptor saw.
type methods struct {
	of    *instruments
	other *method // all others

	known atomic.Pointer[map[string]*method] // by full method. Never written to: who has mu puts a larger copy in its place, every call reads it
	mu    sync.Mutex
}

func (m *methods) init(i *instruments) {
	m.of = i
	m.other = m.make(other, other)
	m.known.Store(&map[string]*method{})
}

func (m *methods) make(service, name string) *method {
	return &method{service, name, m.of.duration.With(service, name, "OK"), m.of.received.With(service, name), m.of.sent.With(service, name)}
}

// find returns the instruments of a method.
func (m *methods) find(full string) *method {
	if found := (*m.known.Load())[full]; found != nil {
		return found
	}
	return m.add(full)
}

func (m *methods) add(full string) *method {
	m.mu.Lock()
	defer m.mu.Unlock()
	known := *m.known.Load()
	if found := known[full]; found != nil {
		return found
	}
	if len(known) == maxMethods {
		return m.other
	}
	full = strings.Clone(full) // it may be part of something large
	added := m.other
	if slash := strings.LastIndexByte(full, '/'); slash > 0 {
		added = m.make(strings.TrimPrefix(full[:slash], "/"), full[slash+1:])
	}
	larger := make(map[string]*method, len(known)+1)
	for name, m := range known {
		larger[name] = m
	}
	larger[full] = added
	m.known.Store(&larger)
	return added
}
