//go:build cgo

package main

import (
	"log/slog"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/sink/statsd"
)

type statsdCmd struct {
	merging       `set:"flush=10s"`
	Addr          string `default:"${statsd_addr}" placeholder:"HOST:PORT" help:"The server; with --network=unixgram the path of its socket."`
	Network       string `default:"udp" enum:"udp,tcp,unixgram" help:"udp, tcp or unixgram."`
	Tags          string `default:"none" enum:"none,dogstatsd,influx,graphite" help:"The form in which tags travel: dogstatsd, influx or graphite. With none they are part of the name."`
	Prefix        string `placeholder:"TEXT" help:"Goes before every name, as prod."`
	Template      string `placeholder:"TEXT" help:"Makes names without tags; by default {source}.{name}.{tags}. There are {level} and {kind}, too."`
	Distributions string `placeholder:"TYPE" help:"The type as which distributions go: ms, h or d. By default d with --tags=dogstatsd, else ms."`
	Values        int    `default:"100" help:"How many values at most stand for a timer's calls in one flush."`
	Packet        int    `placeholder:"BYTES" help:"How long a datagram may be; by default 1432, over a Unix socket 8192."`
	Rate          int    `placeholder:"BYTES" help:"How much to send over UDP in a second; by default 4194304; --rate=-1 means all at once."`
	Unconfirmed   bool   `help:"For servers that do not close a TCP connection whose other end is closed."`
}

func (statsdCmd) Help() string {
	return `Aggregates what arrives and sends it to a StatsD server once in --flush, aligned to the clock: counters as what they
grew by, timers as values that stand for their calls. Choose the server's own flush interval, or a part of it. Over UDP nobody
can know what arrived; over TCP the server's closing its end says that it has read everything.

Example:

    zibrato statsd --addr 127.0.0.1:8125 --tags dogstatsd --levels info+

Exit status: 0 ended by SIGTERM or SIGINT, 1 failure, 2 wrong usage.`
}

func (c *statsdCmd) Run(log *slog.Logger) error { return work("statsd", c, log) }

func (c *statsdCmd) prepare(log *slog.Logger) (func(func()) (backend.Sink, error), error) {
	sink, err := statsd.New(statsd.Config{
		Addr: c.Addr, Network: c.Network, Tags: statsd.Tags(c.Tags), Prefix: c.Prefix, Template: c.Template, Distributions: c.Distributions,
		Values: c.Values, Packet: c.Packet, Rate: c.Rate, Unconfirmed: c.Unconfirmed, Logger: log,
	})
	if err != nil {
		return nil, usageError{flagTerms(err,
			"statsd: config: ", "", "Addr: ", "--addr: ", "Network: ", "--network: ", "Tags: ", "--tags: ", "Prefix: ", "--prefix: ",
			"Template: ", "--template: ", "Distributions: ", "--distributions: ", "Values: ", "--values: ", "Packet: ", "--packet: ", "with Tags ", "with --tags=",
		)}
	}
	return func(func()) (backend.Sink, error) { return sink, nil }, nil
}
