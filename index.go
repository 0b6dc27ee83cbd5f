package zibrato

import (
	"hash/maphash"
	"math/rand/v2"
	"slices"
	"sync"
	"unsafe"

	"go.uber.org/atomic"

	"github.com/zibrato/zibrato/internal/rodata"
)

// index finds values by a key of one or more strings; see init. Reads take no lock and do not allocate, writes take a mutex. Nothing is
// ever removed; what is put in is bounded by the number of series, and maxRefused.
//
// Most names are constants, and come from the same address every time. So a look-up first tries the node that was found last for strings at
// these addresses, which saves hashing the content. That the address is the same proves nothing: memory is reused. So the content is compared
// with the node's copy, unless the linker laid the string where nobody can write.
type index[T any] struct {
	found found                                  // by address. First, where assembly looks for it: see whole_amd64.go
	table atomic.Pointer[[]atomic.Pointer[node]] // by content: a power of two of chains, replaced when it grows

	mu      sync.Mutex
	n       int
	refused int // of them, what found no room for a series
}

// maxRefused bounds the constants for which there was no room for a series, and which are found like others nevertheless: calls in hot code must not take the
// longest way for ever because names without end came before. Other names are not kept: they may be without end. Constants are as well, since part of one is one.
const maxRefused = 4096

// found holds, for each hash of addresses, the node that was found last. Any look-up may write it; a node that is driven out is found by its
// content. When there are to be more slots the new ones are stored before the shift that reaches them: who loads the shift first
// stays within those that it loads then.
type found struct {
	shift atomic.Uint32        // of a hash, which leaves the number of a slot
	first atomic.Pointer[slot] // of 1 << (64 - shift)
}

type slot = atomic.Pointer[node]

// node is immutable once a chain holds it. It has no type parameter: a look-up without one is cheaper. Assembly reads it, too.
type node struct {
	constant uintptr        // address of the only string of the key that it was made for, if that is constant; otherwise 0
	name     string         // the only string of the key
	val      unsafe.Pointer // *T of the index
	key      []string
	hash     uint64
	next     *node
}

// nobody is where nothing was found yet, and spares look-ups a check.
var nobody = &node{constant: 1}

func newSlots(n int) []slot {
	slots := make([]slot, n)
	for i := range slots {
		slots[i].Store(nobody)
	}
	return slots
}

// nowhere are the slots of every empty index.
var nowhere = newSlots(1 << (64 - fewest))

const (
	fewest = 63 // the shift of an empty index
	most   = 52 // the shift of the largest one: 4096 slots, which take 32 KiB
)

func (f *found) init() {
	f.first.Store(&nowhere[0])
	f.shift.Store(fewest)
}

// grow sees to four slots a name, as far as there may be.
func (f *found) grow(names int) {
	shift := f.shift.Load()
	for 1<<(64-shift) < 4*names && shift > most {
		shift--
	}
	if shift < f.shift.Load() {
		f.first.Store(&newSlots(1 << (64 - shift))[0])
		f.shift.Store(shift)
	}
}

// init makes the zero index ready.
func (x *index[T]) init() { x.found.init() }

var indexSeed = maphash.MakeSeed()

const golden = 0x9E3779B97F4A7C15

func hashOf(key []string) (h uint64) {
	for _, k := range key {
		h = h*golden ^ maphash.String(indexSeed, k)
	}
	return h
}

// one finds the value of a key of one string by its content. Who is in a hurry asks found first, by itself: a method of a type with a parameter
// is never inlined.
func (x *index[T]) one(name string) *T { return x.byContent([]string{name}) }

// last returns the node that was found last for a string at this address, or perhaps for another. It is inlined.
func (f *found) last(name string) *node { return f.slot(hashAddress(0, name)).Load() }

// at returns the value that was found last for a string at this address, if it is that string's.
func (f *found) at(name string) unsafe.Pointer {
	n := f.last(name)
	if n.is(name) || n.name == name {
		return n.val
	}
	return nil
}

