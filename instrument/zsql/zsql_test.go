package zsql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/zibratotest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

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
					d, got := made()
					if diff := cmp.Diff(want, use(t, sql.OpenDB(Connector(connect(d), config)))); diff != "" {
						t.Errorf("the program got something else: %s", diff)
					}
					if diff := cmp.Diff(wants.lines, got.lines); diff != "" {
						t.Errorf("the driver got something else: %s", diff)
					}
				}
				if n := rec.Misuses(); len(n) != 0 {
					t.Errorf("misuses %v", n)
				}
			})
		}
	}
}

func TestDriversKeepOpenConnector(t *testing.T) {
	d := fakeDriver{&journal{}, kinds["full"]}
	if _, ok := Driver(d, Config{}).(driver.DriverContext); ok {
		t.Error("a driver got an OpenConnector")
	}
	rec := zibratotest.New(t)
	measured := Driver(fakeContextDriver{d}, Config{Scope: rec.With()})
	c, err := measured.(driver.DriverContext).OpenConnector("x")
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(c)
	if err := db.Ping(); err != errFake {
		t.Error(err)
	}
	if err := db.Close(); err != errFake {
		t.Errorf("closing the connector: %v", err)
	}
	if _, err := measured.(driver.DriverContext).OpenConnector("fail"); err != errFake {
		t.Errorf("parsing: %v", err)
	}
	ci, err := measured.Open("y")
	if err != nil {
		t.Fatal(err)
	}
	ci.Close()
	if _, err := measured.Open("fail"); err != errFake {
		t.Errorf("opening: %v", err)
	}
	assertOperations(t, rec, map[string]uint64{"connect ok unnamed": 2, "connect error unnamed": 1, "ping error unnamed": 1})
}

