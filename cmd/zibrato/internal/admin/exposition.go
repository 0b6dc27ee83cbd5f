package admin

import (
	"bytes"
	"io"
	"strconv"
	"strings"
)

// An Exposition is a set of metrics in Prometheus' text format, version 0.0.4
// (https://prometheus.io/docs/instrumenting/exposition_formats/). The zero value is empty and ready to use.
type Exposition struct {
	families []*family
	byName   map[string]*family
}

// family are the samples of one name, which the format wants in one group.
type family struct {
	name, kind, help string
	lines            bytes.Buffer
}

// Counter adds a value that only grows. Labels are keys and values in turn.
func (e *Exposition) Counter(name, help string, v uint64, labels ...string) {
	e.add(name, "counter", help, strconv.FormatUint(v, 10), labels)
}

// Seconds adds a counter of them.
func (e *Exposition) Seconds(name, help string, v float64, labels ...string) {
	e.add(name, "counter", help, format(v), labels)
}

// Gauge adds a value that may go down.
func (e *Exposition) Gauge(name, help string, v float64, labels ...string) {
	e.add(name, "gauge", help, format(v), labels)
}

// Flag adds a gauge that is 1 for yes and 0 for no.
func (e *Exposition) Flag(name, help string, yes bool, labels ...string) {
	v := 0.0
	if yes {
		v = 1
	}
	e.Gauge(name, help, v, labels...)
}

func format(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

func (e *Exposition) add(name, kind, help, value string, labels []string) {
	f := e.byName[name]
	if f == nil {
		if e.byName == nil {
			e.byName = map[string]*family{}
		}
		f = &family{name: name, kind: kind, help: help}
		e.byName[name] = f
		e.families = append(e.families, f)
	}
	f.lines.WriteString(name)
	for i := 0; i+1 < len(labels); i += 2 {
		f.lines.WriteByte("{,"[min(i, 1)])
		f.lines.WriteString(labels[i])
		f.lines.WriteString(`="`)
		f.lines.WriteString(labelEscapes.Replace(labels[i+1]))
		f.lines.WriteByte('"')
	}
	if len(labels) > 1 {
		f.lines.WriteByte('}')
	}
	f.lines.WriteByte(' ')
	f.lines.WriteString(value)
	f.lines.WriteByte('\n')
}

var (
	labelEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
	helpEscapes  = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
)

// WriteTo writes the metrics in the order in which their names were first added.
func (e *Exposition) WriteTo(w io.Writer) (int64, error) {
	var out bytes.Buffer
	for _, f := range e.families {
		out.WriteString("# HELP " + f.name + " " + helpEscapes.Replace(f.help) + "\n# TYPE " + f.name + " " + f.kind + "\n")
		out.Write(f.lines.Bytes())
	}
	return out.WriteTo(w)
}

// Names are those of the metrics, in the same order.
func (e *Exposition) Names() []string {
	names := make([]string, len(e.families))
	for i, f := range e.families {
		names[i] = f.name
	}
	return names
}
