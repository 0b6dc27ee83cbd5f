package zibrato

import (
	"hash/maphash"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"unsafe"

	"go.uber.org/atomic"

	"github.com/zibrato/zibrato/internal/rodata"
)

// index finds values by a key of one or more strings; see init. Reads take no lock and do not allocate, writes take a mutex. Nothing is
// ever removed; what is put in is bounded by the number of series.
//
// Most names are constants, and come from the same address every time. So a look-up first tries the node that was found last for strings at
// these addresses, which saves hashing the content. That the address is the same proves nothing: memory is reused. So the content is compared
// with the node's copy, unless the linker laid the string where nobody can write.
type index[T any] struct {
	found atomic.Pointer[found]                  // by address
	table atomic.Pointer[[]atomic.Pointer[node]] // by content: a power of two of chains, replaced when it grows

	mu sync.Mutex
	n  int
}

// found holds the node that was found last for each hash of addresses. Any look-up may write it; a node that is driven out is found by its
// content.
type found struct {
	shift uint64
	nodes []atomic.Pointer[node]
}

// node is immutable once a chain holds it. It has no type parameter: a look-up without one is cheaper.
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

func newFound(slots int) *found {
	f := &found{uint64(64 - bits.TrailingZeros(uint(slots))), make([]atomic.Pointer[node], slots)}
	for i := range f.nodes {
		f.nodes[i].Store(nobody)
	}
	return f
}

// nowhere is the found of every empty index.
var nowhere = newFound(2)

// init makes the zero index ready.
func (x *index[T]) init() { x.found.Store(nowhere) }

var indexSeed = maphash.MakeSeed()

const golden = 0x9E3779B97F4A7C15

func hashOf(key []string) (h uint64) {
	for _, k := range key {
		h = h*golden ^ maphash.String(indexSeed, k)
	}
	return h
}

// one finds the value of a key of one string, as get does. Who is in a hurry asks found itself first: a method of a type with a parameter
// is never inlined.
func (x *index[T]) one(name string) *T { return x.get([]string{name}) }

// get finds the value of a key.
func (x *index[T]) get(key []string) *T {
	f := x.found.Load()
	if n := f.nodes[f.slot(key)].Load(); n != nobody && slices.Equal(n.key, key) {
		return (*T)(n.val)
	}
	return x.byContent(key)
}

// at returns the value that was found last for a string at this address, if it is that string's.
func (f *found) at(name string) unsafe.Pointer {
	n := f.nodes[hashAddress(0, name)>>(f.shift&63)].Load()
	if n.constant == uintptr(unsafe.Pointer(unsafe.StringData(name))) && len(n.name) == len(name) || n.name == name {
		return n.val
	}
	return nil
}

func (f *found) slot(key []string) (h uint64) {
	for _, k := range key {
		h = hashAddress(h, k)
	}
	return h >> (f.shift & 63)
}

// hashAddress tells strings apart by where they lie. Constants may overlap, so the length has a say.
func hashAddress(h uint64, s string) uint64 {
	return (h ^ uint64(uintptr(unsafe.Pointer(unsafe.StringData(s)))) ^ uint64(len(s))<<48) * golden
}

func (x *index[T]) byContent(key []string) *T {
	n := x.find(hashOf(key), key)
	if n == nil {
		return nil
	}
	f := x.found.Load()
	// Names that are built anew for every call would drive the constants out, and make all cores write here all the time.
	if slot := &f.nodes[f.slot(key)]; slot.Load() == nobody || rand.Uint32()%16 == 0 {
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

// put adds a value, unless the key has one by now. The key's strings are copied, so that no name pins the body it was cut from.
func (x *index[T]) put(key []string, val *T) {
	h := hashOf(key)
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.find(h, key) != nil || x.n >= limitMaxSeries { // many illegal names can stand for one series
		return
	}
	table := x.table.Load()
	if table == nil || x.n >= len(*table) {
		table = x.grow(table)
	}
	n := &node{val: unsafe.Pointer(val), hash: h, key: make([]string, len(key))}
	for i, k := range key {
		n.key[i] = strings.Clone(k)
	}
	if len(key) == 1 {
		n.name = n.key[0]
		if rodata.Holds(key[0]) {
			n.constant = uintptr(unsafe.Pointer(unsafe.StringData(key[0])))
		}
	}
	chain(*table, n)
	x.n++
}

// chain hands the node to readers.
func chain(table []atomic.Pointer[node], n *node) {
	head := &table[n.hash&uint64(len(table)-1)]
	n.next = head.Load()
	head.Store(n)
}

// grow doubles the table, and keeps four times as many slots for addresses.
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
	slots := min(4*size, maxSlots)
	if len(x.found.Load().nodes) < slots {
		x.found.Store(newFound(slots))
	}
	x.table.Store(&table) // after found, which whoever finds something uses
	return &table
}

// maxSlots bounds what is found by its address: 32 KiB an index.
const maxSlots = 4096
