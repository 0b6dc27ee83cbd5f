package fuzz

import (
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/zibrato/zibrato/metric"
)

// wantSame fails unless two batches have the same content. cmp says how they differ; to find out whether they do takes it so long that the search
// would come to nothing.
func wantSame(t *testing.T, want, got *metric.Batch, what string) {
	t.Helper()
	if !sameBatch(want, got) {
		t.Fatalf("%s (-want +got):\n%s", what, cmp.Diff(want, got, histograms, cmpopts.EquateEmpty()))
	}
}

func sameBatch(a, b *metric.Batch) bool {
	if !slices.EqualFunc(a.Entries, b.Entries, sameEntry) || !slices.Equal(a.Samples, b.Samples) || !slices.EqualFunc(a.Summaries, b.Summaries, sameSummary) {
		return false
	}
	x, y := *a, *b
	x.Entries, x.Samples, x.Summaries = nil, nil, nil
	y.Entries, y.Samples, y.Summaries = nil, nil, nil
	return reflect.DeepEqual(x, y)
}

func sameEntry(a, b metric.Entry) bool {
	x, y := *a.Series, *b.Series
	if !slices.Equal(x.Tags, y.Tags) {
		return false
	}
	x.Tags, y.Tags = nil, nil
	a.Series, b.Series = nil, nil
	return a == b && reflect.DeepEqual(x, y)
}

func sameSummary(a, b metric.EntrySummary) bool {
	return a.Entry == b.Entry && a.Count == b.Count && a.Sum == b.Sum && a.M2 == b.M2 && a.Min == b.Min && a.Max == b.Max && a.Last == b.Last &&
		sameHistogram(a.Hist, b.Hist)
}

// histograms lets cmp compare them as a whole, which takes it a hundredth of the time that it needs for one bucket after the other.
var histograms = cmp.Comparer(sameHistogram)

func sameHistogram(a, b metric.Histogram) bool {
	return a.Scale() == b.Scale() && a.Zero == b.Zero && sameBuckets(a.Positive, b.Positive) && sameBuckets(a.Negative, b.Negative)
}

func sameBuckets(a, b metric.Buckets) bool {
	return slices.Equal(a.Counts, b.Counts) && (a.Offset == b.Offset || len(a.Counts) == 0)
}

// What sameBatch leaves out the search would leave out.
func TestSameSeesEveryDifference(t *testing.T) {
	for what, change := range map[string]func(*metric.Batch){
		"process":  func(b *metric.Batch) { b.Process.Host = "other" },
		"level":    func(b *metric.Batch) { b.Level = metric.Debug },
		"number":   func(b *metric.Batch) { b.Seq++ },
		"base":     func(b *metric.Batch) { b.Base = b.Base.Add(1) },
		"end":      func(b *metric.Batch) { b.Final = true },
		"skipped":  func(b *metric.Batch) { b.Skipped++ },
		"id":       func(b *metric.Batch) { b.Entries[1].ID++ },
		"birth":    func(b *metric.Batch) { b.Entries[1].Birth++ },
		"totals":   func(b *metric.Batch) { b.Entries[1].After.Count++ },
		"name":     func(b *metric.Batch) { b.Entries[1].Series.Name = "other" },
		"tag":      func(b *metric.Batch) { b.Entries[1].Series.Tags[0].Value = "other" },
		"entries":  func(b *metric.Batch) { b.Entries = b.Entries[1:] },
		"of":       func(b *metric.Batch) { b.Summaries[0].Entry++ },
		"least":    func(b *metric.Batch) { b.Summaries[0].Min-- },
		"zeros":    func(b *metric.Batch) { b.Summaries[0].Hist.Zero++ },
		"bucket":   func(b *metric.Batch) { b.Summaries[0].Hist.Positive.Counts[0]++ },
		"offset":   func(b *metric.Batch) { b.Summaries[0].Hist.Positive.Offset++ },
		"detail":   func(b *metric.Batch) { b.Summaries = b.Summaries[1:] },
		"interval": func(b *metric.Batch) { b.Interval++ },
	} {
		a, b := summed(1, 2, 300), summed(1, 2, 300)
		if !sameBatch(a, b) {
			t.Fatal("equal batches are not the same")
		}
		if change(b); sameBatch(a, b) {
			t.Errorf("another %s is the same", what)
		}
	}
	a, b := seed(), seed()
	if b.Samples[0].Time++; sameBatch(a, b) {
		t.Error("another sample is the same")
	}
}
