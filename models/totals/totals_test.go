package main

import "testing"

func TestAllRulesTogetherAreExactAndNoneCanBeLeftOut(t *testing.T) {
	for r := none; r < rules; r++ {
		t.Run(r.String(), func(t *testing.T) {
			t.Parallel()
			wrong, _ := try(r, 24)
			if r == none && wrong > 0 {
				t.Errorf("%d runs were wrong with all rules", wrong)
			}
			if r != none && wrong == 0 {
				t.Error("no run was wrong without this rule")
			}
		})
	}
}

// A world in which nothing fails would prove nothing.
func TestEveryFaultHappens(t *testing.T) {
	all := make(map[string]int)
	for seed := range uint64(4) {
		w := newWorld(seed, faults{backend: true, silence: true}, none, newModel(none))
		w.play()
		for name, n := range w.happened {
			all[name] += n
		}
	}
	for _, name := range []string{
		"backend killed", "backend stopped", "batch late", "batch lost", "batch twice", "long silence", "new recorder", "partition",
		"publisher restarted", "recorder closed", "recorder cut off", "recorder killed",
	} {
		if all[name] == 0 {
			t.Errorf("%s: did not happen", name)
		}
	}
}
