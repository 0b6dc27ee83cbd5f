package search

import (
	"math"
	"slices"
)

// The parameters of BM25, at their usual values.
//
// Robertson, Zaragoza: The Probabilistic Relevance Framework: BM25 and Beyond, 2009.
const (
	saturation   = 1.2  // k1: how soon further occurrences stop to count
	lengthWeight = 0.75 // b: how much of a document's length is held against it
)

// MaxResults bounds how many results a search returns.
const MaxResults = 100

// A Result is one document that answers a query.
type Result struct {
	Path    string  `json:"path"`
	Score   float64 `json:"score"`
	Snippet Snippet `json:"snippet"`
}

// A hit is a document that matches, before its snippet is made.
type hit struct {
	doc   int32
	score float64
	at    int32 // the position where the rarest clause stands first
}

// A term is one word of a clause, found in the index.
type term struct {
	cursor
	idf float64
}

// Search returns the best n of the documents that hold every clause of the query, best first and in the order they were
// added where equally good, and how many there are in all. It returns an error when the query has no words or too many.
// n is held between 1 and [MaxResults].
func (ix *Index) Search(query string, n int) (results []Result, total int, err error) {
	clauses, err := parse(query)
	if err != nil {
		return nil, 0, err
	}
	found, ok := ix.lookUp(clauses)
	if !ok {
		return nil, 0, nil
	}
	docs := candidates(found)
	candidateDocs.Record(float64(len(docs)))
	best, total := ix.rank(found, docs, min(max(n, 1), MaxResults))
	results = make([]Result, len(best))
	for i, h := range best {
		d := &ix.docs[h.doc]
		results[i] = Result{Path: d.path, Score: h.score, Snippet: d.snippet(h.at, clauses)}
	}
	return results, total, nil
}

// lookUp finds the clauses' terms, the rarest clause first. It reports false when a term is in no document.
func (ix *Index) lookUp(clauses []clause) ([][]term, bool) {
	defer lookUpTime.Start().Stop()
	found := make([][]term, len(clauses))
	for i, c := range clauses {
		found[i] = make([]term, len(c))
		for j, word := range c {
			p, ok := ix.terms[word]
			if !ok {
				return nil, false
			}
			found[i][j] = term{cursor: cursor{posting: p}, idf: ix.idf(len(p.docs))}
		}
	}
	slices.SortStableFunc(found, func(x, y []term) int { return rarest(x) - rarest(y) })
	return found, true
}

// rarest returns in how many documents the rarest term of a clause is.
func rarest(c []term) int {
	n := len(c[0].docs)
	for _, t := range c[1:] {
		n = min(n, len(t.docs))
	}
	return n
}

// idf is the weight of a term that n documents hold: the rarer, the more it says. It is never negative.
func (ix *Index) idf(n int) float64 {
	return math.Log(1 + (float64(len(ix.docs)-n)+0.5)/(float64(n)+0.5))
}

// candidates returns the documents that hold all terms.
func candidates(clauses [][]term) []int32 {
	var lists []*posting
	for _, c := range clauses {
		for _, t := range c {
			if !slices.Contains(lists, t.posting) {
				lists = append(lists, t.posting)
			}
		}
	}
	// From the shortest on: no later step can have more to do.
	slices.SortStableFunc(lists, func(x, y *posting) int { return len(x.docs) - len(y.docs) })
	docs := lists[0].docs
	for i, list := range lists[1:] {
		if i == 0 {
			docs = slices.Clone(docs) // the first list is the index's own
		}
		docs = intersect(docs, list)
	}
	return docs
}

// intersect keeps of docs, in place, those in the posting.
func intersect(docs []int32, p *posting) []int32 {
	defer intersectTime.Start().Stop()
	c := cursor{posting: p}
	kept := docs[:0]
	for _, doc := range docs {
		if c.seek(doc) {
			kept = append(kept, doc)
		}
	}
	return kept
}

// rank scores the documents and returns the best n, and how many matched.
func (ix *Index) rank(clauses [][]term, docs []int32, n int) (best []hit, total int) {
	defer rankTime.Start().Stop()
	best = make([]hit, 0, n+1)
	for _, doc := range docs {
		h, ok := ix.score(clauses, doc)
		if !ok {
			continue
		}
		total++
		if len(best) == n && h.score <= best[n-1].score {
			continue
		}
		// Documents come in their order, so after equal scores is the right place.
		i, _ := slices.BinarySearchFunc(best, h, func(x, h hit) int {
			if x.score >= h.score {
				return -1
			}
			return 1
		})
		best = slices.Insert(best, i, h)
		best = best[:min(len(best), n)]
	}
	return best, total
}

// score weighs a document that holds all terms. It reports false when the words of a clause do not follow each other in
// it. A clause counts as often as it occurs, and weighs what its words weigh together.
func (ix *Index) score(clauses [][]term, doc int32) (hit, bool) {
	h := hit{doc: doc}
	length := float64(ix.docs[doc].words) / (float64(ix.words) / float64(len(ix.docs)))
	for i, c := range clauses {
		tf, at := occurrences(c, doc)
		if tf == 0 {
			return hit{}, false
		}
		if i == 0 {
			h.at = at
		}
		weight := 0.0
		for _, t := range c {
			weight += t.idf
		}
		h.score += weight * float64(tf) * (saturation + 1) / (float64(tf) + saturation*(1-lengthWeight+lengthWeight*length))
	}
	return h, true
}

// occurrences returns how often a clause stands in a document that holds all of its terms, and the position where it
// does so first.
func occurrences(c []term, doc int32) (n int, at int32) {
	for i := range c {
		c[i].seek(doc)
	}
	first := c[0].here()
	if len(c) == 1 {
		return len(first), first[0]
	}
	return phrase(c, first)
}

// phrase counts the positions in starts that the clause's other terms follow one by one.
func phrase(c []term, starts []int32) (n int, at int32) {
	defer phraseTime.Start().Stop()
	rest := make([][]int32, len(c)-1)
	for i := range rest {
		rest[i] = c[i+1].here()
	}
next:
	for _, start := range starts {
		for i, positions := range rest {
			want := start + int32(i) + 1
			for len(positions) > 0 && positions[0] < want {
				positions = positions[1:]
			}
			rest[i] = positions
			if len(positions) == 0 {
				break next
			}
			if positions[0] != want {
				continue next
			}
		}
		if n == 0 {
			at = start
		}
		n++
	}
	return n, at
}
