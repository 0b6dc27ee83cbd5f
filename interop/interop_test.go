//go:build cgo

package interop

import (
	"encoding/json"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	zmq "github.com/pebbe/zmq4"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/publisher"
)

func TestAPythonPublishersTextReachesOurBackend(t *testing.T) {
	f := startForwarder(t)
	r := startBackend(t, f.OutAddr(), zibrato.LevelInfo)
	p := python(t, "testdata/text_publisher.py", f.InAddr(), "info")
	lines := [][5]any{
		{"info", "Timer", "db.query", json.Number("0.0125"), "orders"},
		{"info", "Timer", "db.query", json.Number("1.000000001"), "orders"},
		{"info", "Counter", "задачи", json.Number("9007199254740993"), "größe"},
		{"info", "counters", "задачи", 2, "größe"},
		{"info", "Gauge", "完了 🚀", json.Number("-0.1"), "web 1"},
		{"info", "GAUGES", "完了 🚀", json.Number("1e-07"), "web 1"},
		{"debug", "Counter", "not asked for", 1, "orders"},
		{"information", "Counter", "not asked for", 1, "orders"},
		{"info", "Counter", "last", 1, ""},
	}
	for _, l := range lines {
		must(t, json.NewEncoder(p.stdin).Encode(l))
	}
	must(t, p.stdin.Close())
	p.wait(t)
	eventually(t, "all samples received", func() bool { return r.subscriber.Stats().Samples == uint64(len(lines)-2) })
	want := map[string]learned{
		"info|db.query": {metric.Timer, "orders", "s", 2, 1.012500001, 1012500001, 2, 0.0125, 1.000000001, 1.000000001},
		"info|задачи":   {metric.Counter, "größe", "", 2, 9007199254740995, 9007199254740995, 0, 0, 0, 0},
		"info|完了 🚀":     {metric.Gauge, "web 1", "", 2, -0.1 + 1e-7, 0, 2, -0.1, 1e-7, 1e-7},
		"info|last":     {metric.Counter, "", "", 1, 1, 1, 0, 0, 0, 0},
	}
	if diff := cmp.Diff(want, summarize(r.finish(t))); diff != "" {
		t.Error(diff)
	}
}

func TestOurTextReachesAPythonSubscriber(t *testing.T) {
	f := startForwarder(t)
	p := python(t, "testdata/text_subscriber.py", f.OutAddr(), "info", "debug")
	rec := newRecorder(t, "größe")
	pub := startPublisher(t, rec, f.InAddr(), publisher.Text)
	must(t, pub.WaitSubscriber(within(t), zibrato.LevelInfo), pub.WaitSubscriber(within(t), zibrato.LevelDebug))

	before := time.Now().Unix()
	rec.Observe("db.query", 12_500_250*time.Nanosecond)
	rec.Observe("db.query", 3*time.Hour+time.Nanosecond)
	rec.Count("задачи", 9007199254740993)
	rec.Set("完了 🚀", -0.1)
	rec.With(zibrato.Tag("status", "200"), zibrato.Tag("route", "/a"), zibrato.Source("web 1")).Record("size", 5120.5)
	rec.With(zibrato.AtLevel(zibrato.LevelDebug)).NewUpDown("open").Add(-3)
	rec.Inc("a|b")
	must(t, pub.Flush(within(t)))

	want := []string{
		`["info","Timer","db.query","0.01250025","größe"]`,
		`["info","Timer","db.query","10800.000000001","größe"]`,
		`["info","Counter","задачи","9007199254740993","größe"]`,
		`["info","Gauge","完了 🚀","-0.1","größe"]`,
		`["info","Gauge","size./a.200","5120.5","web 1"]`,
		`["debug","Gauge","open","-3","größe"]`,
		`["info","Counter","a_b~294c7dd6","1","größe"]`,
	}
	var got []string
	for len(got) < len(want) {
		var fields []any
		p.read(t, &fields)
		at, err := fields[4].(json.Number).Int64()
		must(t, err)
		if at < before-1 || at > time.Now().Unix()+1 {
			t.Errorf("%v has the time %d, not from %d to now", fields, at, before)
		}
		if isOwn(fields[2].(string)) {
			continue
		}
		text, err := json.Marshal(append(fields[:4:4], fields[5]))
		must(t, err)
		got = append(got, string(text))
	}
	if diff := cmp.Diff(sorted(want), sorted(got)); diff != "" {
		t.Error(diff)
	}
}

// isOwn reports whether a series is what a recorder says of itself.
func isOwn(name string) bool { return len(name) > 8 && name[:8] == "zibrato." }

// sample is what the Python reader prints.
type sample struct {
	Time, Name, Kind, Unit, Level, Source string
	Tags                                  map[string]string
	Value                                 json.Number
}

