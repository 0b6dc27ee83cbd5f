package zibrato_test

import (
	"fmt"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
)

func ExampleAtLevel() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	rec.NewCounter("retries", zibrato.AtLevel(zibrato.LevelWarning)).Inc()
	rec.With(zibrato.AtLevel(zibrato.LevelDebug)).Inc("steps")
	// Output:
	// debug counter steps count=1 sum=1
	// warning counter retries count=1 sum=1
}

func ExampleTag() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	eu := rec.With(zibrato.Tag("region", "eu"), zibrato.Tag("step", "order"))
	eu.NewCounter("requests", zibrato.Tag("step", "pay")).Inc() // of equal keys the last counts
	// Output: info counter requests region=eu step=pay count=1 sum=1
}

func ExampleSource() {
	rec := zibrato.New(zibrato.Config{Source: "orders"})
	defer gains(rec, func(s *metric.Series, _ metric.Totals) { fmt.Println(s.Name, s.Source) })()
	rec.Inc("reads")
	rec.With(zibrato.Source("db-1")).Inc("reads")
	// Output:
	// reads db-1
	// reads orders
}

func ExampleWithUnit() {
	rec := zibrato.New(zibrato.Config{})
	defer gains(rec, func(s *metric.Series, _ metric.Totals) { fmt.Println(s.Name, s.Unit) })()
	rec.NewDistribution("payload", zibrato.WithUnit("By")).Record(5120)
	// Output: payload By
}

func ExampleWithHelp() {
	rec := zibrato.New(zibrato.Config{})
	defer gains(rec, func(s *metric.Series, _ metric.Totals) { fmt.Println(s.Name+":", s.Help) })()
	rec.NewGauge("queue.depth", zibrato.WithHelp("jobs that wait")).Set(17)
	// Output: queue.depth: jobs that wait
}
