package zsql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/zibratotest"
)

func plainStmt(s fakeStmt) driver.Stmt   { return s }
func modernStmt(s fakeStmt) driver.Stmt  { return fullStmt{s} }
func convertStmt(s fakeStmt) driver.Stmt { return convertingStmt{s} }

func fullOf(j *journal, stmt func(fakeStmt) driver.Stmt) driver.Conn {
	c := fakeConn{j, stmt}
	return fullConn{execConn{c}, queryConn{c}}
}

// kinds are connections with more and fewer of the optional interfaces.
var kinds = map[string]func(*journal) driver.Conn{
	"plain":            func(j *journal) driver.Conn { return fakeConn{j, plainStmt} },
	"converting":       func(j *journal) driver.Conn { return fakeConn{j, convertStmt} },
	"old":              func(j *journal) driver.Conn { return oldConn{fakeConn{j, plainStmt}} },
	"exec":             func(j *journal) driver.Conn { return execConn{fakeConn{j, modernStmt}} },
	"query":            func(j *journal) driver.Conn { return queryConn{fakeConn{j, convertStmt}} },
	"full":             func(j *journal) driver.Conn { return fullOf(j, modernStmt) },
	"full, converting": func(j *journal) driver.Conn { return fullOf(j, convertStmt) },
	"full, plain":      func(j *journal) driver.Conn { return fullOf(j, plainStmt) },
}

// use does with a database what programs do, and tells what came of it.
func use(t *testing.T, db *sql.DB) (told []string) {
	t.Helper()
	tell := func(format string, args ...any) { told = append(told, fmt.Sprintf(format, args...)) }
	ctx := t.Context()
	ended, cancel := context.WithCancel(ctx)
	cancel()
	tell("ping %v", db.PingContext(ctx))
	for _, query := range []string{"do", "fail", "skip", "bad conn", "?", "? ?"} {
		for _, args := range [][]any{nil, {1}, {"a", 2}, {sql.Named("n", 3)}, {[]string{"x", "y"}}, {"remove", 1}, {time.Second}, {struct{}{}}} {
			res, err := db.ExecContext(ctx, query, args...)
			n := int64(-1)
			if err == nil {
				n, err = res.RowsAffected()
			}
			tell("exec %s %v: %d, %v", query, args, n, err)
		}
	}
	read := func(rows *sql.Rows, err error) {
		if err != nil {
			tell("query: %v", err)
			return
		}
		defer rows.Close()
		types, err := rows.ColumnTypes()
		for _, c := range types {
			length, ok1 := c.Length()
			nullable, ok2 := c.Nullable()
			precision, scale, ok3 := c.DecimalSize()
			tell("%v %v %v %v %v %v %v %v %v %v", c.Name(), c.ScanType(), c.DatabaseTypeName(), length, ok1, nullable, ok2, precision, scale, ok3)
		}
		tell("%v", err)
		for set := range 3 {
			for rows.Next() {
				var n int
				tell("row %d: %v", n, rows.Scan(&n))
			}
			tell("set %d: %v, %v", set, rows.Err(), rows.NextResultSet())
		}
		tell("%v", rows.Close())
	}
	for _, query := range []string{"do", "fail", "skip", "break", "bad conn"} {
		read(db.QueryContext(ctx, query, 7))
		read(db.QueryContext(ended, query))
	}
	stmt, err := db.PrepareContext(ctx, "? prepared")
	tell("prepare %v", err)
	if err == nil {
		for _, args := range [][]any{{1}, {1, 2}, {[]string{"z"}}, {sql.Named("n", 3)}} {
			_, err := stmt.ExecContext(ctx, args...)
			tell("stmt exec %v", err)
		}
		read(stmt.QueryContext(ctx, 5))
		tell("%v", stmt.Close())
	}
	_, err = db.PrepareContext(ctx, "fail")
	tell("prepare %v", err)
	_, err = db.PrepareContext(ended, "late")
	tell("prepare %v", err)
	for _, opts := range []*sql.TxOptions{nil, {}, {ReadOnly: true}, {Isolation: sql.LevelSerializable}} {
		tx, err := db.BeginTx(ctx, opts)
		tell("begin %v", err)
		if err != nil {
			continue
		}
		_, err = tx.ExecContext(ctx, "within")
		tell("%v", err)
		tell("commit %v, rollback %v", tx.Commit(), tx.Rollback())
	}
	tx, err := db.Begin()
	tell("begin %v", err)
	tell("rollback %v", tx.Rollback())
	c, err := db.Conn(ctx)
	tell("%v", err)
	tell("%v", c.Raw(func(dc any) error {
		tell("raw %T", Raw(dc))
		return errFake
	}))
	tell("%v", c.Close())
	tell("%T", db.Driver())
	tell("close %v", db.Close())
	return told
}

// The same calls reach the driver, and the same answers the program, whatever the driver can do.
func TestTheDriverSeesWhatItSawBefore(t *testing.T) {
	for name, kind := range kinds {
		for _, parses := range []bool{false, true} {
			t.Run(fmt.Sprint(name, ", ", parses), func(t *testing.T) {
				made := func() (driver.Driver, *journal) {
					j := &journal{}
					d := fakeDriver{j, kind}
					if parses {
						return fakeContextDriver{d}, j
					}
					return d, j
				}
				connect := func(d driver.Driver) driver.Connector {
					if dc, ok := d.(driver.DriverContext); ok {
						c, err := dc.OpenConnector("x")
						if err != nil {
							t.Fatal(err)
						}
						return c
					}
					return dataSourceOf{d, "x"}
				}
				bare, wants := made()
				want := use(t, sql.OpenDB(connect(bare)))
				rec := zibratotest.New(t)
				for _, config := range []Config{{Scope: rec.With()}, {Scope: zibrato.New(zibrato.Config{}).With()}} { // watched and not
					for by, measured := range map[string]func(driver.Driver) driver.Connector{
						"Connector": func(d driver.Driver) driver.Connector { return Connector(connect(d), config) },
						"Driver":    func(d driver.Driver) driver.Connector { return connect(Driver(d, config)) }, // as sql.Open does
					} {
						d, got := made()
						if diff := cmp.Diff(want, use(t, sql.OpenDB(measured(d)))); diff != "" {
							t.Errorf("%s: the program got something else: %s", by, diff)
						}
						if diff := cmp.Diff(wants.lines, got.lines); diff != "" {
							t.Errorf("%s: the driver got something else: %s", by, diff)
						}
					}
				}
				if n := rec.Misuses(); len(n) != 0 {
					t.Errorf("misuses %v", n)
				}
			})
		}
	}
}
