package zsql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"io"
)

// Open opens a database as sql.Open does, by the name of a registered driver, and measures it. The driver parses the data source twice, since a registered driver is only to be
// had of an open database.
func Open(driverName, dataSource string, c Config) (*sql.DB, error) {
	db, err := sql.Open(driverName, dataSource) // which connects to nothing yet
	if err != nil {
		return nil, err
	}
	d := db.Driver()
	if err := db.Close(); err != nil {
		return nil, err
	}
	next, err := connectorOf(d, dataSource)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(Connector(next, c)), nil
}

// Connector returns a connector that measures the connections of next, for sql.OpenDB.
func Connector(next driver.Connector, c Config) driver.Connector {
	return &connector{next, newMeter(c)}
}

// Driver returns a driver that measures the connections of next, for sql.Register. It implements driver.DriverContext also where next does not: sql.Open then connects no
// sooner, and sql.DB.Driver returns next.
func Driver(next driver.Driver, c Config) driver.Driver { return &measured{next, newMeter(c)} }

type measured struct {
	next driver.Driver
	m    *meter
}

// Open is there for those who connect without database/sql.
func (d *measured) Open(name string) (driver.Conn, error) {
	return (&connector{dataSourceOf{d.next, name}, d.m}).Connect(context.Background())
}

func (d *measured) OpenConnector(name string) (driver.Connector, error) {
	next, err := connectorOf(d.next, name)
	if err != nil {
		return next, err
	}
	return &connector{next, d.m}, nil
}

// connectorOf returns a driver's connector, as sql.Open makes one.
func connectorOf(d driver.Driver, name string) (driver.Connector, error) {
	if dc, ok := d.(driver.DriverContext); ok {
		return dc.OpenConnector(name)
	}
	return dataSourceOf{d, name}, nil
}

type connector struct {
	next driver.Connector
	m    *meter
}

func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	timing := c.m.begun.Start()
	ci, err := c.next.Connect(ctx)
	c.m.end(ctx, timing, "connect", named(ctx, unnamed), err)
	if err != nil {
		return ci, err
	}
	return wrapConn(ci, c.m), nil
}

// Driver returns the driver's own.
func (c *connector) Driver() driver.Driver { return c.next.Driver() }

// Close is for sql.DB.Close.
func (c *connector) Close() error {
	if closer, ok := c.next.(io.Closer); ok {
		return closer.Close()
	}
	return nil
}

// dataSourceOf is the connector of a driver that has none.
type dataSourceOf struct {
	driver driver.Driver
	name   string
}

func (d dataSourceOf) Connect(context.Context) (driver.Conn, error) { return d.driver.Open(d.name) }
func (d dataSourceOf) Driver() driver.Driver                        { return d.driver }
