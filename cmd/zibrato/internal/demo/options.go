package demo

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/zibrato/zibrato/cmd/zibrato/internal/search"
)

// The defaults of [Options].
const (
	DefaultFor   = 15 * time.Second
	DefaultEvery = 2 * time.Second
)

// Options say how to run the demo.
type Options struct {
	Argv   []string      // the command that runs [Child]; the child's name is added to it, for people who look at ps. Required
	For    time.Duration // how long, from the start to the last query; 0 means DefaultFor
	Every  time.Duration // from table to table; 0 means DefaultEvery
	Corpus string        // the directory whose Go files are searched; "" means the source of the Go toolchain in PATH
	Limits search.Limits // of the corpus; Shard and Shards are not looked at
	Rate   float64       // queries a second; 0 means DefaultRate
	Stdout io.Writer     // gets the tables; nil discards them
	Stderr io.Writer     // gets what the children write to theirs; nil discards it
	Logger *slog.Logger  // nil discards
}

func (o Options) withDefaults() (Options, error) {
	if o.For == 0 {
		o.For = DefaultFor
	}
	if o.Every == 0 {
		o.Every = DefaultEvery
	}
	if o.Stdout == nil {
		o.Stdout = io.Discard
	}
	if o.Stderr == nil {
		o.Stderr = io.Discard
	}
	switch {
	case len(o.Argv) == 0:
		return o, errors.New("demo: Options.Argv is empty: want the command that runs a child")
	case o.For < 0:
		return o, fmt.Errorf("demo: Options.For is %v: want more than nothing", o.For)
	case o.Every < 0:
		return o, fmt.Errorf("demo: Options.Every is %v: want more than nothing", o.Every)
	}
	return o, nil
}
