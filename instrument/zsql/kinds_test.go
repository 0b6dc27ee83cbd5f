package zsql

import (
	"context"
	"database/sql/driver"
	"reflect"
)

// Each of the optional interfaces by itself, and all but each: what embeds interfaces has their methods alone.

// conns are connections of a whole one.
var conns = map[string]func(fullConn) driver.Conn{
	"only Pinger": func(c fullConn) driver.Conn {
		return struct {
			driver.Conn
			driver.Pinger
		}{c, c}
	},
	"only ExecerContext": func(c fullConn) driver.Conn {
		return struct {
			driver.Conn
			driver.ExecerContext
		}{c, c}
	},
	"only QueryerContext": func(c fullConn) driver.Conn {
		return struct {
			driver.Conn
			driver.QueryerContext
		}{c, c}
	},
	"only ConnPrepareContext": func(c fullConn) driver.Conn {
		return struct {
			driver.Conn
			driver.ConnPrepareContext
		}{c, c}
	},
	"only ConnBeginTx": func(c fullConn) driver.Conn {
		return struct {
			driver.Conn
			driver.ConnBeginTx
		}{c, c}
	},
	"only SessionResetter": func(c fullConn) driver.Conn {
		return struct {
			driver.Conn
			driver.SessionResetter
		}{c, c}
	},
	"only Validator": func(c fullConn) driver.Conn {
		return struct {
			driver.Conn
			driver.Validator
		}{c, c}
	},
	"only NamedValueChecker": func(c fullConn) driver.Conn {
		return struct {
			driver.Conn
			driver.NamedValueChecker
		}{c, c}
	},
	"all but Pinger": func(c fullConn) driver.Conn {
		return struct {
			driver.Conn
			driver.ExecerContext
			driver.QueryerContext
			driver.ConnPrepareContext
			driver.ConnBeginTx
			driver.SessionResetter
			driver.Validator
			driver.NamedValueChecker
		}{c, c, c, c, c, c, c, c}
	},
	"all but ExecerContext": func(c fullConn) driver.Conn {
		return struct {
			driver.Conn
			driver.Pinger
			driver.QueryerContext
			driver.ConnPrepareContext
			driver.ConnBeginTx
			driver.SessionResetter
			driver.Validator
			driver.NamedValueChecker
		}{c, c, c, c, c, c, c, c}
	},
	"all but QueryerContext": func(c fullConn) driver.Conn {
		return struct {
			driver.Conn
			driver.Pinger
			driver.ExecerContext
			driver.ConnPrepareContext
			driver.ConnBeginTx
			driver.SessionResetter
			driver.Validator
			driver.NamedValueChecker
		}{c, c, c, c, c, c, c, c}
	},
	"all but ConnPrepareContext": func(c fullConn) driver.Conn {
		return struct {
			driver.Conn
			driver.Pinger
			driver.ExecerContext
			driver.QueryerContext
			driver.ConnBeginTx
			driver.SessionResetter
			driver.Validator
			driver.NamedValueChecker
		}{c, c, c, c, c, c, c, c}
	},
	"all but ConnBeginTx": func(c fullConn) driver.Conn {
		return struct {
			driver.Conn
			driver.Pinger
			driver.ExecerContext
			driver.QueryerContext
			driver.ConnPrepareContext
			driver.SessionResetter
			driver.Validator
			driver.NamedValueChecker
		}{c, c, c, c, c, c, c, c}
	},
	"all but SessionResetter": func(c fullConn) driver.Conn {
		return struct {
			driver.Conn
			driver.Pinger
			driver.ExecerContext
			driver.QueryerContext
			driver.ConnPrepareContext
			driver.ConnBeginTx
			driver.Validator
			driver.NamedValueChecker
		}{c, c, c, c, c, c, c, c}
	},
	"all but Validator": func(c fullConn) driver.Conn {
		return struct {
			driver.Conn
			driver.Pinger
			driver.ExecerContext
			driver.QueryerContext
			driver.ConnPrepareContext
			driver.ConnBeginTx
			driver.SessionResetter
			driver.NamedValueChecker
		}{c, c, c, c, c, c, c, c}
	},
	"all but NamedValueChecker": func(c fullConn) driver.Conn {
		return struct {
			driver.Conn
			driver.Pinger
			driver.ExecerContext
			driver.QueryerContext
			driver.ConnPrepareContext
			driver.ConnBeginTx
			driver.SessionResetter
			driver.Validator
		}{c, c, c, c, c, c, c, c}
	},
}

// stmts are statements of a whole one.
var stmts = map[string]func(allStmt) driver.Stmt{
	"only StmtExecContext": func(s allStmt) driver.Stmt {
		return struct {
			driver.Stmt
			driver.StmtExecContext
		}{s, s}
	},
	"only StmtQueryContext": func(s allStmt) driver.Stmt {
		return struct {
			driver.Stmt
			driver.StmtQueryContext
		}{s, s}
	},
	"only NamedValueChecker": func(s allStmt) driver.Stmt {
		return struct {
			driver.Stmt
			driver.NamedValueChecker
		}{s, s}
	},
	"only ColumnConverter": func(s allStmt) driver.Stmt {
		return struct {
			driver.Stmt
			driver.ColumnConverter
		}{s, s}
	},
	"all but StmtExecContext": func(s allStmt) driver.Stmt {
		return struct {
			driver.Stmt
			driver.StmtQueryContext
			driver.NamedValueChecker
			driver.ColumnConverter
		}{s, s, s, s}
	},
	"all but StmtQueryContext": func(s allStmt) driver.Stmt {
		return struct {
			driver.Stmt
			driver.StmtExecContext
			driver.NamedValueChecker
			driver.ColumnConverter
		}{s, s, s, s}
	},
	"all but NamedValueChecker": func(s allStmt) driver.Stmt {
		return struct {
			driver.Stmt
			driver.StmtExecContext
			driver.StmtQueryContext
			driver.ColumnConverter
		}{s, s, s, s}
	},
	"all but ColumnConverter": func(s allStmt) driver.Stmt {
		return struct {
			driver.Stmt
			driver.StmtExecContext
			driver.StmtQueryContext
			driver.NamedValueChecker
		}{s, s, s, s}
	},
}

