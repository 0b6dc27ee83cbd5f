package zotel

import (
	"maps"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.uber.org/atomic"
)

// cells finds what an instrument records on by the attributes of a call. Attributes that were seen before cost a look-up without a lock or an
// allocation. Nothing is ever removed; there are at most limit.
//
// Attributes are known by their hash of 64 bits, as they are to OpenTelemetry's own SDK. Who can choose an attribute can make two of them collide, and gains nothing: he could have
// chosen the other one.
//
// Readers have a map that nobody writes to. What is not in it is looked for in the map behind the mutex, which takes its place when it was asked
// for an eighth of its size: so replacing it costs each set a constant time.
type cells[T any] struct {
	read  atomic.Pointer[map[attribute.Distinct]*T]
	bare  atomic.Pointer[T] // of calls without attributes; nil: there was none
	spare atomic.Pointer[T] // takes all that read does not have; nil: there is room. Stored after read has all

	limit int
	make  func(attribute.Set) *T

	mu     sync.Mutex // guards all below
	all    map[attribute.Distinct]*T
	over   *T  // of the overflow
	missed int // look-ups here since read was stored
}

func newCells[T any](limit int, make func(attribute.Set) *T) *cells[T] {
	c := &cells[T]{limit: limit, make: make, all: map[attribute.Distinct]*T{}}
	c.read.Store(&map[attribute.Distinct]*T{})
	return c
}

// none finds what calls without attributes record on.
func (c *cells[T]) none() *T {
	if to := c.bare.Load(); to != nil {
		return to
	}
	return c.of(*attribute.EmptySet())
}

// of finds what calls with these attributes record on.
func (c *cells[T]) of(set attribute.Set) *T {
	if to := (*c.read.Load())[set.Equivalent()]; to != nil {
		return to
	}
	if to := c.spare.Load(); to != nil {
		return to
	}
	return c.find(set)
}

func (c *cells[T]) find(set attribute.Set) *T {
	c.mu.Lock()
	defer c.mu.Unlock()
	to := c.all[set.Equivalent()]
	if to == nil {
		to = c.add(set)
	}
	c.missed++
	full := len(c.all) >= c.limit-1
	if full || 8*c.missed >= len(c.all) {
		c.missed = 0
		all := maps.Clone(c.all)
		c.read.Store(&all)
	}
	if full {
		c.spare.Store(c.overflowing())
	}
	return to
}

func (c *cells[T]) add(set attribute.Set) *T {
	if len(c.all) >= c.limit-1 {
		return c.overflowing()
	}
	to := c.make(set)
	c.all[set.Equivalent()] = to
	if set.Len() == 0 {
		c.bare.Store(to)
	}
	return to
}

func (c *cells[T]) overflowing() *T {
	if c.over == nil {
		c.over = c.make(overflow)
	}
	return c.over
}
