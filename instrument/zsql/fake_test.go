package zsql

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"sync"
)

// journal is what reaches a driver.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) add(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, fmt.Sprintf(format, args...))
}

var errFake = errors.New("fake")

// fail is the error that a query asks for.
func fail(query string) error {
	switch {
	case strings.Contains(query, "bad conn"):
		return driver.ErrBadConn
	case strings.Contains(query, "fail"):
		return errFake
	case strings.Contains(query, "skip"):
		return driver.ErrSkip
	}
	return nil
}

// fakeDriver makes connections of a kind.
type fakeDriver struct {
	*journal
	conn func(*journal) driver.Conn
}

func (d fakeDriver) Open(name string) (driver.Conn, error) {
	d.add("open %s", name)
	if err := fail(name); err != nil {
		return nil, err
	}
	return d.conn(d.journal), nil
}

// fakeContextDriver is one that parses its data source first.
type fakeContextDriver struct{ fakeDriver }

func (d fakeContextDriver) OpenConnector(name string) (driver.Connector, error) {
	d.add("parse %s", name)
	if err := fail(name); err != nil {
		return nil, err
	}
	return fakeConnector{d}, nil
}

type fakeConnector struct{ d fakeContextDriver }

func (c fakeConnector) Connect(context.Context) (driver.Conn, error) { return c.d.Open("parsed") }
func (c fakeConnector) Driver() driver.Driver                        { return c.d }
func (c fakeConnector) Close() error {
	c.d.add("close connector")
	return errFake
}

// fakeConn has what every connection must have.
type fakeConn struct {
	*journal
	stmt func(fakeStmt) driver.Stmt
}

func (c fakeConn) Prepare(query string) (driver.Stmt, error) {
	c.add("prepare %s", query)
	if err := fail(query); err != nil && err != driver.ErrSkip {
		return nil, err
	}
	return c.stmt(fakeStmt{c.journal, query}), nil
}

func (c fakeConn) Close() error {
	c.add("close")
	return nil
}

func (c fakeConn) Begin() (driver.Tx, error) {
	c.add("begin")
	return fakeTx{c.journal}, nil
}

// oldConn has what was there before contexts.
type oldConn struct{ fakeConn }

func (c oldConn) Exec(query string, args []driver.Value) (driver.Result, error) {
	c.add("exec %s %v", query, args)
	return driver.RowsAffected(len(args)), fail(query)
}

func (c oldConn) Query(query string, args []driver.Value) (driver.Rows, error) {
	c.add("query %s %v", query, args)
	return &fakeRows{journal: c.journal, left: 3}, fail(query)
}

// execConn and queryConn have one of the two ways.
type execConn struct{ fakeConn }

func (c execConn) ExecContext(_ context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.add("exec context %s %v", query, args)
	return driver.RowsAffected(len(args)), fail(query)
}

type queryConn struct{ fakeConn }

func (c queryConn) QueryContext(_ context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.add("query context %s %v", query, args)
	if err := fail(query); err != nil {
		return nil, err
	}
	return &fullRows{fakeRows{journal: c.journal, left: 3, broken: strings.Contains(query, "break")}}, nil
}

// fullConn has all.
type fullConn struct {
	execConn
	query queryConn
}

func (c fullConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return c.query.QueryContext(ctx, query, args)
}

func (c fullConn) PrepareContext(_ context.Context, query string) (driver.Stmt, error) {
	return c.Prepare(query)
}

func (c fullConn) BeginTx(_ context.Context, opts driver.TxOptions) (driver.Tx, error) {
	c.add("begin tx %v", opts)
	return fakeTx{c.journal}, nil
}

func (c fullConn) Ping(context.Context) error {
	c.add("ping")
	return errFake
}

func (c fullConn) ResetSession(context.Context) error {
	c.add("reset")
	return nil
}

func (c fullConn) IsValid() bool {
	c.add("valid?")
	return true
}

func (c fullConn) CheckNamedValue(v *driver.NamedValue) error {
	c.add("check %v", v.Value)
	if v.Value == "remove" {
		return driver.ErrRemoveArgument
	}
	if s, ok := v.Value.([]string); ok {
		v.Value = strings.Join(s, "+")
		return nil
	}
	return driver.ErrSkip
}

type fakeTx struct{ *journal }

func (t fakeTx) Commit() error {
	t.add("commit")
	return errFake
}

func (t fakeTx) Rollback() error {
	t.add("rollback")
	return nil
}

type fakeStmt struct {
	*journal
	query string
}

func (s fakeStmt) Close() error {
	s.add("close stmt")
	return nil
}

func (s fakeStmt) NumInput() int {
	if strings.Contains(s.query, "?") {
		return strings.Count(s.query, "?")
	}
	return -1
}

func (s fakeStmt) Exec(args []driver.Value) (driver.Result, error) {
	s.add("stmt exec %v", args)
	return driver.RowsAffected(len(args)), nil
}

func (s fakeStmt) Query(args []driver.Value) (driver.Rows, error) {
	s.add("stmt query %v", args)
	return &fakeRows{journal: s.journal, left: 2}, nil
}

// fullStmt has contexts and checks arguments.
type fullStmt struct{ fakeStmt }

func (s fullStmt) ExecContext(_ context.Context, args []driver.NamedValue) (driver.Result, error) {
	s.add("stmt exec context %v", args)
	return driver.RowsAffected(len(args)), nil
}

func (s fullStmt) QueryContext(_ context.Context, args []driver.NamedValue) (driver.Rows, error) {
	s.add("stmt query context %v", args)
	return &fullRows{fakeRows{journal: s.journal, left: 2}}, nil
}

func (s fullStmt) CheckNamedValue(v *driver.NamedValue) error {
	s.add("stmt check %v", v.Value)
	return driver.ErrSkip
}

// allStmt has all.
type allStmt struct{ fullStmt }

func (s allStmt) ColumnConverter(i int) driver.ValueConverter {
	return convertingStmt{s.fakeStmt}.ColumnConverter(i)
}

// convertingStmt converts arguments as drivers once did.
type convertingStmt struct{ fakeStmt }

func (s convertingStmt) ColumnConverter(i int) driver.ValueConverter {
	s.add("converter of %d", i)
	return driver.String
}

// fakeRows has what all rows must have.
type fakeRows struct {
	*journal
	left, sets int
	broken     bool
}

func (r *fakeRows) Columns() []string { return []string{"n"} }

func (r *fakeRows) Close() error {
	r.add("close rows")
	return nil
}

func (r *fakeRows) Next(dest []driver.Value) error {
	if r.left == 0 {
		if r.broken {
			return errFake
		}
		return io.EOF
	}
	dest[0] = int64(r.left)
	r.left--
	return nil
}

// fullRows has all.
type fullRows struct{ fakeRows }

func (r *fullRows) HasNextResultSet() bool {
	r.add("another set?")
	return r.sets == 0
}

func (r *fullRows) NextResultSet() error {
	r.add("next set")
	if r.sets++; r.sets > 1 {
		return io.EOF
	}
	r.left = 1
	return nil
}

func (r *fullRows) ColumnTypeScanType(int) reflect.Type               { return reflect.TypeFor[int64]() }
func (r *fullRows) ColumnTypeDatabaseTypeName(int) string             { return "INT" }
func (r *fullRows) ColumnTypeLength(int) (int64, bool)                { return 8, true }
func (r *fullRows) ColumnTypeNullable(int) (bool, bool)               { return true, true }
func (r *fullRows) ColumnTypePrecisionScale(int) (int64, int64, bool) { return 9, 2, true }
