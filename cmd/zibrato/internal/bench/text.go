package bench

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// nameWidth is that of the tables' first column, in characters.
const nameWidth = 36

// WriteText writes the report for people, in one call: lines of at most 110 characters, without colours.
func (r *Report) WriteText(w io.Writer) error {
	var b bytes.Buffer
	r.writeHead(&b)
	r.writeCalls(&b)
	r.writeFlows(&b)
	fmt.Fprintf(&b, "\n%s\n", r.conclusion())
	if r.Noisy {
		fmt.Fprintf(&b, "This machine was busy with other things: half of the figures spread by more than %.0f %%. Try again when it is quiet.\n", 100*noisy)
	}
	_, err := w.Write(b.Bytes())
	return err
}

func (r *Report) writeHead(b *bytes.Buffer) {
	m := r.Machine
	fmt.Fprintf(b, "machine  %s, %s, GOMAXPROCS %d, %s/%s\n", cmp.Or(m.CPU, "unknown processor"), plural(m.Cores, "core"), m.GOMAXPROCS, m.OS, m.Arch)
	fmt.Fprintf(b, "program  zibrato %s, %s, %s\n", r.Zibrato, m.Go, r.Time.Format(time.RFC3339))
	fmt.Fprintf(b, "clock    %s\n", r.Clock)
}

// String says it for people.
func (c Clock) String() string {
	switch c.Source {
	case "tsc":
		return "the TSC, the processor's own counter"
	case "cntvct":
		return "CNTVCT_EL0, the processor's own counter"
	}
	return "the system's monotonic clock, and not the processor's counter: " + c.Reason
}

func (r *Report) writeCalls(b *bytes.Buffer) {
	all := r.Machine.GOMAXPROCS
	line := func(name string, cells ...string) {
		l := pad(name)
		for i, c := range cells {
			l += fmt.Sprintf("%*s", []int{9, 13, 12, 13, 12, 9}[i], c)
		}
		b.WriteString(strings.TrimRight(l, " ") + "\n")
	}
	above, head := []any{"one core", "", "unwatched"}, []string{"ns", "× time.Now()", "", "", "ns", "allocs"}
	if all > 1 {
		above[1], head[2], head[3] = fmt.Sprintf("all %d cores", all), head[0], head[1]
	}
	fmt.Fprintf(b, "\n%s%22s%25s%12s\n", append([]any{pad("")}, above...)...)
	line("WHAT ONE CALL COSTS", head...)
	state := Yardstick
	marked := false
	cell := func(c Call, ok bool) string {
		if !ok {
			return ""
		}
		if c.Spread() > noisy {
			marked = true
			return "~" + nanoseconds(c.Ns)
		}
		return nanoseconds(c.Ns)
	}
	for _, c := range r.Calls {
		if c.Cores != 1 || c.State == Unwatched {
			continue
		}
		if c.State != state {
			state = c.State
			b.WriteString("\n")
		}
		cells := []string{cell(c, true), ratio(c), "", "", cell(r.call(c.Key, Unwatched, 1)), strconv.Itoa(c.Allocs)}
		if many, ok := r.call(c.Key, c.State, all); ok && all > 1 {
			cells[2], cells[3] = cell(many, true), ratio(many)
		}
		line(c.Code, cells...)
	}
	b.WriteString("\nEach while what it records is collected; unwatched: while nobody wants it. On all cores: all call at once.\n")
	if marked {
		fmt.Fprintf(b, "~ spreads: the middle half of the measurements is wider than %.0f %%.\n", 100*noisy)
	}
	fmt.Fprintf(b, "Of %s calls that were watched, %s were counted.\n", whole(r.Made), whole(r.Counted))
}

func (r *Report) writeFlows(b *bytes.Buffer) {
	if len(r.Flows) == 0 {
		return
	}
	line := func(cells ...any) { fmt.Fprintf(b, "%s%9s%13s%12s%13s%21s\n", cells...) }
	fmt.Fprintf(b, "\n%s%22s%25s\n", pad(""), "measured process", "everything")
	line(pad(whole(uint64(r.Flows[0].Rate))+" TIMERS A SECOND"), "ns each", "of a core", "ns each", "of a core", "arrived")
	for _, f := range r.Flows {
		line(pad(way(f.Detail)), nanoseconds(f.Process.Ns), percent(f.Process.Core), nanoseconds(f.All.Ns), percent(f.All.Core),
			whole(f.Arrived)+" of "+whole(f.Timed))
	}
	b.WriteString("\nProcessor time beyond that of the same work without Zibrato. Everything: with forwarder, subscriber, backend.\n")
}

func way(detail string) string {
	if detail == "summaries" {
		return "summaries, the default"
	}
	return "every single sample"
}

// conclusion is the report in two sentences.
func (r *Report) conclusion() string {
	timer, _ := r.call(keyTime, Watched, 1)
	off, _ := r.call(keyTime, Unwatched, 1)
	s := fmt.Sprintf("A timer costs %s ns here, %s of one time.Now(), and %s ns while nobody watches.\n", nanoseconds(timer.Ns), ratio(timer), nanoseconds(off.Ns))
	if len(r.Flows) == 0 {
		return s + "What the whole pipeline takes, this system does not tell."
	}
	f := r.Flows[0]
	return s + fmt.Sprintf("%s a second take %s of a core, everything included.", whole(uint64(f.Rate)), percent(f.All.Core))
}

func pad(s string) string { return s + strings.Repeat(" ", max(nameWidth-len([]rune(s)), 0)) }

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprint(n, " ", what, "s")
}

// nanoseconds writes them to a tenth, from a hundred on whole.
func nanoseconds(ns float64) string {
	switch {
	case ns < 0.05:
		return "< 0.1"
	case ns < 99.95:
		return strconv.FormatFloat(ns, 'f', 1, 64)
	}
	return strconv.FormatFloat(ns, 'f', 0, 64)
}

func ratio(c Call) string { return strconv.FormatFloat(c.Ratio, 'f', 2, 64) }

// percent writes a share to two decimals, from ten per cent on to one.
func percent(share float64) string {
	switch {
	case share < 0.000_05:
		return "< 0.01 %"
	case share < 0.099_95:
		return strconv.FormatFloat(100*share, 'f', 2, 64) + " %"
	}
	return strconv.FormatFloat(100*share, 'f', 1, 64) + " %"
}

// whole writes a number with commas.
func whole(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
