//go:build unix && cgo

// Package examples runs the programs in its directories, as their readers would.
package examples

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/slim/otlp/collector/metrics/v1"
	"go.uber.org/atomic"
	"google.golang.org/protobuf/proto"
)

// patience is how long anything may take on a machine that is busy.
const patience = 90 * time.Second

// within is a context that ends with the test, or when its patience does.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// bins is where programs are built, each once.
var bins string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "zibrato-examples")
	if err != nil {
		panic(err)
	}
	bins = dir
	status := m.Run()
	os.RemoveAll(dir)
	os.Exit(status)
}

// built builds a program, unless that is done, and returns its path.
func built(t *testing.T, pkg string, env ...string) string {
	t.Helper()
	bin := filepath.Join(bins, filepath.Base(pkg))
	if _, err := os.Stat(bin); err == nil {
		return bin
	}
	build := exec.Command("go", "build", "-o", bin, pkg)
	build.Env = append(os.Environ(), env...)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building %s: %v\n%s", pkg, err, out)
	}
	return bin
}

// process is a program that runs until the test ends, or stop.
type process struct {
	cmd    *exec.Cmd
	name   string
	lines  chan string // of standard output
	ended  chan struct{}
	err    error // of the end; read after ended
	mu     sync.Mutex
	stderr bytes.Buffer
}

// begin starts a program.
func begin(t *testing.T, path string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(path, args...), name: filepath.Base(path), lines: make(chan string, 1<<16), ended: make(chan struct{})}
	p.cmd.Stderr = (*log)(p)
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		for s := bufio.NewScanner(out); s.Scan(); {
			p.lines <- s.Text()
		}
		close(p.lines)
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.cmd.Process.Kill()
		<-p.ended
		if t.Failed() {
			t.Logf("%s said:\n%s", p.name, p.said())
		}
	})
	return p
}

// stop ends a program as a service manager does, and fails the test when that is not a success.
func (p *process) stop(t *testing.T) {
	t.Helper()
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
		if p.err != nil {
			t.Errorf("%s: %v after SIGTERM", p.name, p.err)
		}
	case <-within(t).Done():
		t.Fatalf("%s goes on after SIGTERM", p.name)
	}
}

// line returns the next line of standard output that is wanted.
func (p *process) line(t *testing.T, what string, wanted func(string) bool) string {
	t.Helper()
	ctx := within(t)
	for {
		select {
		case l, ok := <-p.lines:
			if !ok {
				t.Fatalf("%s ended without %s", p.name, what)
			}
			if wanted(l) {
				return l
			}
		case <-ctx.Done():
			t.Fatalf("no %s from %s", what, p.name)
		}
	}
}

func (p *process) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stderr.String()
}

