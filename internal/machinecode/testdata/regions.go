// Command regions has regions that are as they should be, and others that a comment on the faulty line says to be found out.
package main

import (
	"runtime"
	"unsafe"

	"go.uber.org/atomic"
)

//go:linkname procPin runtime.procPin
func procPin() int

//go:linkname procUnpin runtime.procUnpin
func procUnpin()

// T is laid out for the test, which knows its offsets.
type T struct {
	committed uint64
	records   [4]uint64
	tail      *T // never nil
	next      *T
	count     atomic.Uint32
	mask      uint32
	growing   atomic.UnsafePointer // *T each, count of them
	fixed     unsafe.Pointer       // *T each, mask+1 of them
	hits      uint32
}

func element(table unsafe.Pointer, n uintptr) **T { return (**T)(unsafe.Add(table, n*8)) }

//go:noinline
func (t *T) GoodTested(v uint64) {
	_ = t.count
	procPin()
	if n := t.next; n != nil {
		n.committed = v
	}
	procUnpin()
}

//go:noinline
func (t *T) GoodTestedBefore(v uint64) {
	n := t.next
	if n == nil {
		return
	}
	for range v {
		procPin()
		t.hits = uint32(n.committed)
		procUnpin()
		runtime.Gosched()
	}
}

//go:noinline
func (t *T) GoodCompared(n, v uint64) {
	_ = t.count
	procPin()
	if n < 4 {
		t.records[n] = v
		t.committed = n + 1
	}
	procUnpin()
}

//go:noinline
func (t *T) GoodMasked(n uint8, v uint64) {
	_ = t.count
	procPin()
	t.tail.records[n&3] = v
	t.tail.committed++
	procUnpin()
}

//go:noinline
func (t *T) GoodTables(n uint32) {
	_ = t.count
	p := procPin()
	if uint(p) < uint(t.count.Load()) {
		if e := *element(t.growing.Load(), uintptr(p)); e != nil {
			e.hits = 1
		}
	}
	if e := *element(t.fixed, uintptr(n&t.mask)); e != nil {
		e.hits = 1
	}
	procUnpin()
}

//go:noinline
func (t *T) GoodCall(v uint64) {
	_ = t.count
	procPin()
	t.tail.leaf(v)
	t.tail = t.tail.tail
	procUnpin()
}

//go:noinline
//go:nosplit
func (t *T) leaf(v uint64) {
	t.records[3] = v
	t.committed = 4
}

//go:noinline
func (t *T) BadReceiver() {
	procPin()
	t.hits = 1 // want: the *T may be nil
	procUnpin()
}

//go:noinline
func (t *T) BadNil() {
	_ = t.count
	procPin()
	t.next.hits = 1 // want: the *T may be nil
	procUnpin()
}

//go:noinline
func (t *T) BadTestOfAnother() {
	_ = t.count
	procPin()
	if t.next != nil {
		runtime.KeepAlive(t)
		t.next.next.hits = 1 // want: the *T may be nil
	}
	procUnpin()
}

//go:noinline
func (t *T) BadBoundsCheck(n, v uint64) {
	_ = t.count
	procPin()
	t.records[n] = v // want: a call that is not allowed
	t.committed = v
	procUnpin()
}

//go:noinline
func (t *T) BadDivision(n uint64) {
	_ = t.count
	procPin()
	t.committed /= n // want: a call that is not allowed // want: cannot trap, repeat or lock // want: it is not shown where
	procUnpin()
}

//go:noinline
func (t *T) BadStack(v uint64) {
	_ = t.count
	procPin()
	t.deep(v)
	procUnpin()
}

//go:noinline
func (t *T) deep(v uint64) { // want: it checks the stack // want: a call that is not allowed
	var room [64]uint64 // want: a loop while pinned
	runtime.KeepAlive(&room)
	t.hits = uint32(v)
}

