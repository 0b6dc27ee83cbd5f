package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// publishedPages makes all pages of the results that are checked in.
func publishedPages(t *testing.T) (root string, pages map[string][]byte) {
	t.Helper()
	root, err := findRoot(".")
	if err != nil {
		t.Fatal(err)
	}
	if pages, err = pagesOf(root); err != nil {
		t.Fatal(err)
	}
	return root, pages
}

func TestNoPublishedFigureIsTypedByHand(t *testing.T) {
	root, pages := publishedPages(t)
	if len(pages) != 6 {
		t.Errorf("%d pages are generated, want README.md, docs/costs.md, docs/integrations/README.md and three plots", len(pages))
	}
	for name, want := range pages {
		got, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Error(err)
		} else if !bytes.Equal(got, want) {
			t.Errorf(`%s differs from what "go run ./report -render" in bench/peers makes of the results`, name)
		}
	}
}

// texts parses an SVG and returns what stands in its elements of a name.
func texts(t *testing.T, svg []byte, element string) (all []string) {
	t.Helper()
	inside := false
	for dec := xml.NewDecoder(bytes.NewReader(svg)); ; {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			inside = token.Name.Local == element
		case xml.CharData:
			if inside {
				all = append(all, string(token))
			}
		case xml.EndElement:
			inside = false
		}
	}
}

func TestPlotsAreWellFormedAndSayWhatTheyShow(t *testing.T) {
	for _, r := range []*Results{sample(), {}} {
		for name, plot := range plotsOf(r) {
			if len(texts(t, []byte(plot), "title")) != 1 || len(texts(t, []byte(plot), "desc")) != 1 {
				t.Errorf("%s lacks a title or a description", name)
			}
			if strings.Contains(plot, "NaN") || strings.Contains(plot, "Inf") {
				t.Errorf("%s has a coordinate that is no number", name)
			}
			if words := strings.Join(texts(t, []byte(plot), "text"), "\n"); !strings.Contains(words, r.origin()) {
				t.Errorf("%s does not say where its figures come from: %s", name, words)
			}
		}
	}
}

// sample are made-up results.
func sample() *Results {
	r := &Results{Commit: "abc<&>", Date: "2026-11-24"}
	r.Machine.GOMAXPROCS = 2
	for _, on := range []string{oneCore, allCores} {
		for lib, ns := range map[string]float64{ours: 25, oursInstrument: 22, "prometheus": 100, "tally": 200, bareClock: 70} {
			r.add("bench/peers", "Timer/lib="+lib+on, map[string]float64{"ns/op": ns, "x-zibrato": ns / 25})
		}
	}
	for _, b := range blockLengths {
		r.add("bench/peers", "Block/lib="+noLibrary+"/block="+b.name, map[string]float64{"slower-%": -0.02, "error-%": 0.1})
		r.add("bench/peers", "Block/lib="+ours+"/block="+b.name, map[string]float64{"slower-%": 3000 / b.ns, "error-%": 0.1})
	}
	r.add("bench/peers", "Tail/lib="+ours, map[string]float64{"p50-ns": 25, "max-ns": 1e6, "bare-p50-ns": 10})
	return r
}

func TestMediansAreTakenOverRuns(t *testing.T) {
	var r Results
	for _, v := range []float64{9, 1, 2} {
		r.add("bench", "Call/call=Time/on=one", map[string]float64{"ns/op": v})
	}
	if v, ok := r.get("bench:Call/call=Time/on=one", "ns/op"); v != 2 || !ok {
		t.Errorf("%v, want 2", v)
	}
	for _, path := range []string{"bench:Call/call=Time/on=all", "bench/peers:Call/call=Time/on=one"} {
		if _, ok := r.get(path, "ns/op"); ok {
			t.Errorf("%s was not measured", path)
		}
	}
	if got := r.under("bench:Call/call=", "/on=one"); len(got) != 1 || got[0] != "Time" {
		t.Errorf("under: %q", got)
	}
}

func TestBenchmarkLinesAreRead(t *testing.T) {
	name, values, ok := parseLine("BenchmarkTimer/lib=time.Now+Since/on=one-2 \t       1\t        73.5 ns/op\t         0 lost-%")
	if want := map[string]float64{"ns/op": 73.5, "lost-%": 0}; !ok || name != "Timer/lib=time.Now+Since/on=one" || !maps.Equal(values, want) {
		t.Errorf("%q %v %v", name, values, ok)
	}
	for _, line := range []string{"", "goos: linux", "PASS", "ok  \tgithub.com/zibrato/zibrato/bench\t34.226s", "BenchmarkX", "BenchmarkX 1 2", "BenchmarkX a 2 ns/op"} {
		if _, _, ok := parseLine(line); ok {
			t.Errorf("%q is taken for a figure", line)
		}
	}
}

