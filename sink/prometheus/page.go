package prometheus

import (
	"io"
	"sync"
)

// blockSize is how large the pieces of a page are. One series exceeds it at most.
const blockSize = 64 << 10

var blocks = sync.Pool{New: func() any { b := make([]byte, 0, blockSize+blockSize/4); return &b }}

// page is the answer to a scrape, whole before any of it is sent: who reads slowly must not hold up the next window.
type page struct {
	full []*[]byte
	b    *[]byte // the one that is filled
}

func newPage() *page { return &page{b: blocks.Get().(*[]byte)} }

// next returns the block to append to; done says what it has become.
func (p *page) next() []byte { return *p.b }

func (p *page) done(b []byte) {
	*p.b = b
	if len(b) >= blockSize {
		p.full = append(p.full, p.b)
		p.b = blocks.Get().(*[]byte)
	}
}

// WriteTo writes all of it.
func (p *page) WriteTo(w io.Writer) (n int64, err error) {
	for _, b := range append(p.full, p.b) {
		m, err := w.Write(*b)
		n += int64(m)
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// free lets others use its memory.
func (p *page) free() {
	for _, b := range append(p.full, p.b) {
		if *b = (*b)[:0]; cap(*b) <= 4*blockSize {
			blocks.Put(b)
		}
	}
	*p = page{}
}
