package bench

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// Progress is how far a run has come.
type Progress struct {
	Step string        // what is being measured
	Done float64       // share of the whole run that is over
	Left time.Duration // about how long it still takes
}

// progressWidth fits a line on any terminal.
const progressWidth = 72

// ShowProgress returns what shows progress to people: on a terminal as a line that is rewritten, elsewhere as a line for each step. end takes the
// terminal's line away.
func ShowProgress(w io.Writer, terminal bool) (show func(Progress), end func()) {
	if !terminal {
		step := ""
		return func(p Progress) {
			if p.Step != step {
				step = p.Step
				fmt.Fprintf(w, "bench: %s, %s left\n", p.Step, about(p.Left))
			}
		}, func() {}
	}
	shown := ""
	return func(p Progress) {
			line := fmt.Sprintf("bench: %3.0f %%  %s, %s left", 100*p.Done, p.Step, about(p.Left))
			if line != shown {
				shown = line
				fmt.Fprintf(w, "\r%-*s", progressWidth, line)
			}
		}, func() {
			if shown != "" {
				fmt.Fprintf(w, "\r%s\r", strings.Repeat(" ", progressWidth))
			}
		}
}

func about(d time.Duration) string {
	return "about " + max(d.Round(time.Second), time.Second).String()
}