func TestSectionsAreReplacedBetweenTheirMarkers(t *testing.T) {
	page := "a\n<!-- x:begin -->\nold\n<!-- x:end -->\nb\n"
	got, err := replaceSection(page, "x", "\nnew\n\n")
	if want := "a\n<!-- x:begin -->\nnew\n<!-- x:end -->\nb\n"; err != nil || got != want {
		t.Errorf("%q, %v", got, err)
	}
	for _, broken := range []string{"", "<!-- x:begin -->\n", "<!-- x:end -->\n<!-- x:begin -->\n"} {
		if _, err := replaceSection(broken, "x", "new"); err == nil {
			t.Errorf("%q has no section", broken)
		}
	}
}

func TestVerdicts(t *testing.T) {
	r := func(ticks, now float64) *Results {
		var r Results
		r.add("bench", "Call/call=Time/on=one", map[string]float64{"ns/op": 24, "x-2-ticks": ticks, "x-time.Now": now, "allocs/call": 0})
		return &r
	}
	for _, test := range []struct {
		r    *Results
		want verdict
	}{{r(1.5, 0.69), met}, {r(1.51, 0.69), missed}, {r(1.5, 0.7), missed}, {&Results{}, unknown}} {
		if got := timerByName(test.r); got.met != test.want {
			t.Errorf("%+v, want %v", got, test.want)
		}
	}
	for _, row := range rows(&Results{}) {
		if row.met != unknown {
			t.Errorf("%q is said to be %v without figures", row.what, row.met)
		}
	}
}

func TestWhatAnotherProcessorMissedIsCounted(t *testing.T) {
	var r Results
	r.Machine.CPU = "Z80"
	r.add("bench", "Call/call=Gauge.Set/on=one", map[string]float64{"ns/op": 5, "x-atomic.Add": 1})
	r.add("bench/network", "Watch", map[string]float64{"on-median-ms": 20, "on-p99-ms": 51, "off-median-ms": 1, "off-p99-ms": 2})
	if got := elsewhereLine(&r); !strings.Contains(got, "Z80, kept 1 of 2") {
		t.Error(got)
	}
}

func TestRowsThatWeLoseAreShown(t *testing.T) {
	r := sample()
	r.add("bench/peers", "Timer/lib="+ours+oneCore, map[string]float64{"ns/op": 1e6})
	r.add("bench/peers", "Timer/lib="+ours+oneCore, map[string]float64{"ns/op": 1e6})
	if got := dearestRival(r); !strings.Contains(got.measured, "Timer, one") {
		t.Errorf("%+v", got)
	}
	if got := cheapestRival(sample()); !strings.Contains(got.measured, "timer 4.00 × (prometheus)") {
		t.Errorf("%+v", got)
	}
}

func TestFiguresAreWrittenForReaders(t *testing.T) {
	for want, v := range map[string]float64{"0": 0, "5": 5, "23": 23.4, "1.3": 1.26, "0.53": 0.534, "0.004": 0.004, "12,345,679": 12345678.9, "–": math.NaN(), "-0.50": -0.5} {
		if got := figure(v); strings.TrimRight(got, "0") != strings.TrimRight(want, "0") {
			t.Errorf("figure(%v) = %s, want %s", v, got, want)
		}
	}
	for want, v := range map[string]float64{"24 ns": 24, "6.5 ns": 6.5, "12 µs": 12_000, "15 ms": 1.5e7, "999 ns": 999, "1 µs": 1000, "1.4 µs": 1368, "1 ms": 1e6} {
		if got := ns(v); got != want {
			t.Errorf("ns(%v) = %s, want %s", v, got, want)
		}
	}
}

func TestLogScaleKeepsWithinThePaper(t *testing.T) {
	s := logScale{1, 1000, 100, 400}
	for v, want := range map[float64]float64{1: 100, 10: 200, 1000: 400, 0.001: 100, 1e9: 400, 0: 100} {
		if got := s.at(v); math.Abs(got-want) > 1e-9 {
			t.Errorf("%v lies at %v, want %v", v, got, want)
		}
	}
	if got := s.decades(); len(got) != 4 {
		t.Errorf("decades %v", got)
	}
	if from, to := decadesAround([]float64{20, 0, 3000}); from != 10 || to != 10_000 {
		t.Errorf("from %v to %v", from, to)
	}
}

func TestADifferenceIsThatOfTheRunThatShowsLeastOfIt(t *testing.T) {
	r := &Results{}
	for _, run := range []map[string]float64{{"with": 9, "without": 4}, {"with": 5, "without": 6}, {"with": 8, "without": 7}} {
		r.add("bench", "Collector", run)
	}
	if d := r.leastMore("bench:Collector", "with", "without"); d != -1 {
		t.Errorf("%v, want -1", d)
	}
	if d := r.leastMore("bench:Collector", "with", "nothing"); !math.IsNaN(d) {
		t.Errorf("%v of what was not measured, want NaN", d)
	}
}
