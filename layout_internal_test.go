package zibrato

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.uber.org/atomic"
)

// On 32-bit platforms Go aligns 64-bit words to 4 bytes, and 64-bit atomic operations panic on what is not aligned to 8. Only the
// start of an allocation is. This lays out every struct that a recorder reaches as 386 does, and looks where its atomics are.
func TestAtomicsAreAlignedOn32Bits(t *testing.T) {
	w := layoutWalk{t: t, seen: map[reflect.Type]bool{}}
	for _, v := range []any{Recorder{}, series{}, Scope{}, vec[Timer]{}, node{}, gaugeFunc{}, Tap{}, level{}} {
		w.allocated(reflect.TypeOf(v))
	}
	w.allocated(reflect.TypeFor[Recorder]().Field(fieldIndex[Recorder]("ring")).Type.Elem())
	for _, name := range []string{"series", "Recorder", "level", "Ring", "shard", "segment", "column", "chunk"} {
		if !slices.ContainsFunc(w.names, func(n string) bool { return n == name || strings.HasSuffix(n, "."+name) }) {
			t.Errorf("the walk did not reach %s: %v", name, w.names)
		}
	}
	if w.atomics < 5 {
		t.Errorf("the walk found %d 64-bit atomics", w.atomics)
	}
}

func fieldIndex[T any](name string) int {
	f, _ := reflect.TypeFor[T]().FieldByName(name)
	return f.Index[0]
}

type layoutWalk struct {
	t       *testing.T
	seen    map[reflect.Type]bool
	names   []string
	atomics int
}

// allocated visits a type of which values, or arrays of values, lie on the heap.
func (w *layoutWalk) allocated(typ reflect.Type) {
	if w.seen[typ] {
		return
	}
	w.seen[typ] = true
	w.names = append(w.names, typ.Name())
	w.within(typ, typ, 0)
}

func (w *layoutWalk) within(top, typ reflect.Type, at uintptr) {
	if isAtomic64(typ) {
		w.atomics++
		if at%8 != 0 {
			w.t.Errorf("%v has a %v at byte %d on 386", top, typ, at)
		}
		return
	}
	switch typ.Kind() {
	case reflect.Struct:
		next := uintptr(0)
		for i := range typ.NumField() {
			f := typ.Field(i).Type
			size, align := layout386(f)
			next = (next + align - 1) / align * align
			w.within(top, f, at+next)
			next += size
		}
	case reflect.Array:
		size, _ := layout386(typ.Elem())
		if typ.Len() == 0 { // sync/atomic's Pointer names its type so
			w.pointed(typ.Elem())
		}
		for i := range min(typ.Len(), 2) {
			w.within(top, typ.Elem(), at+uintptr(i)*size)
		}
	case reflect.Slice:
		if size, _ := layout386(typ.Elem()); holdsAtomic64(typ.Elem()) && size%8 != 0 {
			w.t.Errorf("%v takes %d bytes on 386: in a slice every other one is not aligned", typ.Elem(), size)
		}
		w.pointed(typ.Elem())
	case reflect.Pointer:
		w.pointed(typ.Elem())
	}
}

func (w *layoutWalk) pointed(typ reflect.Type) {
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	if k := typ.Kind(); k == reflect.Slice {
		w.pointed(typ.Elem())
	} else if (k == reflect.Struct || k == reflect.Array) && (strings.HasPrefix(typ.PkgPath(), "github.com/zibrato/") || strings.HasPrefix(typ.PkgPath(), "go.uber.org/")) {
		w.allocated(typ)
	}
}

func isAtomic64(t reflect.Type) bool {
	return slices.Contains([]reflect.Type{
		reflect.TypeFor[atomic.Int64](), reflect.TypeFor[atomic.Uint64](), reflect.TypeFor[atomic.Float64](), reflect.TypeFor[atomic.Duration](),
	}, t)
}

func holdsAtomic64(t reflect.Type) bool {
	switch {
	case isAtomic64(t):
		return true
	case t.Kind() == reflect.Array:
		return holdsAtomic64(t.Elem())
	case t.Kind() == reflect.Struct:
		for i := range t.NumField() {
			if holdsAtomic64(t.Field(i).Type) {
				return true
			}
		}
	}
	return false
}

// layout386 returns size and alignment on 386.
func layout386(t reflect.Type) (size, align uintptr) {
	switch t.Kind() {
	case reflect.Struct:
		align = 1
		for i := range t.NumField() {
			s, a := layout386(t.Field(i).Type)
			size = (size+a-1)/a*a + s
			align = max(align, a)
		}
		return (size + align - 1) / align * align, align
	case reflect.Array:
		s, a := layout386(t.Elem())
		return s * uintptr(t.Len()), a
	case reflect.String, reflect.Interface:
		return 8, 4
	case reflect.Slice:
		return 12, 4
	case reflect.Bool, reflect.Int8, reflect.Uint8:
		return 1, 1
	case reflect.Int16, reflect.Uint16:
		return 2, 2
	case reflect.Int64, reflect.Uint64, reflect.Float64, reflect.Complex64:
		return 8, 4
	case reflect.Complex128:
		return 16, 4
	default: // words and pointers
		return 4, 4
	}
}
