package metric

import (
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
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

func TestMalformedSummariesAreRefusedWithTheirReason(t *testing.T) {
	// The distribution's summary, of one value in each of two buckets, is edited.
	edited := func(edit func(*EntrySummary)) []byte {
		b := summarized(1, 2)
		edit(&b.Summaries[3])
		return AppendBatch(nil, b)
	}
	timer := func(edit func(*EntrySummary)) []byte {
		b := summarized(1, 2)
		edit(&b.Summaries[0])
		return AppendBatch(nil, b)
	}
	// Bytes are put in place of some of a lone summary. The offsets are those of the summary, its length included.
	replaced := func(at, n int, by ...byte) []byte {
		b := summarized(1, 2)
		b.Summaries = b.Summaries[3:]
		frame := AppendBatch(nil, b)
		start := len(frame) - 4 - SummarySize(&b.Summaries[0].Summary)
		frame = slices.Replace(frame, start+at, start+at+n, by...)
		binary.LittleEndian.PutUint16(frame[start:], uint16(len(frame)-4-start-2))
		return seal(frame)
	}
	const (
		scale    = 2 + 4 + 8 + 5*8
		zeros    = scale + 1
		positive = zeros + 1
		first    = positive + 2
		marks    = first + 4
		counted  = marks + 5
		negative = counted + 2
	)
	claiming := func(n uint32) []byte {
		frame := AppendBatch(nil, summarized(1, 2))
		binary.LittleEndian.PutUint32(frame[len("zsum1|info|")+2+headerFixed-4:], n)
		return seal(frame)
	}
	crowded := func() []byte { // 900 entries with 1280 buckets each, most of them empty
		b := summarized(math.Exp2(0.01), math.Exp2(39.99))
		e, s := b.Entries[4], b.Summaries[3]
		b.Entries, b.Summaries = nil, nil
		for i := range 900 {
			s.Entry = uint32(i)
			b.Entries, b.Summaries = append(b.Entries, e), append(b.Summaries, s)
		}
		return AppendBatch(nil, b)
	}
	left := summarized(1, 2)
	leftOver := append(AppendBatch(nil, left), 0)
	for name, test := range map[string]struct {
		reason Reason
		frame  []byte
	}{
		"summaries claimed":       {ReasonTruncated, claiming(math.MaxUint32)},
		"a summary claimed":       {ReasonTruncated, claiming(5)},
		"a summary too few":       {ReasonTruncated, claiming(3)},
		"a byte left over":        {ReasonTruncated, seal(leftOver)},
		"an entry that is none":   {ReasonContent, edited(func(s *EntrySummary) { s.Entry = 5 })},
		"an entry twice":          {ReasonContent, edited(func(s *EntrySummary) { s.Entry = 3 })},
		"a counter's":             {ReasonContent, timer(func(s *EntrySummary) { s.Entry = 1 })},
		"a count of nothing":      {ReasonContent, edited(func(s *EntrySummary) { s.Summary = Summary{} })},
		"a count too high":        {ReasonContent, edited(func(s *EntrySummary) { s.Count++ })},
		"a count too low":         {ReasonContent, edited(func(s *EntrySummary) { s.Count-- })},
		"a count that wraps":      {ReasonContent, edited(func(s *EntrySummary) { s.Hist.Zero = math.MaxUint64; s.Count = 1 })},
		"a sum that is none":      {ReasonNumber, edited(func(s *EntrySummary) { s.Sum = math.NaN() })},
		"an infinite M2":          {ReasonNumber, edited(func(s *EntrySummary) { s.M2 = math.Inf(1) })},
		"a negative M2":           {ReasonContent, edited(func(s *EntrySummary) { s.M2 = -1 })},
		"an infinite least":       {ReasonNumber, edited(func(s *EntrySummary) { s.Min = math.Inf(-1) })},
		"an infinite greatest":    {ReasonNumber, edited(func(s *EntrySummary) { s.Max = math.Inf(1) })},
		"a last that is none":     {ReasonNumber, edited(func(s *EntrySummary) { s.Last = math.NaN() })},
		"a last below the least":  {ReasonContent, edited(func(s *EntrySummary) { s.Last = 0.5 })},
		"a last above all":        {ReasonContent, edited(func(s *EntrySummary) { s.Last = 3 })},
		"least above greatest":    {ReasonContent, edited(func(s *EntrySummary) { s.Min, s.Max = 2, 1 })},
		"a negative timer":        {ReasonNumber, timer(func(s *EntrySummary) { s.Min = -1 })},
		"a timer's bucket below":  {ReasonNumber, timer(func(s *EntrySummary) { s.Hist.Negative, s.Hist.Positive = s.Hist.Positive, Buckets{} })},
		"a finer scale":           {ReasonContent, replaced(scale, 1, 6)},
		"too coarse a scale":      {ReasonContent, replaced(scale, 1, 0xf5)},
		"an endless varint":       {ReasonTruncated, replaced(zeros, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0)},
		"a varint of 65 bits":     {ReasonTruncated, replaced(zeros, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2)},
		"buckets without bits":    {ReasonTruncated, replaced(positive, 2, 0xff, 0xff)},
		"buckets too many":        {ReasonContent, edited(func(s *EntrySummary) { s.Hist.Positive.Counts = slices.Repeat([]uint64{1}, MaxBuckets+1) })},
		"a bucket too low":        {ReasonContent, edited(func(s *EntrySummary) { s.Hist.Positive.Offset = -34370 })},
		"a bucket too high":       {ReasonContent, edited(func(s *EntrySummary) { s.Hist.Positive.Offset = 32767 - 31 })},
		"a bucket without bounds": {ReasonContent, edited(func(s *EntrySummary) { s.Hist.Positive.Offset = math.MaxInt32 - 5 })},
		"an empty first bucket":   {ReasonContent, replaced(marks, 1, 0)},
		"an empty last bucket":    {ReasonContent, replaced(marks+4, 1, 0)},
		"a bit too many":          {ReasonContent, replaced(marks+4, 1, 3)},
		"a mark for nothing":      {ReasonContent, replaced(counted, 1, 0)},
		"no count":                {ReasonTruncated, replaced(counted, 4)},
		"no negative buckets":     {ReasonTruncated, replaced(negative, 2)},
		"more buckets than 2^20":  {ReasonSize, crowded()},
	} {
		var b Batch
		err := DecodeBatch(test.frame, &b)
		var malformed *DecodeError
		if !errors.As(err, &malformed) || malformed.Reason != test.reason {
			t.Errorf("%s: got %v, want %s", name, err, test.reason)
		}
		agree(t, test.frame)
	}
}

// allocated returns how many bytes each call takes.
func allocated(f func()) uint64 {
	const runs = 100
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range runs {
		f()
	}
	runtime.ReadMemStats(&after)
	return (after.TotalAlloc - before.TotalAlloc) / runs
}

func TestHistogramsTakeWhatTheirBucketsTakeAndClaimsTakeNothing(t *testing.T) {
	frame := AppendBatch(nil, summarized(math.Exp2(0.01), math.Exp2(39.99))) // 1280 buckets, two of them in use
	entries, buckets := uint64(20*len(frame)), uint64(4*8*MaxBuckets)
	if got := allocated(func() {
		var b Batch
		if err := DecodeBatch(frame, &b); err != nil {
			t.Fatal(err)
		}
	}); got > entries+buckets {
		t.Errorf("a frame of %d bytes costs %d", len(frame), got)
	}
	var again Batch
	if got := allocated(func() {
		if err := DecodeBatch(frame, &again); err != nil {
			t.Fatal(err)
		}
	}); got > entries {
		t.Errorf("a frame of %d bytes costs %d when the memory is there", len(frame), got)
	}
	start := len("zsum1|info|") + 2 + headerFixed - 4
	binary.LittleEndian.PutUint32(frame[start:], 1<<31)
	claiming := seal(frame)
	if got := allocated(func() {
		var b Batch
		if DecodeBatch(claiming, &b) == nil {
			t.Fatal("accepted")
		}
	}); got > entries {
		t.Errorf("a frame of %d bytes that claims much costs %d", len(frame), got)
	}
}

func TestManyDifferentMessagesLeaveLittleMemoryBehind(t *testing.T) {
	wide, narrow := summarized(math.Exp2(0.01), math.Exp2(39.99)), summarized(1)
	var b Batch
	held := func() (n int) {
		for _, s := range b.Summaries[:cap(b.Summaries)] {
			n += cap(s.Hist.Positive.Counts) + cap(s.Hist.Negative.Counts)
		}
		return n
	}
	peak := 0
	for part := range 10 { // each takes much for other summaries than those before
		sent := *wide
		sent.Entries, sent.Summaries = nil, nil
		for i := range 900 {
			s := narrow.Summaries[3]
			if i/100 == part%9 {
				s = wide.Summaries[3]
			}
			s.Entry = uint32(i)
			sent.Entries, sent.Summaries = append(sent.Entries, wide.Entries[4]), append(sent.Summaries, s)
		}
		if err := DecodeBatch(AppendBatch(nil, &sent), &b); err != nil {
			t.Fatal(err)
		}
		peak = max(peak, held())
	}
	if peak <= maxMessageBuckets || held() > 200*MaxBuckets {
		t.Errorf("at most %d buckets were kept, and %d in the end", peak, held())
	}
}

func TestEncodingAllocatesNothing(t *testing.T) {
	b := summarized(timings(1000)...)
	frame := AppendBatch(nil, b)
	if n := testing.AllocsPerRun(100, func() { frame = AppendBatch(frame[:0], b) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// What samples say when they travel one by one, and when they are folded into summaries on the way, agrees.
func TestSamplesAndSummariesAgree(t *testing.T) {
	rng := rand.New(rand.NewPCG(17, 18))
	shapes := draw(rng, 2000)
	for range 2000 {
		shapes["spread wide"] = append(shapes["spread wide"], math.Copysign(math.Exp2(rng.Float64()*300-150), rng.Float64()-0.5))
		shapes["far from zero"] = append(shapes["far from zero"], 1e9+rng.Float64())
	}
	for name, values := range shapes {
		for range 5 { // partitions
			var samples, summaries Summary
			var a Accumulator
			var got Batch
			for i, v := range values {
				samples.Add(v)
				a.Add(v)
				if i < len(values)-1 && rng.IntN(200) > 0 {
					continue
				}
				sent := manyKinds()
				sent.Detail, sent.Samples = Summaries, nil
				sent.Summaries = []EntrySummary{{4, a.Summary()}}
				if err := DecodeBatch(AppendBatch(nil, sent), &got); err != nil {
					t.Fatal(err)
				}
				a.Reset()
				summaries.Merge(&got.Summaries[0].Summary)
			}
			check(t, name+", samples", &samples, values)
			check(t, name+", summaries", &summaries, values)
			if diff := cmp.Diff(trim(samples.Hist), trim(summaries.Hist), histograms); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
			sorted := slices.Sorted(slices.Values(values))
			for _, q := range []float64{0, 0.01, 0.5, 0.9, 0.99, 1} {
				if want, got := nearestRank(sorted, q), summaries.Quantile(q); !near(got, want, 1.01*summaries.Hist.RelativeError()) && got != want {
					t.Errorf("%s: quantile %v is %v, want %v", name, q, got, want)
				}
			}
		}
	}
}

func TestMessagesOfADecodedBatchStandAlone(t *testing.T) {
	b := summarized(1, 2)
	var got Batch
	if err := DecodeBatch(AppendBatch(nil, b), &got); err != nil {
		t.Fatal(err)
	}
	for i := range got.Summaries { // growing one histogram must not reach into the next
		got.Summaries[i].Add(2.1)
		got.Summaries[i].Add(1000)
	}
	for i := range got.Summaries {
		want := b.Summaries[i].Summary
		want.Hist = want.Hist.Clone()
		want.Add(2.1)
		want.Add(1000)
		if diff := cmp.Diff(want, got.Summaries[i].Summary, histograms, cmpopts.EquateEmpty()); diff != "" {
			t.Error(diff)
		}
	}
}
