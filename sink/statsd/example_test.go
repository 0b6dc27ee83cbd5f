package statsd_test

import (
	"context"
	"fmt"
	"log"
	"net"
	"time"

	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/sink/statsd"
)

func ExampleNew() {
	server, err := net.ListenPacket("udp", "127.0.0.1:0") // stands for a StatsD server
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()

	sink, err := statsd.New(statsd.Config{Addr: server.LocalAddr().String(), Tags: statsd.DogStatsD, Prefix: "prod."})
	if err != nil {
		log.Fatal(err)
	}
	defer sink.Close(context.Background())

	// A backend makes windows and writes them to its sinks: backend.Config{Sinks: []backend.Sink{sink}}.
	end := time.Now().Truncate(10 * time.Second)
	jobs := &metric.Series{Kind: metric.Counter, Level: metric.Info, Name: "jobs.done", Source: "orders"}
	window := &metric.Window{
		Start: end.Add(-10 * time.Second), End: end, Interval: 10 * time.Second,
		Series: []metric.Aggregate{{Series: jobs, Count: 3, Sum: 12, IntSum: 12}},
	}
	if err := sink.Write(context.Background(), window); err != nil {
		log.Fatal(err)
	}
	packet := make([]byte, 1432)
	n, _, err := server.ReadFrom(packet)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(packet[:n]))
	// Output: prod.jobs.done:12|c|#source:orders,level:info
}

func ExampleConfig_Validate() {
	fmt.Println(statsd.Config{Addr: "localhost"}.Validate())
	fmt.Println(statsd.Config{Tags: statsd.DogStatsD, Template: "{source}.{name}"}.Validate())
	// Output:
	// statsd: config: Addr: "localhost": want host:port
	// statsd: config: Template: goes with Tags none only: with dogstatsd tags are no part of the name
}

func ExampleTags() {
	for _, tags := range []statsd.Tags{statsd.None, statsd.DogStatsD, statsd.Influx, statsd.Graphite, "labels"} {
		fmt.Println(tags, statsd.Config{Tags: tags}.Validate() == nil)
	}
	// Output:
	// none true
	// dogstatsd true
	// influx true
	// graphite true
	// labels false
}
