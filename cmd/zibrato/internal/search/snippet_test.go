package search

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestSnippetShowsTheRarestMatchBetweenItsLines(t *testing.T) {
	var lines []string
	for i := range 300 {
		lines = append(lines, fmt.Sprintf("line%d common word", i+1))
	}
	lines[199] = "a fineNeedle, common"
	results, _, err := index(strings.Join(lines, "\n"), "common").Search(`common needle`, 1)
	if err != nil || len(results) != 1 {
		t.Fatalf("Search: %v, %v", results, err)
	}
	sn := results[0].Snippet
	if want := "line199 common word\na fineNeedle, common\nline201 common word"; sn.Text != want {
		t.Errorf("text %q, want %q", sn.Text, want)
	}
	if sn.Line != 200 {
		t.Errorf("line %d, want 200", sn.Line)
	}
	var marked []string
	for _, m := range sn.Marks {
		marked = append(marked, sn.Text[m[0]:m[1]])
	}
	if diff := cmp.Diff([]string{"common", "Needle", "common", "common"}, marked); diff != "" {
		t.Errorf("marked words: (-want +got)\n%s", diff)
	}
}

func TestSnippetShowsThePhraseNotItsWords(t *testing.T) {
	results, _, err := index("open\n\n\nthe file\n\n\nopen file\n", "x").Search(`"open file"`, 1)
	if err != nil || len(results) != 1 || results[0].Snippet.Line != 7 {
		t.Errorf("Search: %+v, %v; want line 7", results, err)
	}
}

func TestSnippetOfALongLineIsCutBetweenRunes(t *testing.T) {
	for shift := range 4 {
		text := strings.Repeat("x", shift) + strings.Repeat(" ü世", 500) + " needle " + strings.Repeat("é界 ", 500)
		results, _, err := index(text).Search("needle", 1)
		if err != nil || len(results) != 1 {
			t.Fatalf("Search: %v, %v", results, err)
		}
		got := results[0].Snippet.Text
		if len(got) > maxSnippetLen || len(got) < maxSnippetLen-8 || !utf8.ValidString(got) || !strings.Contains(got, "needle") {
			t.Errorf("shift %d: %d bytes %q", shift, len(got), got)
		}
	}
}
