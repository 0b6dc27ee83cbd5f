// Package zsql measures what a program does with database/sql: queries, executions, transactions, rows, and the pool of connections.
//
//	db, err := zsql.Open("sqlite", "file:shop.db", zsql.Config{})
//	if err != nil { … }
//	defer zsql.Pool(db, zsql.Config{})()
//
//	rows, err := db.QueryContext(zsql.Named(ctx, "items by price"), "SELECT …")
//
// Open is sql.Open with a driver that is measured; [Driver] and [Connector] measure one that is at hand, for sql.Register and sql.OpenDB.
//
// # What it records
//
//	db.client.operation.duration        timer         connect, ping, prepare, exec, query, begin, commit, rollback
//	db.client.rows.duration             timer         from a query's answer until its rows are closed
//	db.client.response.returned_rows    distribution  rows that were read
//
// with the tags
//
//   - operation, of the first: one of the eight.
//   - outcome: ok; error; canceled and timeout, where the context ended, whatever error the driver has for that; bad_conn for driver.ErrBadConn, after which database/sql tries again.
//   - statement: the name that [Named] or Config.Name gave it, otherwise "unnamed". The text of a statement never becomes a tag: it may hold values, and there
//     is no end of texts.
//
// A driver that answers driver.ErrSkip did nothing, and nothing is recorded: database/sql then prepares the statement, which is. [Pool] lists its series.
//
// # What it does not change
//
// Errors pass through as they are, driver.ErrSkip and driver.ErrBadConn among them, and so do panics, which are not recorded. Where an optional interface makes
// a difference to database/sql the measured connection or statement has it exactly if the driver's own has it: queries and executions without
// preparation, ColumnConverter. The others (Pinger, ConnPrepareContext, ConnBeginTx, SessionResetter, Validator, NamedValueChecker,
// StmtExecContext, StmtQueryContext, RowsNextResultSet, RowsColumnType…, DriverContext, io.Closer of a connector) it always has; for a driver without them they do what database/sql does
// then. A test compares the calls that reach drivers with each of them alone, with all but each, and with none. sql.DB.Driver returns the driver's own type; what
// sql.Conn.Raw hands to its function is the measured connection, of which [Raw] gives the driver's. Code that expects the driver's own there, and
// does not ask Raw, does not find it.
//
// # What it costs
//
// No allocation for an execution, ping, commit or rollback; one for a query, a prepared statement or the begin of a transaction.
// docs/integrations/README.md has figures beside another package.
package zsql
