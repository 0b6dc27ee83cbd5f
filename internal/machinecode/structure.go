package machinecode

import (
	"slices"
	"strings"
)

// Structure examines all functions that call rules.Pin for less than [Check] does, and on arm64: that no way from there to rules.Unpin
// calls what is not allowed, which includes all that panics by a check and all that grows the stack, runs in a loop, divides, or leaves.
// It does not know data: pointers and indices are not followed.
func Structure(p Program, rules Rules) Report {
	c := &checker{program: p, rules: rules, ways: map[uint64]int{}, seen: map[string]bool{}}
	c.Lines = map[string]bool{}
	for _, name := range p.names() {
		f := p[name]
		before := len(c.ways)
		for at, i := range f.Instrs {
			if calls(i, rules.Pin) {
				c.region, c.ways[i.PC], c.steps = i.PC, 0, 0
				c.structure(way{place: place{f, at + 1}})
			}
		}
		if len(c.ways) > before {
			c.Pinned = append(c.Pinned, name)
		}
	}
	c.total()
	return c.Report
}

func (c *checker) structure(w way) {
	i := w.f.Instrs[min(w.at, len(w.f.Instrs)-1)]
	to := i.target()
	c.steps++
	c.Lines[i.Source] = true
	callee := c.program[i.callee()]
	_, allowed := c.rules.allows(i.callee())
	switch {
	case c.steps > maxSteps:
		c.find(w.f, i, "the region has too many ways through it")
	case w.at >= len(w.f.Instrs):
		c.find(w.f, i, "the code ends here without unpinning")
	case slices.Contains(w.been, w.place):
		c.find(w.f, i, "a loop while pinned")
	case calls(i, c.rules.Unpin) && w.caller == nil:
		c.ways[c.region]++
	case i.Op == "CALL" && allowed:
		c.structure(w.to(w.at + 1))
	case i.Op == "CALL" && callee != nil && strings.HasPrefix(callee.Name, c.rules.Follow) && !w.calledBy(callee):
		after := w.to(w.at + 1)
		c.structure(way{place: place{callee, 0}, caller: &after})
	case i.Op == "CALL":
		c.find(w.f, i, "a call that is not allowed while pinned")
	case i.Op == "RET" && w.caller != nil:
		c.structure(*w.caller)
	case i.Op == "RET":
		c.find(w.f, i, "it returns while pinned")
	case i.traps():
		c.find(w.f, i, "it traps")
	case slices.Contains([]string{"?", "SVC", "SDIV", "SDIVW", "UDIV", "UDIVW"}, i.Op):
		c.find(w.f, i, "the instruction is a division, a system call, or not known")
	case (i.Op == "JMP" || to != 0) && !w.f.holds(to):
		c.find(w.f, i, "it jumps out of the function")
	default:
		if to != 0 {
			c.structure(w.to(w.f.at[to]))
		}
		if i.Op != "JMP" {
			c.structure(w.to(w.at + 1))
		}
	}
}