// assertOperations compares how often each operation was recorded, by its tags.
func assertOperations(t *testing.T, rec *zibratotest.Recorder, want map[string]uint64) {
	t.Helper()
	got := map[string]uint64{}
	for _, s := range rec.Series() {
		if s.Name == "db.client.operation.duration" {
			got[s.Tag("operation")+" "+s.Tag("outcome")+" "+s.Tag("statement")] += rec.Calls(s.Name, s.Tags...)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func open(t *testing.T, kind string, c Config) (*zibratotest.Recorder, *sql.DB) {
	t.Helper()
	rec := zibratotest.New(t)
	c.Scope = rec.With()
	db := sql.OpenDB(Connector(dataSourceOf{fakeDriver{&journal{}, kinds[kind]}, "x"}, c))
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	return rec, db
}

func TestOperationsAreRecordedByNameAndOutcome(t *testing.T) {
	rec, db := open(t, "full", Config{Name: func(_ context.Context, query string) string {
		if strings.HasPrefix(query, "named ") {
			return query[6:]
		}
		return ""
	}})
	ctx := t.Context()
	db.PingContext(Named(ctx, "alive"))
	db.ExecContext(ctx, "do")
	db.ExecContext(ctx, "fail", 1)
	db.ExecContext(ctx, "named x")
	db.ExecContext(Named(ctx, "y"), "named x")
	db.ExecContext(ctx, "skip") // prepared instead
	db.ExecContext(ctx, "bad conn")
	tx, err := db.BeginTx(Named(ctx, "order"), nil)
	if err != nil {
		t.Fatal(err)
	}
	tx.Commit()
	tx, _ = db.BeginTx(ctx, nil)
	tx.Rollback()
	stmt, err := db.PrepareContext(Named(ctx, "p"), "prepared")
	if err != nil {
		t.Fatal(err)
	}
	stmt.ExecContext(ctx)
	stmt.ExecContext(Named(ctx, "q"))
	stmt.Close()
	assertOperations(t, rec, map[string]uint64{
		"connect ok alive": 1, "ping error alive": 1,
		"exec ok unnamed": 2, "exec error unnamed": 1, "exec ok x": 1, "exec ok y": 1, "prepare ok unnamed": 1,
		"exec bad_conn unnamed": 3, "connect ok unnamed": 2, // database/sql tries again
		"connect ok order": 1, "begin ok order": 1, "commit error order": 1, "begin ok unnamed": 1, "rollback ok unnamed": 1,
		"prepare ok p": 1, "exec ok p": 1, "exec ok q": 1,
	})
}

func TestOutcomes(t *testing.T) {
	for want, err := range map[string]error{
		"ok": nil, "error": errFake, "bad_conn": fmt.Errorf("wrapped: %w", driver.ErrBadConn),
		"canceled": context.Canceled, "timeout": errors.Join(errFake, context.DeadlineExceeded),
	} {
		if got := outcomeOf(err); got != want {
			t.Errorf("%v: %s, want %s", err, got, want)
		}
	}
}

func TestRowsAreCountedUntilTheyAreClosed(t *testing.T) {
	rec, db := open(t, "full", Config{})
	for _, query := range []string{"do", "do", "break", "fail"} {
		rows, err := db.QueryContext(Named(t.Context(), query), query)
		if err != nil {
			continue
		}
		if n := rec.Calls("db.client.rows.duration", zibratotest.Tag("statement", "break")); n != 0 {
			t.Error("rows ended before they were closed")
		}
		for rows.Next() {
		}
		for rows.NextResultSet() {
			for rows.Next() {
			}
		}
		rows.Close()
		rows.Close()
	}
	ok, failed := zibratotest.Tag("outcome", "ok"), zibratotest.Tag("outcome", "error")
	if n, sum := rec.Calls("db.client.rows.duration", ok), rec.Sum("db.client.response.returned_rows", ok); n != 2 || sum != 8 {
		t.Errorf("%d queries with %v rows, want 2 with 4 each, in two sets", n, sum)
	}
	if n, sum := rec.Calls("db.client.rows.duration", failed), rec.Sum("db.client.response.returned_rows", failed); n != 1 || sum != 3 {
		t.Errorf("%d broken queries with %v rows, want 1 with 3", n, sum)
	}
	if n := rec.Calls("db.client.response.returned_rows"); n != 3 {
		t.Errorf("%d counts of rows, want 3", n)
	}
}

func TestThePoolIsWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec, db := open(t, "full", Config{})
		defer Pool(db, Config{Scope: rec.With()})()
		held, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Second)
		synctest.Wait()
		waited := make(chan struct{})
		go func() {
			defer close(waited)
			db.ExecContext(t.Context(), "do")
		}()
		time.Sleep(3 * time.Second)
		state := func(s string) float64 {
			v, _ := rec.Last("db.client.connection.count", zibratotest.Tag("state", s))
			return v
		}
		if used, idle := state("used"), state("idle"); used != 1 || idle != 0 {
			t.Errorf("%v connections are used and %v idle, want 1 and none", used, idle)
		}
		if n, _ := rec.Last("db.client.connection.max"); n != 1 {
			t.Errorf("%v connections may be open", n)
		}
		held.Close()
		<-waited
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if used, idle := state("used"), state("idle"); used != 0 || idle != 1 {
			t.Errorf("%v connections are used and %v idle, want none and 1", used, idle)
		}
		if n, took := rec.Sum("db.client.connection.waits"), rec.Sum("db.client.connection.wait_time"); n != 1 || time.Duration(took) != 3*time.Second {
			t.Errorf("%v waits of %v", n, time.Duration(took))
		}
		db.SetMaxIdleConns(-1)
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if n := rec.Sum("db.client.connection.closed", zibratotest.Tag("reason", "max_idle")); n != 1 {
			t.Errorf("%v connections were closed for being idle", n)
		}
		db.Close()
		rec.Close()
	})
}

func TestRawLeavesOthersAlone(t *testing.T) {
	c := &fakeConn{}
	if Raw(c) != any(c) || Raw(17) != 17 || Raw(wrapConn(c, newMeter(Config{}))) != any(c) {
		t.Error("Raw gives something else")
	}
}
