//go:build cgo && unix

package main

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// adminOf waits until a process answers over HTTP and returns where.
func adminOf(t *testing.T, p *process) string {
	t.Helper()
	return "http://" + p.stderr.await(t, `admin: listening" addr=(\S+)`)[1]
}

// get returns the status and the body of a page.
func get(t *testing.T, url string) (int, string) {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	r, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(body)
}

// awaitPage waits until a page has the status and matches the pattern, and returns what matches.
func awaitPage(t *testing.T, url string, status int, pattern string) []string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		got, body := get(t, url)
		if m := re.FindStringSubmatch(body); got == status && m != nil {
			return m
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: status %d, want %d and %s in\n%s", url, got, status, pattern, body)
		}
	}
}

func TestTheForwarderAnswersForItself(t *testing.T) {
	t.Parallel()
	p := start(t, nil, "forward", "--in", "tcp://127.0.0.1:0", "--out", "tcp://127.0.0.1:0", "--admin", "127.0.0.1:0")
	m := p.stderr.await(t, `listening.* in=(\S+) out=(\S+)\n`)
	url := adminOf(t, p)
	for page, want := range map[string]string{"/healthz": "ok\n", "/readyz": "ready\n", "/": "/healthz\n/readyz\n/metrics\n"} {
		if status, body := get(t, url+page); status != 200 || body != want {
			t.Errorf("%s: %d %q", page, status, body)
		}
	}
	if status, _ := get(t, url+"/debug/pprof/"); status != 404 {
		t.Errorf("profiles, unasked: status %d", status)
	}
	log := start(t, nil, "log", "--from", m[2], "--flush", "100ms")
	send(t, m[1], "counter", "jobs.done", "5")
	log.stdout.await(t, "jobs.done")
	awaitPage(t, url+"/metrics", 200, `(?m)^zibrato_forwarder_messages_total [1-9]`)
	awaitPage(t, url+"/metrics", 200, `(?m)^zibrato_forwarder_subscribers 1$`)
	awaitPage(t, url+"/metrics", 200, `(?m)^zibrato_forwarder_topics [1-9]`)
	awaitPage(t, url+"/metrics", 200, `(?m)^zibrato_forwarder_refused_total\{reason="too many"\} 0$`)
	p.endsSoon(t, syscall.SIGTERM)
}

func TestABackendIsReadyWhenItIsConnectedAndItsSinkTakesWindows(t *testing.T) {
	t.Parallel()
	fwd, in, out := forward(t)
	answers := make(chan int, 1)
	answers <- http.StatusServiceUnavailable
	service := newService(t, answers)
	p := start(t, nil, "librato", "--from", out, "--user", "u", "--token", "x", "--url", service, "--flush", "1s", "--admin", "127.0.0.1:0")
	url := adminOf(t, p)
	awaitPage(t, url+"/readyz", 200, `^ready\n$`)
	send(t, in, "counter", "jobs.done", "5")
	awaitPage(t, url+"/readyz", 503, `^not ready\nlibrato: the sink fails, with \d+ windows waiting: .*503`)
	if status, body := get(t, url+"/healthz"); status != 200 {
		t.Errorf("unhealthy since a service is away: %d %q", status, body)
	}
	<-answers
	answers <- http.StatusOK
	awaitPage(t, url+"/readyz", 200, `^ready\n$`)
	awaitPage(t, url+"/metrics", 200, `(?m)^zibrato_sink_windows_written_total\{sink="librato"\} [1-9]`)
	awaitPage(t, url+"/metrics", 200, `(?m)^zibrato_sink_tries_failed_total\{sink="librato"\} [1-9]`)
	fwd.endsSoon(t, syscall.SIGTERM)
	awaitPage(t, url+"/readyz", 503, `librato: not connected to `+regexp.QuoteMeta(out))
	awaitPage(t, url+"/metrics", 200, `(?m)^zibrato_subscriber_connected\{sink="librato"\} 0$`)
	p.endsSoon(t, syscall.SIGTERM)
}

// newService answers with the status that waits in the channel, which stays there.
func newService(t *testing.T, answers chan int) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		status := <-answers
		answers <- status
		w.WriteHeader(status)
	})}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(l)
	}()
	t.Cleanup(func() { server.Close(); <-served })
	return "http://" + l.Addr().String()
}

func TestProfilesAreServedOnRequest(t *testing.T) {
	t.Parallel()
	p := start(t, nil, "log", "--from", deadEndpoint(t), "--admin", "localhost:0", "--admin-pprof")
	url := adminOf(t, p)
	if status, body := get(t, url+"/debug/pprof/goroutine?debug=1"); status != 200 || !strings.Contains(body, "goroutine profile") {
		t.Errorf("status %d, %.200q", status, body)
	}
	if status, body := get(t, url+"/debug/pprof/cmdline"); status != 404 {
		t.Errorf("the command line is shown: %d %q", status, body)
	}
	p.endsSoon(t, syscall.SIGTERM)
}

