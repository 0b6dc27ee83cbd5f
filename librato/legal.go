package librato

import (
	"fmt"
	"hash/fnv"
	"strings"
)

// The API's limits, in characters.
const (
	maxName     = 255 // of a metric's name or a source
	maxTagKey   = 64
	maxTagValue = 255
	maxTags     = 50 // tags of one measurement
)

// inValues are the characters that tag values may hold beyond those of names.
const inValues = ` ?/\`

// legal makes any string one of 1 to max characters of A-Z a-z 0-9 . : - _ and more, by the rule that the package
// comment gives.
func legal(s string, max int, more string) string {
	ok := s != "" && len(s) <= max
	t := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune(".:-_"+more, r):
			return r
		}
		ok = false
		return '_'
	}, s)
	if ok {
		return s
	}
	if t == "" {
		t = "unnamed"
	}
	return mark(t, s, max)
}

// mark ends a legal string with the hash of what it stands for, and cuts it to max for that.
func mark(s, original string, max int) string {
	h := fnv.New32a()
	h.Write([]byte(original))
	suffix := fmt.Sprintf("_%08x", h.Sum32())
	return s[:min(len(s), max-len(suffix))] + suffix
}
