package machinecode

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
)

// Rules say what a program may rely on.
type Rules struct {
	Pin, Unpin string
	// Receivers are the layouts of what AX points to when a method begins, by its symbol without its name: "a.org/b.(*T)".
	Receivers map[string]*Type
	// Follow begins the symbols of the functions that are followed when they are called while pinned.
	Follow string
	// Calls may be made while pinned, and are not followed, each for the reason given.
	Calls map[string]Call
	// Assembly are functions in assembly that do what others do while pinned. The scheduler does not stop a goroutine in there, so each is
	// examined from its first instruction until it returns or jumps to another function. It tells the layouts of what registers point to at the
	// beginning, by symbol and register.
	Assembly map[string]map[string]*Type
}

// Call is a function that may be called while pinned.
type Call struct {
	Why string
	// Stores says that the function stores a word where AX points, and does nothing else that matters.
	Stores bool
	// Buffer is how many bytes it gives room for where R11 points. It changes no other register.
	Buffer int64
}

// allows returns the rule for a call that needs none of its steps shown. There is none without a reason, nor for an indirect call.
func (r Rules) allows(symbol string) (Call, bool) {
	rule := r.Calls[symbol]
	return rule, rule.Why != ""
}

// Report is what [Check] found.
type Report struct {
	Pinned   []string        // the functions that pin
	Regions  int             // the places where they do
	Ways     int             // the ways through these
	Lines    map[string]bool // the source lines that may run while pinned, as "file.go:12"
	Findings []Finding
}

// Finding is something that was not shown.
type Finding struct {
	Func  string
	Instr Instr
	What  string
}

func (f Finding) String() string { return fmt.Sprintf("%s: %s: %s", f.Func, f.Instr, f.What) }

// maxSteps bounds the instructions that are followed in one region, all ways together.
const maxSteps = 200_000

// Check examines all functions that call rules.Pin, and those in rules.Assembly.
func Check(p Program, rules Rules) Report {
	c := &checker{program: p, rules: rules, ways: map[uint64]int{}, seen: map[string]bool{}}
	c.Lines = map[string]bool{}
	for _, name := range p.names() {
		f := p[name]
		if !slices.ContainsFunc(f.Instrs, func(i Instr) bool { return calls(i, rules.Pin) }) {
			continue
		}
		c.Pinned = append(c.Pinned, name)
		c.outside(f)
	}
	for name, registers := range rules.Assembly {
		if f := p[name]; f != nil {
			c.Pinned = append(c.Pinned, name)
			c.assembly(f, registers)
		}
	}
	slices.Sort(c.Pinned)
	c.total()
	return c.Report
}

func (c *checker) total() {
	c.Regions = len(c.ways)
	for _, n := range c.ways {
		c.Ways += n
	}
}

