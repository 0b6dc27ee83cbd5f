//go:build cgo && unix

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var commands = []string{"forward", "librato", "otlp", "prometheus", "annotate", "statsd", "graphite", "log", "run", "check", "tail", "send", "time", "keygen", "bench", "demo", "health", "completions", "version"}

func TestHelpShowsAnExampleTheStatusAndTheEnvironment(t *testing.T) {
	t.Parallel()
	flag := regexp.MustCompile(`(?m)^ +(?:-\w, +|)--([a-z-]+)`)
	for _, c := range commands {
		status, stdout, stderr := result(t, nil, c, "--help")
		if status != 0 || stderr != "" {
			t.Errorf("%s --help: status %d, %q", c, status, stderr)
		}
		for _, want := range []string{"Example:", "zibrato " + c + " ", "Exit status:"} {
			if !strings.Contains(stdout, want) {
				t.Errorf("%s --help says no %q:\n%s", c, want, stdout)
			}
		}
		flags := flag.FindAllStringSubmatch(stdout, -1)
		if len(flags) < 2 && c != "check" && c != "completions" {
			t.Errorf("%s --help shows the flags %q", c, flags)
		}
		for _, f := range flags {
			variable := "$ZIBRATO_" + strings.ToUpper(strings.ReplaceAll(f[1], "-", "_"))
			if f[1] != "help" && !regexp.MustCompile(regexp.QuoteMeta(variable)+`\b`).MatchString(stdout) {
				t.Errorf("%s --help shows --%s without %s:\n%s", c, f[1], variable, stdout)
			}
		}
	}
}

func TestHelpListsTheCommands(t *testing.T) {
	t.Parallel()
	status, stdout, _ := result(t, nil, "--help")
	if status != 0 || strings.Contains(stdout, "-child") {
		t.Errorf("status %d:\n%s", status, stdout)
	}
	for _, c := range append(commands, "3 no forwarder", "4 nobody") {
		if !strings.Contains(stdout, c) {
			t.Errorf("no %s in\n%s", c, stdout)
		}
	}
}