func TestTheAdminAddressIsLocalUnlessAskedOtherwise(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ want, addr string }{
		{"--admin-remote", ":0"}, {"--admin-remote", "0.0.0.0:0"}, {"--admin-remote", "[::]:0"}, {"--admin-remote", "192.0.2.1:0"}, {"--admin-remote", "example.org:0"},
		{"want host:port", "127.0.0.1"}, {`port "http"`, "127.0.0.1:http"}, {`port "65536"`, "127.0.0.1:65536"},
	} {
		for _, command := range []string{"log", "forward"} {
			status, _, stderr := result(t, nil, command, "--admin", test.addr)
			if status != 2 || !strings.Contains(stderr, test.want) {
				t.Errorf("%s --admin %s: status %d, %q", command, test.addr, status, stderr)
			}
			oneLine(t, stderr, command)
		}
	}
	status, _, stderr := result(t, nil, "log", "--admin-pprof")
	if status != 2 || !strings.Contains(stderr, "--admin: missing") {
		t.Errorf("--admin-pprof alone: status %d, %q", status, stderr)
	}
	for _, addr := range []string{"[::1]:0", "0.0.0.0:0"} {
		p := start(t, nil, "log", "--from", deadEndpoint(t), "--admin", addr, "--admin-remote")
		p.stderr.await(t, "admin: listening")
		p.endsSoon(t, syscall.SIGTERM)
	}
}

func TestAnAdminAddressThatIsTakenIsAFailure(t *testing.T) {
	t.Parallel()
	p := start(t, nil, "log", "--from", deadEndpoint(t), "--admin", "127.0.0.1:0")
	taken := strings.TrimPrefix(adminOf(t, p), "http://")
	for _, args := range [][]string{{"log"}, {"forward", "--in", "tcp://127.0.0.1:0", "--out", "tcp://127.0.0.1:0"}} {
		status, _, stderr := result(t, nil, append(args, "--admin", taken)...)
		if status != 1 || !strings.Contains(stderr, "--admin") || !strings.Contains(stderr, taken) {
			t.Errorf("%q: status %d, %q", args, status, stderr)
		}
	}
	p.endsSoon(t, syscall.SIGTERM)
}

func TestLogsAreJSONOnRequest(t *testing.T) {
	t.Parallel()
	p := start(t, nil, "log", "--from", deadEndpoint(t), "--log-format", "json")
	p.stderr.await(t, "subscribing")
	p.endsSoon(t, syscall.SIGTERM)
	failed := start(t, nil, "log", "--file", filepath.Join(t.TempDir(), "no", "such"), "--log-format", "json")
	if status := failed.status(t); status != 1 {
		t.Errorf("status %d", status)
	}
	for _, p := range []*process{p, failed} {
		lines := strings.Split(strings.TrimSpace(p.stderr.String()), "\n")
		for _, line := range lines {
			var entry struct{ Time, Level, Msg string }
			if err := json.Unmarshal([]byte(line), &entry); err != nil || entry.Time == "" || entry.Level == "" || entry.Msg == "" {
				t.Errorf("%v in %q", err, line)
			}
		}
	}
	failed.stderr.await(t, `"level":"ERROR","msg":"zibrato log: .*--file`)
}

func TestTheLogTellsWhatItsLevelLetsPass(t *testing.T) {
	t.Parallel()
	p := start(t, nil, "log", "--from", deadEndpoint(t), "--log-level", "warn")
	p.stderr.await(t, "nobody answers")
	p.endsSoon(t, syscall.SIGTERM)
	if strings.Contains(p.stderr.String(), "INFO") {
		t.Errorf("%s", p.stderr)
	}
	status, _, stderr := result(t, nil, "forward", "--log-level", "loud")
	if status != 2 || !strings.Contains(stderr, "--log-level") {
		t.Errorf("status %d, %q", status, stderr)
	}
}

// supervisor is the socket on which systemd listens to its units.
func supervisor(t *testing.T) (name string, said func(prefix string) string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "unit") // t.TempDir may be too long for a socket's name
	if err != nil {
		t.Fatal(err)
	}
	name = filepath.Join(dir, "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(); os.RemoveAll(dir) })
	return name, func(prefix string) string {
		t.Helper()
		buf := make([]byte, 4096)
		for {
			if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
				t.Fatal(err)
			}
			n, err := conn.Read(buf)
			if err != nil {
				t.Fatalf("no %s: %v", prefix, err)
			}
			for line := range strings.SplitSeq(string(buf[:n]), "\n") {
				if strings.HasPrefix(line, prefix) {
					return string(buf[:n])
				}
			}
		}
	}
}

func TestSystemdIsToldOfStartStatusLifeAndEnd(t *testing.T) {
	t.Parallel()
	name, said := supervisor(t)
	p := start(t, []string{"NOTIFY_SOCKET=" + name, "WATCHDOG_USEC=100000"}, "log", "--from", deadEndpoint(t))
	if all := said("READY=1"); !strings.Contains(all, "STATUS=log: not connected to tcp://") {
		t.Errorf("said %q", all)
	}
	for range 3 {
		said("WATCHDOG=1")
	}
	p.signal(t, syscall.SIGTERM)
	said("STOPPING=1")
	if status := p.status(t); status != 0 {
		t.Errorf("status %d", status)
	}

	p = start(t, []string{"NOTIFY_SOCKET=" + name}, "forward", "--in", "tcp://127.0.0.1:0", "--out", "tcp://127.0.0.1:0")
	if all := said("READY=1"); all != "READY=1\nSTATUS=ready" {
		t.Errorf("said %q", all)
	}
	p.signal(t, syscall.SIGTERM)
	said("STOPPING=1")
	p.status(t)
}
