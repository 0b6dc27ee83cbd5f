package prometheus

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"github.com/zibrato/zibrato/metric"
)

// seriesID is the label that keeps series apart whose other labels are the same.
const seriesID = "series_id"

// reserved are the labels that no tag may have.
var reserved = [...]string{"le", "quantile", seriesID}

// legal makes s a name of letters, digits and single underscores, by the rule that the package comment gives.
func legal(s string) string {
	var b strings.Builder
	lossy, gap := false, false
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			if gap && b.Len() > 0 {
				b.WriteByte('_')
			} else if b.Len() == 0 && r <= '9' {
				b.WriteByte('_')
			}
			gap = false
			b.WriteRune(r)
		default:
			gap = true
			lossy = lossy || !strings.ContainsRune("_.-/: ", r)
		}
	}
	if b.Len() == 0 {
		return "unnamed_" + hash(s)
	}
	if lossy {
		return b.String() + "_" + hash(s)
	}
	return b.String()
}

// isLabel reports whether s can be the name of a label as it is.
func isLabel(s string) bool {
	for i, r := range s {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_' || i > 0 && r >= '0' && r <= '9') {
			return false
		}
	}
	return s != "" && !strings.HasPrefix(s, "__")
}

// hash is the mark that keeps apart what would be the same.
func hash(s string) string {
	h := fnv.New32a()
	h.Write([]byte(s))
	return fmt.Sprintf("%08x", h.Sum32())
}

// label is a name and a value, neither of them empty.
type label struct{ name, value string }

// labelsOf returns the labels of a series, sorted by name.
func (c *Config) labelsOf(s *metric.Series) []label {
	labels := make([]label, 0, len(s.Tags)+2)
	add := func(name, value string) {
		if value != "" {
			labels = append(labels, label{name, value})
		}
	}
	if c.SourceLabel != None {
		add(c.SourceLabel, s.Source)
	}
	if c.LevelLabel != None {
		add(c.LevelLabel, string(s.Level))
	}
	for _, t := range s.Tags {
		name := legal(t.Key)
		if name == c.SourceLabel || name == c.LevelLabel || slices.Contains(reserved[:], name) {
			name = "tag_" + name
		}
		if slices.ContainsFunc(labels, func(l label) bool { return l.name == name }) {
			name += "_" + hash(t.Key)
		}
		add(name, t.Value)
	}
	slices.SortFunc(labels, func(a, b label) int { return strings.Compare(a.name, b.name) })
	return labels
}

// names are how a family is called.
type names struct {
	full string // with unit and _total
	open string // without _total, as OpenMetrics has it
}

// namesOf returns the names of a family; mark is put before the unit.
func namesOf(id familyID, mark string) names {
	base := legal(id.name)
	if id.kind == metric.Counter {
		base = trimmed(base, "total")
	}
	if id.unit != "" {
		base = trimmed(base, id.unit)
	}
	for _, part := range [...]string{mark, id.unit} {
		if part != "" && part != base {
			base += "_" + part
		}
	}
	n := names{full: base, open: base}
	if id.kind == metric.Counter {
		n.full += "_total"
	}
	return n
}

// trimmed takes a last word off a name, unless that is all there is.
func trimmed(name, word string) string {
	if short, ok := strings.CutSuffix(name, "_"+word); ok && short != "" {
		return short
	}
	return name
}

// shows are the names of all that a family of that kind shows, in any form.
func (n names) shows(kind metric.Kind) []string {
	switch kind {
	case metric.Counter:
		return []string{n.open, n.full, n.open + "_created"}
	case metric.Timer, metric.Distribution:
		return []string{n.open, n.open + "_bucket", n.open + "_count", n.open + "_sum", n.open + "_created"}
	}
	return []string{n.open}
}
