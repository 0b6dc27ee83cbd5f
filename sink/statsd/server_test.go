package statsd_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/backend/backendtest"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/sink/statsd"
)

// server is a StatsD server that keeps what came, line by line.
type server struct {
	cfg    statsd.Config
	dir    string // of a Unix socket
	reader reader

	mu        sync.Mutex
	changed   *sync.Cond
	behaviour backendtest.Behaviour
	window    time.Time // what the sink is sending
	raw       []raw
	got       []received
	packets   int
	longest   int // of the packets
	marks     int
	wrong     error
	conns     []net.Conn
	closed    bool

	listener net.Listener
	socket   net.PacketConn
	running  sync.WaitGroup
}

// raw is what came, a line or a packet of lines.
type raw struct {
	text   string
	window time.Time
}

// received is a line and the window that it came with.
type received struct {
	line
	window time.Time
}

func newServer(t *testing.T, cfg statsd.Config) (*server, error) {
	cfg.Rate = 1 << 19 // a crowded machine must not lose any
	s := &server{cfg: cfg, reader: reader{tags: cfg.Tags}}
	s.changed = sync.NewCond(&s.mu)
	if cfg.Network == "unixgram" {
		dir, err := os.MkdirTemp("", "statsd") // a test's own directory makes a name too long for a socket
		if err != nil {
			return nil, err
		}
		s.dir, s.cfg.Addr = dir, filepath.Join(dir, "socket")
	} else {
		s.cfg.Addr = "127.0.0.1:0"
	}
	return s, s.listen()
}

func (s *server) listen() error {
	if s.cfg.Network == "tcp" {
		l, err := net.Listen("tcp", s.cfg.Addr)
		if err != nil {
			return err
		}
		s.listener, s.cfg.Addr = l, l.Addr().String()
		s.running.Go(func() { s.accept(l) })
		return nil
	}
	c, err := net.ListenPacket(s.cfg.Network, s.cfg.Addr)
	if err != nil {
		return err
	}
	s.socket, s.cfg.Addr = c, c.LocalAddr().String()
	s.running.Go(func() { s.receive(c) })
	return nil
}

func (s *server) unlisten() {
	if s.listener != nil {
		s.listener.Close()
	}
	if s.socket != nil {
		s.socket.Close()
		if s.dir != "" {
			os.Remove(s.cfg.Addr)
		}
	}
}

func (s *server) accept(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil || !s.keep(conn) {
			return
		}
		s.running.Go(func() { // ends with the sink's connection, or the server
			defer s.drop(conn)
			r := bufio.NewReaderSize(conn, 4096) // as statsd_exporter
			for s.serves() {
				text, err := r.ReadSlice('\n')
				if err == io.EOF && len(text) == 0 {
					return
				}
				if errors.Is(err, net.ErrClosed) {
					return
				}
				if err != nil {
					s.report(fmt.Errorf("%q: %w", text, err))
					return
				}
				s.take(strings.TrimSuffix(string(text), "\n"))
			}
		})
	}
}

func (s *server) receive(c net.PacketConn) {
	b := make([]byte, 1<<16)
	for s.serves() {
		n, _, err := c.ReadFrom(b)
		if err != nil {
			return
		}
		text := string(b[:n])
		s.mu.Lock()
		if strings.HasPrefix(text, "mark") {
			s.marks++
			s.changed.Broadcast()
			s.mu.Unlock()
			continue
		}
		s.packets++
		s.longest = max(s.longest, n)
		s.mu.Unlock()
		s.take(text)
	}
}

// keep notes a connection, unless the server is closed.
func (s *server) keep(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		conn.Close()
		return false
	}
	s.conns = append(s.conns, conn)
	return true
}

func (s *server) drop(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns = slices.DeleteFunc(s.conns, func(c net.Conn) bool { return c == conn })
	conn.Close()
}

// serves waits while the server hangs.
func (s *server) serves() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.behaviour == backendtest.Hang {
		s.changed.Wait()
	}
	return true
}

// take keeps text for later: what receives must be quick.
func (s *server) take(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.raw = append(s.raw, raw{text, s.window})
}

// read takes apart what came, with the mutex held.
func (s *server) read() {
	for _, r := range s.raw {
		for text := range strings.SplitSeq(r.text, "\n") {
			l, err := s.reader.line(text)
			s.wrong = errors.Join(s.wrong, err)
			s.got = append(s.got, received{l, r.window})
		}
	}
	s.raw = s.raw[:0]
}

func (s *server) report(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrong = errors.Join(s.wrong, err)
}

// announcing tells the server which window comes: the protocol has no times.
type announcing struct {
	*statsd.Sink
	server *server
}

func (a announcing) Write(ctx context.Context, w *metric.Window) error {
	if err := a.server.announce(w.Start); err != nil {
		return err
	}
	return a.Sink.Write(ctx, w)
}

// announce waits until what was sent before has been read. Over TCP it has been, since the sink waits for that.
func (s *server) announce(window time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.window.Equal(window) {
		return nil
	}
	if s.socket != nil && s.behaviour == backendtest.Serve && !s.window.IsZero() {
		c, err := net.Dial(s.cfg.Network, s.cfg.Addr)
		if err != nil {
			return err
		}
		defer c.Close()
		was := s.marks
		if _, err := c.Write([]byte("mark")); err != nil {
			return err
		}
		for s.marks == was {
			s.changed.Wait()
		}
	}
	s.window = window
	return nil
}

func (s *server) NewSink() (backend.Sink, error) {
	sink, err := statsd.New(s.cfg)
	return announcing{sink, s}, err
}

