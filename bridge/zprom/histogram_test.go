package zprom

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/zibrato/zibrato/metric"
)

// promQuantile is what PromQL's histogram_quantile says of classic buckets.
func promQuantile(q float64, bounds []float64, cumulative []uint64) float64 {
	rank := q * float64(cumulative[len(cumulative)-1])
	i := 0
	for i < len(bounds) && float64(cumulative[i]) < rank {
		i++
	}
	switch {
	case i == len(bounds):
		return bounds[len(bounds)-1]
	case i == 0 && bounds[0] <= 0:
		return bounds[0]
	}
	low, before := 0.0, uint64(0)
	if i > 0 {
		low, before = bounds[i-1], cumulative[i-1]
	}
	return low + (bounds[i]-low)*(rank-float64(before))/float64(cumulative[i]-before)
}

func TestClassicBucketsHaveTheQuantilesOfPromQL(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for name, bounds := range map[string][]float64{
		"default": prometheus.DefBuckets, "linear": prometheus.LinearBuckets(-4, 1, 9), "one": {1}, "zero": {0, 1, 2},
	} {
		reg := prometheus.NewRegistry()
		h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "h", Buckets: bounds})
		reg.MustRegister(h)
		h.Observe(0.1) // before the beginning
		rec, b := start(t, reg)
		cumulative := make([]uint64, len(bounds)+1)
		sum := 0.0
		const n = 10_000
		for i := range n {
			v := rng.NormFloat64() * 2
			if bounds[0] > 0 {
				v = math.Abs(v)
			}
			h.Observe(v)
			sum += v
			for j, bound := range bounds {
				if v <= bound {
					cumulative[j]++
				}
			}
			cumulative[len(bounds)]++
			if i%1000 == 0 {
				gather(t, b)
			}
		}
		gather(t, b)
		s := rec.Summary("h")
		if rec.Calls("h") != n || math.Abs(rec.Sum("h")-sum) > 1e-9*n || s.Count != n {
			t.Errorf("%s: %d with sum %v, %d in the histogram, want %d with %v", name, rec.Calls("h"), rec.Sum("h"), s.Count, n, sum)
		}
		for _, q := range []float64{0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99} {
			want := promQuantile(q, bounds, cumulative)
			width := 0.0
			for i := range bounds {
				low := 0.0
				if i > 0 {
					low = bounds[i-1]
				}
				if want > low && want <= bounds[i] {
					width = bounds[i] - low
				}
			}
			if got := s.Quantile(q); math.Abs(got-want) > s.Hist.RelativeError()*math.Abs(want)+width/pieces {
				t.Errorf("%s: quantile %v is %v, PromQL says %v", name, q, got, want)
			}
		}
	}
}

