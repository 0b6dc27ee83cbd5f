// Command totals plays the rules that keep totals exact: recorders that come, go and are killed, a link that loses, delays, repeats and is cut,
// hosts whose clocks are wrong, and a backend that joins late, is stopped and is killed at any instant, and is silent for longer than it
// remembers. It prints in how many seeded runs the sink differs from the books: with all rules, which must be none, and with each left out, which
// must be some.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	seeds := flag.Uint64("seeds", 400, "runs of each line")
	flag.Parse()
	ok := true
	for r := none; r < rules; r++ {
		wrong, happened := try(r, *seeds)
		verdict := "rejected"
		switch {
		case r == none && wrong == 0:
			verdict = fmt.Sprintf("exact, with %d faults", happened)
		case r == none, wrong == 0:
			verdict, ok = "FAILED", false
		}
		fmt.Printf("totals without %-32s %4d of %d runs wrong: %s\n", r, wrong, *seeds, verdict)
	}
	if !ok {
		os.Exit(1)
	}
}

// try plays with one rule left out, and returns how many runs came out wrong and how many faults there were.
func try(without rule, seeds uint64) (wrong, happened int) {
	for seed := range seeds {
		w := newWorld(seed, faults{backend: true, silence: seed%2 == 0}, without, newModel(without))
		if len(w.play()) > 0 {
			wrong++
		}
		for _, n := range w.happened {
			happened += n
		}
	}
	return wrong, happened
}
