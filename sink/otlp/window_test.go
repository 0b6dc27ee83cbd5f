package otlp_test

import (
	"slices"
	"time"

	"github.com/zibrato/zibrato/metric"
)

// begin is when the tests' first window begins.
var begin = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// nth is a window of a minute.
func nth(n int, series ...metric.Aggregate) *metric.Window {
	start := begin.Add(time.Duration(n) * time.Minute)
	slices.SortFunc(series, func(a, b metric.Aggregate) int { return a.Series.Compare(b.Series) })
	return &metric.Window{Start: start, End: start.Add(time.Minute), Interval: time.Minute, Series: series}
}

func of(kind metric.Kind, name string, tags ...metric.Tag) *metric.Series {
	return &metric.Series{Kind: kind, Level: metric.Info, Name: name, Source: "test", Tags: metric.SortTags(tags)}
}

func counter(name string, grew int64, tags ...metric.Tag) metric.Aggregate {
	return metric.Aggregate{Series: of(metric.Counter, name, tags...), Count: 1, IntSum: grew, Sum: float64(grew)}
}

func timer(name string, ns ...int64) metric.Aggregate {
	a := metric.Aggregate{Series: of(metric.Timer, name), Count: uint64(len(ns))}
	for _, v := range ns {
		a.IntSum += v
		a.Detail.Add(float64(v) / 1e9)
	}
	a.Sum = float64(a.IntSum) / 1e9
	return a
}

func distribution(name string, values ...float64) metric.Aggregate {
	a := metric.Aggregate{Series: of(metric.Distribution, name), Count: uint64(len(values))}
	for _, v := range values {
		a.Sum += v
		a.Detail.Add(v)
	}
	return a
}

func value(kind metric.Kind, name string, v float64) metric.Aggregate {
	a := metric.Aggregate{Series: of(kind, name), Count: 1}
	a.Detail.Add(v)
	a.Sum = v
	return a
}
