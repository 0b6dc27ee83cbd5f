package librato

import "github.com/zibrato/zibrato/internal/post"

// progress is how far a window has come. It outlives a failed Write, so that the next resumes where that one stopped.
type progress struct {
	of      id
	done    int           // items that were taken or refused
	refused post.Refusals // of series of which an item was refused
	last    int           // the last of these series; items come in the order of their series
}

// id tells a window from another: a window's start is never used twice.
type id struct {
	start, end int64
	items      int
}

// take counts items, the next that were not done, as taken.
func (p *progress) take(items []item) { p.done += len(items) }

// refuse counts items, the next that were not done, as refused in n cases; if that is not all, which ones is not known.
func (p *progress) refuse(items []item, n int, reason string) {
	p.done += len(items)
	if n == 0 {
		return
	}
	series := 0
	for _, it := range items {
		if it.series != p.last {
			series++
			p.last = it.series
		}
	}
	p.refused.Add(min(n, series), reason)
}
