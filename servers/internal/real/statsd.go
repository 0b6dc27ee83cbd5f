package real

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"testing"
	"time"
)

// Statsd is the statsd server of Etsy's.
type Statsd struct {
	*Server
	Addr  string // takes lines, by UDP and TCP
	admin string
}

// StartStatsd starts statsd, which flushes each second, with percentiles 90 and 99: to the address of a carbon if that is not empty, else to
// its output.
func StartStatsd(t testing.TB, graphite string) *Statsd {
	t.Helper()
	node, stats := systems(t, "node"), ours(t, "statsd", "node_modules", "statsd", "stats.js")
	s := &Statsd{}
	s.Server = launch(t, "statsd", func(dir string) program {
		s.Addr, s.admin = addr(t), addr(t)
		backend := `backends: ["./backends/console"], console: {prettyprint: false}`
		if graphite != "" {
			host, port := split(graphite)
			backend = fmt.Sprintf(`backends: ["./backends/graphite"], graphiteHost: %q, graphitePort: %s, graphite: {legacyNamespace: false}`, host, port)
		}
		host, port := split(s.Addr)
		adminHost, adminPort := split(s.admin)
		config := write(t, dir, "config.js", fmt.Sprintf(`{
	servers: [{server: "./servers/udp", address: %q, port: %s}, {server: "./servers/tcp", address: %q, port: %s}],
	mgmt_address: %q, mgmt_port: %s, flushInterval: 1000, percentThreshold: [90, 99], deleteIdleStats: true, %s
}`, host, port, host, port, adminHost, adminPort, backend))
		return program{path: node, args: []string{stats, config}, ready: listens(s.admin)}
	})
	return s
}

// Admin returns what the server answers to a command of its admin port, such as counters, timers or gauges.
func (s *Statsd) Admin(t testing.TB, command string) string {
	t.Helper()
	conn, err := net.DialTimeout("tcp", s.admin, Patience)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(Patience))
	if _, err := fmt.Fprintln(conn, command); err != nil {
		t.Fatal(err)
	}
	var answer bytes.Buffer
	for one := make([]byte, 4096); !bytes.HasSuffix(answer.Bytes(), []byte("END\n\n")); {
		n, err := conn.Read(one)
		answer.Write(one[:n])
		if err == io.EOF || err == nil && bytes.Contains(answer.Bytes(), []byte("ERROR")) {
			break
		}
		if err != nil {
			t.Fatalf("admin %s: %v after %q", command, err, answer.String())
		}
	}
	return answer.String()
}