func TestWrongUsageIsStatusTwoAndOneLine(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte(" \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		want string // in the error
		args []string
	}{
		{"--nonsense", []string{"forward", "--nonsense"}},
		{"--user (ZIBRATO_USER, LIBRATO_USER)", []string{"librato", "--token", "x"}},
		{"--token-file (ZIBRATO_TOKEN_FILE) or --token (ZIBRATO_TOKEN, LIBRATO_TOKEN)", []string{"librato", "--user", "u"}},
		{"--token-file: open /no/such/file", []string{"librato", "--user", "u", "--token-file", "/no/such/file"}},
		{"--token-file: " + empty, []string{"librato", "--user", "u", "--token-file", empty}},
		{"--flush", []string{"librato", "--user", "u", "--token", "x", "--flush", "10ms"}},
		{"--flush", []string{"librato", "--user", "u", "--token", "x", "--flush", "0s"}},
		{"--url", []string{"librato", "--user", "u", "--token", "x", "--url", "nonsense"}},
		{"say --plain-http", []string{"librato", "--user", "u", "--token", "x", "--url", "http://192.0.2.1"}},
		{"--api", []string{"librato", "--user", "u", "--token", "x", "--api", "v3"}},
		{"--expire", []string{"prometheus", "--expire", "soon"}},
		{"--max-series", []string{"prometheus", "--max-series", "0"}},
		{"--max-series is -1", []string{"prometheus", "--max-series=-1"}},
		{`--bounds["seconds"]`, []string{"prometheus", "--bounds", "seconds=2,1"}},
		{"want a unit", []string{"prometheus", "--bounds", "1,2"}},
		{`"x": want a number`, []string{"prometheus", "--bounds", "seconds=x"}},
		{"--source-label", []string{"prometheus", "--source-label", "a.b"}},
		{"--level-label", []string{"prometheus", "--level-label", "source"}},
		{"--listen", []string{"prometheus", "--listen", "9464"}},
		{"--endpoint", []string{"otlp", "--endpoint", "collector:4318"}},
		{"say --plain-http", []string{"otlp", "--endpoint", "http://192.0.2.1", "--header", "a=b"}},
		{"--header: want NAME=VALUE", []string{"otlp", "--header", "s3cret"}},
		{"--headers-file: open /no/such/file", []string{"otlp", "--headers-file", "/no/such/file"}},
		{"--temporality", []string{"otlp", "--temporality", "both"}},
		{"--ca", []string{"otlp", "--ca", "/no/such/file"}},
		{"want one of them", []string{"otlp", "--endpoint", "http://127.0.0.1:4318", "--solarwinds", "na-01"}},
		{"say --token-file", []string{"otlp", "--solarwinds", "na-01"}},
		{"a data centre", []string{"otlp", "--solarwinds", "evil.example/", "--token-file", empty}},
		{"--repeat=-1s", []string{"otlp", "--repeat", "0s"}},
		{"none, host or process", []string{"log", "--apart", "planets"}},
		{"--levels", []string{"log", "--levels", "two words"}},
		{"--flush", []string{"log", "--flush", "-1s"}},
		{"at least 100ms;", []string{"log", "--flush", "10ms"}},
		{"--user (ZIBRATO_USER, LIBRATO_USER)", []string{"annotate", "deploys", "v1", "--token", "x"}},
		{"TITLE", []string{"annotate", "deploys", "--user", "u", "--token", "x"}},
		{"<stream>", []string{"annotate"}},
		{"STREAM", []string{"annotate", "my deploys", "v1", "--user", "u", "--token", "x"}},
		{"--start", []string{"annotate", "deploys", "v1", "--start", "soon"}},
		{"--end: 2026", []string{"annotate", "deploys", "v1", "--user", "u", "--token", "x", "--start", "2026-03-01T12:00:00Z", "--end", "2026-03-01T11:00:00Z"}},
		{"--link", []string{"annotate", "deploys", "v1", "--user", "u", "--token", "x", "--link", "github=nonsense"}},
		{"--id: goes with", []string{"annotate", "deploys", "v1", "--user", "u", "--token", "x", "--id", "7"}},
		{"--addr", []string{"statsd", "--addr", "localhost"}},
		{"--network", []string{"statsd", "--network", "sctp"}},
		{"--tags", []string{"statsd", "--tags", "labels"}},
		{"with --tags=none", []string{"statsd", "--tags", "influx", "--template", "{name}"}},
		{"--distributions", []string{"statsd", "--distributions", "x"}},
		{"--flush", []string{"statsd", "--flush", "1ms"}},
		{"--addr", []string{"graphite", "--addr", ":2003"}},
		{"--stats", []string{"graphite", "--stats", "count,median"}},
		{"--template", []string{"graphite", "--template", "{source}"}},
		{"--prefix", []string{"graphite", "--prefix", "a b"}},
		{"--tls: missing", []string{"graphite", "--tls-ca", empty}},
		{"--tls-ca: " + empty, []string{"graphite", "--tls", "--tls-ca", empty}},
		{"one goes with the other", []string{"graphite", "--tls", "--tls-cert", empty}},
		{"--levels", []string{"tail", "--levels", "mine+"}},
		{"<kind>", []string{"send"}},
		{"<value>", []string{"send", "counter", "x"}},
		{"must be one of", []string{"send", "meter", "x", "1"}},
		{"whole number", []string{"send", "counter", "x", "1.5"}},
		{"whole number", []string{"send", "counter", "x", "-1"}},
		{"number", []string{"send", "gauge", "x", "NaN"}},
		{"seconds such as", []string{"send", "timer", "x", "NaN"}},
		{"number", []string{"send", "gauge", "x", "much"}},
		{"150ms", []string{"send", "timer", "x", "soon"}},
		{"150ms", []string{"send", "timer", "x", "-1s"}},
		{"that long", []string{"send", "timer", "x", "1e300"}},
		{"NAME", []string{"send", "timer", "", "1"}},
		{"--level", []string{"send", "timer", "x", "1", "--level", "a,b"}},
		{"--wait", []string{"send", "timer", "x", "1", "--wait=-1s"}},
		{"<command>", []string{"time", "x"}},
		{"--time", []string{"bench", "--time", "10ms"}},
		{"1s to 1h", []string{"bench", "--time", "61m"}},
		{"--for", []string{"demo", "--for", "0s"}},
		{`--in: "nonsense"`, []string{"forward", "--in", "nonsense"}},
		{`--out: "tcp://127.0.0.1"`, []string{"forward", "--out", "tcp://127.0.0.1"}},
		{`port "65536"`, []string{"forward", "--out", "tcp://127.0.0.1:65536"}},
		{"ipc://path", []string{"forward", "--out", "ipc://"}},
		{"--in", []string{"forward", "--in", "tcp://0.0.0.0:0"}},
		{"--allow-remote", []string{"forward", "--in", "tcp://127.0.0.1:0", "--out", "tcp://[::]:0"}},
		{"--allow-remote", []string{"forward", "--in", "tcp://*:0"}},
		{`--from: "nonsense"`, []string{"log", "--from", "nonsense"}},
		{`--from: "tcp://*:5551"`, []string{"tail", "--from", "tcp://*:5551"}},
		{`port "0"`, []string{"librato", "--user", "u", "--token", "x", "--from", "tcp://127.0.0.1:0"}},
		{`--to: "udp://127.0.0.1:5550"`, []string{"send", "counter", "x", "1", "--to", "udp://127.0.0.1:5550"}},
		{`--to: "nonsense"`, []string{"time", "--to", "nonsense", "x", "true"}},
		{"--from: the value is missing", []string{"tail", "--from"}},
		{"--levels: the value is missing", []string{"tail", "--levels"}},
		{"--flush: the value is missing", []string{"log", "--flush"}},
	} {
		status, stdout, stderr := result(t, nil, test.args...)
		if status != 2 || stdout != "" {
			t.Errorf("%q: status %d, want 2; stdout %q, stderr %q", test.args, status, stdout, stderr)
		}
		oneLine(t, stderr, test.args[0])
		if !strings.Contains(stderr, test.want) || !strings.Contains(stderr, "--help") {
			t.Errorf("%q: no %q or no --help in %q", test.args, test.want, stderr)
		}
	}
}

