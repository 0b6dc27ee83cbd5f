package backend

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/zibrato/zibrato/backend/store"
)

// The defaults of [Config].
const (
	DefaultInterval     = time.Minute
	DefaultExpire       = 5 * time.Minute
	DefaultMaxSeries    = 100_000
	DefaultQueueWindows = 60
	DefaultWriteTimeout = 30 * time.Second
	DefaultCloseTimeout = 2 * time.Second
)

// MinInterval is the shortest flush interval.
const MinInterval = 100 * time.Millisecond

// Config says where a backend's batches come from and where its windows go. From and Sinks are required; the zero of every
// other field is its default.
type Config struct {
	// From brings the batches. The backend closes it.
	From Source
	// Sinks take the windows. The backend closes them. A sink must not stand here twice.
	Sinks []Sink
	// Interval is how long a window is; 0 means DefaultInterval, MinInterval is the least. Windows end at the multiples of it since 1970.
	Interval time.Duration
	// Apart says whether series of different hosts or processes stay apart; the zero value merges them.
	Apart Apart
	// Expire is how long a process may be silent until the present values of its up-down counters leave the sums, at the
	// flush that follows; 0 means DefaultExpire. Recorders repeat their totals at least once a minute, so it should be a few minutes. Series of a
	// process that is heard of need no expiry: a window has only those to which something happened, and totals are remembered as long as
	// their process is, so that one that was idle for long goes on exactly. For how long a sink shows idle series, where it does, is its own matter.
	Expire time.Duration
	// MaxSeries bounds the series in a window, and those whose totals are remembered, counted once per process; 0 means DefaultMaxSeries.
	// What exceeds it is left out, counted and logged; exact totals of it are made up for when there is room again. A series
	// takes about 0.4 KiB, and in each window that holds it 0.2 KiB where it has one value, 1 KiB where its values lie
	// within a factor of ten, and 20 KiB at most.
	MaxSeries int
	// MaxSeriesEach bounds the series of one process whose totals are remembered, and those of the text form in a window, for it does not say which process
	// they are of; 0 means a quarter of MaxSeries, and all of it where From is InProcess. So no process can use up the room of the others.
	MaxSeriesEach int
	// QueueWindows is how many windows may wait for a sink; 0 means DefaultQueueWindows. Of windows too many the oldest is
	// dropped, counted and logged; with Dir it goes on waiting on disk. Windows are shared: one that waits for several sinks is in memory once.
	QueueWindows int
	// WriteTimeout is how long a sink may take for a window; 0 means DefaultWriteTimeout. What takes longer counts as failed and is tried again.
	WriteTimeout time.Duration
	// CloseTimeout is how long Close may take; 0 means DefaultCloseTimeout.
	CloseTimeout time.Duration
	// Dir is a directory, made if it is not there, in which the backend keeps what a kill must not cost: the windows that a sink has not taken yet,
	// the totals that they rest on, and what was received since the last flush. A backend that is started with the same directory goes on where
	// the last one was, however that ended: no window is lost, and none counts twice where the key is series and start of the window. One backend
	// works in a directory at a time; another is refused. Empty means that all is in memory, and lost with the process.
	//
	// With it every batch is written to a file, without waiting for the disk, and every window and what is known, about 30 bytes a series and process,
	// is written and synced before any sink gets the window. Windows that wait do so on disk: QueueWindows then bounds those that are in
	// memory too. A disk that is full or fails costs no more than running without Dir, is logged, and is tried again at every flush. See package store.
	Dir string
	// DirBytes bounds what windows and log take in Dir; 0 means store.DefaultBytes, 256 MiB. Windows get three quarters of it; the oldest make room,
	// counted and logged. Batches for which the log has no room are counted: a kill before the next flush loses their detail, not the totals.
	DirBytes int64
	// Logger hears of failures, losses and notices, at a bounded rate. Nil discards.
	Logger *slog.Logger

	fault func(step string) error // see store.Config
}

// Apart says which of the series that have the same name, kind, level, source and tags are one.
type Apart uint8

// What keeps series apart.
const (
	None      Apart = iota // nothing: equal series of all processes merge
	ByHost                 // the tag host=<host name> is added
	ByProcess              // the tag process=<host name>:<process id> is added
)

// String returns none, host or process.
func (a Apart) String() string {
	switch a {
	case None:
		return "none"
	case ByHost:
		return "host"
	case ByProcess:
		return "process"
	}
	return fmt.Sprintf("apart(%d)", uint8(a))
}

// withDefaults returns the config with its zero fields filled in, or an error that names the field at fault.
func (c Config) withDefaults() (Config, error) {
	if c.From == nil {
		return c, errors.New("backend: Config.From is nil: want a source, such as InProcess or a subscriber")
	}
	if len(c.Sinks) == 0 {
		return c, errors.New("backend: Config.Sinks is empty: want at least one")
	}
	for i, s := range c.Sinks {
		if s == nil {
			return c, fmt.Errorf("backend: Config.Sinks[%d] is nil", i)
		}
	}
	if c.Interval == 0 {
		c.Interval = DefaultInterval
	}
	if c.Interval < MinInterval {
		return c, fmt.Errorf("backend: Config.Interval is %v: want at least %v, or 0 for %v", c.Interval, MinInterval, DefaultInterval)
	}
	if c.Apart > ByProcess {
		return c, fmt.Errorf("backend: Config.Apart is %v: want None, ByHost or ByProcess", c.Apart)
	}
	if c.DirBytes < 0 {
		return c, fmt.Errorf("backend: Config.DirBytes is %d: want more than 0, or 0 for %d", c.DirBytes, int64(store.DefaultBytes))
	}
	for _, d := range []struct {
		name string
		v    *time.Duration
		def  time.Duration
	}{
		{"Expire", &c.Expire, DefaultExpire},
		{"WriteTimeout", &c.WriteTimeout, DefaultWriteTimeout},
		{"CloseTimeout", &c.CloseTimeout, DefaultCloseTimeout},
	} {
		if *d.v < 0 {
			return c, fmt.Errorf("backend: Config.%s is %v: want more than 0, or 0 for %v", d.name, *d.v, d.def)
		}
		if *d.v == 0 {
			*d.v = d.def
		}
	}
	for _, n := range []struct {
		name string
		v    *int
		def  int
	}{
		{"MaxSeries", &c.MaxSeries, DefaultMaxSeries},
		{"MaxSeriesEach", &c.MaxSeriesEach, 0},
		{"QueueWindows", &c.QueueWindows, DefaultQueueWindows},
	} {
		if *n.v < 0 {
			return c, fmt.Errorf("backend: Config.%s is %d: want more than 0, or 0 for %d", n.name, *n.v, n.def)
		}
		if *n.v == 0 {
			*n.v = n.def
		}
	}
	if c.MaxSeriesEach == 0 {
		c.MaxSeriesEach = max(c.MaxSeries/4, 1)
		if _, alone := c.From.(opener); alone { // there is one process
			c.MaxSeriesEach = c.MaxSeries
		}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c, nil
}
