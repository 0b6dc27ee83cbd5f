//go:build cgo

package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/metric"
)

// filter are the flags that keep series from a sink. What passes is what it would be without them.
type filter struct {
	Only     []string          `placeholder:"PATTERN" help:"Take only series with such names, as db.*,http.*; * stands for anything, ? for one character."`
	Except   []string          `placeholder:"PATTERN" help:"Leave out series with such names, as zibrato.*"`
	OnlyTags map[string]string `placeholder:"KEY=PATTERN" mapsep:"," help:"Take only series with such tags, all of them, as region=eu-*,canary=yes."`
}

// before returns a sink that gets what passes; the same one if everything does.
func (f *filter) before(sink backend.Sink) backend.Sink {
	if len(f.Only) == 0 && len(f.Except) == 0 && len(f.OnlyTags) == 0 {
		return sink
	}
	return filtered{sink, f}
}

func (f *filter) passes(s *metric.Series) bool {
	names := func(pattern string) bool { return like(pattern, s.Name) }
	if len(f.Only) > 0 && !slices.ContainsFunc(f.Only, names) || slices.ContainsFunc(f.Except, names) {
		return false
	}
	for key, pattern := range f.OnlyTags {
		if !slices.ContainsFunc(s.Tags, func(t metric.Tag) bool { return t.Key == key && like(pattern, t.Value) }) {
			return false
		}
	}
	return true
}

// filtered is a sink that never hears of some series.
type filtered struct {
	backend.Sink
	filter *filter
}

// String is the sink's own name.
func (s filtered) String() string {
	if own, ok := s.Sink.(fmt.Stringer); ok {
		return own.String()
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", s.Sink), "*")
}

// Write hands on what passes, in a window of its own. Where nothing does, there is nothing to write.
func (s filtered) Write(ctx context.Context, w *metric.Window) error {
	some := *w
	some.Series = nil
	for i := range w.Series {
		if s.filter.passes(w.Series[i].Series) {
			some.Series = append(some.Series, w.Series[i])
		}
	}
	if len(some.Series) == 0 {
		return nil
	}
	return s.Sink.Write(ctx, &some)
}

// like reports whether all of text is as the pattern says, in which * stands for anything and ? for one character.
func like(pattern, text string) bool {
	p, t := []rune(pattern), []rune(text)
	star, resume := -1, 0 // the last * seen, and where in the text it is to end next
	i := 0
	for j := 0; j < len(t); {
		switch {
		case i < len(p) && p[i] == '*':
			star, resume = i, j
			i++
		case i < len(p) && (p[i] == '?' || p[i] == t[j]):
			i++
			j++
		case star >= 0:
			resume++
			i, j = star+1, resume
		default:
			return false
		}
	}
	for i < len(p) && p[i] == '*' {
		i++
	}
	return i == len(p)
}
