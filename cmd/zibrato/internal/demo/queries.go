package demo

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/zibrato/zibrato/cmd/zibrato/internal/search"
)

// The load knows every sampleOf-th file of the corpus. The number is odd so that the files are of both shards.
const sampleOf = 15

// queries makes up what people might ask about a corpus from the words that stand in it. The same seed makes the same
// queries. Not safe for concurrent use.
type queries struct {
	rnd   *rand.Rand
	files [][]string // the identifiers of each file, in their order
}

func newQueries(tree fs.FS, limits search.Limits, seed uint64) (*queries, error) {
	limits.Shards = sampleOf
	paths, err := search.Files(tree, limits)
	if err != nil {
		return nil, err
	}
	q := &queries{rnd: rand.New(rand.NewPCG(seed, 0))}
	for _, p := range paths {
		text, err := fs.ReadFile(tree, p)
		if err != nil {
			return nil, fmt.Errorf("corpus: %w", err)
		}
		if ids := slices.Collect(search.Identifiers(text)); len(ids) >= 3 {
			q.files = append(q.files, ids)
		}
	}
	if len(q.files) == 0 {
		return nil, fmt.Errorf("corpus: %w with words", search.ErrNoFiles)
	}
	return q, nil
}

// next returns a query: mostly single identifiers and words that stand together, some that find nothing, and now and
// then one that is no query at all.
func (q *queries) next() string {
	file := q.file()
	switch n := q.rnd.IntN(100); {
	case n < 40:
		return q.identifier(file)
	case n < 65:
		length := 2 + q.rnd.IntN(2)
		at := q.rnd.IntN(len(file) - length + 1)
		return `"` + strings.Join(file[at:at+length], " ") + `"`
	case n < 90:
		return q.identifier(file) + " " + q.identifier(file)
	case n < 98:
		return q.identifier(file) + " " + q.identifier(q.file()) + " " + q.identifier(q.file())
	default:
		return "!="
	}
}

func (q *queries) file() []string { return q.files[q.rnd.IntN(len(q.files))] }

// identifier prefers those of three letters and more: nobody searches for i.
func (q *queries) identifier(file []string) (id string) {
	for range 5 {
		if id = file[q.rnd.IntN(len(file))]; len(id) >= 3 {
			break
		}
	}
	return id
}
