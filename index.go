package zibrato

import (
	"hash/maphash"
	"slices"
	"strings"
	"sync"

	"go.uber.org/atomic"
)

// index finds values by a key of one or more strings: reads take no lock and do not allocate, writes take a mutex. Nothing is
// ever removed; what is put in is bounded by the number of series.
type index[T any] struct {
	table atomic.Pointer[[]atomic.Pointer[node[T]]] // a power of two of chains, replaced when it grows

	mu sync.Mutex
	n  int
}

// node is immutable once a chain holds it.
type node[T any] struct {
	hash uint64
	key  []string
	val  *T
	next *node[T]
}

var indexSeed = maphash.MakeSeed()

func hashOf(key []string) (h uint64) {
	for _, k := range key {
		h = h*0x9E3779B97F4A7C15 ^ maphash.String(indexSeed, k)
	}
	return h
}

func (x *index[T]) get(key []string) *T { return x.find(hashOf(key), key) }

func (x *index[T]) find(h uint64, key []string) *T {
	table := x.table.Load()
	if table == nil {
		return nil
	}
	for n := (*table)[h&uint64(len(*table)-1)].Load(); n != nil; n = n.next {
		if n.hash == h && slices.Equal(n.key, key) {
			return n.val
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
	return &table
}
