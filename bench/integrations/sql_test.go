package integrations

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"io"
	"testing"

	"github.com/XSAM/otelsql"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/bench/internal/harness"
	"github.com/zibrato/zibrato/instrument/zsql"
)

// silent is a driver that does nothing.
type silent struct{}

func (silent) Connect(context.Context) (driver.Conn, error) { return silentConn{}, nil }
func (silent) Driver() driver.Driver                        { return nil }

type silentConn struct{ driver.Conn }

func (silentConn) Close() error                       { return nil }
func (silentConn) Ping(context.Context) error         { return nil }
func (silentConn) ResetSession(context.Context) error { return nil }

func (silentConn) ExecContext(context.Context, string, []driver.NamedValue) (driver.Result, error) {
	return driver.RowsAffected(1), nil
}

func (silentConn) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	return &silentRows{}, nil
}

type silentRows struct{ read bool }

func (*silentRows) Columns() []string { return columns }
func (*silentRows) Close() error      { return nil }

func (r *silentRows) Next(dest []driver.Value) error {
	if r.read {
		return io.EOF
	}
	r.read = true
	dest[0] = int64(1)
	return nil
}

var columns = []string{"n"}

// databases do something with the driver through database/sql.
func databases(tb testing.TB, do func(db *sql.DB) error, method string, calls int) []rival {
	run := func(db *sql.DB) func(n int) {
		db.SetMaxIdleConns(1)
		tb.Cleanup(func() { db.Close() })
		must(tb, db.Ping()) // connects
		return func(n int) {
			for range n {
				must(tb, do(db))
			}
		}
	}
	rec := zibrato.New(zibrato.Config{})
	c := harness.Consume(tb, rec)
	provider, count := meters(tb)
	return []rival{
		{name: bare, run: run(sql.OpenDB(silent{}))},
		{name: ours, run: run(sql.OpenDB(zsql.Connector(silent{}, zsql.Config{Scope: rec.With()}))), seen: func() int { return int(c.Calls()) / calls }, ready: c.Flush},
		{name: "otelsql", run: run(otelsql.OpenDB(silent{}, otelsql.WithMeterProvider(provider))), seen: count("db.client.operation.duration", "db.operation.name="+method)},
	}
}

func execs(tb testing.TB) []rival {
	ctx := context.Background()
	return databases(tb, func(db *sql.DB) error {
		_, err := db.ExecContext(ctx, "UPDATE items SET n = n + 1")
		return err
	}, "sql.conn.exec", 1)
}

func queries(tb testing.TB) []rival {
	ctx := context.Background()
	return databases(tb, func(db *sql.DB) error {
		rows, err := db.QueryContext(ctx, "SELECT n FROM items")
		if err != nil {
			return err
		}
		for rows.Next() {
		}
		return rows.Close()
	}, "sql.conn.query", 3) // the query, its rows and their number
}

func TestEveryPackageSeesEveryStatement(t *testing.T) {
	assertSeen(t, execs(t))
	assertSeen(t, queries(t))
}

// BenchmarkExec executes a statement, BenchmarkQuery reads a row.
func BenchmarkExec(b *testing.B)  { against(b, execs(b)) }
func BenchmarkQuery(b *testing.B) { against(b, queries(b)) }