// What the interfaces of package driver have beyond those of driver.Rows.
type (
	nextSet interface {
		HasNextResultSet() bool
		NextResultSet() error
	}
	scanType     interface{ ColumnTypeScanType(int) reflect.Type }
	databaseType interface{ ColumnTypeDatabaseTypeName(int) string }
	length       interface{ ColumnTypeLength(int) (int64, bool) }
	nullable     interface{ ColumnTypeNullable(int) (bool, bool) }
	precision    interface {
		ColumnTypePrecisionScale(int) (int64, int64, bool)
	}
)

// rowsOf are rows of whole ones.
var rowsOf = map[string]func(*fullRows) driver.Rows{
	"only RowsNextResultSet": func(r *fullRows) driver.Rows {
		return struct {
			driver.Rows
			nextSet
		}{r, r}
	},
	"only RowsColumnTypeScanType": func(r *fullRows) driver.Rows {
		return struct {
			driver.Rows
			scanType
		}{r, r}
	},
	"only RowsColumnTypeDatabaseTypeName": func(r *fullRows) driver.Rows {
		return struct {
			driver.Rows
			databaseType
		}{r, r}
	},
	"only RowsColumnTypeLength": func(r *fullRows) driver.Rows {
		return struct {
			driver.Rows
			length
		}{r, r}
	},
	"only RowsColumnTypeNullable": func(r *fullRows) driver.Rows {
		return struct {
			driver.Rows
			nullable
		}{r, r}
	},
	"only RowsColumnTypePrecisionScale": func(r *fullRows) driver.Rows {
		return struct {
			driver.Rows
			precision
		}{r, r}
	},
	"all but RowsNextResultSet": func(r *fullRows) driver.Rows {
		return struct {
			driver.Rows
			scanType
			databaseType
			length
			nullable
			precision
		}{r, r, r, r, r, r}
	},
	"all but RowsColumnTypeScanType": func(r *fullRows) driver.Rows {
		return struct {
			driver.Rows
			nextSet
			databaseType
			length
			nullable
			precision
		}{r, r, r, r, r, r}
	},
	"all but RowsColumnTypeDatabaseTypeName": func(r *fullRows) driver.Rows {
		return struct {
			driver.Rows
			nextSet
			scanType
			length
			nullable
			precision
		}{r, r, r, r, r, r}
	},
	"all but RowsColumnTypeLength": func(r *fullRows) driver.Rows {
		return struct {
			driver.Rows
			nextSet
			scanType
			databaseType
			nullable
			precision
		}{r, r, r, r, r, r}
	},
	"all but RowsColumnTypeNullable": func(r *fullRows) driver.Rows {
		return struct {
			driver.Rows
			nextSet
			scanType
			databaseType
			length
			precision
		}{r, r, r, r, r, r}
	},
	"all but RowsColumnTypePrecisionScale": func(r *fullRows) driver.Rows {
		return struct {
			driver.Rows
			nextSet
			scanType
			databaseType
			length
			nullable
		}{r, r, r, r, r, r}
	},
}

// narrowConn makes rows with fewer methods.
type narrowConn struct {
	queryConn
	rows func(*fullRows) driver.Rows
}

func (c narrowConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	ri, err := c.queryConn.QueryContext(ctx, query, args)
	if err != nil {
		return nil, err
	}
	return c.rows(ri.(*fullRows)), nil
}

func wholeStmt(s fakeStmt) driver.Stmt { return allStmt{fullStmt{s}} }

func init() {
	kinds["connection, only Execer"] = func(j *journal) driver.Conn {
		c := oldConn{fakeConn{j, plainStmt}}
		return struct {
			driver.Conn
			driver.Execer
		}{c, c}
	}
	kinds["connection, only Queryer"] = func(j *journal) driver.Conn {
		c := oldConn{fakeConn{j, plainStmt}}
		return struct {
			driver.Conn
			driver.Queryer
		}{c, c}
	}
	for name, of := range conns {
		kinds["connection, "+name] = func(j *journal) driver.Conn { return of(fullOf(j, wholeStmt).(fullConn)) }
	}
	for name, of := range stmts {
		kinds["statement, "+name] = func(j *journal) driver.Conn {
			return fakeConn{j, func(s fakeStmt) driver.Stmt { return of(allStmt{fullStmt{s}}) }}
		}
	}
	for name, of := range rowsOf {
		kinds["rows, "+name] = func(j *journal) driver.Conn { return narrowConn{queryConn{fakeConn{j, plainStmt}}, of} }
	}
}
