//go:build !race

// The race detector allocates on its own.

package zsql

import (
	"context"
	"database/sql/driver"
	"testing"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/zibratotest"
)

// silent does nothing, and allocates nothing.
type silent struct{ driver.Conn }

func (s *silent) Ping(context.Context) error { return nil }

func (s *silent) ExecContext(context.Context, string, []driver.NamedValue) (driver.Result, error) {
	return nil, nil
}

func (s *silent) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	return silentRows{}, nil
}

func (s *silent) PrepareContext(context.Context, string) (driver.Stmt, error) {
	return silentStmt{}, nil
}
func (s *silent) BeginTx(context.Context, driver.TxOptions) (driver.Tx, error) {
	return silentTx{}, nil
}

type silentRows struct{ driver.Rows }

func (silentRows) Next([]driver.Value) error { return nil }
func (silentRows) Close() error              { return nil }

type silentStmt struct{ driver.Stmt }

func (silentStmt) ExecContext(context.Context, []driver.NamedValue) (driver.Result, error) {
	return nil, nil
}

type silentTx struct{}

func (silentTx) Commit() error   { return nil }
func (silentTx) Rollback() error { return nil }

func TestAllocationsOfOperations(t *testing.T) {
	rec := zibratotest.New(t)
	ctx := Named(t.Context(), "s")
	for state, scope := range map[string]*zibrato.Scope{"watched": rec.With(), "unwatched": zibrato.New(zibrato.Config{}).With()} {
		c := wrapConn(&silent{}, newMeter(Config{Scope: scope})).(connBoth)
		si, err := c.PrepareContext(ctx, "q")
		if err != nil {
			t.Fatal(err)
		}
		rows := 1.0
		if state == "unwatched" {
			rows = 0
		}
		for _, op := range []struct {
			name string
			want float64
			run  func()
		}{
			{"ping", 0, func() { c.Ping(ctx) }},
			{"exec", 0, func() { c.ExecContext(ctx, "q", nil) }},
			{"statement's exec", 0, func() { si.(driver.StmtExecContext).ExecContext(ctx, nil) }},
			{"prepare", 1, func() { c.PrepareContext(ctx, "q") }},
			{"transaction", 1, func() {
				ti, _ := c.BeginTx(ctx, driver.TxOptions{})
				ti.Commit()
			}},
			{"query", rows, func() {
				ri, _ := c.QueryContext(ctx, "q", nil)
				ri.Next(nil)
				ri.Close()
			}},
		} {
			if n := testing.AllocsPerRun(1000, op.run); n != op.want {
				t.Errorf("%s, %s: %v allocations, want %v", op.name, state, n, op.want)
			}
		}
	}
}
