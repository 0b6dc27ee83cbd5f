package bench

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func show(terminal bool) string {
	var b bytes.Buffer
	show, end := ShowProgress(&b, terminal)
	for i := range 7 {
		step := "calls on one core"
		if i > 3 {
			step = "the whole pipeline"
		}
		p := Progress{Step: step, Done: float64(i) / 7, Left: time.Duration(7-i) * 400 * time.Millisecond}
		show(p)
		show(p)
	}
	end()
	return b.String()
}

func TestProgressWithoutATerminalIsALineForEachStep(t *testing.T) {
	want := "bench: calls on one core, about 3s left\nbench: the whole pipeline, about 1s left\n"
	if got := show(false); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestProgressOnATerminalIsOneLineThatIsRewrittenAndGoes(t *testing.T) {
	got := show(true)
	lines := strings.Split(got, "\r")
	if strings.ContainsAny(got, "\n\x1b") || len(lines) != 1+7+2 {
		t.Fatalf("%q", got)
	}
	if lines[0] != "" || !strings.HasPrefix(lines[4], "bench:  43 %  calls on one core, about 2s left  ") {
		t.Errorf("%q", lines[4])
	}
	for _, l := range lines[1:9] {
		if len([]rune(l)) != progressWidth {
			t.Errorf("%q does not hide what was there before", l)
		}
	}
	if strings.TrimSpace(lines[8]) != "" || lines[9] != "" {
		t.Errorf("what is left on the screen: %q", lines[8:])
	}
}

func TestProgressThatWasNeverShownLeavesNothing(t *testing.T) {
	var b bytes.Buffer
	_, end := ShowProgress(&b, true)
	if end(); b.Len() > 0 {
		t.Errorf("%q", b.String())
	}
}
