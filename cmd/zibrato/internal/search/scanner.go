package search

import (
	"unicode"
	"unicode/utf8"
)

// maxTermLen bounds a term in bytes. What a word has beyond it, such as a literal of a thousand digits, is not looked at.
const maxTermLen = 64

// A scanner splits a text into words: runs of letters and digits, cut where an identifier's inner words begin. Started
// at the first byte of any word of a text it finds the same words from there on.
type scanner struct {
	text []byte
	at   int // the next byte to look at

	// The present word.
	start, end int    // text[start:end]
	term       []byte // in lower case; good until the next word
}

// A class is what a rune is to the scanner.
type class uint8

const (
	other class = iota // between words
	digit              // in a word, without case
	lower              // letters of scripts without case are lower too
	upper
)

var asciiClass = func() (t [utf8.RuneSelf]class) {
	for c := range t {
		switch {
		case c >= '0' && c <= '9':
			t[c] = digit
		case c >= 'a' && c <= 'z':
			t[c] = lower
		case c >= 'A' && c <= 'Z':
			t[c] = upper
		}
	}
	return t
}()

func classOf(r rune) class {
	switch {
	case r < utf8.RuneSelf:
		return asciiClass[r]
	case unicode.IsUpper(r):
		return upper
	case unicode.IsLetter(r), unicode.IsMark(r):
		return lower
	case unicode.IsDigit(r):
		return digit
	default:
		return other
	}
}

func (s *scanner) reset(text []byte, at int) { s.text, s.at = text, at }

// peek decodes the rune at s.at.
func (s *scanner) peek() (r rune, size int) {
	if c := s.text[s.at]; c < utf8.RuneSelf {
		return rune(c), 1
	}
	return utf8.DecodeRune(s.text[s.at:])
}

// next goes to the next word and reports whether there is one.
func (s *scanner) next() bool {
	for {
		if s.at >= len(s.text) {
			return false
		}
		r, size := s.peek()
		if classOf(r) != other {
			break
		}
		s.at += size
	}
	s.start, s.term = s.at, s.term[:0]
	prev := other
	capitals := 0 // the run of upper case letters just read
	capital, full := 0, 0
	for s.at < len(s.text) {
		r, size := s.peek()
		c := classOf(r)
		switch {
		case c == other:
			s.end = s.at
			return true
		case c == upper && (prev == lower || prev == digit): // listen|And, utf8|String
			s.end = s.at
			return true
		case c == lower && capitals > 1: // HTTP|Server: the last capital belongs to what follows
			s.at, s.end, s.term = capital, capital, s.term[:full]
			return true
		}
		if c == upper {
			capitals++
			capital, full = s.at, len(s.term)
		} else {
			capitals = 0
		}
		if len(s.term) < maxTermLen {
			s.append(r)
		}
		s.at += size
		prev = c
	}
	s.end = s.at
	return true
}

func (s *scanner) append(r rune) {
	switch {
	case r < utf8.RuneSelf && asciiClass[r] == upper:
		s.term = append(s.term, byte(r)+'a'-'A')
	case r < utf8.RuneSelf:
		s.term = append(s.term, byte(r))
	default:
		s.term = utf8.AppendRune(s.term, unicode.ToLower(r))
	}
}

// Identifiers calls yield with the identifiers of a text, and the other words in it, as they stand there, until yield
// returns false.
func Identifiers(text []byte) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		s := scanner{text: text}
		start, end := 0, -1
		for s.next() {
			// Words that touch, or that an underscore joins, are of one identifier.
			joined := end >= 0 && (s.start == end || s.start == end+1 && text[end] == '_')
			if !joined {
				if end >= 0 && !yield(string(text[start:end])) {
					return
				}
				start = s.start
			}
			end = s.end
		}
		if end >= 0 {
			yield(string(text[start:end]))
		}
	}
}