func (p Program) names() (names []string) {
	for name := range p {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func calls(i Instr, symbol string) bool { return i.callee() == symbol }

type checker struct {
	Report
	program Program
	rules   Rules
	ways    map[uint64]int  // through each region, by its address
	region  uint64          // the one that is followed
	seen    map[string]bool // findings
	steps   int
}

func (c *checker) find(f *Func, i Instr, what string) {
	if found := (Finding{f.Name, i, what}); !c.seen[found.String()] {
		c.seen[found.String()] = true
		c.Findings = append(c.Findings, found)
	}
}

// method matches the symbol of a method, and not those of the closures in it.
var method = regexp.MustCompile(`^(.*\(\*\w+\))\.\w+$`)

func (r Rules) receiver(f *Func) *Type {
	if m := method.FindStringSubmatch(f.Name); m != nil {
		return r.Receivers[m[1]]
	}
	return nil
}

// outside learns what holds where f is not pinned: what all ways that lead to an instruction agree on.
func (c *checker) outside(f *Func) {
	known := map[int]*state{}
	var todo []int
	reach := func(at int, s *state) {
		if old := known[at]; old == nil {
			known[at] = s.clone()
		} else if !old.meet(s) {
			return
		}
		todo = append(todo, at)
	}
	reach(0, entry(c.rules.receiver(f)))
	for len(todo) > 0 {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if at >= len(f.Instrs) {
			continue // behind a call that does not return
		}
		i := f.Instrs[at]
		x := &execution{state: known[at].clone(), instr: i}
		switch {
		case calls(i, c.rules.Pin):
			c.region, c.ways[i.PC], c.steps = i.PC, 0, 0
			x.result()
			x.written, x.passed = map[*Type]bool{}, map[*Type]bool{}
			c.inside(x.state, way{place: place{f, at + 1}, done: reach})
		case calls(i, c.rules.Unpin):
			c.find(f, i, "it unpins what is not pinned, on some way")
		default:
			for _, n := range c.follow(f, at, x) {
				reach(n.at, n.state)
			}
		}
	}
	for _, i := range f.Instrs {
		if _, followed := c.ways[i.PC]; !followed && calls(i, c.rules.Pin) {
			c.find(f, i, "no way to here was found")
		}
		if i.Op == "JMP" && (i.Args[0].Kind == Memory || i.Args[0].Kind == Register) {
			c.find(f, i, "an indirect jump is not followed")
		}
	}
}

// assembly follows every way through a function of which all is a region.
func (c *checker) assembly(f *Func, registers map[string]*Type) {
	s := entry(nil)
	for r, t := range registers {
		s.regs[r] = value{id: r, typ: t, present: true}
	}
	s.written, s.passed = map[*Type]bool{}, map[*Type]bool{}
	c.region, c.ways[f.Instrs[0].PC], c.steps = f.Instrs[0].PC, 0, 0
	c.inside(s, way{place: place{f, 0}, whole: true, done: func(int, *state) {}})
}

type next struct {
	at int
	*state
}

// follow executes one instruction that is neither of pin and unpin, nor a call or return in a pinned region, and tells where it leads.
func (c *checker) follow(f *Func, at int, x *execution) []next {
	i := x.instr
	var ns []next
	switch {
	case i.Op == "RET" || i.traps():
		return nil
	case i.Op == "CALL":
		x.result()
		if strings.HasPrefix(i.callee(), "runtime.duff") {
			clear(x.slots)
		}
	case i.Op[0] == 'J':
		if to, ok := f.at[i.target()]; ok {
			if taken := x.clone(); taken.branch(i.Op, true) {
				ns = append(ns, next{to, taken})
			}
		}
		if i.Op == "JMP" || !x.branch(i.Op, false) {
			return ns
		}
	default:
		x.run()
	}
	return append(ns, next{at + 1, x.state})
}

// place is an instruction of a function.
type place struct {
	f  *Func
	at int
}

// way is where a way through a region has come to.
type way struct {
	place
	been   []place // in this call of the function, so far
	caller *way    // where the function goes on that called this one
	whole  bool    // the region is a function, and ends where that does
	done   func(at int, s *state)
}

// to is the way one instruction on.
func (w way) to(at int) way {
	w.been = append(w.been[:len(w.been):len(w.been)], w.place)
	w.at = at
	return w
}

// inside follows every way from a place in a pinned region to where it unpins, which it tells done.
func (c *checker) inside(s *state, w way) {
	i := w.f.Instrs[min(w.at, len(w.f.Instrs)-1)]
	x := &execution{state: s, instr: i, pinned: true, report: func(what string) { c.find(w.f, i, what) }}
	c.Lines[i.Source] = true
	c.steps++
	switch {
	case c.steps > maxSteps:
		x.complain("the region has too many ways through it")
	case w.at >= len(w.f.Instrs):
		x.complain("the code ends here without unpinning")
	case slices.Contains(w.been, w.place):
		x.complain("a loop while pinned")
	case calls(i, c.rules.Unpin) && w.caller != nil:
		x.complain("it unpins in a function that was called while pinned")
	case calls(i, c.rules.Unpin) && w.whole:
		x.complain("it unpins what is not pinned")
	case calls(i, c.rules.Unpin), w.whole && w.caller == nil && i.leaves():
		c.ways[c.region]++
		for t := range s.written {
			x.complain("a %s was written to and not passed on", t.Name)
		}
		x.result()
		w.done(w.at+1, s)
	case calls(i, c.rules.Pin):
		x.complain("it pins what is pinned")
	case i.Op == "CALL":
		c.call(x, w)
	case i.Op == "RET" && w.caller == nil:
		x.complain("it returns while pinned")
	case i.Op == "RET":
		s.regs["SP"] = s.regs["SP"].offset(8)
		c.inside(s, *w.caller)
	case i.traps():
		x.complain("it traps")
	case i.Op[0] == 'J' && !w.f.holds(i.target()):
		x.complain("it jumps out of the function")
	default:
		for _, n := range c.follow(w.f, w.at, x) {
			c.inside(n.state, w.to(n.at))
		}
	}
}

// call follows a call while pinned, or steps over it where the rules allow.
func (c *checker) call(x *execution, w way) {
	sym, after := x.instr.callee(), w.to(w.at+1)
	rule, allowed := c.rules.allows(sym)
	switch callee := c.program[sym]; {
	case allowed && rule.Buffer > 0:
		x.set("R11", value{typ: &Type{Name: "write barrier buffer", Size: rule.Buffer}, present: true})
		x.flags = flags{}
	case allowed:
		if rule.Stores {
			x.stored(x.access(Arg{Kind: Memory, Reg: "AX"}, 8), x.regs["BX"], 8)
		}
		x.result()
	case callee != nil && strings.HasPrefix(sym, c.rules.Follow) && !w.calledBy(callee):
		x.regs["SP"] = x.regs["SP"].offset(-8)
		c.inside(x.state, way{place: place{callee, 0}, caller: &after, done: w.done})
		return
	default:
		x.complain("a call that is not allowed while pinned")
		if strings.HasPrefix(sym, "runtime.panic") || strings.HasPrefix(sym, "runtime.morestack") { // what stands behind it is unrelated
			return
		}
		x.result()
	}
	c.inside(x.state, after)
}

// calledBy reports whether f, or who called it, is the function that w is in.
func (w *way) calledBy(f *Func) bool { return w != nil && (w.f == f || w.caller.calledBy(f)) }

// branch refines a state by a conditional jump that was taken or not. It reports whether that is possible.
func (s *state) branch(op string, taken bool) (possible bool) {
	negated := map[string]string{"JE": "JNE", "JNE": "JE", "JB": "JAE", "JAE": "JB", "JBE": "JA", "JA": "JBE"}
	if !taken {
		op = negated[op]
	}
	f := s.flags
	if _, ok := negated[op]; !ok || !f.known {
		return true
	}
	if f.test {
		if f.a != f.b || f.a.id == "" {
			return true
		}
		return s.compareZero(f.a, f.width, op)
	}
	if z, _ := f.b.zero(); z && (op == "JE" || op == "JNE") {
		return s.compareZero(f.a, f.width, op)
	}
	a, b := f.a, f.b
	if !a.number || !b.number || !a.within(f.width) || !b.within(f.width) {
		return true
	}
	switch op {
	case "JA":
		a, b, op = b, a, "JB"
	case "JBE":
		a, b, op = b, a, "JAE"
	}
	switch op {
	case "JE":
		lo, hi := max(a.min, b.min), min(a.max, b.max)
		return s.narrow(a, lo, hi) && s.narrow(b, lo, hi)
	case "JB": // a < b
		if b.max == 0 || a.min == math.MaxUint64 {
			return false
		}
		if b.length != "" {
			s.learn(a.id, func(v *value) { v.below = b.length })
		}
		return s.narrow(a, a.min, min(a.max, b.max-1)) && s.narrow(b, max(b.min, a.min+1), b.max)
	case "JAE": // a >= b
		return s.narrow(a, max(a.min, b.min), a.max) && s.narrow(b, b.min, min(b.max, a.max))
	}
	return true
}

func (s *state) narrow(v value, lo, hi uint64) (possible bool) {
	if lo > hi {
		return false
	}
	s.learn(v.id, func(v *value) {
		if v.number {
			v.min, v.max = max(v.min, lo), min(v.max, hi)
		}
	})
	return true
}

// compareZero refines a value that is 0 (JE) or not.
func (s *state) compareZero(v value, width int, op string) (possible bool) {
	if width < 8 && !v.within(width) {
		return true
	}
	is, isNot := v.zero()
	if op == "JE" {
		return !isNot
	}
	if is {
		return false
	}
	if v.typ != nil && v.lo == 0 && v.hi == 0 && v.table == "" {
		s.learn(v.id, func(v *value) { v.present = true })
	}
	if v.number {
		s.learn(v.id, func(v *value) { v.min = max(v.min, 1) })
	}
	return true
}
