package backendtest

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/zibrato/zibrato/metric"
)

// A sink that changes the window for a moment is caught by the suite or, under it, by the race detector. That fails the
// whole process, so the broken sink runs in one of its own.
func TestAMomentaryChangeIsCaught(t *testing.T) {
	const inChild = "BACKENDTEST_MOMENTARY_CHANGE"
	if os.Getenv(inChild) != "" {
		if err := windowShared.on(harness(false, write(changeForAMoment))); err != nil {
			t.Error(err)
		}
		return
	}
	child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), inChild+"=1")
	out, err := child.CombinedOutput()
	if text := string(out); err == nil || !strings.Contains(text, "was changed") && !strings.Contains(text, "DATA RACE") {
		t.Errorf("not caught: %v\n%s", err, text)
	}
}

func changeForAMoment(s *odd, ctx context.Context, w *metric.Window) error {
	w.Series[0].Count++
	time.Sleep(100 * time.Millisecond) // some reads of the suite's; each takes about one
	w.Series[0].Count--
	return s.sound.Write(ctx, w)
}
