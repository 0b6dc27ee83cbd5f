package zsql

import (
	"context"
	"database/sql/driver"
	"io"
	"reflect"

	"github.com/zibrato/zibrato"
)

// rows counts the rows of a query until they are closed. database/sql takes rows without the optional methods for rows with what these do then.
type rows struct {
	driver.Rows
	ctx    context.Context // of the query
	m      *meter
	timing zibrato.Stopwatch
	name   string
	n      int
	err    error // that ended them; io.EOF: they were read to their end
	closed bool
}

// wrapRows measures what a query answered. What failed has no rows.
func (m *meter) wrapRows(ctx context.Context, ri driver.Rows, name string, err error) (driver.Rows, error) {
	if err != nil || ri == nil {
		return ri, err
	}
	return &rows{Rows: ri, ctx: ctx, m: m, timing: m.begun.Start(), name: name}, nil
}

func (r *rows) Next(dest []driver.Value) error {
	r.err = r.Rows.Next(dest)
	if r.err == nil {
		r.n++
	}
	return r.err
}

func (r *rows) Close() error {
	err := r.Rows.Close()
	if r.closed {
		return err
	}
	r.closed = true
	if r.timing != (zibrato.Stopwatch{}) {
		outcome := r.outcome(err)
		r.timing.StopAs(r.m.fetching.With(outcome, r.name))
		r.m.returned.With(outcome, r.name).Record(float64(r.n))
	}
	return err
}

// outcome says how the rows ended, given how closing them did. What is closed before its end was maybe closed by database/sql, since the context ended.
func (r *rows) outcome(closing error) string {
	switch {
	case r.err != nil && r.err != io.EOF:
		return outcomeOf(r.ctx, r.err)
	case r.err == nil && closing == nil:
		closing = r.ctx.Err()
	}
	return outcomeOf(r.ctx, closing)
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
	r.err = n.NextResultSet()
	return r.err
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
