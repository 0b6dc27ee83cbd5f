package metric

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// textOf writes one sample.
func textOf(s *Series, v Value, at time.Time) string {
	return string(AppendText(nil, &Batch{Base: at, Entries: []Entry{{Series: s}}, Samples: []Sample{{Value: v}}}, 0))
}

func TestKindsAreWrittenAsTheTextFormHasThem(t *testing.T) {
	at := time.Unix(1700000000, 999999999)
	tags := []Tag{{"route", "/a"}, {"status", "200"}}
	for _, test := range []struct {
		series Series
		value  Value
		want   string
	}{
		{Series{Kind: Timer}, IntValue(0), "Timer|n|0|"},
		{Series{Kind: Timer}, IntValue(1), "Timer|n|0.000000001|"},
		{Series{Kind: Timer}, IntValue(12_500_000), "Timer|n|0.0125|"},
		{Series{Kind: Timer}, IntValue(60_000_000_000), "Timer|n|60|"},
		{Series{Kind: Timer}, IntValue(math.MaxInt64), "Timer|n|9223372036.854775807|"},
		{Series{Kind: Counter}, IntValue(math.MaxInt64), "Counter|n|9223372036854775807|"},
		{Series{Kind: UpDown}, IntValue(-3), "Gauge|n|-3|"},
		{Series{Kind: Gauge}, FloatValue(0.1), "Gauge|n|0.1|"},
		{Series{Kind: Gauge}, FloatValue(-1e-320), "Gauge|n|-1e-320|"},
		{Series{Kind: Distribution}, FloatValue(5120), "Gauge|n|5120|"},
		{Series{Kind: Counter, Tags: tags}, IntValue(1), "Counter|n./a.200|1|"},
	} {
		test.series.Level, test.series.Name, test.series.Source = "info", "n", "src"
		if got, want := textOf(&test.series, test.value, at), "info|"+test.want+"1700000000|src"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestASamplesTimeIsThatAfterTheBase(t *testing.T) {
	b := &Batch{Base: time.Unix(10, 900e6), Entries: []Entry{{Series: &Series{Kind: Gauge, Level: "l", Name: "n"}}}, Samples: []Sample{{Time: 1}, {Time: 200_000}}}
	if got := string(AppendText([]byte("before "), b, 1)); got != "before l|Gauge|n|0|11|" {
		t.Error(got)
	}
}

func TestTextKeepsValuesExactly(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	ints := []int64{0, 1, 999_999_999, 1_000_000_000, 1<<53 + 1, math.MaxInt64, math.MaxInt64 - 1}
	floats := []float64{0, 0.1, -0.1, 1.0 / 3, math.MaxFloat64, math.SmallestNonzeroFloat64, 1e21, 123456789.123456789}
	for range 2000 {
		ints = append(ints, rng.Int64()>>rng.IntN(63))
		if f := math.Float64frombits(rng.Uint64()); !notFinite(f) {
			floats = append(floats, f)
		}
	}
	var b Batch
	trip := func(k Kind, v Value) {
		t.Helper()
		text := textOf(&Series{Kind: k, Level: "info", Name: "задачи 完了", Source: "größe"}, v, time.Unix(1700000000, 0))
		if err := DecodeText([]byte(text), &b); err != nil {
			t.Errorf("%s: %v", text, err)
			return
		}
		s := b.Entries[0].Series
		if b.Samples[0].Value != v || s.Kind != k || s.Name != "задачи 完了" || s.Source != "größe" || !b.Base.Equal(time.Unix(1700000000, 0)) {
			t.Errorf("%s: read as %+v of %+v at %v, was %d", text, b.Samples[0], s, b.Base, v)
		}
	}
	for _, i := range ints {
		trip(Timer, IntValue(i))
		trip(Counter, IntValue(i))
	}
	for _, f := range floats {
		trip(Gauge, FloatValue(f))
	}
}

// Whatever a series may carry, its messages are read, and under one name.
func TestTheLongestSeriesIsRead(t *testing.T) {
	s := Series{Kind: Distribution, Level: Level(strings.Repeat("l", MaxLevelLen)), Name: strings.Repeat("n", MaxNameLen), Source: strings.Repeat("s", MaxNameLen)}
	for i := range MaxTags {
		s.Tags = append(s.Tags, Tag{fmt.Sprintf("k%02d", i), strings.Repeat("v", MaxTagValueLen)})
	}
	whole := s.Name
	for _, tag := range s.Tags {
		whole += "." + tag.Value
	}
	want, _ := LegalName(whole)
	var b Batch
	if err := DecodeText([]byte(textOf(&s, FloatValue(-math.MaxFloat64), time.Unix(1<<33-1, 0))), &b); err != nil {
		t.Fatal(err)
	}
	if got := b.Entries[0].Series; got.Name != want || got.Source != s.Source || got.Level != s.Level {
		t.Errorf("read as %+v, want the name %s", got, want)
	}
}

func TestSecondsAreReadToTheNearestNanosecond(t *testing.T) {
	for text, want := range map[string]int64{
		"0.0000000014": 1, "0.0000000016": 2, "1e-9": 1, "1.": 1e9, "007.5": 7500e6, ".5": 500e6, "+0.5": 500e6, "1e3": 1000e9,
		"0.1234567891": 123456789, "9223372036.854775807": math.MaxInt64,
	} {
		var b Batch
		if err := DecodeText([]byte("info|Timer|n|"+text+"|1|s"), &b); err != nil || b.Samples[0].Value.Int() != want {
			t.Errorf("%s: %v, %v, want %d ns", text, b.Samples, err, want)
		}
	}
}

func TestMalformedTextIsRefusedWithItsReason(t *testing.T) {
	line := func(level, kind, name, value, at, source string) string {
		return strings.Join([]string{level, kind, name, value, at, source}, "|")
	}
	for _, test := range []struct {
		reason Reason
		text   string
	}{
		{ReasonFields, ""},
		{ReasonFields, "|"},
		{ReasonFields, "hello"},
		{ReasonFields, strings.Repeat("|", 4000)},
		{ReasonSize, strings.Repeat("|", MaxText+1)},
		{ReasonSize, line("info", "Gauge", strings.Repeat("n", MaxText), "1", "1", "s")},
		{ReasonEncoding, line("info", "Gauge", "\xc3", "1", "1", "s")},
		{ReasonEncoding, line("\xff", "Gauge", "n", "1", "1", "s")},
		{ReasonLevel, line("", "Gauge", "n", "1", "1", "s")},
		{ReasonLevel, line(" info", "Gauge", "n", "1", "1", "s")},
		{ReasonLevel, line("größe", "Gauge", "n", "1", "1", "s")},
		{ReasonLevel, line(strings.Repeat("l", 33), "Gauge", "n", "1", "1", "s")},
		{ReasonKind, line("info", "", "n", "1", "1", "s")},
		{ReasonKind, line("info", "s", "n", "1", "1", "s")},
		{ReasonKind, line("info", "Gaugess", "n", "1", "1", "s")},
		{ReasonKind, line("info", " Gauge", "n", "1", "1", "s")},
		{ReasonNumber, line("info", "Gauge", "n", "", "1", "s")},
		{ReasonNumber, line("info", "Gauge", "n", "1,5", "1", "s")},
		{ReasonNumber, line("info", "Gauge", "n", "0x10", "1", "s")},
		{ReasonNumber, line("info", "Gauge", "n", "1_000", "1", "s")},
		{ReasonNumber, line("info", "Gauge", "n", "NaN", "1", "s")},
		{ReasonNumber, line("info", "Gauge", "n", "inf", "1", "s")},
		{ReasonNumber, line("info", "Gauge", "n", "1e400", "1", "s")},
		{ReasonNumber, line("info", "Gauge", "n", "１", "1", "s")},
		{ReasonNumber, line("info", "Timer", "n", "-0.0000000001", "1", "s")},
		{ReasonNumber, line("info", "Timer", "n", "nan", "1", "s")},
		{ReasonNumber, line("info", "Timer", "n", "9223372036.854775808", "1", "s")},
		{ReasonNumber, line("info", "Timer", "n", "1e300", "1", "s")},
		{ReasonNumber, line("info", "Counter", "n", "-1", "1", "s")},
		{ReasonNumber, line("info", "Counter", "n", "0.1", "1", "s")},
		{ReasonNumber, line("info", "Counter", "n", "1e19", "1", "s")},
		{ReasonNumber, line("info", "Gauge", "n", "1", "", "s")},
		{ReasonNumber, line("info", "Gauge", "n", "1", "now", "s")},
		{ReasonNumber, line("info", "Gauge", "n", "1", "-1", "s")},
		{ReasonNumber, line("info", "Gauge", "n", "1", "1e10", "s")},
		{ReasonNumber, line("info", "Gauge", "n", "1", "NaN", "s")},
	} {
		var b Batch
		err := DecodeText([]byte(test.text), &b)
		var malformed *DecodeError
		if !errors.As(err, &malformed) || malformed.Reason != test.reason {
			t.Errorf("%.60q: got %v, want %s", test.text, err, test.reason)
			continue
		}
		if len(err.Error()) > 300 {
			t.Errorf("%.60q: the error has %d bytes", test.text, len(err.Error()))
		}
	}
}

func TestSeriesThatDifferByTagsStayApartInText(t *testing.T) {
	seen := map[string]bool{}
	for _, status := range []string{"200", "404"} {
		for _, name := range []string{"request", strings.Repeat("n", MaxNameLen)} {
			var b Batch
			text := textOf(&Series{Kind: Counter, Level: "info", Name: name, Tags: []Tag{{"status", status}}}, IntValue(1), time.Unix(1, 0))
			if err := DecodeText([]byte(text), &b); err != nil {
				t.Fatal(err)
			}
			seen[b.Entries[0].Series.Name] = true
		}
	}
	if len(seen) != 4 {
		t.Errorf("got %v", seen)
	}
}

func TestADecodedBatchKeepsNothingOfTheOneBefore(t *testing.T) {
	var b Batch
	if err := DecodeBatch(AppendBatch(nil, manyKinds()), &b); err != nil {
		t.Fatal(err)
	}
	b.Notices = []string{"something"}
	if err := DecodeText([]byte("info|Gauge|n|1|1|"), &b); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(b.Process.Recorder.IsZero(), b.Seq, b.Uptime, b.Interval, len(b.Entries), len(b.Samples), len(b.Notices)); got != "true 0 0s 0s 1 1 0" {
		t.Error(got)
	}
}

func TestAppendSecondsIsExactAtTheEnds(t *testing.T) {
	for ns, want := range map[int64]string{
		0: "0", 1: "0.000000001", -1: "-0.000000001", 1500000000: "1.5", -20000000000: "-20",
		math.MaxInt64: "9223372036.854775807", math.MinInt64: "-9223372036.854775808",
	} {
		if got := string(AppendSeconds(nil, ns)); got != want {
			t.Errorf("%d ns: %s, want %s", ns, got, want)
		}
	}
}

func ExampleAppendSeconds() {
	fmt.Println(string(AppendSeconds(nil, 1_000_000_001)))
	// Output: 1.000000001
}