//go:noinline
func (t *T) BadAllocation() {
	_ = t.count
	procPin()
	t.next = new(T) // want: a call that is not allowed
	procUnpin()
}

//go:noinline
func (t *T) BadIndirectCall(f func()) {
	procPin()
	f() // want: a call that is not allowed // want: it is not shown where
	procUnpin()
}

//go:noinline
func (t *T) BadLoop(n uint64) {
	_ = t.count
	procPin()
	for range n { // want: a loop while pinned
		t.hits++
	}
	procUnpin()
}

//go:noinline
func (t *T) BadLock() {
	_ = t.count
	procPin()
	t.count.Inc() // want-inlined: cannot trap, repeat or lock
	procUnpin()
}

//go:noinline
func (t *T) BadOrder(v uint64) {
	_ = t.count
	procPin()
	t.committed = 1
	t.records[0] = v // want: after the word that passes it on
	procUnpin()      // want: not passed on
}

//go:noinline
func (t *T) BadUnpublished(v uint64, publish bool) {
	_ = t.count
	procPin()
	t.records[0] = v
	if publish {
		t.committed = 1
	}
	procUnpin() // want: not passed on
}

//go:noinline
func (t *T) BadIndex(n uint32) {
	_ = t.count
	procPin()
	_ = **element(t.fixed, uintptr(n)) // want: it is not shown where the memory operand points
	procUnpin()
}

//go:noinline
func (t *T) BadMask(n uint32) {
	_ = t.count
	procPin()
	if e := *element(t.fixed, uintptr(n&t.tail.mask)); e != nil { // want: it is not shown where the memory operand points
		e.hits = 1 // want: it is not shown where the memory operand points
	}
	procUnpin()
}

//go:noinline
func (t *T) BadTableBeforeItsLength() {
	_ = t.count
	p := procPin()
	table := t.growing.Load()
	if uint(p) < uint(t.count.Load()) {
		_ = **element(table, uintptr(p)) // want: it is not shown where the memory operand points
	}
	procUnpin()
}

//go:noinline
func (t *T) BadOffset(n uint64) {
	_ = t.count
	procPin()
	if n < 100 {
		*(*uint64)(unsafe.Add(unsafe.Pointer(t), n*8)) = 1 // want: it may access bytes 0 to 799 of a T
	}
	procUnpin()
}

//go:noinline
func (t *T) BadNilStored() {
	_ = t.count
	procPin()
	t.tail = t.next // want: it may store nil
	procUnpin()
}

//go:noinline
func (t *T) BadMaskChanged() {
	t.committed = 0
	procPin()
	t.mask = 1 // want: it changes a table
	procUnpin()
}

//go:noinline
func (t *T) BadReturn(early bool) {
	procPin()
	if early {
		return // want: it returns while pinned
	}
	procUnpin()
}

//go:noinline
func (t *T) BadPins(twice bool) {
	procPin()
	if twice {
		procPin() // want: it pins what is pinned // want: no way to here was found
	}
	procUnpin()
	if twice {
		procUnpin() // want: it unpins what is not pinned
	}
}

func main() {
	t := &T{}
	t.GoodTested(1)
	t.GoodTestedBefore(1)
	t.GoodCompared(1, 1)
	t.GoodMasked(1, 1)
	t.GoodTables(1)
	t.GoodCall(1)
	t.BadReceiver()
	t.BadNil()
	t.BadTestOfAnother()
	t.BadBoundsCheck(1, 1)
	t.BadDivision(1)
	t.BadStack(1)
	t.BadAllocation()
	t.BadIndirectCall(main)
	t.BadLoop(1)
	t.BadLock()
	t.BadOrder(1)
	t.BadUnpublished(1, true)
	t.BadIndex(1)
	t.BadMask(1)
	t.BadTableBeforeItsLength()
	t.BadOffset(1)
	t.BadNilStored()
	t.BadMaskChanged()
	t.BadReturn(false)
	t.BadPins(false)
}
