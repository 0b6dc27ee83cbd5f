//go:build cgo

package main

import (
	"bytes"
	"errors"
	"io"
	"regexp"

	"go.yaml.in/yaml/v3"
)

// document parses the text of a file into the node at its top, nil if there is none.
func (r *reader) document(text []byte) *yaml.Node {
	doc, more, err := documents(text)
	if err != nil {
		r.problem(brokenLine(text), "no YAML: %s", placeInError.ReplaceAllString(err.Error(), ""))
		return nil
	}
	if more != nil {
		r.problem(more.Line, "a second document begins; want one")
	}
	if doc == nil {
		return nil
	}
	return doc.Content[0]
}

// placeInError is where the parser says that it was, which is not where the reader of an error has to look: it says nothing of unknown anchors,
// and of brackets the line before.
var placeInError = regexp.MustCompile(`^yaml: (?:line \d+: )?`)

// documents are the first two of a text, nil where there are none.
func documents(text []byte) (first, second *yaml.Node, err error) {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	for _, n := range []**yaml.Node{&first, &second} {
		doc := new(yaml.Node)
		if err := dec.Decode(doc); errors.Is(err, io.EOF) {
			return first, second, nil
		} else if err != nil {
			return nil, nil, err
		}
		*n = doc
	}
	return first, second, nil
}

// maxSought is how long a text may be for brokenLine to look, which reads it again for each line.
const maxSought = 64 << 10

// brokenLine returns the first line with which the text stops to be YAML, whatever follows: where a quote or a bracket is opened that nothing closes, for
// instance. It is 1 for a long text.
func brokenLine(text []byte) int {
	if len(text) > maxSought {
		return 1
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	for n := len(lines) - 1; n > 0; n-- {
		text = text[:len(text)-len(lines[n])]
		if _, _, err := documents(text); err == nil {
			return n + 1
		}
	}
	return 1
}
