package store

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/zibrato/zibrato/metric"
)

const (
	windowMagic = "zbwindw1"
	// frameBytes is about how large a frame in a window's file becomes, and frameSeries how many series it holds at most: with
	// the largest histograms these have half as many buckets as a decoder takes.
	frameBytes  = 256 << 10
	frameSeries = 200
)

// AppendWindow appends the file to dst. Series that would not come out as they went in are left out and counted: those that hold
// what no decoder takes, such as a name that is not legal.
func AppendWindow(dst []byte, w *metric.Window) (_ []byte, left int) {
	le, begin := binary.LittleEndian, len(dst)
	dst = append(dst, windowMagic...)
	dst = le.AppendUint64(dst, uint64(w.Start.UnixNano()))
	dst = le.AppendUint64(dst, uint64(w.End.UnixNano()))
	dst = le.AppendUint64(dst, uint64(w.Interval))
	at := len(dst)
	dst = le.AppendUint32(dst, 0)
	e := encoder{dst: dst}
	for rest := w.Series; len(rest) > 0; {
		n := together(rest)
		e.add(rest[:n])
		rest = rest[n:]
	}
	dst = e.dst
	le.PutUint32(dst[at:], e.frames)
	return append(dst[:begin], Seal(dst[begin:])...), e.left
}

// together returns how many of the series, at least one, go into one frame.
func together(series []metric.Aggregate) int {
	size := 0
	for i := range series {
		a := &series[i]
		if size += metric.EntrySize(a.Series) + metric.SummarySize(&a.Detail); i > 0 && (size > frameBytes || i == frameSeries || a.Level != series[0].Level) {
			return i
		}
	}
	return len(series)
}

type encoder struct {
	dst    []byte
	batch  metric.Batch
	check  metric.Batch
	frames uint32
	left   int
}

// add appends a frame of the series. When that cannot be decoded it is because of some of them, and each gets a frame of its own.
func (e *encoder) add(series []metric.Aggregate) {
	b := &e.batch
	*b = metric.Batch{
		Process: metric.Process{Recorder: nobody, Start: time.Unix(0, 0)}, Base: time.Unix(0, 0), Detail: metric.Summaries, Level: series[0].Level,
		Entries: b.Entries[:0], Summaries: b.Summaries[:0],
	}
	for i := range series {
		a := &series[i]
		sum := metric.IntValue(a.IntSum)
		if !a.Kind.Integer() {
			sum = metric.FloatValue(a.Sum)
		}
		b.Entries = append(b.Entries, metric.Entry{ID: uint32(i), Series: a.Series, After: metric.Totals{Count: a.Count, Sum: sum}})
		if a.Detail.Count > 0 {
			b.Summaries = append(b.Summaries, metric.EntrySummary{Entry: uint32(i), Summary: a.Detail})
		}
	}
	at := len(e.dst)
	e.dst = binary.LittleEndian.AppendUint32(e.dst, 0)
	e.dst = metric.AppendBatch(e.dst, b)
	frame := e.dst[at+4:]
	if err := metric.DecodeBatch(frame, &e.check); err != nil || len(e.check.Entries) != len(series) {
		e.dst = e.dst[:at]
		if len(series) == 1 {
			e.left++
			return
		}
		for i := range series {
			e.add(series[i : i+1])
		}
		return
	}
	binary.LittleEndian.PutUint32(e.dst[at:], uint32(len(frame)))
	e.frames++
}

// DecodeWindow reads the file. The error is ErrDamaged, with what is wrong.
func DecodeWindow(file []byte) (*metric.Window, error) {
	r, err := unseal(file, windowMagic)
	if err != nil {
		return nil, err
	}
	w := &metric.Window{Start: r.time(), End: r.time(), Interval: time.Duration(r.U64())}
	for range r.count(r.U32(), 4) {
		var b metric.Batch // whose memory the window keeps
		frame := r.Take(int(min(r.U32(), math.MaxInt32)))
		if err := metric.DecodeBatch(frame, &b); err != nil {
			return nil, damaged("%v", err)
		}
		first := len(w.Series)
		for _, e := range b.Entries {
			w.Series = append(w.Series, aggregate(e))
		}
		for i := range b.Summaries {
			s := &b.Summaries[i]
			w.Series[first+int(s.Entry)].Detail = s.Summary
		}
	}
	if r.Short || len(r.B) > 0 || w.Start.IsZero() || w.End.IsZero() || w.Interval <= 0 {
		return nil, damaged("the lengths do not add up")
	}
	for i := range w.Series {
		a := &w.Series[i]
		if i > 0 && w.Series[i-1].Compare(a.Series) >= 0 {
			return nil, damaged("series out of order")
		}
		if a.Kind == metric.Gauge || a.Kind == metric.UpDown {
			a.Sum = a.Detail.Sum
		}
	}
	return w, nil
}

func aggregate(e metric.Entry) metric.Aggregate {
	a := metric.Aggregate{Series: e.Series, Count: e.After.Count}
	switch {
	case e.Series.Kind == metric.Timer || e.Series.Kind == metric.Counter:
		a.IntSum = e.After.Sum.Int()
		a.Sum = e.Series.Kind.InUnits(e.After.Sum)
	case e.Series.Kind == metric.Distribution:
		a.Sum = e.After.Sum.Float()
	}
	return a
}