func TestNativeHistogramsKeepWhatTheyKnow(t *testing.T) {
	for name, opts := range map[string]prometheus.HistogramOpts{
		"plain":                    {NativeHistogramBucketFactor: 1.1},
		"fine":                     {NativeHistogramBucketFactor: 1.003},
		"coarse":                   {NativeHistogramBucketFactor: 4},
		"made coarser":             {NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 30},
		"zero made wider":          {NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 40, NativeHistogramMaxZeroThreshold: 0.1},
		"begun anew":               {NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 60, NativeHistogramMinResetDuration: 1},
		"with classic buckets too": {NativeHistogramBucketFactor: 1.1, Buckets: prometheus.DefBuckets},
	} {
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(7, 8))
			opts.Name = "h_bytes"
			h := prometheus.NewHistogram(opts)
			reg := prometheus.NewRegistry()
			reg.MustRegister(h)
			h.Observe(1) // before the beginning
			rec, b := start(t, reg)
			var values []float64
			sum := 0.0
			schema, threshold := int32(8), 0.0
			for i := range 3000 {
				v := math.Exp(rng.NormFloat64() * (1 + float64(i)/1000))
				switch rng.IntN(10) {
				case 0:
					v = -v
				case 1:
					v = 0
				}
				h.Observe(v)
				values, sum = append(values, v), sum+v
				if i%50 == 49 { // so that what it does between does not lose what was observed before that: see "begun anew"
					gather(t, b)
					var m dto.Metric
					if err := h.Write(&m); err != nil {
						t.Fatal(err)
					}
					schema, threshold = min(schema, m.Histogram.GetSchema()), max(threshold, m.Histogram.GetZeroThreshold())
				}
			}
			s := rec.Summary("h_bytes")
			if opts.NativeHistogramMinResetDuration == 0 && (rec.Calls("h_bytes") != 3000 || math.Abs(rec.Sum("h_bytes")-sum) > 1e-6*math.Abs(sum)) {
				t.Errorf("%d with sum %v, want 3000 with %v", rec.Calls("h_bytes"), rec.Sum("h_bytes"), sum)
			}
			if s.Count != rec.Calls("h_bytes") || s.Count < 1500 { // what lies between the last gathering and a new beginning nobody knows
				t.Errorf("%d of %d are in the histogram", s.Count, rec.Calls("h_bytes"))
			}
			if opts.NativeHistogramMinResetDuration != 0 {
				return
			}
			if want := int(min(schema, metric.DefaultScale)); s.Hist.Scale() < want {
				t.Errorf("the scale is %d, the coarsest schema was %d", s.Hist.Scale(), want)
			}
			slices.Sort(values)
			off := math.Exp2(math.Exp2(-float64(min(schema, metric.DefaultScale)))/2) - 1 // from the middle of a bucket
			for _, q := range []float64{0.02, 0.1, 0.3, 0.5, 0.9, 0.999} {
				want := values[int(math.Ceil(q*float64(len(values))))-1]
				if got := s.Quantile(q); math.Abs(got-want) > off*math.Abs(want)*1.0001+threshold {
					t.Errorf("quantile %v is %v, want %v", q, got, want)
				}
			}
		})
	}
}

// What was counted before buckets were joined must not count again.
func TestNativeBucketsThatAreJoinedLoseNothing(t *testing.T) {
	was := native{schema: 3, positive: []bucket{{-5, 2}, {-4, 3}, {6, 1}, {7, 4}}, negative: []bucket{{0, 1}}}
	now := native{schema: 1, threshold: 0.9, zero: 6, positive: []bucket{{1, 7}}, negative: []bucket{{0, 3}}}
	if !was.coarsenTo(&now) || was.zero != 5 || !slices.Equal(was.positive, []bucket{{1, 5}}) || !slices.Equal(was.negative, []bucket{{0, 1}}) {
		t.Fatalf("%+v", was)
	}
	if !now.subtract(&was) || now.zero != 1 || !slices.Equal(now.positive, []bucket{{1, 2}}) || !slices.Equal(now.negative, []bucket{{0, 2}}) {
		t.Errorf("%+v", now)
	}
	if now.subtract(&native{positive: []bucket{{1, 3}}}) || now.subtract(&native{positive: []bucket{{2, 1}}}) || now.subtract(&native{zero: 2}) {
		t.Error("took off more than there was")
	}
	finer := native{schema: 2, threshold: 0.9}
	if was.coarsenTo(&finer) || was.coarsenTo(&native{schema: 1}) {
		t.Error("buckets cannot be made finer")
	}
}

