package librato_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/librato"
	"github.com/zibrato/zibrato/metric"
)

// config is a valid configuration that reaches the fake without a network.
func config(f *fake) librato.Config {
	return librato.Config{User: user, Token: token, Client: f.client()}
}

// newSink makes a sink that is closed when the test ends.
func newSink(t *testing.T, cfg librato.Config) backend.Sink {
	t.Helper()
	s := librato.New(cfg)
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

// window is one that ended just now, of a minute.
func window(series ...metric.Aggregate) *metric.Window {
	end := time.Now()
	return &metric.Window{Start: end.Add(-time.Minute), End: end, Interval: time.Minute, Series: series}
}

func counter(name string, by int64) metric.Aggregate {
	s := &metric.Series{Kind: metric.Counter, Level: metric.Info, Name: name, Source: "orders"}
	return metric.Aggregate{Series: s, Count: 1, Sum: float64(by), IntSum: by}
}

// observed is a series that these values, in its units, were all the calls of.
func observed(kind metric.Kind, name string, values ...float64) metric.Aggregate {
	a := metric.Aggregate{Series: &metric.Series{Kind: kind, Level: metric.Info, Name: name, Source: "orders"}}
	for _, v := range values {
		a.Count++
		a.Sum += v
		a.Detail.Add(v)
	}
	return a
}

// counters are n series of different names, in order.
func counters(n int) (series []metric.Aggregate) {
	for i := range n {
		series = append(series, counter("c."+string([]byte{byte('0' + i/1000%10), byte('0' + i/100%10), byte('0' + i/10%10), byte('0' + i%10)}), int64(i)))
	}
	return series
}

// says answers with a status, headers (name, value, ...) and a body.
func says(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		w.Write([]byte(body))
	}
}
