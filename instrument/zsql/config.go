package zsql

import (
	"context"
	"database/sql/driver"
	"errors"

	"github.com/zibrato/zibrato"
)

// Config says where to record and what statements are called. The zero Config records on the default recorder.
type Config struct {
	// Scope is where to record, with what level, source and tags, such as which database it is. Nil: the default recorder at level info.
	Scope *zibrato.Scope
	// Name returns the name of a statement that [Named] did not name, for the tag statement; "" stands for "unnamed". The names must be few. It is called in
	// every query, execution and preparation, on the caller's goroutine. Nil: statements have the names that Named gave them.
	Name func(ctx context.Context, query string) string
}

func (c Config) scope() *zibrato.Scope {
	if c.Scope == nil {
		return zibrato.With()
	}
	return c.Scope
}

type nameKey struct{}

// Named returns a context that gives the statement, or the transaction, that is begun with it a name: the value of the tag statement. The names of a program must be few.
func Named(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, nameKey{}, name)
}

const unnamed = "unnamed"

// meter holds the instruments of a driver.
type meter struct {
	begun      *zibrato.Timer // is started; another one is stopped
	operations *zibrato.TimerVec
	fetching   *zibrato.TimerVec
	returned   *zibrato.DistributionVec
	name       func(context.Context, string) string
}

func newMeter(c Config) *meter {
	z := c.scope()
	keys := []string{"outcome", "statement"}
	m := &meter{
		operations: z.NewTimerVec("db.client.operation.duration", append([]string{"operation"}, keys...), zibrato.WithHelp("How long the database takes.")),
		fetching:   z.NewTimerVec("db.client.rows.duration", keys, zibrato.WithHelp("From a query's answer until its rows are closed.")),
		returned: z.NewDistributionVec("db.client.response.returned_rows", keys,
			zibrato.WithUnit("{row}"), zibrato.WithHelp("Rows that were read of a query.")),
		name: c.Name,
	}
	m.begun = m.operations.With("query", "ok", unnamed)
	return m
}

// named returns the name of a context, or the other one.
func named(ctx context.Context, or string) string {
	if name, ok := ctx.Value(nameKey{}).(string); ok && name != "" {
		return name
	}
	return or
}

// nameOf returns the name of a statement.
func (m *meter) nameOf(ctx context.Context, query string) string {
	name := named(ctx, "")
	if name == "" && m.name != nil {
		name = m.name(ctx, query)
	}
	if name == "" {
		return unnamed
	}
	return name
}

// end records an operation, unless the driver declined it.
func (m *meter) end(ctx context.Context, timing zibrato.Stopwatch, operation, statement string, err error) {
	if timing != (zibrato.Stopwatch{}) && err != driver.ErrSkip {
		timing.StopAs(m.operations.With(operation, outcomeOf(ctx, err), statement))
	}
}

// outcomeOf says what became of an operation with this context. Many drivers have errors of their own for what the context ended.
func outcomeOf(ctx context.Context, err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, driver.ErrBadConn):
		return "bad_conn"
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case ctx.Err() == context.Canceled:
		return "canceled"
	case ctx.Err() != nil:
		return "timeout"
	}
	return "error"
}
