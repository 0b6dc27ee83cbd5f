//go:build cgo

package interop

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/zibrato/zibrato/metric"
)

// whole is a batch with a series of each kind.
func whole(d metric.Detail) *metric.Batch {
	b := &metric.Batch{
		Process: metric.Process{Recorder: metric.RecorderID{1}, Host: "h", Program: "p", PID: 7, Start: time.Unix(1, 0)},
		Level:   metric.Info, Detail: d, Seq: 1, Uptime: time.Minute, Interval: time.Second, Base: time.Unix(100, 0),
	}
	for i, k := range metric.Kinds {
		v := metric.IntValue(3)
		if !k.Integer() {
			v = metric.FloatValue(2.5)
		}
		s := &metric.Series{Kind: k, Level: b.Level, Name: "größe", Source: "s", Unit: "By", Help: "h", Tags: []metric.Tag{{Key: "a", Value: "b"}, {Key: "b"}}}
		b.Entries = append(b.Entries, metric.Entry{ID: uint32(i), Series: s, Birth: time.Second, After: metric.Totals{Count: 1, Sum: v}})
		if d == metric.Samples {
			b.Samples = append(b.Samples, metric.Sample{Entry: uint32(i), Time: 9, Value: v})
			continue
		}
		if k == metric.Counter {
			continue
		}
		var a metric.Accumulator
		for _, v := range []float64{0, 200, 1e-9, 3, 3, 1e300, -1} {
			if v >= 0 || k != metric.Timer {
				a.Add(v)
			}
		}
		b.Summaries = append(b.Summaries, metric.EntrySummary{Entry: uint32(i), Summary: a.Summary()})
	}
	return b
}

// mutate changes some of a message and puts the right checksum to it.
func mutate(r *rand.Rand, frame []byte) []byte {
	words := [...]uint64{0, 0xff, 0x7f80, 0xffff, 1<<31 - 1, 1 << 31, 1 << 63, math.MaxUint64, math.Float64bits(math.Inf(-1)),
		math.Float64bits(math.NaN()), math.Float64bits(-1), math.Float64bits(math.MaxFloat64)}
	body := append([]byte(nil), frame[:len(frame)-4]...)
	for range 1 + r.IntN(3) {
		at := r.IntN(len(body))
		switch r.IntN(5) {
		case 0:
			body[at] = byte(r.Uint32())
		case 1:
			body[at] ^= 1 << r.IntN(8)
		case 2:
			word := binary.LittleEndian.AppendUint64(nil, words[r.IntN(len(words))])
			copy(body[at:], word[:1<<r.IntN(4)])
		case 3:
			body = append(body[:at], body[at+1:]...)
		default:
			body = append(body[:at+1], body[at:]...)
		}
	}
	return binary.LittleEndian.AppendUint32(body, crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)))
}

// The reader was written from the specification. What our decoder says of messages that were tampered with, it says too, and goes on.
func TestThePythonReaderAcceptsWhatOurDecoderDoes(t *testing.T) {
	p := python(t, "testdata/decode.py")
	r := rand.New(rand.NewPCG(1, 2))
	accepted, refused := 0, 0
	for range 3000 {
		frame := mutate(r, metric.AppendBatch(nil, whole(metric.Detail(r.IntN(2)))))
		var b metric.Batch
		err := metric.DecodeBatch(frame, &b)
		if _, err := io.WriteString(p.stdin, hex.EncodeToString(frame)+"\n"); err != nil {
			t.Fatal(err)
		}
		var got struct {
			Lines     int
			Malformed string
		}
		p.read(t, &got)
		if err != nil {
			refused++
		} else {
			accepted++
		}
		if (got.Malformed != "") != (err != nil) || err == nil && got.Lines != len(b.Samples)+len(b.Summaries) {
			t.Errorf("%x: the reader says %+v, our decoder %s", frame, got, fmt.Sprint(err))
		}
	}
	if accepted < 300 || refused < 300 {
		t.Errorf("%d messages are accepted and %d refused: neither tells much", accepted, refused)
	}
	must(t, p.stdin.Close())
	p.wait(t)
}
