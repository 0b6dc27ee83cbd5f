//go:build cgo && linux

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// conservationRun runs the harness as people do: built without the race detector, with the rings that programs have.
func conservationRun(t *testing.T, args ...string) *report {
	t.Helper()
	if testing.Short() {
		t.Skip("it takes a minute")
	}
	binary := filepath.Join(t.TempDir(), "conservation")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(binary, append(args, "-publishers", "2", "-rate", "5000", "-json")...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(stdout.Bytes(), &r); err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	for kind, why := range r.Skipped {
		t.Logf("skipped: %s: %s", kind, why)
	}
	for _, w := range r.Wrong {
		t.Error(w)
	}
	t.Logf("seed %d: %d faults of %d kinds, %d calls, %d series compared", r.Seed, r.Total, len(r.Faults), r.Recorded, r.Series)
	if err != nil || !r.OK {
		t.Errorf("%v; what happened:\n%s", err, stderr.String())
	}
	return &r
}

func TestBooksBalanceAfterFaultsOfEveryKind(t *testing.T) { conservationRun(t, "-for", "40s") }

func TestProgramsEndInTimeAtAnyInstant(t *testing.T) {
	r := conservationRun(t, "-trial", "exit", "-times", "7")
	if r.Total != 7 {
		t.Errorf("%d programs were ended, want 7", r.Total)
	}
}

func TestEverythingArrivesAgainAfterKillsAndPartitions(t *testing.T) {
	r := conservationRun(t, "-trial", "recovery", "-times", "1")
	if n := r.Faults["kill forwarder"]; n != 1 {
		t.Errorf("the forwarder was killed %d times, want 1", n)
	}
}

func TestUnknownTrialIsWrongUsage(t *testing.T) {
	var stderr strings.Builder
	if status := run([]string{"-trial", "luck"}, os.Stdout, &stderr); status != 2 || !strings.Contains(stderr.String(), `"luck"`) {
		t.Errorf("status is %d, want 2; it says %q", status, stderr.String())
	}
}

func TestUnknownFaultIsWrongUsage(t *testing.T) {
	var stderr strings.Builder
	if status := run([]string{"-faults", "rain"}, os.Stdout, &stderr); status != 2 {
		t.Errorf("status is %d, want 2", status)
	}
	if !strings.Contains(stderr.String(), `"rain"`) {
		t.Errorf("it says %q", stderr.String())
	}
}
