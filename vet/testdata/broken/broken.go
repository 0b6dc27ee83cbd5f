// Package broken measures nothing, since each of its timings is dropped.
package broken

import "github.com/zibrato/zibrato"

var queries = zibrato.NewTimer("db.query")

func byName(work func() error) (err error) {
	defer zibrato.Time("by.name")
	defer zibrato.TimeErr("with.error", &err)
	return work()
}

func byInstrument(work func() error) error {
	defer queries.Start()
	return work()
}

func statement(work func() error) error {
	zibrato.Time("statement")
	return work()
}
