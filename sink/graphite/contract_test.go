package graphite_test

import (
	"crypto/tls"
	"crypto/x509"
	"maps"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode"

	"go.uber.org/goleak"

	"github.com/zibrato/zibrato/backend/backendtest"
	"github.com/zibrato/zibrato/internal/naming"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/sink/graphite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// certified returns what a server and a client need to know each other.
func certified(t *testing.T) (server, client *tls.Config) {
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return &tls.Config{Certificates: s.TLS.Certificates}, &tls.Config{RootCAs: pool}
}

func TestSinkKeepsTheContract(t *testing.T) {
	secure, trusting := certified(t)
	for name, c := range map[string]graphite.Config{
		"plain":          {},
		"tags":           {Tags: true, Prefix: "prod.", Stats: []string{"count", "sum", "min", "max", "last", "stddev", "p50", "p90", "p95", "p99", "p99.9"}},
		"TLS":            {TLS: trusting, Tags: true},
		"another layout": {Prefix: "a.b.", Template: "{kind}.{level}.{source}.x.{name}.{tags}", Stats: []string{"last", "count", "sum", "mean"}},
	} {
		t.Run(name, func(t *testing.T) {
			backendtest.Run(t, backendtest.Harness{
				NewTarget: func() (backendtest.Target, error) {
					if c.TLS != nil {
						return newServer(c, secure)
					}
					return newServer(c, nil)
				},
				Express: func(p backendtest.Point) (backendtest.Point, bool) { return express(c, p) },
			})
		})
	}
}

// express is what the package comment says, in other words than the code's.
func express(c graphite.Config, p backendtest.Point) (backendtest.Point, bool) {
	s := metric.Series{Kind: p.Kind, Level: p.Level, Name: p.Name, Source: p.Source, Tags: p.Tags}
	switch p.Kind {
	case metric.Counter:
		p.Count = nil
	case metric.Gauge, metric.UpDown:
		p.Count, p.Sum, p.StdDev, p.Quantiles = nil, nil, nil, nil
		if p.Last == nil {
			return p, false
		}
	default:
		p.Last = nil
	}
	stats := strings.Join(c.Stats, " ")
	if !strings.Contains(stats, "p99.9") {
		delete(p.Quantiles, 0.999)
	}
	if c.Stats != nil && !strings.Contains(stats, "p50") {
		maps.DeleteFunc(p.Quantiles, func(float64, float64) bool { return true })
		p.Min, p.Max, p.StdDev = nil, nil, nil
	}
	p.Time = p.Time.Truncate(time.Second)
	p.Kind, p.Unit, p.Help = 0, "", ""
	if c.Tags {
		p.Name, p.Source = c.Prefix+naming.Name(p.Name), visible(p.Source)
		var tags []metric.Tag
		for _, t := range p.Tags {
			if t.Value != "" {
				tags = append(tags, metric.Tag{Key: naming.Text(t.Key, ".", 200), Value: visible(t.Value)})
			}
		}
		p.Tags = metric.SortTags(tags)
		return p, true
	}
	words := []string{naming.Word(p.Source), naming.Name(p.Name)}
	if c.Template != "" {
		words = []string{s.Kind.String(), naming.Word(string(p.Level)), naming.Word(p.Source), "x", naming.Name(p.Name)}
	}
	for _, t := range p.Tags {
		if t.Value != "" {
			words = append(words, naming.Word(t.Key), naming.Word(t.Value))
		}
	}
	path := strings.ReplaceAll(strings.TrimPrefix(strings.Join(words, "."), "."), "..", ".")
	if len(path) > 800 {
		path = naming.Mark(path, path, 800)
	}
	path = c.Prefix + path
	if c.Template == "" && p.Name == "same" && p.Level != metric.Info {
		path = naming.Mark(path, s.Key(), 800) // others have that path already
	}
	p.Name, p.Source, p.Level, p.Tags = path, "", "", nil
	return p, true
}

// visible is s without the characters that tags cannot have.
func visible(s string) string {
	t := strings.Map(func(r rune) rune {
		if r == ';' || unicode.IsSpace(r) || !unicode.IsPrint(r) {
			return '_'
		}
		return r
	}, s)
	if strings.HasPrefix(t, "~") {
		t = "_" + t[1:]
	}
	if t == s {
		return s
	}
	return naming.Mark(t, s, 300)
}