func TestHistogramsThatAreStrange(t *testing.T) {
	u, f := func(n uint64) *uint64 { return &n }, func(v float64) *float64 { return &v }
	hist := func(h *dto.Histogram) *dto.MetricFamily {
		return familyOf("h_seconds", dto.MetricType_HISTOGRAM, &dto.Metric{Histogram: h})
	}
	bucket := func(bound float64, n uint64) *dto.Bucket { return &dto.Bucket{UpperBound: &bound, CumulativeCount: &n} }
	none := hist(&dto.Histogram{SampleCount: u(0), SampleSum: f(0)})
	schema := int32(0)
	for name, c := range map[string]struct {
		was, now *dto.MetricFamily
		calls    uint64
		sum      float64
		detail   uint64
	}{
		"no buckets":           {none, hist(&dto.Histogram{SampleCount: u(4), SampleSum: f(2)}), 4, 2, 0},
		"infinity is a bucket": {none, hist(&dto.Histogram{SampleCount: u(4), SampleSum: f(2), Bucket: []*dto.Bucket{bucket(1, 3), bucket(math.Inf(1), 4)}}), 4, 2, 4},
		"other bounds": {hist(&dto.Histogram{SampleCount: u(4), SampleSum: f(2), Bucket: []*dto.Bucket{bucket(1, 4)}}),
			hist(&dto.Histogram{SampleCount: u(9), SampleSum: f(7), Bucket: []*dto.Bucket{bucket(2, 8)}}), 5, 5, 0},
		"begun anew": {hist(&dto.Histogram{SampleCount: u(4), SampleSum: f(2), Bucket: []*dto.Bucket{bucket(1, 4)}}),
			hist(&dto.Histogram{SampleCount: u(3), SampleSum: f(7), Bucket: []*dto.Bucket{bucket(1, 2)}}), 3, 7, 3},
		"buckets beyond the count": {none, hist(&dto.Histogram{SampleCount: u(4), SampleSum: f(2), Bucket: []*dto.Bucket{bucket(1, 9)}}), 4, 2, 0},
		"no sum":                   {none, hist(&dto.Histogram{SampleCount: u(4), SampleSum: f(math.NaN()), Bucket: []*dto.Bucket{bucket(1, 4)}}), 4, 0, 4},
		"no number has no bucket": {none, hist(&dto.Histogram{SampleCount: u(4), SampleSum: f(math.NaN()), Schema: &schema, ZeroThreshold: f(1e-9),
			PositiveSpan: []*dto.BucketSpan{{Offset: new(int32), Length: new(uint32)}, {Offset: new(int32), Length: func() *uint32 { n := uint32(1); return &n }()}}, PositiveDelta: []int64{3}}), 4, 0, 3},
		"spans without counts": {none, hist(&dto.Histogram{SampleCount: u(4), SampleSum: f(1), Schema: &schema, ZeroThreshold: f(1e-9),
			PositiveSpan: []*dto.BucketSpan{{Offset: new(int32), Length: func() *uint32 { n := uint32(1 << 31); return &n }()}}}), 4, 1, 0},
		"negative durations": {none, hist(&dto.Histogram{SampleCount: u(4), SampleSum: f(-1), Schema: &schema, ZeroThreshold: f(1e-9),
			NegativeSpan: []*dto.BucketSpan{{Offset: new(int32), Length: func() *uint32 { n := uint32(1); return &n }()}}, NegativeDelta: []int64{4}}), 4, 0, 4},
		"fractions": {none, hist(&dto.Histogram{SampleCountFloat: f(4.5), SampleSum: f(1), Bucket: []*dto.Bucket{{UpperBound: f(1), CumulativeCountFloat: f(3.5)}}}), 4, 1, 4},
		"not there": {none, familyOf("h_seconds", dto.MetricType_HISTOGRAM, &dto.Metric{}), 0, 0, 0},
	} {
		from := new(steps).then(nil, c.was).then(nil, c.now)
		rec, b := start(t, from)
		gather(t, b)
		if n, sum, s := rec.Calls("h_seconds"), rec.Sum("h_seconds"), rec.Summary("h_seconds"); n != c.calls || sum != c.sum || s.Count != c.detail {
			t.Errorf("%s: %d with sum %v, %d in the histogram, want %d, %v, %d", name, n, sum, s.Count, c.calls, c.sum, c.detail)
		}
		if m := rec.Misuses(); len(m) > 0 {
			t.Errorf("%s: %v", name, m)
		}
	}
}

// Sums of durations are right to the nanosecond, however often they were gathered.
func TestSumsDoNotDrift(t *testing.T) {
	reg := prometheus.NewRegistry()
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "h_seconds"})
	reg.MustRegister(h)
	rec, b := start(t, reg)
	sum := time.Duration(0)
	for i := range 2000 {
		d := time.Duration(i)*37 + 1
		sum += d
		h.Observe(d.Seconds())
		gather(t, b)
	}
	if got := time.Duration(math.Round(rec.Sum("h_seconds") * 1e9)); got < sum-1 || got > sum+1 {
		t.Errorf("%v, want %v", got, sum)
	}
}
