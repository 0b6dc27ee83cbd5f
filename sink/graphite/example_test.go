package graphite_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"time"

	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/sink/graphite"
)

func ExampleNew() {
	server, err := net.Listen("tcp", "127.0.0.1:0") // stands for carbon
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	received := make(chan string)
	go func() {
		conn, err := server.Accept()
		if err != nil {
			log.Fatal(err)
		}
		text, err := io.ReadAll(conn)
		if err != nil {
			log.Fatal(err)
		}
		conn.Close()
		received <- string(text)
	}()

	sink, err := graphite.New(graphite.Config{Addr: server.Addr().String(), Prefix: "prod.", Stats: []string{"count", "rate"}})
	if err != nil {
		log.Fatal(err)
	}
	defer sink.Close(context.Background())

	// A backend makes windows and writes them to its sinks: backend.Config{Sinks: []backend.Sink{sink}}.
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	jobs := &metric.Series{Kind: metric.Counter, Level: metric.Info, Name: "jobs.done", Source: "orders"}
	window := &metric.Window{
		Start: start, End: start.Add(10 * time.Second), Interval: 10 * time.Second,
		Series: []metric.Aggregate{{Series: jobs, Count: 3, Sum: 12, IntSum: 12}},
	}
	if err := sink.Write(context.Background(), window); err != nil {
		log.Fatal(err)
	}
	fmt.Print(<-received)
	// Output:
	// prod.orders.jobs.done.count 12 1772366400
	// prod.orders.jobs.done.rate 1.2 1772366400
}

func ExampleConfig_Validate() {
	fmt.Println(graphite.Config{Addr: "localhost"}.Validate())
	fmt.Println(graphite.Config{Stats: []string{"count", "median"}}.Validate())
	// Output:
	// graphite: config: Addr: "localhost": want host:port
	// graphite: config: Stats: "median": want count, rate, sum, mean, min, max, last, stddev, or a percentile as p50 or p99.9
}
