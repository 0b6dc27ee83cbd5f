package graphite_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/backend/backendtest"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/sink/graphite"
)

// server is a Graphite server that keeps what came, as carbon does: the last value of a path and time stays.
type server struct {
	cfg graphite.Config
	tls *tls.Config // nil: none

	mu        sync.Mutex
	changed   *sync.Cond
	behaviour backendtest.Behaviour
	values    map[string]map[string]string // by time and path, and then by what the value is
	order     []string                     // of the times and paths
	wrong     error
	lines     int

	listener net.Listener
	running  sync.WaitGroup
}

func newServer(cfg graphite.Config, secure *tls.Config) (*server, error) {
	s := &server{cfg: cfg, tls: secure, values: map[string]map[string]string{}}
	s.changed = sync.NewCond(&s.mu)
	s.cfg.Addr = "127.0.0.1:0"
	return s, s.listen()
}

func (s *server) listen() (err error) {
	if s.listener, err = net.Listen("tcp", s.cfg.Addr); err != nil {
		return err
	}
	s.cfg.Addr = s.listener.Addr().String()
	l := s.listener
	if s.tls != nil {
		l = tls.NewListener(l, s.tls)
	}
	s.running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go s.serve(conn) // ends with the sink's connection
		}
	})
	return nil
}

func (s *server) serve(conn net.Conn) {
	defer conn.Close()
	r := bufio.NewReaderSize(conn, 16384) // as carbon's longest line
	for {
		s.mu.Lock()
		for s.behaviour == backendtest.Hang {
			s.changed.Wait()
		}
		s.mu.Unlock()
		text, err := r.ReadSlice('\n')
		if err == io.EOF && len(text) == 0 {
			return
		}
		if err != nil {
			if errors.Is(err, bufio.ErrBufferFull) {
				s.mu.Lock()
				s.wrong = errors.Join(s.wrong, fmt.Errorf("%q: %w", text, err))
				s.mu.Unlock()
			}
			return // what a broken connection cut off, carbon forgets
		}
		s.take(strings.TrimSuffix(string(text), "\n"))
	}
}

var form = regexp.MustCompile(`^([A-Za-z0-9_\-]+(?:\.[A-Za-z0-9_\-]+)*)\.([a-z0-9]+)((?:;[A-Za-z0-9_.\-]+=[^~;\s\p{Z}\p{C}][^;\s\p{Z}\p{C}]*)*) (-?[0-9][0-9.e+\-]*) ([0-9]+)$`)

func (s *server) take(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines++
	m := form.FindStringSubmatch(line)
	if m == nil || (m[3] != "") != s.cfg.Tags {
		s.wrong = errors.Join(s.wrong, fmt.Errorf("%q: not of the form", line))
		return
	}
	for word := range strings.SplitSeq(m[1], ".") {
		if len(word) > 250 {
			s.wrong = errors.Join(s.wrong, fmt.Errorf("%q: no file can be called so", line))
		}
	}
	key := m[5] + " " + m[1] + m[3]
	if s.values[key] == nil {
		s.values[key] = map[string]string{}
		s.order = append(s.order, key)
	}
	s.values[key][m[2]] = m[4]
}

func (s *server) NewSink() (backend.Sink, error) { return graphite.New(s.cfg) }

func (s *server) Behave(b backendtest.Behaviour) error {
	if b == backendtest.Reject {
		return errors.ErrUnsupported
	}
	s.mu.Lock()
	was := s.behaviour
	s.behaviour = b
	s.changed.Broadcast()
	s.mu.Unlock()
	if b == backendtest.Fail {
		return s.listener.Close()
	} else if was == backendtest.Fail {
		return s.listen()
	}
	return nil
}

func (s *server) Close() error {
	s.listener.Close()
	s.running.Wait()
	return nil
}

var percentiles = map[string]float64{"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p999": 0.999}

func (s *server) Arrived() (points []backendtest.Point, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wrong != nil {
		return nil, s.wrong
	}
	for _, key := range s.order {
		values := s.values[key]
		at, path, _ := strings.Cut(key, " ")
		seconds, err := strconv.ParseInt(at, 10, 64)
		if err != nil {
			return nil, err
		}
		p := backendtest.Point{Time: time.Unix(seconds, 0).UTC()}
		tags := strings.Split(path, ";")
		p.Name = tags[0]
		for _, t := range tags[1:] {
			switch k, v, _ := strings.Cut(t, "="); k {
			case "source":
				p.Source = v
			case "level":
				p.Level = metric.Level(v)
			default:
				p.Tags = append(p.Tags, metric.Tag{Key: k, Value: v})
			}
		}
		p.Tags = metric.SortTags(p.Tags)
		number := func(what string) *float64 {
			text, ok := values[what]
			if !ok {
				return nil
			}
			v, err := strconv.ParseFloat(text, 64)
			if err != nil {
				v = math.NaN()
			}
			return &v
		}
		p.Count, p.Sum, p.Min, p.Max, p.Last, p.StdDev = number("count"), number("sum"), number("min"), number("max"), number("last"), number("stddev")
		if p.Count != nil && p.Sum == nil && !strings.Contains(p.Name, "overrun") { // whose sum is none that could be sent
			p.Count, p.Sum = nil, p.Count // a counter
		}
		for what, q := range percentiles {
			if v := number(what); v != nil {
				if p.Quantiles == nil {
					p.Quantiles = map[float64]float64{}
				}
				p.Quantiles[q] = *v
			}
		}
		if mean := number("mean"); mean != nil && p.Sum != nil && math.Abs(*mean**p.Count-*p.Sum) > 1e-9*math.Abs(*p.Sum) {
			return nil, fmt.Errorf("%s: mean %v of %v", key, *mean, *p.Sum)
		}
		points = append(points, p)
	}
	slices.SortStableFunc(points, func(a, b backendtest.Point) int { return a.Time.Compare(b.Time) })
	return points, nil
}
