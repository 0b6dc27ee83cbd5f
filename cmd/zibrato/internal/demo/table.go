package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/zibrato/zibrato/metric"
)

// The widths of the table, in characters.
const (
	tableWidth  = 110
	numberWidth = 8
	maxNumbers  = 6 // columns of them, a space before each
	maxLevel    = 8
	maxSource   = 12
)

// A Table is a backend.Sink that writes each window as a table for people: a section for each kind of instrument, in it
// a line for each series that was busy, in the window's order. Lines have at most 110 characters; names too long for
// that are cut in the middle.
type Table struct {
	w      io.Writer
	closed bool
}

// NewTable makes a Table that writes to w, each window in one call. Closing the Table leaves w open.
func NewTable(w io.Writer) *Table { return &Table{w: w} }

// Write writes the window.
func (t *Table) Write(ctx context.Context, w *metric.Window) error {
	if t.closed {
		return errors.New("table: closed")
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("table: %w", err)
	}
	if _, err := t.w.Write(render(w)); err != nil {
		return fmt.Errorf("table: %w", err)
	}
	return nil
}

// Close ends the table.
func (t *Table) Close(context.Context) error {
	t.closed = true
	return nil
}

// A section shows the series of some kinds: a heading for each number that it makes of one.
type section struct {
	title    string
	kinds    []metric.Kind
	headings []string
	numbers  func(a *metric.Aggregate, seconds float64) []string
}

var sections = []section{
	{"TIMERS", []metric.Kind{metric.Timer}, []string{"count", "rate/s", "mean", "p50", "p99", "max"}, spread},
	{"DISTRIBUTIONS", []metric.Kind{metric.Distribution}, []string{"count", "rate/s", "mean", "p50", "p99", "max"}, spread},
	{"COUNTERS", []metric.Kind{metric.Counter}, []string{"grew by", "rate/s"}, growth},
	{"GAUGES", []metric.Kind{metric.UpDown, metric.Gauge}, []string{"last", "min", "max"}, lately},
}

func spread(a *metric.Aggregate, seconds float64) []string {
	unit := a.Unit
	if a.Kind == metric.Timer {
		unit = "s"
	}
	row := []string{formatCount(float64(a.Count)), formatRate(float64(a.Count) / seconds), formatValue(a.Mean(), unit)}
	if !a.HasDetail() {
		return append(row, "-", "-", "-")
	}
	d := &a.Detail
	return append(row, formatValue(d.Quantile(0.5), unit), formatValue(d.Quantile(0.99), unit), formatValue(d.Max, unit))
}

func growth(a *metric.Aggregate, seconds float64) []string {
	if a.Unit != "" {
		return []string{formatValue(a.Sum, a.Unit), formatValue(a.Sum/seconds, a.Unit)}
	}
	return []string{formatCount(a.Sum), formatRate(a.Sum / seconds)}
}

func lately(a *metric.Aggregate, _ float64) []string {
	if !a.HasDetail() {
		return []string{"-"}
	}
	d := &a.Detail
	return []string{formatValue(d.Last, a.Unit), formatValue(d.Min, a.Unit), formatValue(d.Max, a.Unit)}
}

// render draws the window.
func render(w *metric.Window) []byte {
	var (
		busy  []*metric.Aggregate
		calls uint64
		// Columns are as wide as what stands in them, within bounds; the name gets what is left.
		name, level, source = 0, len("level"), len("source")
	)
	for i := range w.Series {
		a := &w.Series[i]
		if a.Count == 0 && a.Sum == 0 && !a.HasDetail() {
			continue
		}
		busy = append(busy, a)
		if !strings.HasPrefix(a.Name, ownPrefix) {
			calls += a.Count
		}
		name = max(name, utf8.RuneCountInString(fullName(a.Series)))
		level = max(level, utf8.RuneCountInString(string(a.Level)))
		source = max(source, utf8.RuneCountInString(a.Source))
	}
	level, source = min(level, maxLevel), min(source, maxSource)
	name = min(max(name, len(sections[1].title)), tableWidth-1-level-1-source-maxNumbers*(1+numberWidth))

	var b bytes.Buffer
	b.WriteString(header(w, len(busy), calls))
	if len(busy) == 0 {
		b.WriteString("nothing arrived\n")
	}
	line := func(first, second, third string, numbers []string) {
		l := fit(first, name) + " " + fit(second, level) + " " + fit(third, source)
		for _, n := range numbers {
			l += fmt.Sprintf(" %*s", numberWidth, n)
		}
		b.WriteString(strings.TrimRight(l, " ") + "\n")
	}
	seconds := w.End.Sub(w.Start).Seconds()
	for _, s := range sections {
		empty := true
		for _, a := range busy {
			if !slices.Contains(s.kinds, a.Kind) {
				continue
			}
			if empty {
				line(s.title, "level", "source", s.headings)
				empty = false
			}
			line(fullName(a.Series), string(a.Level), a.Source, s.numbers(a, seconds))
		}
	}
	return b.Bytes()
}

// header is the line above a window, as wide as the table: its time, and how much is in it. Calls are those of the program.
func header(w *metric.Window, series int, calls uint64) string {
	clock := "15:04:05"
	if w.Interval%time.Second != 0 {
		clock += ".0"
	}
	rate := float64(calls) / w.End.Sub(w.Start).Seconds()
	text := fmt.Sprintf("── %s to %s ── %d series, %s calls, %s/s ", w.Start.Format(clock), w.End.Format(clock), series,
		formatCount(float64(calls)), formatRate(rate))
	return "\n" + text + strings.Repeat("─", max(tableWidth-utf8.RuneCountInString(text), 0)) + "\n"
}

// fullName is the series' name with its tags.
func fullName(s *metric.Series) string {
	if len(s.Tags) == 0 {
		return s.Name
	}
	tags := make([]string, len(s.Tags))
	for i, t := range s.Tags {
		tags[i] = t.Key + "=" + t.Value
	}
	return s.Name + "{" + strings.Join(tags, ",") + "}"
}

// fit makes s width characters long, with spaces after it or by cutting it in the middle.
func fit(s string, width int) string {
	runes := []rune(s)
	if len(runes) <= width {
		return s + strings.Repeat(" ", width-len(runes))
	}
	head := width / 2
	return string(runes[:head]) + "…" + string(runes[len(runes)-(width-head-1):])
}
