package bench

import (
	"encoding/json"

	"github.com/zibrato/zibrato"
)

// An order is a document as services pass on.
type order struct {
	ID       string
	Customer string
	Lines    []line
	Notes    map[string]string
}

type line struct {
	Article string
	Count   int
	Price   float64
}

var testOrder = order{
	ID: "2026-11-000417", Customer: "Ærø Fiskeri",
	Lines: []line{{"net, 40 mm", 12, 31.5}, {"rope, 10 m", 3, 8.25}, {"buoy", 40, 2.99}},
	Notes: map[string]string{"delivery": "harbour", "priority": "2"},
}

// jsonWorkload makes a document and encodes it.
func jsonWorkload() workload {
	return workload{
		name: "json",
		bare: func(n int) {
			for range n {
				encodeOrder(copyOrder(&testOrder))
			}
		},
		timed: func(n int) {
			for range n {
				timedEncodeOrder(timedCopyOrder(&testOrder))
			}
		},
	}
}

//go:noinline
func copyOrder(o *order) *order {
	c := *o
	c.Lines = make([]line, len(o.Lines))
	for i := range o.Lines {
		c.Lines[i] = copyLine(&o.Lines[i])
	}
	return &c
}

//go:noinline
func copyLine(l *line) line {
	c := *l
	c.Count++
	return c
}

//go:noinline
func encodeOrder(o *order) []byte {
	text, err := json.Marshal(o)
	if err != nil {
		panic(err) // it has no value that JSON lacks
	}
	return text
}

func timedCopyOrder(o *order) *order {
	defer zibrato.Time("json.copy")()
	c := *o
	c.Lines = make([]line, len(o.Lines))
	for i := range o.Lines {
		c.Lines[i] = timedCopyLine(&o.Lines[i])
	}
	return &c
}

func timedCopyLine(l *line) line {
	defer zibrato.Time("json.line")()
	c := *l
	c.Count++
	return c
}

func timedEncodeOrder(o *order) []byte {
	defer zibrato.Time("json.encode")()
	text, err := json.Marshal(o)
	if err != nil {
		panic(err) // it has no value that JSON lacks
	}
	return text
}
