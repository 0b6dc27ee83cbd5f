//go:build cgo && linux

package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"
)

// report is what came of a run.
type report struct {
	Seed    int64   `json:"seed"`
	Seconds float64 `json:"seconds"` // of faults
	Began   string  `json:"began"`

	Faults  map[string]int    `json:"faults"` // that happened, by kind
	Total   int               `json:"total"`
	Skipped map[string]string `json:"skipped,omitempty"` // kinds, and why

	Lives       int              `json:"lives"` // of publishers
	Killed      int              `json:"killed"`
	Recorded    uint64           `json:"recorded"` // calls
	Detail      uint64           `json:"detail"`   // of timers, distributions and gauges, that the backend of samples received
	Lost        uint64           `json:"lost"`     // and that it counted as lost
	Series      int              `json:"series"`   // compared
	Windows     int              `json:"windows"`  // that the store took
	Again       int              `json:"again"`    // series of windows that came again under the same key
	LostBatches uint64           `json:"lost_batches"`
	Duplicates  uint64           `json:"duplicates"`
	Settled     float64          `json:"settled"` // seconds after the last call until the store knew all
	Memory      map[string]int64 `json:"memory"`  // most of a process, in bytes, by role

	// Of a trial: what was measured, and what was counted.
	Figures map[string]figure `json:"figures,omitempty"`
	Counts  map[string]int    `json:"counts,omitempty"`

	Wrong []string `json:"wrong,omitempty"`
	OK    bool     `json:"ok"`

	mu       sync.Mutex
	values   map[string][]float64
	progress io.Writer
	begun    time.Time
}

// wrong notes something that must not be.
func (r *report) wrong(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Wrong = append(r.Wrong, fmt.Sprintf(format, args...))
}

// happened notes a fault.
func (r *report) happened(kind, evidence string, begun time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Faults[kind]++
	r.Total++
	fmt.Fprintf(r.progress, "%6.1f s  %-40s %s\n", begun.Sub(r.begun).Seconds(), kind, short(evidence))
}

func (r *report) say(format string, args ...any) {
	fmt.Fprintf(r.progress, "%6.1f s  %s\n", time.Since(r.begun).Seconds(), fmt.Sprintf(format, args...))
}

// write shows it to people.
func (r *report) write(w io.Writer) {
	fmt.Fprintf(w, "\nconservation: seed %d, %.0f s, %d faults\n\n", r.Seed, r.Seconds, r.Total)
	for _, k := range slices.Sorted(maps.Keys(r.Faults)) {
		fmt.Fprintf(w, "  %6d  %s\n", r.Faults[k], k)
	}
	for _, k := range slices.Sorted(maps.Keys(r.Skipped)) {
		fmt.Fprintf(w, "  skipped %s: %s\n", k, r.Skipped[k])
	}
	fmt.Fprintf(w, `
  publishers   %d lives, of which %d were killed; %d calls
  samples      %d received, %d lost and counted
  batches      %d lost, %d came twice
  store        %d windows, %d figures came again under the same key
  settled      %.1f s after the last call
`, r.Lives, r.Killed, r.Recorded, r.Detail, r.Lost, r.LostBatches, r.Duplicates, r.Windows, r.Again, r.Settled)
	for _, k := range slices.Sorted(maps.Keys(r.Memory)) {
		fmt.Fprintf(w, "  %-12s %d MiB at most\n", k, r.Memory[k]>>20)
	}
	for _, k := range slices.Sorted(maps.Keys(r.Counts)) {
		fmt.Fprintf(w, "\n  %6d  %s", r.Counts[k], k)
	}
	for i, k := range slices.Sorted(maps.Keys(r.Figures)) {
		if i == 0 {
			fmt.Fprintf(w, "\n\n  %8s%10s%10s%10s\n", "times", "median", "p99", "most")
		}
		f := r.Figures[k]
		fmt.Fprintf(w, "  %8d%10.1f%10.1f%10.1f  %s\n", f.Times, f.Median, f.P99, f.Most, k)
	}
	if r.OK {
		fmt.Fprintf(w, "\nThe books balance: %d series compared.\n", r.Series)
		return
	}
	fmt.Fprintf(w, "\n%d things are wrong:\n", len(r.Wrong))
	for _, s := range r.Wrong[:min(len(r.Wrong), 40)] {
		fmt.Fprintln(w, "  "+s)
	}
}
