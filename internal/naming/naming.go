// Package naming makes names of few characters out of series, for targets whose names are words between dots.
package naming

import (
	"fmt"
	"hash/fnv"
	"strings"
)

const (
	MaxWord = 200 // of what stands between dots: file systems take 255, and a suffix may follow
	MaxName = 800 // of a whole name without its tags
)

// Name makes a series' name one of words of A-Z a-z 0-9 _ - between dots. Each other character becomes _, as does an empty word; what
// is too long is cut. If anything had to change, _ and eight hexadecimal digits of the original's FNV-1a hash follow.
func Name(s string) string {
	if s != "" && legal(s, ".") && len(s) <= MaxName && !strings.HasPrefix(s, ".") && !strings.HasSuffix(s, ".") && !strings.Contains(s, "..") && shortWords(s) {
		return s
	}
	words := strings.Split(substitute(s, "."), ".")
	for i, w := range words {
		if w == "" {
			w = "_"
		}
		words[i] = w[:min(len(w), MaxWord-markLen)]
	}
	return Mark(strings.Join(words, "."), s, MaxName)
}

// Word makes any text one word of the same characters, by the same rule, but that a dot becomes _ without a mark. What is empty stays so.
func Word(s string) string { return Text(strings.ReplaceAll(s, ".", "_"), "", MaxWord) }

// Text makes any text one of at most max of these characters and more, by the same rule. What is empty stays so.
func Text(s, more string, max int) string {
	if legal(s, more) && len(s) <= max {
		return s
	}
	return Mark(substitute(s, more), s, max)
}

// markLen is the length of what Mark adds.
const markLen = len("_12345678")

// Mark ends a name with the hash of what it stands for, and cuts it to max for that.
func Mark(name, original string, max int) string {
	h := fnv.New32a()
	h.Write([]byte(original))
	return name[:min(len(name), max-markLen)] + fmt.Sprintf("_%08x", h.Sum32())
}

func legal(s, more string) bool {
	for i := range len(s) {
		if !legalByte(s[i], more) {
			return false
		}
	}
	return true
}

func legalByte(c byte, more string) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || strings.IndexByte(more, c) >= 0
}

// substitute puts a _ in the place of each character that is not legal.
func substitute(s, more string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 && legalByte(byte(r), more) {
			return r
		}
		return '_'
	}, s)
}

func shortWords(s string) bool {
	for w := range strings.SplitSeq(s, ".") {
		if len(w) > MaxWord {
			return false
		}
	}
	return true
}
