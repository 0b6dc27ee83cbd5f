package zsql

import (
	"context"
	"database/sql/driver"

	"github.com/zibrato/zibrato"
)

// conn measures a connection. Its methods are those that every connection may have, since database/sql takes one without them for one with what these
// do then; connExec, connQuery and connBoth add what makes a difference.
type conn struct {
	driver.Conn
	m *meter
}

func wrapConn(ci driver.Conn, m *meter) driver.Conn {
	c := &conn{ci, m}
	execs, queries := canExec(ci), canQuery(ci)
	switch {
	case execs && queries:
		return connBoth{connExec{c}}
	case execs:
		return connExec{c}
	case queries:
		return connQuery{c}
	}
	return c
}

// Raw returns the driver's own connection for one that sql.Conn.Raw hands to its function, and anything else as it is.
func Raw(driverConn any) any {
	if c, ok := driverConn.(interface{ raw() driver.Conn }); ok {
		return c.raw()
	}
	return driverConn
}

func (c *conn) raw() driver.Conn { return c.Conn }

func (c *conn) Ping(ctx context.Context) error {
	p, ok := c.Conn.(driver.Pinger)
	if !ok {
		return nil
	}
	timing := c.m.begun.Start()
	err := p.Ping(ctx)
	c.m.end(ctx, timing, "ping", named(ctx, unnamed), err)
	return err
}

// Prepare is there for those who have the connection by sql.Conn.Raw; database/sql calls PrepareContext.
func (c *conn) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	name := c.m.nameOf(ctx, query)
	timing := c.m.begun.Start()
	si, err := prepare(ctx, c.Conn, query)
	c.m.end(ctx, timing, "prepare", name, err)
	if err != nil {
		return si, err
	}
	return wrapStmt(si, c, name), nil
}

// Begin is there for those who have the connection by sql.Conn.Raw; database/sql calls BeginTx.
func (c *conn) Begin() (driver.Tx, error) { return c.BeginTx(context.Background(), driver.TxOptions{}) }

func (c *conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	timing := c.m.begun.Start()
	ti, err := begin(ctx, c.Conn, opts)
	c.m.end(ctx, timing, "begin", named(ctx, unnamed), err)
	if err != nil {
		return ti, err
	}
	return &tx{ti, c.m, ctx}, nil
}

func (c *conn) ResetSession(ctx context.Context) error {
	if r, ok := c.Conn.(driver.SessionResetter); ok {
		return r.ResetSession(ctx)
	}
	return nil
}

func (c *conn) IsValid() bool {
	v, ok := c.Conn.(driver.Validator)
	return !ok || v.IsValid()
}

func (c *conn) CheckNamedValue(v *driver.NamedValue) error {
	if n, ok := c.Conn.(driver.NamedValueChecker); ok {
		return n.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

// connExec is a connection that executes without preparation. Like connQuery it is one pointer, which an interface holds without an allocation.
type connExec struct{ *conn }

func (c connExec) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	timing := c.m.begun.Start()
	res, err := directExec(ctx, c.Conn, query, args)
	if timing != (zibrato.Stopwatch{}) {
		c.m.end(ctx, timing, "exec", c.m.nameOf(ctx, query), err)
	}
	return res, err
}

// connQuery is a connection that queries without preparation.
type connQuery struct{ *conn }

func (c connQuery) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	timing := c.m.begun.Start()
	ri, err := directQuery(ctx, c.Conn, query, args)
	if timing == (zibrato.Stopwatch{}) {
		return ri, err
	}
	name := c.m.nameOf(ctx, query)
	c.m.end(ctx, timing, "query", name, err)
	return c.m.wrapRows(ctx, ri, name, err)
}

type connBoth struct{ connExec }

func (c connBoth) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return connQuery{c.conn}.QueryContext(ctx, query, args)
}

// tx measures how transactions end.
type tx struct {
	driver.Tx
	m   *meter
	ctx context.Context // of the whole transaction
}

func (t *tx) Commit() error {
	timing := t.m.begun.Start()
	err := t.Tx.Commit()
	t.m.end(t.ctx, timing, "commit", named(t.ctx, unnamed), err)
	return err
}

func (t *tx) Rollback() error {
	timing := t.m.begun.Start()
	err := t.Tx.Rollback()
	t.m.end(t.ctx, timing, "rollback", named(t.ctx, unnamed), err)
	return err
}
