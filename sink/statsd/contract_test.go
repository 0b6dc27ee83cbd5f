package statsd_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/zibrato/zibrato/backend/backendtest"
	"github.com/zibrato/zibrato/internal/naming"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/sink/statsd"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSinkKeepsTheContract(t *testing.T) {
	for _, c := range []statsd.Config{
		{Network: "udp"},
		{Network: "udp", Tags: statsd.DogStatsD},
		{Network: "unixgram", Tags: statsd.DogStatsD, Distributions: "h"},
		{Network: "unixgram", Distributions: "d", Prefix: "prod."},
		{Network: "tcp", Tags: statsd.Graphite},
		{Network: "tcp", Tags: statsd.Influx, Distributions: "h"},
		{Network: "tcp", Template: "all.{name}.{source}.{level}.{tags}"},
	} {
		t.Run(c.Network+" "+string(c.Tags), func(t *testing.T) {
			backendtest.Run(t, backendtest.Harness{
				NewTarget: func() (backendtest.Target, error) { return newServer(t, c) },
				Express:   func(p backendtest.Point) (backendtest.Point, bool) { return express(c, p) },
				Appends:   true,
				Settle:    10 * time.Second,
				Tolerance: 0.02, // a value between the ends may be moved by as much as the histogram errs
			})
		})
	}
}

// express is what the package comment says, in other words than the code's.
func express(c statsd.Config, p backendtest.Point) (backendtest.Point, bool) {
	many := p.Count != nil && *p.Count > statsd.DefaultValues
	negative := p.Min != nil && *p.Min < 0
	series := metric.Series{Kind: p.Kind, Level: p.Level, Name: p.Name, Source: p.Source, Tags: p.Tags}
	switch p.Kind {
	case metric.Counter:
		p.Count = nil
	case metric.Gauge, metric.UpDown:
		if p.Last == nil {
			return p, false
		}
		p.Count, p.Sum, p.Min, p.Max, p.Quantiles = nil, nil, nil, nil, nil
	default:
		if p.Kind == metric.Distribution && negative && c.Distributions == "" && c.Tags != statsd.DogStatsD {
			return p, false
		}
		p.Sum, p.Last = nil, nil
		if p.Kind == metric.Timer {
			milliseconds(p.Min)
			milliseconds(p.Max)
			for q, v := range p.Quantiles {
				milliseconds(&v)
				p.Quantiles[q] = v
			}
		}
		if many {
			p.Quantiles = nil // other tests look at these
			if c.Tags != statsd.DogStatsD {
				p.Min, p.Max = nil, nil
			}
		}
		if p.Name == "kind.timer.partly" {
			p.Quantiles = nil // what was lost takes part
		}
	}
	maps.DeleteFunc(p.Quantiles, func(q, _ float64) bool { return q != 0.5 && q != 0.99 })
	p.StdDev, p.Unit, p.Help, p.Kind = nil, "", "", 0
	if c.Tags != "" && c.Tags != statsd.None {
		if len(p.Tags) == metric.MaxTags {
			return p, false
		}
		p.Name, p.Source, p.Level = c.Prefix+naming.Name(p.Name), naming.Text(p.Source, "./", 200), metric.Level(naming.Text(string(p.Level), "./", 200))
		var tags []metric.Tag
		for _, t := range p.Tags {
			if t.Value != "" {
				tags = append(tags, metric.Tag{Key: naming.Text(t.Key, ".", 200), Value: naming.Text(t.Value, "./", 200)})
			}
		}
		p.Tags = metric.SortTags(tags)
		return p, true
	}
	words := []string{p.Source, "\x00", "\x01"}
	if c.Template != "" {
		words = []string{"all", "\x00", p.Source, string(p.Level), "\x01"}
	}
	flat := ""
	for _, w := range words {
		switch w {
		case "":
		case "\x00":
			flat += "." + naming.Name(p.Name)
		case "\x01":
			for _, t := range p.Tags {
				if t.Value != "" {
					flat += "." + naming.Word(t.Key) + "." + naming.Word(t.Value)
				}
			}
		default:
			flat += "." + naming.Word(w)
		}
	}
	flat = flat[1:]
	if len(flat) > 800 {
		flat = naming.Mark(flat, flat, 800)
	}
	flat = c.Prefix + flat
	if c.Template == "" && p.Name == "same" && p.Level != metric.Info {
		flat = naming.Mark(flat, series.Key(), 800) // others have that name already
	}
	return backendtest.Point{Time: p.Time, Name: flat, Sum: p.Sum, Count: p.Count, Min: p.Min, Max: p.Max, Last: p.Last, Quantiles: p.Quantiles}, true
}

// milliseconds moves the decimal point of seconds.
func milliseconds(v *float64) {
	if v != nil {
		*v = *number(fmt.Sprintf("%.9fe3", *v))
	}
}

// The fake server must notice what real ones would.
func TestFakeServerKnowsWhatIsWrong(t *testing.T) {
	for line, wrong := range map[string]bool{
		"a:1|c": false, "a.b:1.5|ms|@0.1": false, "a:-1|g": false, "a:1|c|#x:y": true,
		"a:1": true, "a b:1|c": true, "a:x|c": true, "a:1|c|@1e-05": true, "a:-1|ms": true, "a:1|q": true, ":1|c": true, "a:1:2|ms": true, "a:NaN|g": true,
	} {
		if _, err := (&reader{tags: statsd.None}).line(line); (err != nil) != wrong {
			t.Errorf("%q: %v", line, err)
		}
	}
	l, err := (&reader{tags: statsd.DogStatsD}).line("a:1:2.5|d|@0.5|#k:v,source:s")
	if err != nil || !slices.Equal(l.values, []string{"1", "2.5"}) || l.weight != 2 || strings.Join(l.tags, " ") != "k:v source:s" {
		t.Errorf("%+v, %v", l, err)
	}
}
