package zsql

import (
	"database/sql/driver"
	"io"
	"reflect"

	"github.com/zibrato/zibrato"
)

// rows counts the rows of a query until they are closed. database/sql takes rows without the optional methods for rows with what these do then.
type rows struct {
	driver.Rows
	m      *meter
	timing zibrato.Stopwatch
	name   string
	n      int
	err    error // that ended them
	closed bool
}

// wrapRows measures what a query answered. What failed has no rows.
func (m *meter) wrapRows(ri driver.Rows, name string, err error) (driver.Rows, error) {
	if err != nil || ri == nil {
		return ri, err
	}
	return &rows{Rows: ri, m: m, timing: m.begun.Start(), name: name}, nil
}

func (r *rows) Next(dest []driver.Value) error {
	err := r.Rows.Next(dest)
	r.note(err, 1)
	return err
}

func (r *rows) note(err error, n int) {
	switch err {
	case nil:
		r.n += n
	case io.EOF:
	default:
		r.err = err
	}
}

func (r *rows) Close() error {
	err := r.Rows.Close()
	if r.closed {
		return err
	}
	r.closed = true
	r.note(err, 0)
	if r.timing != (zibrato.Stopwatch{}) {
		outcome := outcomeOf(r.err)
		r.timing.StopAs(r.m.fetching.With(outcome, r.name))
		r.m.returned.With(outcome, r.name).Record(float64(r.n))
	}
	return err
}

func (r *rows) HasNextResultSet() bool {
	n, ok := r.Rows.(driver.RowsNextResultSet)
	return ok && n.HasNextResultSet()
}

func (r *rows) NextResultSet() error {
	n, ok := r.Rows.(driver.RowsNextResultSet)
	if !ok {
		return io.EOF
	}
	err := n.NextResultSet()
	r.note(err, 0)
	return err
}

func (r *rows) ColumnTypeScanType(i int) reflect.Type {
	if t, ok := r.Rows.(driver.RowsColumnTypeScanType); ok {
		return t.ColumnTypeScanType(i)
	}
	return reflect.TypeFor[any]()
}

func (r *rows) ColumnTypeDatabaseTypeName(i int) string {
	if t, ok := r.Rows.(driver.RowsColumnTypeDatabaseTypeName); ok {
		return t.ColumnTypeDatabaseTypeName(i)
	}
	return ""
}

func (r *rows) ColumnTypeLength(i int) (length int64, ok bool) {
	if t, ok := r.Rows.(driver.RowsColumnTypeLength); ok {
		return t.ColumnTypeLength(i)
	}
	return 0, false
}

func (r *rows) ColumnTypeNullable(i int) (nullable, ok bool) {
	if t, ok := r.Rows.(driver.RowsColumnTypeNullable); ok {
		return t.ColumnTypeNullable(i)
	}
	return false, false
}

func (r *rows) ColumnTypePrecisionScale(i int) (precision, scale int64, ok bool) {
	if t, ok := r.Rows.(driver.RowsColumnTypePrecisionScale); ok {
		return t.ColumnTypePrecisionScale(i)
	}
	return 0, 0, false
}