// atAll does so for a key of any number of strings.
func (f *found) atAll(key []string) unsafe.Pointer {
	n := f.slot(addressOf(key)).Load()
	if len(n.key) != len(key) {
		return nil
	}
	for i, k := range n.key {
		// A string that is where the node's own is needs no look at its content. Constants are.
		if len(k) != len(key[i]) || unsafe.StringData(k) != unsafe.StringData(key[i]) && k != key[i] {
			return nil
		}
	}
	return n.val
}

// is reports whether the node is that of a constant.
func (n *node) is(name string) bool {
	return n.constant == uintptr(unsafe.Pointer(unsafe.StringData(name))) && len(n.name) == len(name)
}

func (f *found) slot(h uint64) *slot {
	n := h >> (f.shift.Load() & 63)
	return (*slot)(unsafe.Add(unsafe.Pointer(f.first.Load()), uintptr(n)*unsafe.Sizeof(slot{})))
}

func addressOf(key []string) (h uint64) {
	for _, k := range key {
		h = hashAddress(h, k)
	}
	return h
}

// hashAddress tells strings apart by where they lie. One may begin or end within another, so the length has a say.
func hashAddress(h uint64, s string) uint64 {
	return (h ^ (uint64(uintptr(unsafe.Pointer(unsafe.StringData(s)))) + 2*uint64(len(s)))) * golden
}

func (x *index[T]) byContent(key []string) *T {
	n := x.find(hashOf(key), key)
	if n == nil {
		return nil
	}
	// Names that are built anew for every call would drive the constants out, and make all cores write here all the time.
	if slot := x.found.slot(addressOf(key)); slot.Load() == nobody || rand.Uint32()%16 == 0 {
		slot.Store(n)
	}
	return (*T)(n.val)
}

func (x *index[T]) find(h uint64, key []string) *node {
	table := x.table.Load()
	if table == nil {
		return nil
	}
	for n := (*table)[h&uint64(len(*table)-1)].Load(); n != nil; n = n.next {
		if n.hash == h && slices.Equal(n.key, key) {
			return n
		}
	}
	return nil
}

// maxCachedKey keeps megabytes that somebody passes as a name out of an index.
const maxCachedKey = 1024

// put adds a value, unless the key has one by now, and returns it. One that is not kept counts on an overflow series, and is added for constants alone, see
// maxRefused. The key's strings are copied unless they are constants, so that no name pins the body it was cut from.
func (x *index[T]) put(key []string, val *T, kept bool) *T {
	size, constant := 0, true
	for _, k := range key {
		size += len(k)
		constant = constant && rodata.Holds(k)
	}
	if size > maxCachedKey || !kept && !constant {
		return val
	}
	h := hashOf(key)
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.find(h, key) != nil || x.n >= limitMaxSeries { // many illegal names can stand for one series
		return val
	}
	if !kept {
		if x.refused == maxRefused {
			return val
		}
		x.refused++
	}
	table := x.table.Load()
	if table == nil || x.n >= len(*table) {
		table = x.grow(table)
	}
	n := &node{val: unsafe.Pointer(val), hash: h, key: make([]string, len(key))}
	for i, k := range key {
		n.key[i] = rodata.Own(k)
	}
	if len(key) == 1 {
		n.name = n.key[0]
		if constant {
			n.constant = uintptr(unsafe.Pointer(unsafe.StringData(n.name)))
		}
	}
	chain(*table, n)
	x.n++
	return val
}

// chain hands the node to readers.
func chain(table []atomic.Pointer[node], n *node) {
	head := &table[n.hash&uint64(len(table)-1)]
	n.next = head.Load()
	head.Store(n)
}

// grow doubles the table.
func (x *index[T]) grow(old *[]atomic.Pointer[node]) *[]atomic.Pointer[node] {
	size := 8
	if old != nil {
		size = 2 * len(*old)
	}
	table := make([]atomic.Pointer[node], size)
	if old != nil {
		for i := range *old {
			for n := (*old)[i].Load(); n != nil; n = n.next {
				again := *n // readers are still on their way through the old chain
				chain(table, &again)
			}
		}
	}
	x.found.grow(size)
	x.table.Store(&table) // after found, which whoever finds something uses
	return &table
}
