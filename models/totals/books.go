package main

import (
	"fmt"

	"github.com/zibrato/zibrato/metric"
)

// compare returns in what the sink differs from what happened: to the last sample for recorders that live or closed, up to the last batch
// that arrived for those that were killed.
func (w *world) compare() (wrong []string) {
	counted := w.backend.counted()
	for _, r := range w.recorders {
		for _, s := range r.series {
			got := counted[s.desc.Name]
			most := above(s.total, s.base)
			if r.killed || !r.met {
				most = above(s.delivered, s.base)
			}
			least := most
			least.count -= min(s.forgiven.Count, least.count)
			least.sum -= min(s.forgiven.Sum.Int(), least.sum)
			if got.count < least.count || got.count > most.count || got.sum < least.sum || got.sum > most.sum {
				wrong = append(wrong, fmt.Sprintf("%s: %d calls with sum %d, want %d to %d with sum %d to %d",
					s.desc.Name, got.count, got.sum, least.count, most.count, least.sum, most.sum))
			}
			if got.detail > s.told {
				wrong = append(wrong, fmt.Sprintf("%s: %d calls in detail, of which %d arrived", s.desc.Name, got.detail, s.told))
			}
		}
	}
	return wrong
}

// above is what totals have beyond a base.
func above(t, base metric.Totals) sums {
	if t.Count <= base.Count {
		return sums{}
	}
	return sums{count: t.Count - base.Count, sum: t.Sum.Int() - base.Sum.Int()}
}