func (s *server) Behave(b backendtest.Behaviour) error {
	if b == backendtest.Reject || b == backendtest.Hang && s.cfg.Network == "udp" {
		return errors.ErrUnsupported
	}
	s.mu.Lock()
	was := s.behaviour
	s.behaviour = b
	s.changed.Broadcast()
	s.mu.Unlock()
	if b == backendtest.Fail {
		s.unlisten()
	} else if was == backendtest.Fail {
		return s.listen()
	}
	return nil
}

func (s *server) Close() error {
	s.unlisten()
	s.mu.Lock()
	s.closed = true
	for _, c := range s.conns { // of sinks that a hanging server kept from ending them
		c.Close()
	}
	s.mu.Unlock()
	s.running.Wait()
	if s.dir != "" {
		return os.RemoveAll(s.dir)
	}
	return nil
}

// Arrived makes a point of the lines that follow one another about the same thing.
func (s *server) Arrived() (points []backendtest.Point, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.read()
	limit := s.cfg.Packet
	if limit == 0 {
		limit = 1432
		if s.cfg.Network == "unixgram" {
			limit = 8192
		}
	}
	if s.longest > limit {
		return nil, fmt.Errorf("a packet of %d bytes", s.longest)
	}
	if s.wrong != nil {
		return nil, s.wrong
	}
	for i := 0; i < len(s.got); {
		n := i + 1
		for n < len(s.got) && s.got[n].about == s.got[i].about && s.got[n].window.Equal(s.got[i].window) && s.got[i].typ != "c" {
			n++
		}
		p := point(s.got[i:n])
		p.Name = s.got[i].name
		for _, t := range s.got[i].tags {
			switch k, v, _ := strings.Cut(t, ":"); k {
			case "source":
				p.Source = v
			case "level":
				p.Level = metric.Level(v)
			default:
				p.Tags = append(p.Tags, metric.Tag{Key: k, Value: v})
			}
		}
		p.Tags = metric.SortTags(p.Tags)
		points = append(points, p)
		i = n
	}
	return points, nil
}

// point is what lines about one series say together.
func point(lines []received) backendtest.Point {
	p := backendtest.Point{Time: lines[0].window}
	switch first := lines[0]; first.typ {
	case "c":
		p.Sum = number(first.values[0])
		return p
	case "g":
		state := 0.0
		for _, l := range lines {
			v := *number(l.values[0])
			if strings.ContainsAny(l.values[0][:1], "+-") {
				v += state
			}
			state = v
		}
		p.Last = &state
		return p
	}
	var values []float64
	var weights []uint64
	var count uint64
	for _, l := range lines {
		for _, v := range l.values {
			values = append(values, *number(v))
			weights = append(weights, l.weight)
			count += l.weight
		}
	}
	total := float64(count)
	p.Count = &total
	if len(values) == 1 && count > 1 {
		return p // the mean of calls that left no detail
	}
	if count <= statsd.DefaultValues || lines[0].weight == 1 {
		least, most := slices.Min(values), slices.Max(values)
		p.Min, p.Max = &least, &most
	}
	if count <= statsd.DefaultValues && !strings.Contains(lines[0].name, "kind.timer.partly") {
		slices.Sort(values)
		p.Quantiles = map[float64]float64{}
		for _, q := range []float64{0.5, 0.99} {
			p.Quantiles[q] = values[max(int(math.Ceil(q*total)), 1)-1]
		}
	}
	return p
}

func number(text string) *float64 {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		v = math.NaN()
	}
	return &v
}

// reader takes lines apart, strictly.
type reader struct{ tags statsd.Tags }

type line struct {
	name, typ, about string
	values           []string
	weight           uint64
	tags             []string // key:value
}

var form = regexp.MustCompile(`^([A-Za-z0-9_.\-]+)((?:[,;][A-Za-z0-9_.\-]+=[A-Za-z0-9_./\-]+)*):([^|]+)\|(c|g|ms|h|d)(?:\|@(0\.[0-9]+))?(?:\|#([A-Za-z0-9_.\-]+:[A-Za-z0-9_./\-]+(?:,[A-Za-z0-9_.\-]+:[A-Za-z0-9_./\-]+)*))?$`)

func (r *reader) line(text string) (l line, err error) {
	m := form.FindStringSubmatch(text)
	if m == nil {
		return l, fmt.Errorf("%q: not of the form", text)
	}
	l = line{name: m[1], typ: m[4], about: m[1] + m[2] + m[4] + m[6], values: strings.Split(m[3], ":"), weight: 1}
	switch {
	case (m[6] != "") != (r.tags == statsd.DogStatsD), len(l.values) > 1 && r.tags != statsd.DogStatsD:
		return l, fmt.Errorf("%q: of another form", text)
	case m[2] != "" && r.tags != map[byte]statsd.Tags{',': statsd.Influx, ';': statsd.Graphite}[m[2][0]]:
		return l, fmt.Errorf("%q: tags of another form", text)
	case m[6] != "":
		l.tags = strings.Split(m[6], ",")
	case m[2] != "":
		l.tags = strings.Split(strings.ReplaceAll(m[2][1:], "=", ":"), m[2][:1])
	}
	for _, v := range l.values {
		f, err := strconv.ParseFloat(v, 64)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) || l.typ == "ms" && f < 0 {
			return l, fmt.Errorf("%q: value %q", text, v)
		}
	}
	if m[5] != "" {
		rate, _ := strconv.ParseFloat(m[5], 64)
		l.weight = uint64(1 / rate) // as statsd_exporter and Telegraf
		if math.Abs(1/rate-float64(l.weight)) > 1e-9*float64(l.weight) {
			return l, fmt.Errorf("%q: no whole number of calls", text)
		}
	}
	return l, nil
}
