package demo

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/zibrato/zibrato/cmd/zibrato/internal/search"
)

func TestQueriesOfASeedAreTheSameAndSpeakTheCorpusWords(t *testing.T) {
	const text = "package http\nfunc ListenAndServe(addr string) error { return nil }"
	tree := fstest.MapFS{"a.go": {Data: []byte(text)}}
	first, err := newQueries(tree, search.Limits{}, 7)
	if err != nil {
		t.Fatal(err)
	}
	second, err := newQueries(tree, search.Limits{}, 7)
	if err != nil {
		t.Fatal(err)
	}
	phrases, refused := 0, 0
	for range 1000 {
		q := first.next()
		if again := second.next(); again != q {
			t.Fatalf("%q and %q", q, again)
		}
		if q == "!=" {
			refused++
			continue
		}
		if strings.HasPrefix(q, `"`) {
			phrases++
		}
		for _, word := range strings.Fields(strings.Trim(q, `"`)) {
			if !strings.Contains(text, word) {
				t.Errorf("query %q: %q is not in the corpus", q, word)
			}
		}
	}
	if phrases < 150 || phrases > 350 || refused == 0 || refused > 60 {
		t.Errorf("of 1000 queries %d are phrases and %d no query", phrases, refused)
	}
}

func TestQueriesNeedWords(t *testing.T) {
	for _, tree := range []fstest.MapFS{{}, {"a.go": {Data: []byte("++")}}} {
		if _, err := newQueries(tree, search.Limits{}, 1); !errors.Is(err, search.ErrNoFiles) {
			t.Errorf("%v, want ErrNoFiles", err)
		}
	}
}
