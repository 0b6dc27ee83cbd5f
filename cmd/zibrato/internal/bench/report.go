package bench

import (
	"encoding/json"
	"io"
	"slices"
	"time"

	"github.com/zibrato/zibrato/internal/measure"
)

// A Report is what was measured. As JSON its field names are stable: fields may come, and none goes or changes its meaning.
type Report struct {
	Time    time.Time       `json:"time"`            // when it was done
	Zibrato string          `json:"zibrato_version"` // of the program
	Machine measure.Machine `json:"machine"`
	Clock   Clock           `json:"clock"`
	Calls   []Call          `json:"calls"`    // yardsticks first
	Counted uint64          `json:"counted"`  // calls of instruments that the recorder counted
	Made    uint64          `json:"made"`     // and that were made while it was watched: the same
	Flows   []Flow          `json:"pipeline"` // the summaries way, then the samples way; none where the system tells no processor time
	Noisy   bool            `json:"noisy"`    // half of the figures spread too far to be relied on
}

// Clock is what timers read.
type Clock struct {
	Source string `json:"source"` // "tsc" or "cntvct", the processor's own counter, or "monotonic", the system's clock
	Reason string `json:"reason"` // why it is not the processor's counter; empty where it is
}

// The states in which a call is measured.
const (
	Yardstick = "yardstick" // no call of Zibrato's, but what these are compared with
	Watched   = "watched"   // somebody wants the level; what is recorded is collected meanwhile
	Unwatched = "unwatched" // nobody wants it
)

// A Call is what one call costs, in one state and on so many cores at once.
type Call struct {
	Key    string  `json:"key"`   // names the call for programs
	Code   string  `json:"call"`  // and for people
	State  string  `json:"state"` // Yardstick, Watched or Unwatched
	Cores  int     `json:"cores"` // how many cores made the call at once
	Ns     float64 `json:"ns_per_call"`
	NsQ1   float64 `json:"ns_per_call_q1"` // the quartiles around the median
	NsQ3   float64 `json:"ns_per_call_q3"`
	Ratio  float64 `json:"time_now_ratio"` // to time.Now() on as many cores; median of each slice's with its neighbour
	Slices int     `json:"slices"`         // that the medians are of
	Allocs int     `json:"allocs_per_call"`
}

// Spread is how far the quartiles are apart, as a share of the median.
func (c Call) Spread() float64 {
	return measure.Quartiles{Q1: c.NsQ1, Median: c.Ns, Q3: c.NsQ3}.Spread()
}

// A Flow is what it costs to time blocks of code at a steady rate, the whole pipeline included, against the same program without Zibrato.
type Flow struct {
	Detail  string `json:"detail"`          // what travels: "summaries", as to a backend by default, or "samples"
	Rate    int    `json:"rate_per_second"` // timers a second
	Timed   uint64 `json:"timed"`           // timers in all
	Arrived uint64 `json:"arrived"`         // of these, in the backend's windows
	Process Share  `json:"process"`         // in the measured process: calls, drain, publisher
	All     Share  `json:"all"`             // and in forwarder, subscriber and backend
}

// A Share is processor time: per timer, and as a share of one core at Flow.Rate. It is the median of the slices' differences to slices without Zibrato,
// and can be negative where these differ by more than Zibrato costs.
type Share struct {
	Ns     float64 `json:"ns_per_timer"`
	NsQ1   float64 `json:"ns_per_timer_q1"`
	NsQ3   float64 `json:"ns_per_timer_q3"`
	Core   float64 `json:"core_fraction"`
	Slices int     `json:"slices"`
}

func shareOf(ns []float64, rate int) Share {
	q := measure.QuartilesOf(ns)
	return Share{Ns: q.Median, NsQ1: q.Q1, NsQ3: q.Q3, Core: q.Median * float64(rate) / 1e9, Slices: len(ns)}
}

// call finds a row.
func (r *Report) call(key, state string, cores int) (c Call, ok bool) {
	i := slices.IndexFunc(r.Calls, func(c Call) bool { return c.Key == key && c.State == state && c.Cores == cores })
	if i < 0 {
		return Call{}, false
	}
	return r.Calls[i], true
}

// noisy is the spread from which on a figure is not to be relied on.
const noisy = 0.2

// judge says whether the machine was too busy with other things.
func (r *Report) judge() {
	spreads := make([]float64, len(r.Calls))
	for i, c := range r.Calls {
		spreads[i] = c.Spread()
	}
	r.Noisy = measure.QuartilesOf(spreads).Median > noisy
}

// WriteJSON writes the report as one object.
func (r *Report) WriteJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}
