package zsql_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/instrument/zsql"
)

// nowhere is the driver of these examples; a program imports one.
type nowhere struct{}

func (nowhere) Open(name string) (driver.Conn, error) {
	if name == "" {
		return nil, errors.New("no database")
	}
	return conn{}, nil
}

type conn struct{}

func (conn) Prepare(string) (driver.Stmt, error) { return nil, errors.ErrUnsupported }
func (conn) Begin() (driver.Tx, error)           { return nil, errors.ErrUnsupported }
func (conn) Close() error                        { return nil }

func (conn) ExecContext(_ context.Context, _ string, args []driver.NamedValue) (driver.Result, error) {
	return driver.RowsAffected(len(args)), nil
}

func init() { sql.Register("nowhere", nowhere{}) }

// A whole program, but for where its measurements go: see package publisher, or backend.InProcess.
func Example() {
	db, err := zsql.Open("nowhere", "shop", zsql.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	defer zsql.Pool(db, zsql.Config{})()

	ctx := zsql.Named(context.Background(), "new item") // the tag statement
	res, err := db.ExecContext(ctx, "INSERT INTO items VALUES (?)", 17)
	if err != nil {
		fmt.Println(err)
		return
	}
	n, _ := res.RowsAffected()
	fmt.Println(n)
	// Output: 1
}

func ExampleOpen() {
	_, err := zsql.Open("unheard of", "", zsql.Config{})
	fmt.Println(err)
	// Output: sql: unknown driver "unheard of" (forgotten import?)
}

func ExampleConnector() {
	var own driver.Connector = connector{} // as a driver's package makes one
	db := sql.OpenDB(zsql.Connector(own, zsql.Config{}))
	defer db.Close()
	fmt.Println(db.Ping())
	// Output: <nil>
}

type connector struct{}

func (connector) Connect(context.Context) (driver.Conn, error) { return conn{}, nil }
func (connector) Driver() driver.Driver                        { return nowhere{} }

func ExampleDriver() {
	sql.Register("nowhere, measured", zsql.Driver(nowhere{}, zsql.Config{}))
	db, err := sql.Open("nowhere, measured", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	fmt.Println(db.Ping())
	// Output: no database
}

func ExampleConfig() {
	db, err := zsql.Open("nowhere", "shop", zsql.Config{
		Scope: zibrato.With(zibrato.Tag("db", "shop")),
		Name: func(_ context.Context, query string) string {
			return map[string]string{"DELETE FROM carts": "empty carts"}[query] // few names, whatever the texts
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	_, err = db.Exec("DELETE FROM carts")
	fmt.Println(err)
	// Output: <nil>
}

func ExampleNamed() {
	db, err := zsql.Open("nowhere", "shop", zsql.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	_, err = db.ExecContext(zsql.Named(context.Background(), "empty carts"), "DELETE FROM carts")
	fmt.Println(err)
	// Output: <nil>
}

func ExamplePool() {
	db, err := zsql.Open("nowhere", "shop", zsql.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	stop := zsql.Pool(db, zsql.Config{Scope: zibrato.With(zibrato.Tag("db", "shop"))})
	defer stop()
	fmt.Println(db.Stats().OpenConnections)
	// Output: 0
}

func ExampleRaw() {
	db, err := zsql.Open("nowhere", "shop", zsql.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	c, err := db.Conn(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	c.Raw(func(driverConn any) error {
		_, own := zsql.Raw(driverConn).(conn) // what the driver's package documents for its connections
		fmt.Println(own)
		return nil
	})
	// Output: true
}
