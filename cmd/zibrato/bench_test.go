//go:build cgo && unix

package main

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
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
	for _, test := range []struct{ time, step string }{{"30s", "calls on one core"}, {"1s", "the whole pipeline"}} {
		p := start(t, nil, "bench", "--time", test.time)
		p.stderr.await(t, "(?m)^bench: "+test.step+", about [0-9]+s left$")
		p.endsSoon(t, os.Interrupt)
		// The second is so short that its report may have been ready.
		cut := p.stdout.String() == "" && strings.HasSuffix(p.stderr.String(), "zibrato bench: ended before there was a report\n")
		if done := regexp.MustCompile(`A timer costs .* ns here`).MatchString(p.stdout.String()); cut == done {
			t.Errorf("stdout %q, stderr %q", p.stdout, p.stderr)
		}
	}
}
