package metric

import (
	"cmp"
	"slices"
	"strings"
)

// Tag is one dimension of a series.
type Tag struct{ Key, Value string }

// Series is what a measurement is about. Kind, Name, Level, Source and Tags identify it; Unit and Help describe it.
// A Series that has been handed on is never changed.
type Series struct {
	Kind   Kind
	Level  Level
	Name   string
	Source string // where it comes from: program, host, class
	Unit   string // UCUM, such as "s" or "By"; empty: not said
	Help   string
	Tags   []Tag // sorted by key, each key once
}

// Key identifies the series among all series of all processes: equal keys, same series. It is made for maps, not for
// reading.
func (s *Series) Key() string {
	var b strings.Builder
	n := 8 + len(s.Level) + len(s.Name) + len(s.Source)
	for _, t := range s.Tags {
		n += 2 + len(t.Key) + len(t.Value)
	}
	b.Grow(n)
	// No part may hold a control character, so 0 separates.
	b.WriteByte(byte(s.Kind))
	b.WriteString(string(s.Level))
	b.WriteByte(0)
	b.WriteString(s.Name)
	b.WriteByte(0)
	b.WriteString(s.Source)
	for _, t := range s.Tags {
		b.WriteByte(0)
		b.WriteString(t.Key)
		b.WriteByte(0)
		b.WriteString(t.Value)
	}
	return b.String()
}

// Tag returns the value of the tag of that key, or "".
func (s *Series) Tag(key string) string {
	for _, t := range s.Tags {
		if t.Key == key {
			return t.Value
		}
	}
	return ""
}

// Compare orders series for people: by level, name, source, tags, kind.
func (s *Series) Compare(o *Series) int {
	return cmp.Or(
		cmp.Compare(levelOrder(s.Level), levelOrder(o.Level)),
		cmp.Compare(s.Level, o.Level),
		cmp.Compare(s.Name, o.Name),
		cmp.Compare(s.Source, o.Source),
		slices.CompareFunc(s.Tags, o.Tags, func(a, b Tag) int {
			return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Value, b.Value))
		}),
		cmp.Compare(s.Kind, o.Kind),
	)
}

func levelOrder(l Level) int {
	if i := slices.Index(standardLevels[:], l); i >= 0 {
		return i
	}
	return len(standardLevels)
}

// SortTags sorts tags by key in place and keeps, of equal keys, the last: what is said later wins.
func SortTags(tags []Tag) []Tag {
	slices.SortStableFunc(tags, func(a, b Tag) int { return cmp.Compare(a.Key, b.Key) })
	out := tags[:0]
	for i, t := range tags {
		if i+1 < len(tags) && tags[i+1].Key == t.Key {
			continue
		}
		out = append(out, t)
	}
	return out
}
