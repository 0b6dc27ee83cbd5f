package search

import (
	"errors"
	"fmt"
	"strings"
)

// The bounds of a query: beyond them it is no question but a text, and would cost as much.
const (
	MaxQueryLen   = 1024 // bytes
	MaxQueryWords = 32
)

// ErrNoWords is returned for a query that has no word in it.
var ErrNoWords = errors.New("query: no words in it")

// A clause is words that must follow each other; often it is just one.
type clause []string

// parse splits a query into its clauses: what stands between double quotes, and outside of them what stands between
// spaces. A quote that is not closed reaches to the end.
func parse(query string) ([]clause, error) {
	defer parseTime.Start().Stop()
	if len(query) > MaxQueryLen {
		return nil, fmt.Errorf("query: %d bytes, at most %d are allowed", len(query), MaxQueryLen)
	}
	var (
		clauses []clause
		words   int
		scan    scanner
	)
	add := func(text string) {
		var c clause
		scan.reset([]byte(text), 0)
		for scan.next() {
			c = append(c, string(scan.term))
		}
		if len(c) > 0 {
			clauses = append(clauses, c)
			words += len(c)
		}
	}
	for i, part := range strings.Split(query, `"`) {
		if quoted := i%2 == 1; quoted {
			add(part)
			continue
		}
		for _, field := range strings.Fields(part) {
			add(field)
		}
	}
	switch {
	case words == 0:
		return nil, ErrNoWords
	case words > MaxQueryWords:
		return nil, fmt.Errorf("query: %d words, at most %d are allowed", words, MaxQueryWords)
	}
	return clauses, nil
}