// awaitSaid waits until standard error holds a text.
func (p *process) awaitSaid(t *testing.T, text string) {
	t.Helper()
	ctx := within(t)
	for !strings.Contains(p.said(), text) {
		select {
		case <-ctx.Done():
			t.Fatalf("%s does not say %q", p.name, text)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// log is a process as the writer of its standard error.
type log process

func (l *log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stderr.Write(b)
}

// window is a line of zibrato log.
type window struct {
	Name, Kind, Source string
	Tags               map[string]string
	Count              int64
	Sum                json.Number
	P99                *float64
}

// await reads lines of JSON until all of them together are enough.
func (p *process) await(t *testing.T, what string, enough func(sofar []window) bool) {
	t.Helper()
	var sofar []window
	p.line(t, what, func(l string) bool {
		var w window
		if err := json.Unmarshal([]byte(l), &w); err != nil {
			t.Fatalf("%q: %v", l, err)
		}
		sofar = append(sofar, w)
		return enough(sofar)
	})
}

func calls(of []window, name string) (n int64) {
	for _, w := range of {
		if w.Name == name {
			n += w.Count
		}
	}
	return n
}

// hub starts a forwarder and a backend that writes lines, and returns the backend and the forwarder's endpoints.
func hub(t *testing.T, zibrato string) (lines *process, in, out string) {
	t.Helper()
	fwd := begin(t, zibrato, "forward", "--in", "tcp://127.0.0.1:*", "--out", "tcp://127.0.0.1:*")
	in, out = fwd.endpoints(t)
	return begin(t, zibrato, "log", "--flush", "100ms", "--from", out), in, out
}

// endpoints are where a forwarder listens, as its log says.
func (p *process) endpoints(t *testing.T) (in, out string) {
	t.Helper()
	p.awaitSaid(t, "out=tcp")
	for _, f := range strings.Fields(p.said()) {
		if addr, ok := strings.CutPrefix(f, "in="); ok {
			in = addr
		}
		if addr, ok := strings.CutPrefix(f, "out="); ok {
			out = addr
		}
	}
	return in, out
}

func TestInProcessNeedsNoCgo(t *testing.T) {
	out, err := exec.CommandContext(within(t), built(t, "./inprocess", "CGO_ENABLED=0"), "-for", "300ms").Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []window
	for l := range strings.Lines(string(out)) {
		var w window
		if err := json.Unmarshal([]byte(l), &w); err != nil {
			t.Fatalf("%q: %v", l, err)
		}
		all = append(all, w)
	}
	if n, sizes := calls(all, "job"), calls(all, "job.size"); n == 0 || n != sizes {
		t.Errorf("%d jobs and %d sizes in %d lines", n, sizes, len(all))
	}
	if !slices.ContainsFunc(all, func(w window) bool { return w.Name == "job" && w.P99 != nil && *w.P99 > 0 }) {
		t.Error("no quantile of job")
	}
}

func TestShellScriptIsMeasured(t *testing.T) {
	zibrato := built(t, "../cmd/zibrato")
	lines, in, _ := hub(t, zibrato)
	from := t.TempDir()
	if err := os.WriteFile(filepath.Join(from, "f"), make([]byte, 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	script := exec.CommandContext(within(t), "shell/backup.sh", from, filepath.Join(t.TempDir(), "a.tar"))
	script.Env = append(os.Environ(), "PATH="+filepath.Dir(zibrato)+":"+os.Getenv("PATH"), "ZIBRATO_TO="+in, "ZIBRATO_WAIT="+patience.String())
	if out, err := script.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	lines.await(t, "the backup's duration and size", func(sofar []window) bool {
		return calls(sofar, "backup") == 1 && calls(sofar, "backup.bytes") == 1
	})
}

func TestShellScriptFailsAsItsCommandDoes(t *testing.T) {
	zibrato := built(t, "../cmd/zibrato")
	script := exec.CommandContext(within(t), "shell/backup.sh", "/nonexistent", filepath.Join(t.TempDir(), "a.tar"))
	script.Env = append(os.Environ(), "PATH="+filepath.Dir(zibrato)+":"+os.Getenv("PATH"), "ZIBRATO_WAIT=1ms", "ZIBRATO_TO=ipc://"+filepath.Join(t.TempDir(), "nobody"))
	script.Stderr = io.Discard
	if err := script.Run(); script.ProcessState.ExitCode() != 2 { // tar's
		t.Errorf("%v, want tar's exit status 2", err)
	}
}

func TestEmbeddedForwarderServesItsOwnProcessAndOthers(t *testing.T) {
	zibrato := built(t, "../cmd/zibrato")
	service := begin(t, built(t, "./embedded"), "-listen", "127.0.0.1:0", "-in", "tcp://127.0.0.1:*", "-out", "tcp://127.0.0.1:*")
	at := strings.Fields(service.line(t, "its addresses", func(string) bool { return true })) // URL publishers IN subscribers OUT
	lines := begin(t, zibrato, "log", "--flush", "100ms", "--from", at[4])
	sent := exec.CommandContext(within(t), zibrato, "send", "--to", at[2], "--wait", patience.String(), "counter", "deploys", "1")
	if out, err := sent.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	resp, err := http.Get(at[0] + "/hello")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	lines.await(t, "the request and what another process sent", func(sofar []window) bool {
		routed := slices.ContainsFunc(sofar, func(w window) bool { return w.Tags["route"] == "GET /hello" })
		return calls(sofar, "http.request") == 1 && calls(sofar, "deploys") == 1 && routed
	})
	service.stop(t)
}

func TestEncryptedWorkerIsLetInAndAStrangerIsNot(t *testing.T) {
	zibrato, worker := built(t, "../cmd/zibrato"), built(t, "./encrypted")
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"forwarder", "backend", "worker", "stranger"} {
		if out, err := exec.Command(zibrato, "keygen", in(name)).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	var peers []byte
	for _, name := range []string{"worker.pub", "backend.pub"} {
		line, err := os.ReadFile(in(name))
		if err != nil {
			t.Fatal(err)
		}
		peers = append(peers, line...)
	}
	if err := os.WriteFile(in("peers"), peers, 0o644); err != nil {
		t.Fatal(err)
	}
	fwd := begin(t, zibrato, "forward", "--in", "tcp://127.0.0.1:*", "--out", "tcp://127.0.0.1:*", "--key-file", in("forwarder.key"), "--allow", in("peers"))
	to, from := fwd.endpoints(t)
	lines := begin(t, zibrato, "log", "--flush", "100ms", "--from", from, "--key-file", in("backend.key"), "--server-key", in("forwarder.pub"))

	if err := os.Link(worker, in("stranger")); err != nil { // a source of its own
		t.Fatal(err)
	}
	stranger := exec.CommandContext(within(t), in("stranger"), "-to", to, "-key", in("stranger.key"), "-forwarder", in("forwarder.pub"), "-jobs", "50")
	said, err := stranger.CombinedOutput()
	if !strings.Contains(string(said), "50 jobs done") {
		t.Errorf("the stranger's work did not get done: %v\n%s", err, said)
	}
	ctx := within(t)
	for let := false; !let; { // until the backend is connected, what a worker sends within 2 s may find nobody
		out, err := exec.CommandContext(ctx, worker, "-to", to, "-key", in("worker.key"), "-forwarder", in("forwarder.pub"), "-jobs", "20").CombinedOutput()
		let = err == nil
		if ctx.Err() != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	lines.await(t, "the worker's jobs", func(sofar []window) bool {
		if slices.ContainsFunc(sofar, func(w window) bool { return w.Source == "stranger" }) {
			t.Fatal("the stranger was served")
		}
		return calls(sofar, "job") >= 20
	})
}

func TestWebServiceIsScraped(t *testing.T) {
	service := begin(t, built(t, "./web", "CGO_ENABLED=0"), "-listen", "127.0.0.1:0", "-interval", "100ms")
	at := service.line(t, "its address", func(string) bool { return true })
	for path, want := range map[string]int{"/fib/20": http.StatusOK, "/fib/nonsense": http.StatusBadRequest} {
		if status, body := get(t, at+path); status != want {
			t.Errorf("%s: status %d, want %d: %s", path, status, want, body)
		}
	}
	ctx := within(t)
	for _, want := range []string{
		`http_request_seconds_count{level="info",route="GET /fib/{n}",source="web",status="200"} 1`,
		`http_request_seconds_count{level="info",route="GET /fib/{n}",source="web",status="400"} 1`,
		`fib_steps_total{level="info",source="web"} 10945`,
		`http_requests_open{level="info",source="web"} 0`,
	} {
		for {
			_, page := get(t, at+"/metrics")
			if strings.Contains(page, want+"\n") {
				break
			}
			if ctx.Err() != nil {
				t.Fatalf("no %s in\n%s", want, page)
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	service.stop(t)
}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func TestFleetArrivesByOTLP(t *testing.T) {
	zibrato, worker := built(t, "../cmd/zibrato"), built(t, "./fleet")
	receiver := newReceiver(t)
	fwd := begin(t, zibrato, "forward", "--in", "tcp://127.0.0.1:*", "--out", "tcp://127.0.0.1:*")
	in, out := fwd.endpoints(t)
	backend := begin(t, zibrato, "otlp", "--endpoint", receiver.url, "--flush", "200ms", "--from", out)
	backend.awaitSaid(t, "connected")
	fleet := make([]*process, 3)
	for i := range fleet {
		fleet[i] = begin(t, worker, "-to", in, "-jobs", "30")
	}
	for _, w := range fleet {
		<-w.ended
		if w.err != nil {
			t.Errorf("a worker: %v", w.err)
		}
	}
	ctx := within(t)
	for receiver.rows() != 900 {
		if ctx.Err() != nil {
			t.Fatalf("%d rows arrived, want 900", receiver.rows())
		}
		time.Sleep(10 * time.Millisecond)
	}
	backend.stop(t)
}

// receiver takes OTLP as a collector does, and keeps the newest sum of the counter rows.
type receiver struct {
	url string
	sum atomic.Int64
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := new(receiver)
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	r.url = server.URL
	return r
}

func (r *receiver) rows() int64 { return r.sum.Load() }

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	var body io.Reader = req.Body
	if req.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body = z
	}
	text, err := io.ReadAll(body)
	var said collector.ExportMetricsServiceRequest
	if err == nil {
		err = proto.Unmarshal(text, &said)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for _, resource := range said.ResourceMetrics {
		for _, scope := range resource.ScopeMetrics {
			for _, m := range scope.Metrics {
				for _, p := range m.GetSum().GetDataPoints() {
					if m.Name == "rows" {
						r.sum.Store(p.GetAsInt())
					}
				}
			}
		}
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}
