//go:build cgo

package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

// FuzzConfiguration holds what is said of a configuration to lines that the file has, one sentence a problem, and what is taken to starting something.
func FuzzConfiguration(f *testing.F) {
	for _, text := range []string{
		"", "[]", "forwarder:", "forwarder: {in: \"tcp://127.0.0.1:0\", out: \"tcp://127.0.0.1:0\"}\nsinks:\n  log:\n",
		"receive:\n  from: tcp://127.0.0.1:5551\n  levels: [info+]\nsinks:\n  a: {kind: log, flush: 1s, only: [\"db.*\"]}\n  b: {kind: librato, user: u, flush: -1s}\n",
		"sinks: {x: {kind: nothing}}", "sinks: &a\n  log: *a\n", "forwarder: {in: 1, in: 2, nosuch: 3}", "---\na: b\n---\n", "sinks:\n\tlog:", "a: !!binary x",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > maxConfigFile || bytes.Contains(text, []byte("/")) && bytes.Contains(text, []byte("file")) { // paths of this machine
			return
		}
		r := &reader{path: "zibrato.yaml", log: slog.New(slog.DiscardHandler)}
		p := r.plan(text)
		lines := bytes.Count(text, []byte("\n")) + bytes.Count(text, []byte("\r")) + 2 // and others that YAML knows
		for _, b := range r.problems {
			if b.line < 0 || b.line > lines+3*bytes.Count(text, []byte{0xe2}) || b.text == "" || strings.ContainsAny(b.text, "\n\r") || len(b.text) > len(text)*8+2000 {
				t.Fatalf("line %d: %q", b.line, b.text)
			}
		}
		if len(r.problems) == 0 && p.forwarder == nil && len(p.sinks) == 0 {
			t.Fatal("it is taken, and starts nothing")
		}
	})
}
