package zsql

import (
	"database/sql"

	"github.com/zibrato/zibrato"
)

// Pool records the pool of connections of a database, as sql.DB.Stats tells of it, every zibrato.Config.AskEvery while the scope's level is watched:
//
//	db.client.connection.count     gauge      connections, by state: used, idle
//	db.client.connection.max       gauge      how many there may be; not recorded where there is no limit
//	db.client.connection.waits     counter    times that somebody waited for a connection
//	db.client.connection.wait_time counter    how long they waited, in nanoseconds
//	db.client.connection.closed    counter    connections that were closed, by reason: max_idle, max_idle_time, max_lifetime
//
// Of several databases each needs a tag of its own in Config.Scope, or they overwrite one another. Counters count from here on, also while nobody watches: what came
// then shows with the first question afterwards. The returned function ends it; until then the database stays in memory. Config.Name has no say in it.
func Pool(db *sql.DB, c Config) (stop func()) {
	z := c.scope()
	count := func(state string) []zibrato.Option {
		return []zibrato.Option{zibrato.Tag("state", state), zibrato.WithUnit("{connection}"), zibrato.WithHelp("Connections.")}
	}
	closed := z.NewCounterVec("db.client.connection.closed", []string{"reason"}, zibrato.WithUnit("{connection}"), zibrato.WithHelp("Connections that were closed."))
	idle := z.NewGauge("db.client.connection.count", count("idle")...)
	most := z.NewGauge("db.client.connection.max", zibrato.WithUnit("{connection}"), zibrato.WithHelp("How many connections there may be."))
	growths := []struct {
		to *zibrato.Counter
		of func(sql.DBStats) int64
	}{
		{z.NewCounter("db.client.connection.waits", zibrato.WithUnit("{wait}"), zibrato.WithHelp("Times that somebody waited for a connection.")),
			func(s sql.DBStats) int64 { return s.WaitCount }},
		{z.NewCounter("db.client.connection.wait_time", zibrato.WithUnit("ns"), zibrato.WithHelp("How long somebody waited for a connection.")),
			func(s sql.DBStats) int64 { return int64(s.WaitDuration) }},
		{closed.With("max_idle"), func(s sql.DBStats) int64 { return s.MaxIdleClosed }},
		{closed.With("max_idle_time"), func(s sql.DBStats) int64 { return s.MaxIdleTimeClosed }},
		{closed.With("max_lifetime"), func(s sql.DBStats) int64 { return s.MaxLifetimeClosed }},
	}
	last := db.Stats()
	// The question for one gauge answers for all, so that the pool is locked once.
	return z.NewGaugeFunc("db.client.connection.count", func() float64 {
		now := db.Stats()
		for _, g := range growths {
			g.to.Add(g.of(now) - g.of(last))
		}
		last = now
		idle.Set(float64(now.Idle))
		if now.MaxOpenConnections > 0 {
			most.Set(float64(now.MaxOpenConnections))
		}
		return float64(now.InUse)
	}, count("used")...)
}
