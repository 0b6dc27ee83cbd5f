package demo

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/zibrato/zibrato/metric"
)

var update = flag.Bool("update", false, "write the golden files anew")

// aggregate makes what a window learned from the given samples.
func aggregate(s metric.Series, values ...float64) metric.Aggregate {
	a := metric.Aggregate{Series: &s, Count: uint64(len(values))}
	for _, v := range values {
		a.Sum += v
		if s.Kind != metric.Counter {
			a.Detail.Add(v)
		}
	}
	return a
}

func window(series ...metric.Aggregate) *metric.Window {
	start := time.Date(2026, 3, 1, 12, 30, 4, 0, time.UTC)
	return &metric.Window{Start: start, End: start.Add(2 * time.Second), Interval: 2 * time.Second, Series: series}
}

func TestTableGolden(t *testing.T) {
	many := make([]float64, 0, 4000)
	for i := range cap(many) {
		many = append(many, 250e-6+float64(i)*1e-7)
	}
	lost := aggregate(metric.Series{Kind: metric.Timer, Level: metric.Debug, Name: "search.phrase", Source: "search"}, 1e-6, 3e-6)
	lost.Count, lost.Sum, lost.Detail = 1_234_567, 0.9, metric.Summary{}
	own := aggregate(metric.Series{Kind: metric.Counter, Level: metric.Info, Name: "zibrato.published.bytes", Source: "search"}, 2_000_000)
	own.Count = 2_000_000 // no calls of the program
	w := window(
		lost,
		aggregate(metric.Series{Kind: metric.Timer, Level: metric.Debug, Name: "idle", Source: "search"}),
		aggregate(metric.Series{Kind: metric.Timer, Level: metric.Info, Name: "http.request", Source: "search",
			Tags: []metric.Tag{{Key: "route", Value: "search"}, {Key: "status", Value: "200"}}}, many...),
		aggregate(metric.Series{Kind: metric.Counter, Level: metric.Info, Name: "http.sent", Source: "search", Unit: "By"}, 150_000, 99_000),
		aggregate(metric.Series{Kind: metric.UpDown, Level: metric.Info, Name: "http.in_flight", Source: "search"}, 1, 4, 2),
		aggregate(metric.Series{Kind: metric.Gauge, Level: metric.Info, Name: "index.bytes", Source: "search-1", Unit: "By"}, 15_225_089),
		aggregate(metric.Series{Kind: metric.Distribution, Level: metric.Info, Name: "http.answer", Source: "search", Unit: "By"}, 900, 1100, 70_000),
		aggregate(metric.Series{Kind: metric.Counter, Level: metric.Warning, Name: "search.empty", Source: "search"}, 3),
		own,
		aggregate(metric.Series{Kind: metric.Timer, Level: "a-label-of-the-users", Name: strings.Repeat("äbcdefghij", 12),
			Source: "a-source-of-many-characters"}, 2.5, 3.5),
	)
	var out bytes.Buffer
	if err := NewTable(&out).Write(context.Background(), w); err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/table.golden"
	if *update {
		if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), out.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for line := range strings.Lines(out.String()) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > tableWidth {
			t.Errorf("%d characters: %s", n, line)
		}
	}
}

func TestTableOfNothingSaysSo(t *testing.T) {
	var out bytes.Buffer
	if err := NewTable(&out).Write(context.Background(), window()); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "12:30:04 to 12:30:06") || !strings.Contains(out.String(), "nothing arrived\n") {
		t.Errorf("%s", out.String())
	}
}

func TestTableWritesNothingAfterItsEnd(t *testing.T) {
	var out bytes.Buffer
	table := NewTable(&out)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := table.Write(ctx, window()); !errors.Is(err, context.Canceled) {
		t.Errorf("Write with an ended context: %v", err)
	}
	if err := table.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := table.Write(context.Background(), window()); err == nil {
		t.Error("Write after Close: no error")
	}
	if out.Len() != 0 {
		t.Errorf("wrote %q", out.String())
	}
}

func TestTableReportsAWriterThatFails(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	w.Close()
	if err := NewTable(w).Write(context.Background(), window()); !errors.Is(err, os.ErrClosed) {
		t.Errorf("%v, want the writer's error", err)
	}
}
