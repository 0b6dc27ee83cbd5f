package metric

import (
	"fmt"
	"strings"
)

// Level is the unit of subscription: one of the five standard levels, or any label of [A-Za-z0-9_.-]{1,32} that does not
// begin with "zs", which begins the topics of the binary form. Only the five have an order.
type Level string

// The standard levels, from the least to the most important.
const (
	Debug    Level = "debug"
	Info     Level = "info"
	Warning  Level = "warning"
	Error    Level = "error"
	Critical Level = "critical"
)

// MaxLevelLen is the longest legal level, in bytes.
const MaxLevelLen = 32

var standardLevels = [...]Level{Debug, Info, Warning, Error, Critical}

// Valid reports whether the level is a legal label.
func (l Level) Valid() bool {
	if len(l) == 0 || len(l) > MaxLevelLen || strings.HasPrefix(string(l), binaryPrefix) {
		return false
	}
	for i := range len(l) {
		if !labelByte(l[i]) {
			return false
		}
	}
	return true
}

func labelByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.' || c == '-'
}

// AndAbove returns a standard level and those more important than it; any other level alone.
func (l Level) AndAbove() Levels {
	for i, s := range standardLevels {
		if s == l {
			return append(Levels(nil), standardLevels[i:]...)
		}
	}
	return Levels{l}
}

// Levels is a choice of levels. The empty choice means all of them.
type Levels []Level

// ParseLevels reads a list as it stands in flags: levels separated by commas, spaces around them ignored, where "info+"
// means info and above. An empty list means all levels. A level that stands twice counts once.
func ParseLevels(s string) (Levels, error) {
	var ls Levels
	if strings.TrimSpace(s) == "" {
		return nil, nil
	}
	for _, part := range strings.Split(s, ",") {
		name, above := strings.CutSuffix(strings.TrimSpace(part), "+")
		l := Level(name)
		if !l.Valid() {
			return nil, fmt.Errorf("level %q: want 1 to %d of A-Z a-z 0-9 _ . - that do not begin with zs", name, MaxLevelLen)
		}
		more := Levels{l}
		if above {
			if more = l.AndAbove(); len(more) == 1 && l != Critical {
				return nil, fmt.Errorf("level %q: only debug, info, warning, error and critical have levels above them", part)
			}
		}
		for _, m := range more {
			if len(ls) == 0 || !ls.Include(m) {
				ls = append(ls, m)
			}
		}
	}
	return ls, nil
}

// Include reports whether the choice takes in the level.
func (ls Levels) Include(l Level) bool {
	if len(ls) == 0 {
		return true
	}
	for _, m := range ls {
		if m == l {
			return true
		}
	}
	return false
}

// String writes the choice as [ParseLevels] reads it.
func (ls Levels) String() string {
	parts := make([]string, len(ls))
	for i, l := range ls {
		parts[i] = string(l)
	}
	return strings.Join(parts, ",")
}
