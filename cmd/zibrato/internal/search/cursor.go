package search

import "slices"

// A cursor goes forward through the documents of a posting.
type cursor struct {
	*posting
	at int
}

// seek goes to the first document that is not before doc and reports whether it is doc. It never goes back. Steps double
// until they pass doc, so that a short list crosses a long one in logarithmic strides.
func (c *cursor) seek(doc int32) bool {
	lo, step := c.at, 1
	for lo+step < len(c.docs) && c.docs[lo+step] < doc {
		lo += step
		step *= 2
	}
	hi := min(lo+step+1, len(c.docs))
	i, found := slices.BinarySearch(c.docs[lo:hi], doc)
	c.at = lo + i
	return found
}

// here returns where the term stands in the present document.
func (c *cursor) here() []int32 { return c.positions(c.at) }
