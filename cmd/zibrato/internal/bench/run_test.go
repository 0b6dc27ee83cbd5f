//go:build cgo

package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func init() {
	parts["run"] = func() error {
		os.Setenv(actAs, "child") // for the child
		var steps []string
		r, err := Run(context.Background(), Options{Argv: []string{os.Args[0]}, For: 600 * time.Millisecond, Version: "v1", Stderr: os.Stderr, Progress: func(p Progress) {
			if p.Done < 0 || p.Done > 1 || p.Left < 0 {
				err := fmt.Sprintf("progress %+v", p)
				panic(err)
			}
			if len(steps) == 0 || steps[len(steps)-1] != p.Step {
				steps = append(steps, p.Step)
			}
		}})
		if err != nil {
			return err
		}
		if len(steps) != len(coreCounts(r.Machine.GOMAXPROCS))+1 {
			return fmt.Errorf("the steps %q", steps)
		}
		if err := goleak.Find(); err != nil {
			return err
		}
		return r.WriteJSON(os.Stdout)
	}
	parts["cut short"] = func() error {
		os.Setenv(actAs, "child")
		ctx, cancel := context.WithCancel(context.Background())
		_, err := Run(ctx, Options{Argv: []string{os.Args[0]}, For: time.Hour, Progress: func(p Progress) {
			if p.Done > 0 {
				cancel()
			}
		}})
		if !errors.Is(err, context.Canceled) {
			return fmt.Errorf("Run returned %v", err)
		}
		return goleak.Find()
	}
}

// inProcess plays a part in a process of its own, since Run can be called once in one.
func inProcess(t *testing.T, part string) (stdout []byte) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), actAs+"="+part)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || stderr.Len() > 0 {
		t.Fatalf("%s: %v\n%s", part, err, stderr.Bytes())
	}
	return out
}

func TestRunMeasuresEverythingAndLeavesNothingBehind(t *testing.T) {
	out := inProcess(t, "run")
	var r Report
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatal(err)
	}
	want := len(coreCounts(r.Machine.GOMAXPROCS)) * (len(yardsticks()) + 2*len(calls()))
	if len(r.Calls) != want || len(r.Flows) != len(ways) {
		t.Errorf("%d calls and %d flows, want %d and %d", len(r.Calls), len(r.Flows), want, len(ways))
	}
	for _, c := range r.Calls {
		if !(c.Ns > 0 && c.NsQ1 <= c.Ns && c.Ns <= c.NsQ3 && c.Ratio > 0 && c.Slices > 0) || c.Key == keyTimeNow && c.Ratio != 1 {
			t.Errorf("%+v", c)
		}
	}
	if on, ok := r.call(keyTime, Watched, 1); ok {
		if off, ok := r.call(keyTime, Unwatched, 1); !ok || on.Ns <= off.Ns {
			t.Errorf("a timer takes %v ns watched and %v unwatched", on.Ns, off.Ns)
		}
	}
	if r.Counted != r.Made || r.Made == 0 {
		t.Errorf("%d calls made, %d counted", r.Made, r.Counted)
	}
	for i, f := range r.Flows {
		if f.Detail != ways[i].String() || f.Rate != workRate || f.Timed == 0 || f.Arrived != f.Timed || f.Process.Slices != flowRounds {
			t.Errorf("%+v", f)
		}
	}
	if r.Zibrato != "v1" || r.Time.IsZero() || r.Clock.Source == "" || r.Machine.Go == "" {
		t.Errorf("%+v", r)
	}
	if t.Failed() {
		t.Logf("%s", out)
	}
}

func TestRunEndsWithItsContext(t *testing.T) { inProcess(t, "cut short") }

func TestRunRefusesWhatCannotBeRun(t *testing.T) {
	for want, o := range map[string]Options{
		"Options.Argv": {},
		"Options.For":  {Argv: []string{"x"}, For: -1},
	} {
		if _, err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", o, err, want)
		}
	}
}
