package store

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/zibrato/zibrato/metric"
)

// alike are the options under which what was read equals what was written.
var alike = cmp.Options{cmpopts.EquateEmpty(), cmp.AllowUnexported(metric.Histogram{}), cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) })}

var noon = time.Unix(1_700_000_000, 7)

func someSeries(k metric.Kind, name string) *metric.Series {
	return &metric.Series{Kind: k, Level: metric.Info, Name: name, Source: "größe", Unit: "s", Help: "help", Tags: []metric.Tag{{Key: "a", Value: "1"}, {Key: "b", Value: ""}}}
}

// someState is a state in which every field has a value of its own.
func someState() *State {
	return &State{
		Generation: 7, Next: 9, At: noon, Start: noon.Add(-time.Minute), Clean: true, Apart: 2,
		Coverage:  Coverage{Rest: noon.Add(-time.Hour), Levels: map[metric.Level]time.Time{"debug": noon.Add(-time.Second), "x": noon}},
		Forgotten: Forgotten{noon.Add(-2 * time.Hour), noon.Add(-3 * time.Hour)},
		Streams: []Stream{
			{
				Recorder: metric.RecorderID{1, 2}, Level: metric.Info, Seq: [2]uint64{3, 4}, Detail: metric.Summaries, Final: true,
				Heard: noon.Add(-1), Start: noon.Add(-2), Coverage: noon.Add(-3),
				Members: []Member{
					{ID: 1, Known: metric.Totals{Count: 5, Sum: 6}},
					{ID: 2, Known: metric.Totals{Count: 7, Sum: metric.IntValue(-8)}, Series: someSeries(metric.UpDown, "open"), Value: -8},
				},
			},
			{Recorder: metric.RecorderID{3}, Level: "mine", Heard: noon, Start: noon, Coverage: noon},
		},
	}
}

// someWindow is a window with series of all kinds on two levels, and of shapes of histograms that are seldom.
func someWindow() *metric.Window {
	r := rand.New(rand.NewPCG(1, 1))
	w := &metric.Window{Start: noon.Add(-time.Minute), End: noon, Interval: time.Minute}
	for _, l := range []metric.Level{metric.Debug, metric.Info} {
		for i, k := range metric.Kinds {
			a := metric.Aggregate{Series: someSeries(k, k.String()), Count: uint64(i + 100)}
			own := *a.Series
			own.Level = l
			a.Series = &own
			if k != metric.Counter {
				for range 50 {
					v := r.ExpFloat64() * 1e-3
					if k == metric.Gauge {
						v = (r.Float64() - 0.5) * 1e300 * float64(r.IntN(2)) // spread so wide that the histogram is coarse
					}
					a.Detail.Add(v)
				}
			}
			switch k {
			case metric.Timer, metric.Counter:
				a.IntSum = 1<<40 + int64(i)
				a.Sum = k.InUnits(metric.IntValue(a.IntSum))
			case metric.Distribution:
				a.Sum = 0.1
			default:
				a.Sum = a.Detail.Sum
			}
			w.Series = append(w.Series, a)
		}
	}
	slices.SortFunc(w.Series, func(a, b metric.Aggregate) int { return a.Compare(b.Series) })
	return w
}

// someBatch is a batch with one entry.
func someBatch(seq uint64) *metric.Batch {
	return &metric.Batch{
		Process: metric.Process{Recorder: metric.RecorderID{9}, Host: "h", Program: "p", PID: 1, Start: noon}, Level: metric.Info, Seq: seq,
		Uptime: time.Minute, Interval: time.Second, Base: noon,
		Entries: []metric.Entry{{ID: 1, Series: someSeries(metric.Counter, "jobs"), After: metric.Totals{Count: seq, Sum: metric.IntValue(int64(seq))}}},
		Samples: []metric.Sample{{Value: metric.IntValue(1)}},
	}
}

// aLog is a file with batches 1 to n, and where each record ends.
func aLog(n int) (file []byte, ends []int) {
	file = []byte(logMagic)
	for i := range n {
		file = AppendRecord(file, someBatch(uint64(i+1)), noon.Add(time.Duration(i)), noon)
		ends = append(ends, len(file))
	}
	return file, ends
}

func open(t *testing.T, cfg Config) *Store {
	t.Helper()
	s, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// commit begins the next log and commits a window, with a state that says nothing.
func commit(s *Store, w *metric.Window) (n uint64, onDisk bool, evicted []uint64) {
	s.NextLog().Begin(noon)
	return s.Commit(&State{At: noon, Start: noon}, w)
}

func put(t *testing.T, dir, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func names(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != "lock" {
			names = append(names, e.Name())
		}
	}
	return names
}

// replayed returns the sequence numbers of what a store replays.
func replayed(s *Store) (seqs []uint64) {
	s.Replay(func(b *metric.Batch, _ time.Time) { seqs = append(seqs, b.Seq) })
	return seqs
}
