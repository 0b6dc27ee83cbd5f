package zsql

import (
	"context"
	"database/sql/driver"
	"errors"
)

// What follows is what database/sql does with a driver that lacks the interfaces of today (ctxutil.go there), with the same errors.

var (
	errNamed     = errors.New("sql: driver does not support the use of Named Parameters")
	errIsolation = errors.New("sql: driver does not support non-default isolation level")
	errReadOnly  = errors.New("sql: driver does not support read-only transactions")
)

// over returns the context's error once it has ended.
func over(ctx context.Context) error {
	select {
	default:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// plain returns arguments as drivers took them before they could have names.
func plain(ctx context.Context, args []driver.NamedValue) ([]driver.Value, error) {
	values := make([]driver.Value, len(args))
	for i, a := range args {
		if a.Name != "" {
			return nil, errNamed
		}
		values[i] = a.Value
	}
	return values, over(ctx)
}

func prepare(ctx context.Context, ci driver.Conn, query string) (driver.Stmt, error) {
	if p, ok := ci.(driver.ConnPrepareContext); ok {
		return p.PrepareContext(ctx, query)
	}
	si, err := ci.Prepare(query)
	if err != nil {
		return si, err
	}
	if err := over(ctx); err != nil {
		si.Close()
		return nil, err
	}
	return si, nil
}

func begin(ctx context.Context, ci driver.Conn, opts driver.TxOptions) (driver.Tx, error) {
	if b, ok := ci.(driver.ConnBeginTx); ok {
		return b.BeginTx(ctx, opts)
	}
	if opts.Isolation != 0 {
		return nil, errIsolation
	}
	if opts.ReadOnly {
		return nil, errReadOnly
	}
	ti, err := ci.Begin() // all that this driver has
	if err != nil {
		return ti, err
	}
	if err := over(ctx); err != nil {
		ti.Rollback()
		return nil, err
	}
	return ti, nil
}

func canExec(ci driver.Conn) bool {
	if _, ok := ci.(driver.ExecerContext); ok {
		return true
	}
	_, ok := ci.(driver.Execer) // old drivers have it
	return ok
}

func directExec(ctx context.Context, ci driver.Conn, query string, args []driver.NamedValue) (driver.Result, error) {
	if e, ok := ci.(driver.ExecerContext); ok {
		return e.ExecContext(ctx, query, args)
	}
	values, err := plain(ctx, args)
	if err != nil {
		return nil, err
	}
	return ci.(driver.Execer).Exec(query, values) // see canExec
}

func canQuery(ci driver.Conn) bool {
	if _, ok := ci.(driver.QueryerContext); ok {
		return true
	}
	_, ok := ci.(driver.Queryer) // old drivers have it
	return ok
}

func directQuery(ctx context.Context, ci driver.Conn, query string, args []driver.NamedValue) (driver.Rows, error) {
	if q, ok := ci.(driver.QueryerContext); ok {
		return q.QueryContext(ctx, query, args)
	}
	values, err := plain(ctx, args)
	if err != nil {
		return nil, err
	}
	return ci.(driver.Queryer).Query(query, values) // see canQuery
}

func stmtExec(ctx context.Context, si driver.Stmt, args []driver.NamedValue) (driver.Result, error) {
	if e, ok := si.(driver.StmtExecContext); ok {
		return e.ExecContext(ctx, args)
	}
	values, err := plain(ctx, args)
	if err != nil {
		return nil, err
	}
	return si.Exec(values) // all that this driver has
}

func stmtQuery(ctx context.Context, si driver.Stmt, args []driver.NamedValue) (driver.Rows, error) {
	if q, ok := si.(driver.StmtQueryContext); ok {
		return q.QueryContext(ctx, args)
	}
	values, err := plain(ctx, args)
	if err != nil {
		return nil, err
	}
	return si.Query(values) // all that this driver has
}