func TestNoCommandIsWrongUsage(t *testing.T) {
	t.Parallel()
	status, stdout, stderr := result(t, nil)
	if status != 2 || stdout != "" || !strings.HasPrefix(stderr, "Usage: zibrato <command>") || !strings.Contains(stderr, "\n  forward ") {
		t.Errorf("alone: status %d, %q, %q", status, stdout, stderr)
	}
	for _, args := range [][]string{{"nonsense"}, {"--nonsense"}} {
		status, _, stderr := result(t, nil, args...)
		if status != 2 || !strings.HasPrefix(stderr, "zibrato: ") || !strings.HasSuffix(stderr, "; see zibrato --help\n") || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%q: status %d, %q", args, status, stderr)
		}
	}
}

func TestFailuresAreStatusOneAndOneLine(t *testing.T) {
	t.Parallel()
	_, in, _ := forward(t)
	file := filepath.Join(t.TempDir(), "missing", "log")
	for _, test := range []struct {
		want []string
		args []string
	}{
		{[]string{"--in", in}, []string{"forward", "--in", in, "--out", "tcp://127.0.0.1:0"}},
		{[]string{"--out", in}, []string{"forward", "--in", "tcp://127.0.0.1:0", "--out", in}},
		{[]string{"--out", file}, []string{"forward", "--in", "tcp://127.0.0.1:0", "--out", "ipc://" + file}},
		{[]string{"--file", file}, []string{"log", "--file", file}},
		{[]string{"--listen", strings.TrimPrefix(in, "tcp://")}, []string{"prometheus", "--listen", strings.TrimPrefix(in, "tcp://")}},
	} {
		status, _, stderr := result(t, nil, test.args...)
		if status != 1 {
			t.Errorf("%q: status %d, want 1", test.args, status)
		}
		oneLine(t, stderr, test.args[0])
		for _, want := range append(test.want, "zibrato "+test.args[0]) {
			if !strings.Contains(stderr, want) {
				t.Errorf("%q: no %q in %q", test.args, want, stderr)
			}
		}
		if strings.Contains(stderr, "Config.") {
			t.Errorf("%q: speaks of Config, not of flags: %q", test.args, stderr)
		}
	}
}

func TestFlagsAreEnvironmentVariablesToo(t *testing.T) {
	t.Parallel()
	to := deadEndpoint(t)
	env := []string{"ZIBRATO_TO=" + to, "ZIBRATO_WAIT=20ms", "ZIBRATO_LEVEL=debug"}
	if status, _, stderr := result(t, env, "send", "counter", "x", "1"); status != 3 || !strings.Contains(stderr, to) || !strings.Contains(stderr, "20ms") {
		t.Errorf("status %d, %q", status, stderr)
	}
	if _, _, stderr := result(t, env, "send", "counter", "x", "1", "--wait", "30ms"); !strings.Contains(stderr, "30ms") {
		t.Errorf("the command line does not win: %q", stderr)
	}
	if status, _, stderr := result(t, []string{"ZIBRATO_FLUSH=soon"}, "log"); status != 2 || !strings.Contains(stderr, "ZIBRATO_FLUSH") {
		t.Errorf("status %d, %q", status, stderr)
	}
	for _, prefix := range []string{"ZIBRATO_", "LIBRATO_"} {
		p := start(t, []string{prefix + "USER=me", prefix + "TOKEN=x", "ZIBRATO_FROM=" + to, "ZIBRATO_LEVELS=info+"}, "librato")
		p.stderr.await(t, regexp.QuoteMeta(to)+`.*info,warning,error,critical detail=summaries`)
		p.endsSoon(t, os.Interrupt)
	}
}

