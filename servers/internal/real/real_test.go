package real

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// say sends text to an address.
func say(t *testing.T, network, addr, text string) {
	t.Helper()
	conn, err := net.Dial(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}

func TestPrometheusScrapesItself(t *testing.T) {
	p := StartPrometheus(t, "global: {scrape_interval: 1s}")
	if one := p.One(t, "vector(42)"); one.Value != 42 {
		t.Errorf("vector(42) is %v", one.Value)
	}
	p.Stop()
	p.Start(t)
	if got := p.Query(t, "absent(nothing)"); len(got) != 1 || got[0].Value != 1 {
		t.Errorf("after another start: %v", got)
	}
}

func TestPromtoolFindsFault(t *testing.T) {
	if said, content := Promtool(t, []byte("# HELP a_total x\n# TYPE a_total counter\na_total 1\n"), "check", "metrics"); !content || said != "" {
		t.Errorf("content %v, %q", content, said)
	}
	if said, content := Promtool(t, []byte("# HELP a x\n# TYPE a counter\na 1\n"), "check", "metrics"); content || !strings.Contains(said, "_total") {
		t.Errorf("content %v, %q", content, said)
	}
}

func TestStatsdExporterTakesLines(t *testing.T) {
	e := StartStatsdExporter(t)
	say(t, "udp", e.Addr, "n.udp:5|c|@0.5|#source:a\n")
	say(t, "tcp", e.Addr, "n.tcp:2|c\n")
	Eventually(t, "both counters", func() error {
		m := e.Metrics(t)
		if m[`n_udp{source="a"}`] != 10 || m["n_tcp"] != 2 {
			return fmt.Errorf("%v, %v", m[`n_udp{source="a"}`], m["n_tcp"])
		}
		return nil
	})
}

func TestStatsdWritesToCarbon(t *testing.T) {
	c := StartCarbon(t)
	s := StartStatsd(t, c.Addr)
	begin := time.Now()
	Eventually(t, "a counter in a whisper file", func() error {
		say(t, "udp", s.Addr, "n:5|c\n")
		points, err := c.Fetch("stats.counters.n.count", begin, time.Now())
		if err == nil && len(points) == 0 {
			err = fmt.Errorf("no points yet, of %q", c.Metrics(t))
		}
		return err
	})
	say(t, "tcp", s.Addr, "g:17|g\n")
	Eventually(t, "a gauge at the admin port", func() error {
		if said := s.Admin(t, "gauges"); !strings.Contains(said, "g: 17") {
			return fmt.Errorf("%q", said)
		}
		return nil
	})
}

func TestCarbonStoresLines(t *testing.T) {
	c := StartCarbon(t)
	at := time.Now().Truncate(time.Second)
	say(t, "tcp", c.Addr, fmt.Sprintf("a.b.c 12.5 %d\n", at.Unix()))
	Eventually(t, "the point in the whisper file", func() error {
		points, err := c.Fetch("a.b.c", at, at)
		if err == nil && (len(points) != 1 || points[0] != Point{at, 12.5}) {
			err = fmt.Errorf("%v", points)
		}
		return err
	})
	if names := c.Metrics(t); len(names) != 1 || names[0] != "a.b.c" {
		t.Errorf("%q", names)
	}
}

func TestVictoriaMetricsTakesGraphite(t *testing.T) {
	v := StartVictoriaMetrics(t, "")
	say(t, "tcp", v.Graphite, fmt.Sprintf("g.line;source=a 9.5 %d\n", time.Now().Unix()))
	v.Inserted(t, 1)
	if one := v.One(t, `{__name__="g.line"}`); one.Value != 9.5 || one.Labels["source"] != "a" {
		t.Errorf("%v %v", one, one.Value)
	}
}
