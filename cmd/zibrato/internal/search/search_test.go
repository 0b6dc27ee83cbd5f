package search

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// naive answers queries over documents that are given as words, by the definitions and without an index.
type naive [][]string

type naiveHit struct {
	Doc   int
	Score float64
}

// search takes the clauses as words too.
func (docs naive) search(clauses [][]string) []naiveHit {
	total := 0
	for _, d := range docs {
		total += len(d)
	}
	mean := float64(total) / float64(len(docs))
	holding := func(word string) (n float64) {
		for _, d := range docs {
			if slices.Contains(d, word) {
				n++
			}
		}
		return n
	}
	var hits []naiveHit
	for i, d := range docs {
		score, all := 0.0, true
		for _, c := range clauses {
			tf := 0.0
			for at := range d {
				if at+len(c) <= len(d) && slices.Equal(d[at:at+len(c)], c) {
					tf++
				}
			}
			all = all && tf > 0
			for _, word := range c {
				n := holding(word)
				idf := math.Log(1 + (float64(len(docs))-n+0.5)/(n+0.5))
				score += idf * tf * 2.2 / (tf + 1.2*(0.25+0.75*float64(len(d))/mean))
			}
		}
		if all {
			hits = append(hits, naiveHit{i, score})
		}
	}
	return hits
}

func TestSearchAgreesWithBruteForce(t *testing.T) {
	vocabulary := strings.Fields("a b c d e f g h open close file err nil http")
	rnd := rand.New(rand.NewPCG(1, 2))
	words := func(n int) []string {
		out := make([]string, n)
		for i := range out {
			// Squared, so that some words are everywhere and some rare.
			out[i] = vocabulary[int(rnd.Float64()*rnd.Float64()*float64(len(vocabulary)))]
		}
		return out
	}
	for round := range 20 {
		var (
			docs naive
			bld  Builder
		)
		for i := range 1 + rnd.IntN(80) {
			d := words(rnd.IntN(100))
			docs = append(docs, d)
			bld.Add(fmt.Sprint(i), []byte(strings.Join(d, " ")))
		}
		ix := bld.Index()
		for range 30 {
			var (
				clauses [][]string
				query   []string
			)
			for range 1 + rnd.IntN(3) {
				c := words(1 + rnd.IntN(3))
				clauses = append(clauses, c)
				query = append(query, `"`+strings.Join(c, " ")+`"`)
			}
			want := docs.search(clauses)
			got, total, err := ix.Search(strings.Join(query, " "), MaxResults)
			if err != nil {
				t.Fatal(err)
			}
			if total != len(want) {
				t.Fatalf("round %d, query %s: %d documents, want %d", round, query, total, len(want))
			}
			checkBest(t, got, want)
		}
	}
}

// checkBest compares results with all hits. Documents whose scores are equal but for rounding may stand in either order.
func checkBest(t *testing.T, got []Result, hits []naiveHit) {
	t.Helper()
	scores := map[string]float64{}
	for _, h := range hits {
		scores[fmt.Sprint(h.Doc)] = h.Score
	}
	slices.SortStableFunc(hits, func(x, y naiveHit) int {
		switch {
		case x.Score > y.Score:
			return -1
		case x.Score < y.Score:
			return 1
		}
		return 0
	})
	if len(got) != min(len(hits), MaxResults) {
		t.Fatalf("%d results of %d", len(got), len(hits))
	}
	near := cmpopts.EquateApprox(0, 1e-9)
	for i, r := range got {
		if want, ok := scores[r.Path]; !ok || !cmp.Equal(r.Score, want, near) {
			t.Errorf("document %s: score %v, want %v", r.Path, r.Score, want)
		}
		delete(scores, r.Path) // each once
		if !cmp.Equal(r.Score, hits[i].Score, near) {
			t.Errorf("place %d: score %v, want %v", i, r.Score, hits[i].Score)
		}
	}
}

func index(texts ...string) *Index {
	var b Builder
	for i, text := range texts {
		b.Add(fmt.Sprint("doc", i), []byte(text))
	}
	return b.Index()
}