func TestTokensAreNeverShown(t *testing.T) {
	t.Parallel()
	const token = "s3cr3t-0123456789"
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	from := deadEndpoint(t)
	silent := func(p *process) {
		t.Helper()
		if all := p.stdout.String() + p.stderr.String(); strings.Contains(all, token) || all == "" {
			t.Errorf("%q: %q", p.cmd.Args[1:], all)
		}
	}
	for _, args := range [][]string{
		{"librato", "--help"},
		{"librato", "--token", token},
		{"librato", "--token", token, "--user", "u", "--url", "nonsense"},
		{"librato", "--user", "u", "--url", "https://u:" + token + "@host:port"},
		{"librato", "--user", "u", "--token", token, "--nonsense"},
		{"annotate", "--token", token, "deploys"},
		{"annotate", "--token", token, "--user", "u", "--url", "http://127.0.0.1:1", "deploys", "v1"},
		{"librato", "--user", "u", "--token", token + "\x01"},
		{"librato", "--user", "u:v", "--token-file", file},
	} {
		p := start(t, []string{"LIBRATO_TOKEN=" + token}, args...)
		p.status(t)
		silent(p)
	}
	p := start(t, nil, "librato", "--user", "u", "--token-file", file, "--from", from)
	p.stderr.await(t, "subscribing")
	p.endsSoon(t, os.Interrupt)
	silent(p)
}

func TestVersionIsOneLine(t *testing.T) {
	t.Parallel()
	status, stdout, _ := result(t, nil, "version")
	if status != 0 || !regexp.MustCompile(`^zibrato \S+( [0-9a-f]{12})? \S+/\S+ \S+.* libzmq 4\.\d+\.\d+\n$`).MatchString(stdout) {
		t.Errorf("status %d, %q", status, stdout)
	}
}

func TestTheVersionCanBeAskedForInOtherWays(t *testing.T) {
	t.Parallel()
	_, want, _ := result(t, nil, "version")
	for _, arg := range []string{"--version", "-version"} {
		if status, stdout, stderr := result(t, nil, arg); status != 0 || stdout != want || stderr != "" {
			t.Errorf("%s: status %d, %q, %q; want %q", arg, status, stdout, stderr, want)
		}
	}
}

func TestHelpIsACommandToo(t *testing.T) {
	t.Parallel()
	same := func(args, as []string) {
		t.Helper()
		_, want, _ := result(t, nil, as...)
		if status, stdout, stderr := result(t, nil, args...); status != 0 || stdout != want || stderr != "" {
			t.Errorf("%q: status %d, %q, %q; want that of %q", args, status, stdout, stderr, as)
		}
	}
	same([]string{"help"}, []string{"--help"})
	same([]string{"-help"}, []string{"--help"})
	for _, c := range commands {
		same([]string{"help", c}, []string{c, "--help"})
		same([]string{c, "-help"}, []string{c, "--help"})
	}
	if status, _, stderr := result(t, nil, "help", "nonsense"); status != 2 || !strings.Contains(stderr, "nonsense") {
		t.Errorf("help nonsense: status %d, %q", status, stderr)
	}
}

func TestAnEndpointSaysWhetherItIsRemote(t *testing.T) {
	t.Parallel()
	for e, want := range map[listening]bool{
		"tcp://127.0.0.1:0": false, "tcp://[::1]:0": false, "tcp://[::ffff:127.0.0.1]:0": false, "tcp://localhost:0": false,
		"ipc:///tmp/a:b": false, "ipc://*:1": false,
		"tcp://*:0": true, "tcp://0.0.0.0:*": true, "tcp://[::]:0": true, "tcp://192.0.2.1:0": true,
	} {
		if got := e.remote(); got != want {
			t.Errorf("%s: %v, want %v", e, got, want)
		}
	}
}

func TestAnEmptyVariableMeansTheDefault(t *testing.T) {
	env := []string{"ZIBRATO_FLUSH=", "ZIBRATO_WAIT=20ms", "ZIBRATO_LEVEL=", "ZIBRATO_TO=tcp://127.0.0.1:9"}
	if status, _, stderr := result(t, env, "send", "counter", "x", "1"); status != 3 {
		t.Errorf("status %d: %s", status, stderr)
	}
	env = []string{"ZIBRATO_TOKEN=", "LIBRATO_TOKEN=secret", "LIBRATO_USER=me", "ZIBRATO_URL=nonsense"}
	if status, _, stderr := result(t, env, "librato"); status != 2 || strings.Contains(stderr, "missing") || !strings.Contains(stderr, "--url") {
		t.Errorf("status %d: %s", status, stderr)
	}
}
