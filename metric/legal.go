package metric

import (
	"fmt"
	"hash/fnv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of what a series may carry, in bytes of UTF-8 unless said otherwise. They let every string travel behind a
// length of one byte.
const (
	MaxNameLen     = 255 // of a name or a source
	MaxTagKeyLen   = 64
	MaxTagValueLen = 255
	MaxTags        = 32 // tags of one series
	MaxUnitLen     = 63
	MaxHelpLen     = 255
)

// LegalName makes any string a legal name or source: 1 to 255 bytes of UTF-8 without control characters and '|'. A
// legal string comes back as it is, and true. In any other, each offending character or byte becomes '_', what is too
// long is cut at a character's boundary, the empty string becomes "unnamed", and then '~' and eight hexadecimal digits
// of the original's FNV-1a hash follow, so that two different illegal names stay different.
func LegalName(s string) (string, bool) { return legal(s, MaxNameLen, "unnamed") }

// LegalTag makes a tag legal by the rules of [LegalName]: keys of 1 to 64 bytes, values of 0 to 255. It reports whether
// the tag was legal as it came.
func LegalTag(t Tag) (Tag, bool) {
	k, ok1 := legal(t.Key, MaxTagKeyLen, "unnamed")
	v, ok2 := legal(t.Value, MaxTagValueLen, "")
	return Tag{k, v}, ok1 && ok2
}

// LegalLevel makes any string a legal level, by the rules of [LegalName] within what levels allow, with '-' before the
// hash. The empty string becomes "info".
func LegalLevel(s string) (Level, bool) {
	if l := Level(s); l.Valid() {
		return l, true
	}
	if s == "" {
		return Info, false
	}
	b := []byte(s)
	for i, c := range b {
		if !labelByte(c) {
			b[i] = '_'
		}
	}
	if strings.HasPrefix(s, binaryPrefix) {
		b[0] = '_'
	}
	h := "-" + hash8(s)
	return Level(string(b[:min(len(b), MaxLevelLen-len(h))]) + h), false
}

// LegalText cuts s to at most max bytes of UTF-8 without control characters: for units and help, which identify nothing.
func LegalText(s string, max int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return '_'
		}
		return r
	}, s)
	return cut(s, max)
}

// isLegal is the check that decoders apply to a stranger's strings.
func isLegal(s string, max int) bool {
	if len(s) > max || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if r == '|' || unicode.IsControl(r) {
			return false
		}
	}
	return true
}

func legal(s string, max int, empty string) (string, bool) {
	if isLegal(s, max) && (s != "" || empty == "") {
		return s, true
	}
	head := s
	if len(head) > 2*MaxNameLen { // the hash sees all of it; the rest need not look at megabytes
		head = head[:2*MaxNameLen]
	}
	head = strings.Map(func(r rune) rune {
		if r == '|' || r == utf8.RuneError || unicode.IsControl(r) {
			return '_'
		}
		return r
	}, head)
	if head == "" {
		head = empty
	}
	h := "~" + hash8(s)
	return cut(head, max-len(h)) + h, false
}

func hash8(s string) string {
	h := fnv.New32a()
	h.Write([]byte(s))
	return fmt.Sprintf("%08x", h.Sum32())
}

func cut(s string, max int) string {
	if len(s) <= max {
		return s
	}
	for max > 0 && !utf8.RuneStart(s[max]) {
		max--
	}
	return s[:max]
}
