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

	"github.com/zibrato/zibrato/zibratotest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestDriversKeepOpenConnector(t *testing.T) {
	d := fakeDriver{&journal{}, kinds["full"]}
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
		if got := outcomeOf(t.Context(), err); got != want {
			t.Errorf("%v: %s, want %s", err, got, want)
		}
	}
	canceled, cancel := context.WithCancelCause(t.Context())
	cancel(errFake)
	late, cancelLate := context.WithDeadlineCause(t.Context(), time.Now().Add(-time.Second), errFake)
	defer cancelLate()
	for want, ctx := range map[string]context.Context{"canceled": canceled, "timeout": late} { // with an error of the driver's own
		if got := outcomeOf(ctx, errFake); got != want {
			t.Errorf("%v: %s, want %s", ctx.Err(), got, want)
		}
		if got := outcomeOf(ctx, nil); got != "ok" {
			t.Errorf("%v, but it worked: %s", ctx.Err(), got)
		}
	}
}

// Who cancels a query whose rows come has database/sql close them, and the driver sees nothing of why.
func TestRowsThatTheContextEndedAreSaidToBe(t *testing.T) {
	for _, all := range []bool{false, true} {
		rec, db := open(t, "query", Config{})
		ctx, cancel := context.WithCancel(t.Context())
		rows, err := db.QueryContext(ctx, "do")
		if err != nil {
			t.Fatal(err)
		}
		for n := 0; rows.Next() && (all || n == 0); n++ {
		}
		for all && rows.NextResultSet() {
			for rows.Next() {
			}
		}
		cancel()
		want := zibratotest.Tag("outcome", "canceled")
		if all {
			want = zibratotest.Tag("outcome", "ok")
		}
		for end := time.Now().Add(time.Minute); rec.Calls("db.client.rows.duration") == 0 && time.Now().Before(end); {
			time.Sleep(time.Millisecond)
		}
		if n := rec.Calls("db.client.rows.duration", want); n != 1 {
			t.Errorf("all %v: %d of outcome %s, in %v", all, n, want.Value, rec.Series())
		}
		rows.Close()
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
