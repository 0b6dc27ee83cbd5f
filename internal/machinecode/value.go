package machinecode

import "math"

// Type is a layout of data that a pinned region works on.
type Type struct {
	Name   string
	Size   int64
	Fields map[int64]Field // by offset; what is not here holds numbers, or pointers that are not followed
	Passes []Pass
}

// Field is a pointer within a Type.
type Field struct {
	To       *Type
	NeverNil string // the reason why the pointer is never nil; empty: it may be
	// Table says that the field points to the first of several pointers to To. Their number is in the uint32 at offset Length: the number
	// itself, or, if Mask, the number less 1, which is a power of two less 1 and never changes. Where it is the number, both grow, the table
	// first, so that only who loads the number before the table knows that the table is as long.
	Table, Mask bool
	Length      int64
}

// Pass says that storing the word at offset Word passes on what was stored before from offset From to To-1.
type Pass struct{ Word, From, To int64 }

// frame is what the stack pointer points into: offsets are from where it stood at the entry. There is no check of its size, since the
// compiler laid it out.
var frame = &Type{Name: "stack frame"}

// slot is the Type of one element of a table.
func slot(to *Type) *Type {
	return &Type{Size: 8, Name: "table of *" + to.Name, Fields: map[int64]Field{0: {To: to}}}
}

// value is what is known of a register or a stack slot. The zero value is known to be nothing.
type value struct {
	// id is the same for copies of one value, and for pointers derived from one pointer: what is learnt of one holds for all.
	id string

	// A pointer points from lo to hi bytes past the start of an object, if it is not nil.
	typ     *Type
	lo, hi  int64
	present bool // the object is there: the pointer to its start is not nil

	// A number, unsigned.
	number   bool
	min, max uint64

	// See Field.Table: a pointer to the first element of a table as long as limit tells; an index below limit; the length itself.
	table, below, length string
}

func constant(n uint64) value { return value{number: true, min: n, max: n} }

// bits is a number of so many bytes.
func bits(width int) value {
	if width >= 8 {
		return value{number: true, max: math.MaxUint64}
	}
	return value{number: true, max: 1<<(8*width) - 1}
}

func (v value) within(width int) bool { return v.number && v.max <= bits(width).max }

// zero reports what is known of being 0 or nil.
func (v value) zero() (is, isNot bool) {
	if v.number {
		return v.max == 0, v.min > 0
	}
	return false, v.typ != nil && v.present && v.lo >= 0
}

// plus moves a pointer or adds numbers.
func (v value) plus(n value, scale int64) value {
	if !n.number || n.max > math.MaxInt32 || scale <= 0 {
		return value{}
	}
	lo, hi := int64(n.min)*scale, int64(n.max)*scale
	switch {
	case v.typ != nil && v.table == "":
		v.lo, v.hi = v.lo+lo, v.hi+hi
		return v
	case v.number && v.max <= math.MaxInt64-uint64(hi):
		return value{number: true, min: v.min + uint64(lo), max: v.max + uint64(hi)}
	}
	return value{}
}

// offset moves a pointer, or a number, by a constant.
func (v value) offset(n int64) value {
	switch {
	case n == 0:
		return v
	case v.typ != nil && v.table == "":
		v.lo, v.hi = v.lo+n, v.hi+n
		return v
	case v.number && n > 0 && v.max <= math.MaxInt64:
		return value{number: true, min: v.min + uint64(n), max: v.max + uint64(n)}
	case v.number && n < 0 && v.min >= uint64(-n):
		return value{number: true, min: v.min - uint64(-n), max: v.max - uint64(-n)}
	}
	return value{}
}

// join is what is known where the value is either of two.
func join(a, b value) value {
	if a == b {
		return a
	}
	if z, _ := a.zero(); z && b.typ != nil {
		a, b = b, a
	}
	if z, _ := b.zero(); z && a.typ != nil && a.lo == 0 && a.hi == 0 && a.table == "" {
		a.present, a.id = false, ""
		return a
	}
	var j value
	if a.id == b.id {
		j.id = a.id
	}
	switch {
	case a.typ != nil && a.typ == b.typ && a.table == b.table:
		j.typ, j.table, j.lo, j.hi, j.present = a.typ, a.table, min(a.lo, b.lo), max(a.hi, b.hi), a.present && b.present
		if j.lo != a.lo || j.hi != a.hi || j.lo != b.lo || j.hi != b.hi {
			j = value{} // else a loop that moves it would never settle
		}
	case a.number && b.number && a.min == b.min && a.max == b.max:
		j.number, j.min, j.max = true, a.min, a.max
		if a.below == b.below {
			j.below = a.below
		}
	}
	return j
}
