//go:build cgo

package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/signal"
	"strings"
	"testing"
	"time"

	"github.com/zibrato/zibrato/metric"
)

func init() {
	parts["child"] = func() error {
		signal.Ignore(os.Interrupt)
		return Child(os.Stdin, os.Stdout)
	}
	parts["mute"] = func() error { return nil }
}

// child starts a child in a process of its own, which has ended when the test does.
func child(t *testing.T, ctx context.Context, part string) *process {
	t.Helper()
	t.Setenv(actAs, part)
	p, err := startProcess(ctx, []string{os.Args[0]}, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.end() })
	return p
}

func TestASliceOfThePipelineDeliversEveryTimer(t *testing.T) {
	p := child(t, t.Context(), "child")
	const d = 50 * time.Millisecond
	for range 2 { // a second time, with totals from the first
		without, err := p.slice(t.Context(), d, nil)
		if err != nil || without.timed != 0 || without.arrived != 0 || without.process <= 0 {
			t.Fatalf("%+v, %v", without, err)
		}
		for _, detail := range ways {
			with, err := p.slice(t.Context(), d, &detail)
			if err != nil {
				t.Fatal(err)
			}
			lead, timers := uint64((d/leadIn).Seconds()*workRate), uint64(d.Seconds()*workRate)
			if want := lead + timers; with.timed != want || with.arrived != want || with.measured != timers {
				t.Errorf("%s: %+v: want %d timers, and %d measured", detail, with, want, timers)
			}
			if with.process <= 0 || with.all <= with.process {
				t.Errorf("%s: %+v: want the parent's processor time in all of it", detail, with)
			}
		}
	}
	if err := p.end(); err != nil {
		t.Error(err)
	}
}

func TestTheTimeForThePipelineIsDividedIntoRounds(t *testing.T) {
	for _, test := range []struct {
		whole  time.Duration
		rounds int
		slice  time.Duration
	}{
		{9 * time.Second, 3, 9 * time.Second / 3 / 7 * 2},
		{90 * time.Second, 34, 756302521},
		{2100 * time.Millisecond, 3, 200 * time.Millisecond},
		{time.Millisecond, 3, minSlice},
	} {
		if rounds, slice := plan(test.whole, 2); rounds != test.rounds || (slice-test.slice).Abs() > time.Microsecond {
			t.Errorf("plan(%v) = %d, %v, want %d, %v", test.whole, rounds, slice, test.rounds, test.slice)
		}
	}
}

func TestAChildSaysWhatWentWrong(t *testing.T) {
	for orders, want := range map[string]string{
		`{}`:                               "an order for nothing",
		`{"Open":"nowhere"}`:               "nowhere",
		`{"Open":"x"} {"Work":1} nonsense`: `x`,
	} {
		var out bytes.Buffer
		if err := Child(strings.NewReader(orders), &out); err != nil {
			t.Errorf("%s: %v", orders, err)
		}
		var a answer
		if err := json.NewDecoder(&out).Decode(&a); err != nil || !strings.Contains(a.Error, want) {
			t.Errorf("%s: answered %+v, %v; want %q", orders, a, err, want)
		}
	}
}

func TestAChildEndsInTheMiddleOfItsWorkWhenItsParentIsGone(t *testing.T) {
	stdin, orders := io.Pipe()
	var out bytes.Buffer
	ended := make(chan error)
	go func() { ended <- Child(stdin, &out) }()
	if err := json.NewEncoder(orders).Encode(order{Work: time.Hour}); err != nil {
		t.Fatal(err)
	}
	orders.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestAChildThatCannotAnswerEnds(t *testing.T) {
	r, w := io.Pipe()
	r.Close()
	stdin, orders := io.Pipe()
	defer orders.Close()
	go orders.Write([]byte("{}\n"))
	if err := Child(stdin, w); err == nil || !strings.HasPrefix(err.Error(), "bench: answer: ") {
		t.Errorf("%v", err)
	}
	stdin.Close()
}

func TestAnEndedContextEndsTheChildAtOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p := child(t, ctx, "child")
	time.AfterFunc(50*time.Millisecond, cancel)
	begin := time.Now()
	if _, err := p.slice(ctx, time.Hour, nil); err == nil {
		t.Error("a slice of an hour has ended")
	}
	if err := p.end(); err == nil || time.Since(begin) > farewell {
		t.Errorf("%v after %v", err, time.Since(begin))
	}
}

func TestAChildThatDoesNotAnswerIsAnError(t *testing.T) {
	p := child(t, t.Context(), "mute")
	detail := metric.Summaries
	if _, err := p.slice(t.Context(), time.Millisecond, &detail); err == nil || !strings.HasPrefix(err.Error(), "child: ") {
		t.Errorf("%v", err)
	}
	if _, err := startProcess(t.Context(), []string{"/no/such/program"}, io.Discard); err == nil {
		t.Error("started what is not there")
	}
}
