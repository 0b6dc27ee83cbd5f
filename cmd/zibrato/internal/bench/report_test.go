package bench

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/zibrato/zibrato/internal/measure"
)

// made is a report of made-up figures about the calls that are really measured, on a machine of so many cores.
func made(cores int) *Report {
	r := &Report{
		Time:    time.Date(2026, 3, 1, 12, 30, 4, 0, time.UTC),
		Zibrato: "v1.2.3",
		Machine: measure.Machine{CPU: "A Processor 9000", Cores: cores, GOMAXPROCS: cores, OS: "linux", Arch: "amd64", Go: "go1.26.0"},
		Clock:   Clock{Source: "tsc"},
		Counted: 1_234_567_890,
		Made:    1_234_567_890,
	}
	for _, n := range coreCounts(cores) {
		ns := 50.0
		add := func(state string, subjects []subject) {
			for i, s := range subjects {
				if i > 0 || state != Yardstick {
					ns = 10 + float64(len(r.Calls)*7%60) + float64(n)/8
				}
				if state == Unwatched {
					ns /= 8
				}
				r.Calls = append(r.Calls, Call{Key: s.key, Code: s.code, State: state, Cores: n, Ns: ns, NsQ1: 0.96875 * ns, NsQ3: 1.03125 * ns, Ratio: ns / 50, Slices: 300})
			}
		}
		add(Yardstick, yardsticks())
		add(Watched, calls())
		add(Unwatched, calls())
	}
	r.Flows = []Flow{
		{Detail: "summaries", Rate: workRate, Timed: 300_000, Arrived: 300_000, Process: shareOf([]float64{44, 40, 48}, workRate), All: shareOf([]float64{52, 48, 54}, workRate)},
		{Detail: "samples", Rate: workRate, Timed: 300_000, Arrived: 299_988, Process: shareOf([]float64{130, 128, 140}, workRate), All: shareOf([]float64{1230, 1250, 1040}, workRate)},
	}
	r.judge()
	return r
}

func text(t *testing.T, r *Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := "testdata/" + name
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got)\n%s", path, diff)
	}
}

func TestTextGolden(t *testing.T) {
	r := made(2)
	for i := range r.Calls {
		if c := &r.Calls[i]; c.Key == "Gauge.Set" {
			c.NsQ3 = 2 * c.Ns
		}
		if c := &r.Calls[i]; c.Key == "zibrato.TimeErr" {
			c.Allocs = 1
		}
	}
	out := text(t, r)
	golden(t, "report.golden", out)
	for line := range strings.Lines(out) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 110 {
			t.Errorf("%d characters: %s", n, line)
		}
	}
	if strings.ContainsAny(out, "\x1b\r\t") {
		t.Errorf("control characters in %q", out)
	}
}

func TestJSONGolden(t *testing.T) {
	var b bytes.Buffer
	if err := made(2).WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, "report.json", b.String())
}

func TestJSONHoldsTheWholeReport(t *testing.T) {
	want := made(4)
	var b bytes.Buffer
	if err := want.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	var got Report
	dec := json.NewDecoder(&b)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, &got); diff != "" || dec.More() {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestOneCoreHasNoColumnsForAll(t *testing.T) {
	out := text(t, made(1))
	if strings.Contains(out, "all 1") || strings.Count(out, "× time.Now()") != 1 || !strings.Contains(out, "1 core, GOMAXPROCS 1") {
		t.Errorf("%s", out)
	}
}

func TestTheClockIsExplained(t *testing.T) {
	for _, test := range []struct {
		clock Clock
		want  string
	}{
		{Clock{Source: "tsc"}, "the TSC, "},
		{Clock{Source: "cntvct"}, "CNTVCT_EL0"},
		{Clock{"monotonic", "the TSC is not invariant"}, "monotonic clock, and not the processor's counter: the TSC is not invariant\n"},
	} {
		r := made(2)
		r.Clock = test.clock
		if out := text(t, r); !strings.Contains(out, "\nclock    ") || !strings.Contains(out, test.want) {
			t.Errorf("no %q in\n%s", test.want, out)
		}
	}
}

func TestTheConclusionIsWhatTheTablesSay(t *testing.T) {
	r := made(2)
	for i := range r.Calls {
		switch c := &r.Calls[i]; {
		case c.Key != keyTime || c.Cores != 1:
		case c.State == Watched:
			c.Ns, c.Ratio = 27.04, 0.551
		default:
			c.Ns = 4.96
		}
	}
	want := "A timer costs 27.0 ns here, 0.55 of one time.Now(), and 5.0 ns while nobody watches.\n100,000 a second take 0.52 % of a core, everything included."
	if got := r.conclusion(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	r.Flows = nil
	if out := text(t, r); !strings.Contains(out, "does not tell") || strings.Contains(out, "a second") || strings.Contains(out, "A SECOND") {
		t.Errorf("%s", out)
	}
}

func TestAReportOfABusyMachineSaysSo(t *testing.T) {
	r := made(2)
	if r.Noisy || strings.Contains(text(t, r), "~") {
		t.Error("a quiet machine is called noisy")
	}
	for i := range r.Calls {
		if i%3 > 0 {
			r.Calls[i].NsQ3 = 1.3 * r.Calls[i].Ns
		}
	}
	r.judge()
	if out := text(t, r); !r.Noisy || !strings.Contains(out, "busy") || !strings.Contains(out, "~") {
		t.Errorf("noisy is %v:\n%s", r.Noisy, out)
	}
}

func TestSharesAreMedians(t *testing.T) {
	want := Share{Ns: 50, NsQ1: 45, NsQ3: 475, Core: 0.005, Slices: 3}
	if got := shareOf([]float64{900, 40, 50}, 100_000); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestNumbersForPeople(t *testing.T) {
	for _, test := range []struct{ got, want string }{
		{nanoseconds(27.04), "27.0"}, {nanoseconds(99.96), "100"}, {nanoseconds(1234.5), "1234"}, {nanoseconds(0.01), "< 0.1"}, {nanoseconds(-3), "< 0.1"},
		{percent(0.00519), "0.52 %"}, {percent(0.12345), "12.3 %"}, {percent(0.09996), "10.0 %"}, {percent(1.5), "150.0 %"}, {percent(-0.1), "< 0.01 %"}, {percent(0.00004), "< 0.01 %"},
		{whole(0), "0"}, {whole(999), "999"}, {whole(100_000), "100,000"}, {whole(1_234_567_890), "1,234,567,890"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}
