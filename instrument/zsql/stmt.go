package zsql

import (
	"context"
	"database/sql/driver"

	"github.com/zibrato/zibrato"
)

// stmt measures a prepared statement. Close, NumInput and what is older than contexts are the driver's own.
type stmt struct {
	driver.Stmt
	c    *conn
	name string // that it was prepared with
}

func wrapStmt(si driver.Stmt, c *conn, name string) driver.Stmt {
	s := &stmt{si, c, name}
	if _, ok := si.(driver.ColumnConverter); ok {
		return stmtConverter{s}
	}
	return s
}

func (s *stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	timing := s.c.m.begun.Start()
	res, err := stmtExec(ctx, s.Stmt, args)
	if timing != (zibrato.Stopwatch{}) {
		s.c.m.end(ctx, timing, "exec", named(ctx, s.name), err)
	}
	return res, err
}

func (s *stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	timing := s.c.m.begun.Start()
	ri, err := stmtQuery(ctx, s.Stmt, args)
	if timing == (zibrato.Stopwatch{}) {
		return ri, err
	}
	name := named(ctx, s.name)
	s.c.m.end(ctx, timing, "query", name, err)
	return s.c.m.wrapRows(ctx, ri, name, err)
}

// CheckNamedValue asks the statement or else the connection, as database/sql does.
func (s *stmt) CheckNamedValue(v *driver.NamedValue) error {
	if n, ok := s.Stmt.(driver.NamedValueChecker); ok {
		return n.CheckNamedValue(v)
	}
	return s.c.CheckNamedValue(v)
}

// stmtConverter is a statement that converts its arguments.
type stmtConverter struct{ *stmt }

func (s stmtConverter) ColumnConverter(i int) driver.ValueConverter {
	return s.Stmt.(driver.ColumnConverter).ColumnConverter(i)
}
