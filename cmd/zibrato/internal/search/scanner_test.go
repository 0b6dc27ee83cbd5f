package search

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

func terms(text string) []string {
	s := scanner{text: []byte(text)}
	out := []string{}
	for s.next() {
		out = append(out, string(s.term))
	}
	return out
}

func TestScannerSplitsIdentifiersWherePeopleDo(t *testing.T) {
	tests := []struct{ text, want string }{
		{"", ""},
		{" ++ ", ""},
		{"listenAndServe", "listen and serve"},
		{"ListenAndServeTLS", "listen and serve tls"},
		{"HTTPServer.TLSConfig", "http server tls config"},
		{"snake_case_NAME", "snake case name"},
		{"utf8String base64", "utf8 string base64"},
		{"sha256sum x86asm 0x1F", "sha256sum x86asm 0x1 f"},
		{"a.B", "a b"},
		{"ÄrgerÜber straße", "ärger über straße"},
		{"检索 поиск", "检索 поиск"},
		{"bad\xffutf8", "bad utf8"},
	}
	for _, test := range tests {
		if diff := cmp.Diff(strings.Fields(test.want), terms(test.text)); diff != "" {
			t.Errorf("%q: (-want +got)\n%s", test.text, diff)
		}
	}
}

func TestScannerBoundsTerms(t *testing.T) {
	got := terms(strings.Repeat("x", 10_000) + " y")
	if len(got) != 2 || len(got[0]) != maxTermLen || got[1] != "y" {
		t.Errorf("%d terms, the first of %d bytes", len(got), len(got[0]))
	}
}

func FuzzScannerFindsEveryLetterOnceAndCanStartAtAnyWord(f *testing.F) {
	for _, seed := range []string{"listenAndServe HTTPServer", "x_1", "ÄÖü ΑΒγ", "\xff\xfeAb", "ABCd0E"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		type word struct{ start, end int }
		var words []word
		s := scanner{text: text}
		for s.next() {
			words = append(words, word{s.start, s.end})
		}
		inWord := make([]bool, len(text))
		for i, w := range words {
			if w.start >= w.end || i > 0 && w.start < words[i-1].end {
				t.Fatalf("words %v of %q are empty, overlap or go back", words, text)
			}
			for j := w.start; j < w.end; j++ {
				inWord[j] = true
			}
			// From any word on, the rest is the same.
			s.reset(text, w.start)
			var rest []word
			for s.next() {
				rest = append(rest, word{s.start, s.end})
			}
			if !slices.Equal(rest, words[i:]) {
				t.Fatalf("%q from %d: %v, want %v", text, w.start, rest, words[i:])
			}
		}
		for i, r := range string(text) {
			if r == unicode.ReplacementChar {
				continue // perhaps a byte that is no UTF-8
			}
			if want := unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r); inWord[i] != want {
				t.Fatalf("%q: %q at %d in a word: %v", text, r, i, inWord[i])
			}
		}
	})
}

func TestIdentifiersKeepTheirSpelling(t *testing.T) {
	got := slices.Collect(Identifiers([]byte("func ListenAndServe(addr_in string) // don't, __x__ HTTP2")))
	want := []string{"func", "ListenAndServe", "addr_in", "string", "don", "t", "x", "HTTP2"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for range Identifiers([]byte("stops when told to")) {
		break
	}
}
