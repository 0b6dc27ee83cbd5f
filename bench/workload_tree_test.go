package bench

import (
	"sort"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/internal/measure"
)

const (
	treeFan   = 64
	treeItems = 1 << 20
)

// A page is a node of a B-tree: its keys in order, and for inner pages the children that begin with each.
type page struct {
	keys     []uint64
	children []*page
	values   []uint64
}

// treeWorkload looks up keys in a B-tree of a million, in an order that no cache foresees.
func treeWorkload() workload {
	root := newTree(treeItems)
	with := func(lookup func(*page, uint64) uint64) func(n int) {
		return func(n int) {
			key := uint64(1)
			for range n {
				key = lookup(root, key%treeItems)*6364136223846793005 + 1442695040888963407
			}
		}
	}
	return workload{name: "tree", bare: with(lookup), timed: with(timedLookup), read: with(readLookup)}
}

// newTree returns a tree of the keys 0 to n-1, each with a value that is not its key.
func newTree(n int) *page {
	var level []*page
	for k := 0; k < n; k += treeFan {
		p := &page{}
		for i := k; i < min(k+treeFan, n); i++ {
			p.keys = append(p.keys, uint64(i))
			p.values = append(p.values, uint64(i)*0x9E3779B97F4A7C15)
		}
		level = append(level, p)
	}
	for len(level) > 1 {
		var upper []*page
		for i := 0; i < len(level); i += treeFan {
			p := &page{children: level[i:min(i+treeFan, len(level))]}
			for _, c := range p.children {
				p.keys = append(p.keys, c.keys[0])
			}
			upper = append(upper, p)
		}
		level = upper
	}
	return level[0]
}

//go:noinline
func lookup(p *page, key uint64) uint64 {
	for p.children != nil {
		p = p.children[search(p, key)]
	}
	return p.values[search(p, key)]
}

// search returns the last key that is not above the one wanted.
//
//go:noinline
func search(p *page, key uint64) int {
	return sort.Search(len(p.keys), func(i int) bool { return p.keys[i] > key }) - 1
}

// timedLookup times look-ups as wholes: their parts are searches of 64 keys.
func timedLookup(p *page, key uint64) uint64 {
	defer zibrato.Time("tree.lookup")()
	for p.children != nil {
		p = p.children[timedSearch(p, key)]
	}
	return p.values[timedSearch(p, key)]
}

func timedSearch(p *page, key uint64) int {
	defer zibrato.Time("tree.search")()
	return sort.Search(len(p.keys), func(i int) bool { return p.keys[i] > key }) - 1
}

func readLookup(p *page, key uint64) uint64 {
	defer readEnd(measure.Ticks())
	for p.children != nil {
		p = p.children[readSearch(p, key)]
	}
	return p.values[readSearch(p, key)]
}

func readSearch(p *page, key uint64) int {
	defer readEnd(measure.Ticks())
	return sort.Search(len(p.keys), func(i int) bool { return p.keys[i] > key }) - 1
}
