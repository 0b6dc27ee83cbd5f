package integrations

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"modernc.org/sqlite"

	"github.com/zibrato/zibrato/instrument/zsql"
	"github.com/zibrato/zibrato/zibratotest"
)

// shop uses a real database in the ways that programs do, and tells what it saw.
func shop(t *testing.T, db *sql.DB) (told []string) {
	t.Helper()
	ctx := t.Context()
	tell := func(format string, args ...any) { told = append(told, fmt.Sprintf(format, args...)) }
	must(t, db.PingContext(zsql.Named(ctx, "ping")))
	_, err := db.ExecContext(zsql.Named(ctx, "schema"), `CREATE TABLE items (id INTEGER PRIMARY KEY, name VARCHAR(20) NOT NULL, price REAL, picture BLOB)`)
	must(t, err)
	insert, err := db.PrepareContext(zsql.Named(ctx, "new item"), `INSERT INTO items (name, price, picture) VALUES (?, @price, ?)`)
	must(t, err)
	for i := range 5 {
		res, err := insert.ExecContext(ctx, fmt.Sprint("item ", i), sql.Named("price", float64(i)/2), []byte{byte(i)})
		must(t, err)
		id, err := res.LastInsertId()
		tell("inserted %d, %v", id, err)
	}
	must(t, insert.Close())

	rows, err := db.QueryContext(zsql.Named(ctx, "list"), `SELECT id, name, price, picture FROM items WHERE id > ? ORDER BY id`, 2)
	must(t, err)
	types, err := rows.ColumnTypes()
	must(t, err)
	for _, c := range types {
		length, hasLength := c.Length()
		nullable, knowsNull := c.Nullable()
		precision, scale, decimal := c.DecimalSize()
		tell("%s %s %v %v %v %v %v %v %v %v", c.Name(), c.DatabaseTypeName(), c.ScanType(), length, hasLength, nullable, knowsNull, precision, scale, decimal)
	}
	for rows.Next() {
		var id int
		var name string
		var price float64
		var picture []byte
		must(t, rows.Scan(&id, &name, &price, &picture))
		tell("%d %s %v %v", id, name, price, picture)
	}
	must(t, rows.Err(), rows.Close())

	var n int
	err = db.QueryRowContext(ctx, `SELECT id FROM items WHERE id = 99`).Scan(&n)
	tell("no row: %v", err)
	_, err = db.ExecContext(zsql.Named(ctx, "broken"), `INSERT INTO items (id, name) VALUES (1, 'again')`)
	var own *sqlite.Error
	tell("twice: %v, %v", err, errors.As(err, &own))
	_, err = db.QueryContext(ctx, `SELEC`)
	tell("nonsense: %v", err)

	tx, err := db.BeginTx(zsql.Named(ctx, "sale"), nil)
	must(t, err)
	_, err = tx.ExecContext(ctx, `DELETE FROM items WHERE id = 1`)
	must(t, err, tx.Commit())
	tx, err = db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	tell("read-only: %v", err)
	if err == nil {
		must(t, tx.Rollback())
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, err = db.ExecContext(ended, `DELETE FROM items`)
	tell("ended: %v", err)
	must(t, db.QueryRowContext(ctx, `SELECT count(*) FROM items`).Scan(&n))
	tell("%d left", n)

	c, err := db.Conn(ctx)
	must(t, err)
	must(t, c.Raw(func(dc any) error {
		serializer, ok := zsql.Raw(dc).(interface{ Serialize() ([]byte, error) })
		if !ok {
			return fmt.Errorf("%T", zsql.Raw(dc))
		}
		text, err := serializer.Serialize()
		tell("%v bytes or more", len(text) >= 4096)
		return err
	}), c.Close())
	tell("%T", db.Driver())
	return told
}

func TestARealEngineWorksAsBefore(t *testing.T) {
	bare, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "bare.db"))
	must(t, err)
	defer bare.Close()
	want := shop(t, bare)
	rec := zibratotest.New(t)
	db, err := zsql.Open("sqlite", filepath.Join(t.TempDir(), "measured.db"), zsql.Config{Scope: rec.With()})
	must(t, err)
	defer db.Close()
	got := shop(t, db)
	for i := range max(len(want), len(got)) {
		if i >= len(got) || i >= len(want) || want[i] != got[i] {
			t.Errorf("measured: %q\nwithout: %q", got, want)
			break
		}
	}
	for _, want := range []struct {
		operation, outcome, statement string
		n                             uint64
	}{
		{"ping", "ok", "ping", 1}, {"exec", "ok", "schema", 1}, {"prepare", "ok", "new item", 1}, {"exec", "ok", "new item", 5},
		{"query", "ok", "list", 1}, {"exec", "error", "broken", 1}, {"begin", "ok", "sale", 1}, {"commit", "ok", "sale", 1},
	} {
		if n := rec.Calls("db.client.operation.duration", zibratotest.Tag("operation", want.operation),
			zibratotest.Tag("outcome", want.outcome), zibratotest.Tag("statement", want.statement)); n != want.n {
			t.Errorf("%d operations %s %s %s, want %d", n, want.operation, want.outcome, want.statement, want.n)
		}
	}
	if n := rec.Sum("db.client.response.returned_rows", zibratotest.Tag("statement", "list")); n != 3 {
		t.Errorf("%v rows were returned, want 3", n)
	}
	outcomes := []string{"ok", "error", "canceled"}
	for _, s := range rec.Series() {
		if o := s.Tag("outcome"); o != "" && !slices.Contains(outcomes, o) {
			t.Errorf("an outcome %q", o)
		}
	}
}

func TestARealEngineUnderLoad(t *testing.T) {
	rec := zibratotest.New(t)
	db, err := zsql.Open("sqlite", filepath.Join(t.TempDir(), "load.db")+"?_pragma=busy_timeout(10000)", zsql.Config{Scope: rec.With()})
	must(t, err)
	defer db.Close()
	defer zsql.Pool(db, zsql.Config{Scope: rec.With()})()
	_, err = db.Exec(`CREATE TABLE t (n INTEGER)`)
	must(t, err)
	const workers, each = 4, 25
	ctx := zsql.Named(t.Context(), "add")
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			for i := range each {
				if _, err := db.ExecContext(ctx, `INSERT INTO t VALUES (?)`, w*each+i); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	var n int
	must(t, db.QueryRow(`SELECT count(*) FROM t`).Scan(&n))
	if counted := rec.Calls("db.client.operation.duration", zibratotest.Tag("statement", "add"), zibratotest.Tag("operation", "exec")); n != workers*each || counted != workers*each {
		t.Errorf("%d rows and %d executions, want %d", n, counted, workers*each)
	}
}
