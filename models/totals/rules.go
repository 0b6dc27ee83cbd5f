package main

import "fmt"

// rule is one of the rules that keep totals exact over a transport that may lose, or a part of one.
type rule int

// The rules, numbered as in the design: what a batch says, when totals are said, what a backend makes of a series that it does not know,
// what it knows of after a restart, what it may forget, what a kill leaves, and which windows there are.
const (
	none      rule = iota
	totals         // 1: the gain is what the total after the batch exceeds the known one by, not the batch's own growth
	sequence       // 1: a batch whose sequence is not new is dropped
	uptime         // 1: births are told by the age of the recorder, not by the clock of its host
	birth          // 1: each series has its own birth, not that of its recorder
	repeats        // 2: totals come again 1, 2, 4 … 32 s after the last change, and then once a minute
	welcome        // 2: all totals go out to who subscribes
	final          // 2: all totals go out when a publisher closes
	baseline       // 3: an unknown series that is older than the coverage counts from what it had before the batch
	zero           // 3: an unknown series that is younger counts from zero
	coverage       // 4: coverage begins with the first subscription of the store, not with the process
	idle           // 5: idle series of a recorder that is known are not forgotten
	forgotten      // 5: who was forgotten and comes back does not count from zero
	later          // 5: neither does a series that a forgotten recorder got long after its start
	log            // 6: what was received since the last flush is in a log
	keys           // 7: no window has the start of one that was sent before
	windows        // a window that is not sent yet is stored
	rules
)

var ruleNames = [rules]string{
	none: "nothing", totals: "totals", sequence: "sequence numbers", uptime: "uptimes", birth: "births", repeats: "repeated totals",
	welcome: "totals for who subscribes", final: "final totals", baseline: "baselines", zero: "counting from zero",
	coverage: "stored coverage", idle: "totals of idle series", forgotten: "coverage after forgetting",
	later: "births after a forgotten start", log: "the log", keys: "keys of windows", windows: "stored windows",
}

func (r rule) String() string {
	if r < 0 || r >= rules {
		return fmt.Sprintf("rule(%d)", int(r))
	}
	return ruleNames[r]
}