func TestThePythonReaderReadsOurBinaryForm(t *testing.T) {
	f := startForwarder(t)
	p := python(t, "../examples/python/read_binary.py", "--from", f.OutAddr(), "--levels", "info,debug")
	rec := newRecorder(t, "größe")
	pub := startPublisher(t, rec, f.InAddr(), publisher.Binary)
	must(t, pub.WaitSubscriber(within(t), zibrato.LevelInfo), pub.WaitSubscriber(within(t), zibrato.LevelDebug))

	before := time.Now()
	rec.Observe("db.query", 12_500_250*time.Nanosecond)
	rec.Observe("db.query", 0)
	rec.Count("задачи", math.MaxInt64)
	rec.NewGauge("完了 🚀", zibrato.WithUnit("By/s"), zibrato.WithHelp("how fast")).Set(-0.1)
	rec.With(zibrato.Tag("status", "200"), zibrato.Tag("straße", "/ä b"), zibrato.Source("web 1")).Record("size", 1e-320)
	rec.With(zibrato.AtLevel(zibrato.LevelDebug)).NewUpDown("open").Add(-3)
	must(t, pub.Flush(within(t)))

	none := map[string]string{}
	want := map[string]sample{
		"timer 0.01250025":            {"", "db.query", "timer", "s", "info", "größe", none, "0.01250025"},
		"timer 0.0":                   {"", "db.query", "timer", "s", "info", "größe", none, "0.0"},
		"counter 9223372036854775807": {"", "задачи", "counter", "", "info", "größe", none, "9223372036854775807"},
		"gauge -0.1":                  {"", "完了 🚀", "gauge", "By/s", "info", "größe", none, "-0.1"},
		"distribution 1e-320":         {"", "size", "distribution", "", "info", "web 1", map[string]string{"status": "200", "straße": "/ä b"}, "1e-320"},
		"updown -3":                   {"", "open", "updown", "", "debug", "größe", none, "-3"},
	}
	got := make(map[string]sample)
	for len(got) < len(want) {
		var s sample
		p.read(t, &s)
		if isOwn(s.Name) {
			continue
		}
		at, err := time.Parse(time.RFC3339Nano, s.Time)
		must(t, err)
		if at.Before(before.Add(-time.Second)) || at.After(time.Now().Add(time.Second)) {
			t.Errorf("%+v does not lie between %v and now", s, before)
		}
		s.Time = ""
		key := fmt.Sprint(s.Kind, " ", s.Value)
		if _, twice := got[key]; twice {
			t.Fatalf("%+v came twice", s)
		}
		got[key] = s
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// summary is what the Python reader prints of one.
type summary struct {
	Time, Name, Kind, Unit, Level, Source  string
	Tags                                   map[string]string
	Count                                  uint64
	Mean, StdDev, Min, P50, P99, Max, Last float64
}

// stall keeps the recorder's drain in the hands of a consumer until release is called.
func stall(t *testing.T, rec *zibrato.Recorder) (release func()) {
	t.Helper()
	const level = "stall"
	entered, gate := make(chan struct{}), make(chan struct{})
	var once sync.Once
	tap, err := rec.Attach(func(*metric.Batch) {
		once.Do(func() { close(entered) })
		<-gate
	})
	must(t, err)
	tap.Watch(func(l zibrato.Level) bool { return l == level }, nil)
	rec.With(zibrato.AtLevel(level)).Inc("stall")
	<-entered
	return sync.OnceFunc(func() {
		close(gate)
		must(t, tap.Close(within(t)))
	})
}

func TestThePythonReaderReadsOurSummaries(t *testing.T) {
	f := startForwarder(t)
	p := python(t, "../examples/python/read_binary.py", "--from", f.OutAddr(), "--levels", "info,debug", "--detail", "summaries")
	rec := newRecorder(t, "größe")
	pub := startPublisher(t, rec, f.InAddr(), publisher.Binary)
	must(t, pub.WaitSubscriber(within(t), zibrato.LevelInfo), pub.WaitSubscriber(within(t), zibrato.LevelDebug))

	release := stall(t, rec) // so that one pass of the drain finds all, and makes one summary of each series
	before := time.Now()
	made := map[string]*metric.Summary{"db.query": {}, "完了 🚀": {}, "size": {}}
	z := rec.With(zibrato.Tag("straße", "/ä b"), zibrato.Source("web 1"))
	gauge := rec.NewGauge("完了 🚀", zibrato.WithUnit("By/s"), zibrato.AtLevel(zibrato.LevelDebug))
	for i := range 1000 {
		d := time.Duration(i*i) * time.Microsecond
		rec.Observe("db.query", d)
		made["db.query"].Add(d.Seconds())
	}
	for _, v := range []float64{-3, 0, -0.1, 1e15, 1e15 + 1} {
		gauge.Set(v)
		made["完了 🚀"].Add(v)
	}
	for _, v := range []float64{1e-30, 1, 1e30, -1e20, -2} { // at a coarser scale
		z.Record("size", v)
		made["size"].Add(v)
	}
	rec.Inc("jobs") // has no summary
	release()
	must(t, pub.Flush(within(t)))

	none := map[string]string{}
	want := map[string]summary{
		"db.query": {Kind: "timer", Unit: "s", Level: "info", Source: "größe", Tags: none},
		"完了 🚀":     {Kind: "gauge", Unit: "By/s", Level: "debug", Source: "größe", Tags: none},
		"size":     {Kind: "distribution", Level: "info", Source: "web 1", Tags: map[string]string{"straße": "/ä b"}},
	}
	for name, s := range want {
		m := made[name]
		s.Name, s.Count, s.Min, s.Max, s.Last = name, m.Count, m.Min, m.Max, m.Last
		s.Mean, s.StdDev, s.P50, s.P99 = m.Mean(), m.StdDev(), m.Quantile(0.5), m.Quantile(0.99)
		want[name] = s
	}
	got := make(map[string]summary)
	for len(got) < len(want) {
		var s summary
		p.read(t, &s)
		if isOwn(s.Name) {
			continue
		}
		at, err := time.Parse(time.RFC3339Nano, s.Time)
		must(t, err)
		if at.Before(before) || at.After(time.Now()) {
			t.Errorf("%+v did not arrive between %v and now", s, before)
		}
		s.Time = ""
		if _, twice := got[s.Name]; twice {
			t.Fatalf("%+v came twice", s)
		}
		got[s.Name] = s
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(1e-12, 0)); diff != "" {
		t.Error(diff)
	}
}

func TestThePythonReaderRefusesWhatIsMalformedAndGoesOn(t *testing.T) {
	f := startForwarder(t)
	p := python(t, "../examples/python/read_binary.py", "--from", f.OutAddr(), "--count", "1")
	s, err := zmq.NewSocket(zmq.XPUB)
	must(t, err)
	defer s.Close()
	must(t, s.SetLinger(0), s.SetRcvtimeo(patience), s.SetImmediate(true), s.Connect(f.InAddr()))
	if topic, err := s.Recv(0); err != nil || topic != "\x01zsmp1|" {
		t.Fatalf("the reader subscribes to %q, %v", topic, err)
	}
	series := &metric.Series{Kind: metric.Counter, Level: "info", Name: "n"}
	good := metric.AppendBatch(nil, &metric.Batch{
		Process: metric.Process{Recorder: metric.RecorderID{1}, Start: time.Unix(1, 0)},
		Level:   "info", Base: time.Unix(1700000000, 5000),
		Entries: []metric.Entry{{Series: series}}, Samples: []metric.Sample{{Time: 7, Value: metric.IntValue(1)}},
	})
	flipped := append([]byte(nil), good...)
	flipped[30] ^= 1
	for _, frame := range [][]byte{flipped, good[:40], []byte("zsmp1|"), good} {
		_, err := s.SendBytes(frame, 0)
		must(t, err)
	}
	for _, want := range []string{"checksum", "checksum", "fields"} {
		if got := p.complaint(t); got != "malformed message: "+want {
			t.Errorf("got %q, want %s", got, want)
		}
	}
	if got, want := p.line(t), `{"time": "2023-11-14T22:13:20.000012000Z", "name": "n", "kind": "counter", "unit": "", "level": "info", "source": "", "tags": {}, "value": 1}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	p.wait(t)
}

func TestZeroMQsOwnProxyServesInPlaceOfOurForwarder(t *testing.T) {
	for _, format := range []publisher.Format{publisher.Binary, publisher.Text} {
		t.Run(format.String(), func(t *testing.T) {
			proxy := python(t, "testdata/proxy.py")
			in, out := proxy.line(t), proxy.line(t)
			r := startBackend(t, out, zibrato.LevelInfo)
			rec := newRecorder(t, "größe")
			pub := startPublisher(t, rec, in, format)
			must(t, pub.WaitSubscriber(within(t), zibrato.LevelInfo))

			const n = 300 // as text, 1000 would fill the proxy's queue, and it drops what does not fit
			z := rec.With(zibrato.Tag("straße", "/ä b"))
			for i := range n - 1 {
				z.Observe("db.query", time.Duration(i+1)*time.Nanosecond)
			}
			must(t, pub.Flush(within(t))) // so that what follows is the last
			z.Observe("db.query", n*time.Nanosecond)
			rec.Count("задачи", 9007199254740993)
			rec.Set("完了 🚀", -0.1)
			must(t, pub.Close())

			timer := "info|db.query|straße=/ä b"
			if format == publisher.Text {
				timer = "info|db.query./ä b"
			}
			want := map[string]learned{
				timer:         {metric.Timer, "größe", "s", n, 45.15e-6, 45_150, n, 1e-9, 300e-9, 300e-9},
				"info|задачи": {metric.Counter, "größe", "", 1, 9007199254740993, 9007199254740993, 0, 0, 0, 0},
				"info|完了 🚀":   {metric.Gauge, "größe", "", 1, -0.1, 0, 1, -0.1, -0.1, -0.1},
			}
			sent := pub.Stats().Messages
			eventually(t, "all messages received", func() bool { return r.subscriber.Stats().Messages == sent })
			if diff := cmp.Diff(want, summarize(r.finish(t))); diff != "" {
				t.Error(diff)
			}
		})
	}
}
