package metric

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var histograms = cmp.AllowUnexported(Histogram{})

// summarized is a batch with a series of each kind, and a summary of the values for each but the counter.
func summarized(values ...float64) *Batch {
	b := manyKinds()
	b.Detail, b.Samples = Summaries, nil
	for i, e := range b.Entries {
		if e.Series.Kind == Counter {
			continue
		}
		var a Accumulator
		for _, v := range values {
			if e.Series.Kind == Timer {
				v = math.Abs(v)
			}
			a.Add(v)
		}
		b.Summaries = append(b.Summaries, EntrySummary{uint32(i), a.Summary()})
	}
	return b
}

func TestSummariesSurviveTheTrip(t *testing.T) {
	none := manyKinds()
	none.Detail, none.Samples = Summaries, nil
	var got Batch
	for name, b := range map[string]*Batch{
		"one":          summarized(3),
		"zero":         summarized(0),
		"timings":      summarized(timings(10_000)...),
		"both signs":   summarized(-5, 1, 2, 0, 0, 1e-3, -1e-3, 17),
		"wide":         summarized(-1e-200, 1, 1e200, math.MaxFloat64, -math.MaxFloat64),
		"the smallest": summarized(math.SmallestNonzeroFloat64, math.MaxFloat64),
		"none":         none,
	} {
		frame := AppendBatch(nil, b)
		if err := DecodeBatch(frame, &got); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for i := range frame {
			frame[i] = 0xee // the receiver may reuse it
		}
		if diff := cmp.Diff(b, &got, histograms, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestSummarySizeIsWhatASummaryTakes(t *testing.T) {
	for _, b := range []*Batch{summarized(0), summarized(-1, 5, 1e9), summarized(timings(10_000)...)} {
		for _, s := range b.Summaries {
			with, without := *b, *b
			with.Summaries, without.Summaries = []EntrySummary{s}, nil
			if got, want := SummarySize(&s.Summary), len(AppendBatch(nil, &with))-len(AppendBatch(nil, &without)); got != want {
				t.Errorf("SummarySize says %d, it is %d", got, want)
			}
		}
	}
}
