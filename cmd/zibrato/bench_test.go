//go:build cgo && unix

package main

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

func TestBenchReportsAsJSONAndCanBeQuiet(t *testing.T) {
	t.Parallel()
	status, stdout, stderr := result(t, nil, "bench", "--time", "1s", "--json", "--quiet")
	if status != 0 || stderr != "" {
		t.Errorf("status %d, %q", status, stderr)
	}
	var got struct {
		Version string `json:"zibrato_version"`
		Machine struct{ Go string }
		Calls   []struct {
			Key string
			Ns  float64 `json:"ns_per_call"`
		}
		Pipeline []struct{ Timed, Arrived int }
	}
	dec := json.NewDecoder(strings.NewReader(stdout))
	if err := dec.Decode(&got); err != nil || dec.More() {
		t.Fatalf("%v in %s", err, stdout)
	}
	if got.Version == "" || got.Machine.Go == "" || len(got.Calls) < 20 || !(got.Calls[0].Ns > 0) {
		t.Errorf("%s", stdout)
	}
	if len(got.Pipeline) != 2 || got.Pipeline[0].Timed == 0 || got.Pipeline[0].Arrived != got.Pipeline[0].Timed {
		t.Errorf("the pipeline: %+v", got.Pipeline)
	}
}

func TestASignalEndsBenchAtAnyStep(t *testing.T) { // not parallel: time counts
	const whole = 0 // a report
	for _, test := range []struct {
		time, step string
		signal     os.Signal
		want       []int
	}{
		{"30s", "calls on one core", os.Interrupt, []int{130}},
		{"30s", "calls on one core", syscall.SIGTERM, []int{143}},
		{"1s", "the whole pipeline", os.Interrupt, []int{130, whole}}, // so short that its report may have been ready
	} {
		p := start(t, nil, "bench", "--time", test.time)
		p.stderr.await(t, "(?m)^bench: "+test.step+", about [0-9]+s left$")
		status := p.endsSoonWith(t, test.signal, test.want...)
		cut := p.stdout.String() == "" && strings.HasSuffix(p.stderr.String(), "\nzibrato bench: interrupted, so there is no report\n")
		done := regexp.MustCompile(`A timer costs .* ns here`).MatchString(p.stdout.String())
		if cut == done || done != (status == whole) {
			t.Errorf("status %d, stdout %q, stderr %q", status, p.stdout, p.stderr)
		}
	}
}
