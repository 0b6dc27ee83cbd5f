package zsql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"io"
)

// Open opens a database as sql.Open does, by the name of a registered driver, and measures it.
func Open(driverName, dataSource string, c Config) (*sql.DB, error) {
	db, err := sql.Open(driverName, dataSource) // which connects to nothing yet
	if err != nil {
		return nil, err
	}
	d := db.Driver()
	if err := db.Close(); err != nil {
		return nil, err
	}
	m := newMeter(c)
	dc, ok := d.(driver.DriverContext)
	if !ok {
		return sql.OpenDB(&connector{dataSourceOf{d, dataSource}, m}), nil
	}
	next, err := dc.OpenConnector(dataSource)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(&connector{next, m}), nil
}

// Connector returns a connector that measures the connections of next, for sql.OpenDB.
func Connector(next driver.Connector, c Config) driver.Connector {
	return &connector{next, newMeter(c)}
}

// Driver returns a driver that measures the connections of next, for sql.Register. It implements driver.DriverContext exactly if next does.
func Driver(next driver.Driver, c Config) driver.Driver {
	d := &measured{next, newMeter(c)}
	if dc, ok := next.(driver.DriverContext); ok {
		return &measuredContext{d, dc}
	}
	return d
}

type measured struct {
	next driver.Driver
	m    *meter
}

func (d *measured) Open(name string) (driver.Conn, error) {
	timing := d.m.begun.Start()
	ci, err := d.next.Open(name)
	d.m.end(timing, "connect", unnamed, err)
	if err != nil {
		return ci, err
	}
	return wrapConn(ci, d.m), nil
}

type measuredContext struct {
	*measured
	context driver.DriverContext
}

func (d *measuredContext) OpenConnector(name string) (driver.Connector, error) {
	next, err := d.context.OpenConnector(name)
	if err != nil {
		return next, err
	}
	return &connector{next, d.m}, nil
}

type connector struct {
	next driver.Connector
	m    *meter
}

func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	timing := c.m.begun.Start()
	ci, err := c.next.Connect(ctx)
	c.m.end(timing, "connect", named(ctx, unnamed), err)
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
