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
)

// index finds values by a key of one or more strings: reads take no lock and do not allocate, writes take a mutex. Nothing is
// ever removed; what is put in is bounded by the number of series.
//
// Most names are constants, and come from the same address every time. So a look-up first tries the node that was found last for strings at
// these addresses, which costs a comparison instead of a hash of the content. The node holds a copy of the key, and it is the content that is
// compared: memory that is reused for another name cannot deceive it.
type index[T any] struct {
	found atomic.Pointer[found[T]]                  // by address
	table atomic.Pointer[[]atomic.Pointer[node[T]]] // by content: a power of two of chains, replaced when it grows

	mu sync.Mutex
	n  int
}

// found holds the node that was found last for each hash of addresses. Any look-up may write it; a node that is lost is found by its content.
type found[T any] struct {
	shift uint8
	nodes []atomic.Pointer[node[T]]
}

// node is immutable once a chain holds it.
type node[T any] struct {
	hash uint64
	key  []string
	val  *T
	next *node[T]
}

var indexSeed = maphash.MakeSeed()

const golden = 0x9E3779B97F4A7C15

func hashOf(key []string) (h uint64) {
	for _, k := range key {
		h = h*golden ^ maphash.String(indexSeed, k)
	}
	return h
}

// one finds the value of a key of one string.
func (x *index[T]) one(name string) *T {
	f := x.found.Load()
	if f == nil {
		return nil // nothing was ever put
	}
	slot := &f.nodes[address(name)*golden>>(f.shift&63)]
	if n := slot.Load(); n != nil && n.key[0] == name {
		return n.val
	}
	return x.byContent(slot, []string{name})
}

// get finds the value of a key.
func (x *index[T]) get(key []string) *T {
	f := x.found.Load()
	if f == nil {
		return nil
	}
	h := uint64(0)
	for _, k := range key {
		h = (h ^ address(k)) * golden
	}
	slot := &f.nodes[h>>(f.shift&63)]
	if n := slot.Load(); n != nil && slices.Equal(n.key, key) {
		return n.val
	}
	return x.byContent(slot, key)
}

// address tells strings apart by where they lie. Constants may overlap, so the length has a say.
func address(s string) uint64 {
	return uint64(uintptr(unsafe.Pointer(unsafe.StringData(s)))) + uint64(len(s))<<48
}

func (x *index[T]) byContent(slot *atomic.Pointer[node[T]], key []string) *T {
	n := x.find(hashOf(key), key)
	if n == nil {
		return nil
	}
	// Names that are built anew for every call would drive the constants out, and make all cores write here all the time.
	if slot.Load() == nil || rand.Uint32()%16 == 0 {
		slot.Store(n)
	}
	return n.val
}

func (x *index[T]) find(h uint64, key []string) *node[T] {
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
	own := make([]string, len(key))
	for i, k := range key {
		own[i] = strings.Clone(k)
	}
	chain := &(*table)[h&uint64(len(*table)-1)]
	chain.Store(&node[T]{h, own, val, chain.Load()}) // hands the node to readers
	x.n++
}

// grow doubles the table, and keeps four times as many slots for addresses.
func (x *index[T]) grow(old *[]atomic.Pointer[node[T]]) *[]atomic.Pointer[node[T]] {
	size := 8
	if old != nil {
		size = 2 * len(*old)
	}
	table := make([]atomic.Pointer[node[T]], size)
	if old != nil {
		for i := range *old {
			for n := (*old)[i].Load(); n != nil; n = n.next {
				chain := &table[n.hash&uint64(size-1)]
				chain.Store(&node[T]{n.hash, n.key, n.val, chain.Load()})
			}
		}
	}
	x.table.Store(&table)
	slots := min(4*size, maxSlots)
	if f := x.found.Load(); f == nil || len(f.nodes) < slots {
		x.found.Store(&found[T]{uint8(64 - bits.TrailingZeros(uint(slots))), make([]atomic.Pointer[node[T]], slots)})
	}
	return &table
}

// maxSlots bounds what is found by its address: 32 KiB an index.
const maxSlots = 4096
