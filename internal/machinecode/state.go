package machinecode

import (
	"maps"
	"strings"
)

// state is what is known at one instruction.
type state struct {
	regs  map[string]value
	slots map[int64]stored // of the stack, by offset in frame
	// exposed are slots whose address was taken: others may change them.
	exposed map[int64]bool
	flags   flags
	// counted holds the last load of each table's length, by the object that has the table.
	counted map[string]string
	// What was stored in this region and not passed on yet, and what was passed on.
	written, passed map[*Type]bool
}

type stored struct {
	value
	width int
}

// flags is what the processor's flags compare: nothing that is known, a and b as numbers of so many bytes, or the bits that both have with 0.
type flags struct {
	known, test bool
	a, b        value
	width       int
}

func (s *state) clone() *state {
	c := *s
	c.regs, c.slots, c.counted = maps.Clone(s.regs), maps.Clone(s.slots), maps.Clone(s.counted)
	c.exposed = maps.Clone(s.exposed)
	c.written, c.passed = maps.Clone(s.written), maps.Clone(s.passed)
	return &c
}

// entry is the state in which a function begins.
func entry(receiver *Type) *state {
	s := &state{regs: map[string]value{}, slots: map[int64]stored{}, exposed: map[int64]bool{}, counted: map[string]string{}}
	s.regs["SP"] = value{id: "SP", typ: frame, present: true}
	s.regs["AX"] = value{id: "receiver", typ: receiver}
	return s
}

// each lets f change everything that is known.
func (s *state) each(f func(value) value) {
	for r, v := range s.regs {
		s.regs[r] = f(v)
	}
	for o, v := range s.slots {
		v.value = f(v.value)
		s.slots[o] = v
	}
	s.flags.a, s.flags.b = f(s.flags.a), f(s.flags.b)
}

// define gives a new value its id. Older values of that id are from an earlier round of a loop, and no longer the same.
func (s *state) define(v value, id string) value {
	s.each(func(old value) value {
		if old.id == id {
			old.id = ""
		}
		for _, l := range []*string{&old.table, &old.below, &old.length} {
			if strings.HasSuffix(*l, "@"+id) {
				if l == &old.table {
					old.typ = nil
				}
				*l = ""
			}
		}
		return old
	})
	for object, count := range s.counted {
		if object == id || strings.HasSuffix(count, "@"+id) {
			delete(s.counted, object)
		}
	}
	if v.id == "" {
		v.id = id
	}
	return v
}

// learn applies f to a value wherever it is.
func (s *state) learn(id string, f func(*value)) {
	if id == "" {
		return
	}
	s.each(func(v value) value {
		if v.id == id {
			f(&v)
		}
		return v
	})
}

// store sets a slot, and forgets what it overlaps.
func (s *state) store(at int64, v value, width int) {
	for o, old := range s.slots {
		if o < at+int64(width) && at < o+int64(old.width) {
			delete(s.slots, o)
		}
	}
	if !s.exposed[at] {
		s.slots[at] = stored{v, width}
	}
}

// expose forgets a slot for good.
func (s *state) expose(at int64) {
	s.store(at, value{}, 8)
	delete(s.slots, at)
	s.exposed[at] = true
}

// call forgets what a call may change. A callee saves no register but these.
func (s *state) call() {
	s.regs, s.flags = map[string]value{"SP": s.regs["SP"], "BP": s.regs["BP"]}, flags{}
}

// meet keeps what two states agree on, and reports whether s changed. Nothing is held where ways meet.
func (s *state) meet(o *state) (changed bool) {
	for r, v := range s.regs {
		if j := join(v, o.regs[r]); j != v {
			s.regs[r], changed = j, true
		}
	}
	for at, v := range s.slots {
		w, ok := o.slots[at]
		if !ok || w.width != v.width {
			delete(s.slots, at)
			changed = true
		} else if j := join(v.value, w.value); j != v.value {
			s.slots[at], changed = stored{j, v.width}, true
		}
	}
	for at := range o.exposed {
		if !s.exposed[at] {
			s.expose(at)
			changed = true
		}
	}
	if s.flags.known && s.flags != o.flags {
		s.flags, changed = flags{}, true
	}
	for object, count := range s.counted {
		if o.counted[object] != count {
			delete(s.counted, object)
			changed = true
		}
	}
	return changed
}