func paths(t *testing.T, ix *Index, query string, n int) []string {
	t.Helper()
	results, _, err := ix.Search(query, n)
	if err != nil {
		t.Fatalf("Search(%q): %v", query, err)
	}
	out := []string{}
	for _, r := range results {
		out = append(out, r.Path)
	}
	slices.Sort(out)
	return out
}

func TestQueriesMeanWhatTheySay(t *testing.T) {
	ix := index(
		`func ListenAndServe(addr string) error`,
		`// listen and then serve`,
		`x := listen_and_serve()`,
		`Ärger in utf8String`,
	)
	tests := []struct {
		query string
		want  []string
	}{
		{`serve`, []string{"doc0", "doc1", "doc2"}},
		{`SERVE listen`, []string{"doc0", "doc1", "doc2"}},
		{`listenAndServe`, []string{"doc0", "doc2"}},
		{`"listen and serve"`, []string{"doc0", "doc2"}},
		{`"and then`, []string{"doc1"}},
		{`addr "error"`, []string{"doc0"}},
		{`addr then`, []string{}},
		{`nowhere`, []string{}},
		{`ärger UTF8_string`, []string{"doc3"}},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, paths(t, ix, test.query, 10)); diff != "" {
			t.Errorf("Search(%q): (-want +got)\n%s", test.query, diff)
		}
	}
}

func TestQueriesOutOfBoundsAreRefused(t *testing.T) {
	ix := index("one")
	for _, query := range []string{"", "  ", `"" ++ ""`} {
		if _, _, err := ix.Search(query, 1); !errors.Is(err, ErrNoWords) {
			t.Errorf("Search(%q): %v, want ErrNoWords", query, err)
		}
	}
	for _, query := range []string{strings.Repeat("w ", MaxQueryWords+1), strings.Repeat("x", MaxQueryLen+1)} {
		if _, _, err := ix.Search(query, 1); err == nil || errors.Is(err, ErrNoWords) {
			t.Errorf("Search of %d bytes: %v, want a refusal that tells the bound", len(query), err)
		}
	}
}

func TestResultsAreBoundedAndTotalIsNot(t *testing.T) {
	texts := make([]string, 3*MaxResults)
	for i := range texts {
		texts[i] = "same"
	}
	ix := index(texts...)
	for _, test := range []struct{ n, want int }{{-1, 1}, {0, 1}, {7, 7}, {MaxResults + 50, MaxResults}} {
		results, total, err := ix.Search("same", test.n)
		if err != nil || total != len(texts) || len(results) != test.want {
			t.Errorf("Search(n=%d): %d results of %d, %v; want %d", test.n, len(results), total, err, test.want)
		}
		for i, r := range results {
			if want := fmt.Sprint("doc", i); r.Path != want {
				t.Errorf("equally good documents: place %d is %s, want %s: the order in which they were added", i, r.Path, want)
			}
		}
	}
}

func TestEmptyIndexAndEmptyDocumentsHoldNothing(t *testing.T) {
	for name, ix := range map[string]*Index{"no document": index(), "empty documents": index("", "++")} {
		if got := paths(t, ix, "word", 5); len(got) != 0 {
			t.Errorf("%s: found %v", name, got)
		}
	}
}

func TestIndexTellsItsSizeAndTexts(t *testing.T) {
	ix := index("a b a", "b C")
	want := Stats{Documents: 2, Terms: 3, Words: 5, Bytes: 8}
	if got := ix.Stats(); got != want {
		t.Errorf("Stats() = %+v, want %+v", got, want)
	}
	if text, ok := ix.Text("doc1"); !ok || string(text) != "b C" {
		t.Errorf("Text(doc1) = %q, %v", text, ok)
	}
	if _, ok := ix.Text("doc2"); ok {
		t.Error("Text(doc2): found")
	}
}

func TestManyMaySearchAtOnce(t *testing.T) {
	ix := index("open the file", "close the file", "the end")
	want := paths(t, ix, `"the file"`, 10)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				results, total, err := ix.Search(`"the file"`, 10)
				if err != nil || total != len(want) || len(results) != len(want) {
					t.Errorf("Search: %d of %d, %v", len(results), total, err)
					return
				}
			}
		})
	}
	wg.Wait()
}
