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
// Readers have a map that nobody writes to. What is not in it is looked for in the map behind the mutex, which takes its place when it was asked
// for an eighth of its size: so replacing it costs each set a constant time.
type cells[T any] struct {
	read  atomic.Pointer[map[attribute.Distinct]*cell[T]]
	bare  atomic.Pointer[cell[T]] // of calls without attributes; nil: there was none
	spare atomic.Pointer[cell[T]] // what takes all that read does not have; nil: there is room. Stored after read has all

	limit int
	make  func(attribute.Set) T

	mu     sync.Mutex // guards all below
	all    map[attribute.Distinct]*cell[T]
	over   *cell[T] // of the overflow
	missed int      // look-ups here since read was stored
}

// cell is immutable.
type cell[T any] struct {
	set attribute.Set
	to  T
}

func newCells[T any](limit int, make func(attribute.Set) T) *cells[T] {
	c := &cells[T]{limit: limit, make: make, all: map[attribute.Distinct]*cell[T]{}}
	c.read.Store(&map[attribute.Distinct]*cell[T]{})
	return c
}

// none finds what calls without attributes record on.
func (c *cells[T]) none() T {
	if e := c.bare.Load(); e != nil {
		return e.to
	}
	return c.of(*attribute.EmptySet())
}

// of finds what calls with these attributes record on. Attributes are the same only if their content is: their hash is one that
// whoever chooses a value can make collide.
func (c *cells[T]) of(set attribute.Set) T {
	if e := (*c.read.Load())[set.Equivalent()]; e != nil && e.set == set {
		return e.to
	}
	if e := c.spare.Load(); e != nil {
		return e.to
	}
	return c.find(set)
}

func (c *cells[T]) find(set attribute.Set) T {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := set.Equivalent()
	e := c.all[d]
	switch {
	case e == nil:
		e = c.add(d, set)
	case !e.set.Equals(&set):
		e = c.overflowing()
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
	return e.to
}

func (c *cells[T]) add(d attribute.Distinct, set attribute.Set) *cell[T] {
	copied, ok := own(set)
	if !ok || len(c.all) >= c.limit-1 {
		return c.overflowing()
	}
	e := &cell[T]{copied, c.make(copied)}
	c.all[d] = e
	if set.Len() == 0 {
		c.bare.Store(e)
	}
	return e
}

func (c *cells[T]) overflowing() *cell[T] {
	if c.over == nil {
		c.over = &cell[T]{overflow, c.make(overflow)}
	}
	return c.over
}
