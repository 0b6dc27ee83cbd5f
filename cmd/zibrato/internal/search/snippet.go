package search

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

const (
	contextLines  = 1   // before and after the line that matches
	maxSnippetLen = 400 // bytes; a generated line can have thousands
)

// A Snippet shows where a document matches.
type Snippet struct {
	Line  int      `json:"line"`  // of the match, from 1
	Text  string   `json:"text"`  // that line and its neighbours
	Marks [][2]int `json:"marks"` // Text[m[0]:m[1]] is a word of the query
}

// snippet shows the surroundings of the document's word at the given position.
func (d *document) snippet(at int32, clauses []clause) Snippet {
	defer snippetTime.Start().Stop()
	match := d.offset(at)
	from, to := d.surroundings(match)
	sn := Snippet{
		Line:  1 + bytes.Count(d.text[:match], []byte{'\n'}),
		Text:  string(d.text[from:to]),
		Marks: [][2]int{},
	}
	var scan scanner
	scan.reset(d.text[from:to], 0)
	for scan.next() {
		if slices.ContainsFunc(clauses, func(c clause) bool { return slices.Contains(c, string(scan.term)) }) {
			sn.Marks = append(sn.Marks, [2]int{scan.start, scan.end})
		}
	}
	return sn
}

// offset returns the byte at which the word at a position starts.
func (d *document) offset(at int32) int {
	var scan scanner
	scan.reset(d.text, int(d.marks[at/markEvery]))
	for range at%markEvery + 1 {
		scan.next()
	}
	return scan.start
}

// surroundings returns the bounds of the lines around a byte, no further away than half of maxSnippetLen and not within
// a rune.
func (d *document) surroundings(match int) (from, to int) {
	least, most := max(match-maxSnippetLen/2, 0), min(match+maxSnippetLen/2, len(d.text))
	for least < match && !utf8.RuneStart(d.text[least]) {
		least++
	}
	for most > match && most < len(d.text) && !utf8.RuneStart(d.text[most]) {
		most--
	}
	from, to = match, match
	for lines := 0; from > least; from-- {
		if d.text[from-1] == '\n' {
			if lines++; lines > contextLines {
				break
			}
		}
	}
	for lines := 0; to < most; to++ {
		if d.text[to] == '\n' {
			if lines++; lines > contextLines {
				break
			}
		}
	}
	return from, to
}
