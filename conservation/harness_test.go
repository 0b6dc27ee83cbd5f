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

// The harness runs as people run it: built without the race detector, with the rings that programs have.
func TestBooksBalanceAfterFaultsOfEveryKind(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a minute")
	}
	binary := filepath.Join(t.TempDir(), "conservation")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(binary, "-for", "25s", "-publishers", "2", "-rate", "5000", "-json")
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
