package search

// markEvery is how far apart, in words, a document's marks are: from the nearest one a snippet scans to its word.
const markEvery = 64

// An Index answers searches over the documents it was built from. It never changes: any number of goroutines may search
// it.
type Index struct {
	docs   []document
	terms  map[string]*posting // by lower-case word
	words  int                 // in all documents
	bytes  int
	byPath map[string]int32
}

type document struct {
	path  string
	text  []byte
	words int32
	marks []int32 // the byte at which every markEvery-th word starts
}

// A posting tells in which documents a term stands, and as which of their words. The three slices hold no pointers: the
// garbage collector passes over them.
type posting struct {
	docs  []int32 // ascending
	first []int32 // positions[first[i]:first[i+1]] are in docs[i]; for the last, to the end
	words []int32 // positions: the how many-th words of the document, ascending
}

// positions returns where the term stands in docs[i].
func (p *posting) positions(i int) []int32 {
	if i+1 < len(p.first) {
		return p.words[p.first[i]:p.first[i+1]]
	}
	return p.words[p.first[i]:]
}

// Stats is the size of an index.
type Stats struct {
	Documents int
	Terms     int // different words
	Words     int
	Bytes     int // of text
}

// Stats returns the size of the index.
func (ix *Index) Stats() Stats {
	return Stats{Documents: len(ix.docs), Terms: len(ix.terms), Words: ix.words, Bytes: ix.bytes}
}

// Text returns the text of a document, which must not be changed, and whether the index has it.
func (ix *Index) Text(path string) (text []byte, ok bool) {
	i, ok := ix.byPath[path]
	if !ok {
		return nil, false
	}
	return ix.docs[i].text, true
}

// A Builder makes an Index. The zero Builder is ready. Not safe for concurrent use.
type Builder struct {
	ids     map[string]int32 // term to its place in terms
	terms   []*posting
	docs    []document
	words   int
	bytes   int
	scan    scanner
	present []int32 // scratch: the terms of the document being added, in order
}

// Add adds a document. The builder keeps the text, which must not change any more. A path that was added before is added
// as a second document; [Index.Text] returns the last one.
func (b *Builder) Add(path string, text []byte) {
	d := document{path: path, text: text}
	b.tokenise(&d)
	b.post(int32(len(b.docs)))
	b.docs = append(b.docs, d)
	b.words += int(d.words)
	b.bytes += len(text)
}

// tokenise reads the document's words into b.present.
func (b *Builder) tokenise(d *document) {
	defer tokeniseTime.Start().Stop()
	if b.ids == nil {
		b.ids = make(map[string]int32)
	}
	b.present = b.present[:0]
	b.scan.reset(d.text, 0)
	for b.scan.next() {
		if len(b.present)%markEvery == 0 {
			d.marks = append(d.marks, int32(b.scan.start))
		}
		id, ok := b.ids[string(b.scan.term)]
		if !ok {
			id = int32(len(b.terms))
			b.ids[string(b.scan.term)] = id
			b.terms = append(b.terms, &posting{})
		}
		b.present = append(b.present, id)
	}
	d.words = int32(len(b.present))
}

// post enters b.present, the words of a document, into the postings.
func (b *Builder) post(doc int32) {
	defer postTime.Start().Stop()
	for at, id := range b.present {
		p := b.terms[id]
		if n := len(p.docs); n == 0 || p.docs[n-1] != doc {
			p.docs = append(p.docs, doc)
			p.first = append(p.first, int32(len(p.words)))
		}
		p.words = append(p.words, int32(at))
	}
}

// Index returns the index of what was added. The builder is empty again after it.
func (b *Builder) Index() *Index {
	ix := &Index{
		docs:   b.docs,
		terms:  make(map[string]*posting, len(b.ids)),
		words:  b.words,
		bytes:  b.bytes,
		byPath: make(map[string]int32, len(b.docs)),
	}
	// One array holds all postings: what append kept in reserve is let go of, and the garbage collector sees one object.
	flat := make([]int32, 0, b.size())
	keep := func(s []int32) []int32 {
		from := len(flat)
		flat = append(flat, s...)
		return flat[from:len(flat):len(flat)]
	}
	for term, id := range b.ids {
		p := b.terms[id]
		ix.terms[term] = &posting{docs: keep(p.docs), first: keep(p.first), words: keep(p.words)}
	}
	for i, d := range ix.docs {
		ix.byPath[d.path] = int32(i)
	}
	*b = Builder{}
	return ix
}

// size returns how many numbers all postings hold.
func (b *Builder) size() (n int) {
	for _, p := range b.terms {
		n += 2*len(p.docs) + len(p.words)
	}
	return n
}
