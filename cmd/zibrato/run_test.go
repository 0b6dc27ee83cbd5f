//go:build cgo && unix

package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zibrato/zibrato/backend"
)

// configured writes a configuration, in which DIR stands for the directory that it is in, and returns both.
func configured(t *testing.T, text string) (file, dir string) {
	t.Helper()
	dir = t.TempDir()
	file = filepath.Join(dir, "zibrato.yaml")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(text, "DIR", dir)), 0o600); err != nil {
		t.Fatal(err)
	}
	return file, dir
}

// awaitFile waits until a file matches the pattern.
func awaitFile(t *testing.T, path, pattern string) string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		text, err := os.ReadFile(path)
		if err == nil && re.Match(text) {
			return string(text)
		}
		if time.Now().After(deadline) {
			t.Fatalf("no %s in %s: %q, %v", pattern, path, text, err)
		}
	}
}

func TestRunTakesEachSinkWhatItsSectionSays(t *testing.T) {
	t.Parallel()
	file, dir := configured(t, `
forwarder: {in: "tcp://127.0.0.1:0", out: "tcp://*:0", allow_remote: true}
sinks:
  all: {kind: log, flush: 100ms, file: DIR/all, dir: DIR/kept}
  db:
    kind: log
    flush: 200ms
    only: ["db.*", "a,b"]   # a comma in a list is part of the name
    except: [db.slow]
    file: DIR/db
  debug:
    kind: log
    levels: [debug, mine]
    flush: 100ms
    file: DIR/debug
`)
	p := start(t, nil, "run", "--config", file, "--admin", "127.0.0.1:0")
	in := p.stderr.await(t, `listening.* in=(\S+) out=(\S+)\n`)[1]
	url := adminOf(t, p)
	awaitPage(t, url+"/readyz", 200, `^ready\n$`)
	send(t, in, "counter", "visits", "1")
	send(t, in, "counter", "db.slow", "2")
	send(t, in, "counter", "db.query", "3")
	send(t, in, "counter", "a,b", "4")
	send(t, in, "counter", "steps", "5", "--level", "debug")
	for _, sum := range []string{`"visits".*"sum":1`, `"db.slow".*"sum":2`, `"db.query".*"sum":3`, `"a,b".*"sum":4`, `"steps".*"sum":5`} {
		awaitFile(t, filepath.Join(dir, "all"), sum)
	}
	for _, name := range []string{"db.query", "a,b"} {
		awaitFile(t, filepath.Join(dir, "db"), `"`+name+`"`)
	}
	awaitFile(t, filepath.Join(dir, "debug"), `"steps".*"sum":5`)
	awaitPage(t, url+"/metrics", 200, `(?m)^zibrato_sink_windows_written_total\{sink="db"\} [1-9]`)
	awaitPage(t, url+"/metrics", 200, `(?m)^zibrato_store_durable\{sink="all"\} 1`)
	awaitPage(t, url+"/metrics", 200, `(?m)^zibrato_forwarder_subscribers 3$`)
	p.endsSoon(t, syscall.SIGTERM)
	if text := awaitFile(t, filepath.Join(dir, "db"), ""); strings.Contains(text, "visits") || strings.Contains(text, "slow") || strings.Contains(text, "steps") {
		t.Errorf("the filter lets pass %s", text)
	}
	if text := awaitFile(t, filepath.Join(dir, "debug"), ""); strings.Contains(text, "visits") {
		t.Errorf("the levels let pass %s", text)
	}
}

func TestRunReceivesFromElsewhere(t *testing.T) {
	t.Parallel()
	_, in, out := forward(t)
	file, _ := configured(t, "receive: {from: '${THERE}'}\nsinks: {log: {flush: 100ms}}\n")
	p := start(t, []string{"THERE=" + out}, "run", "--config", file)
	p.stderr.await(t, "connected")
	send(t, in, "counter", "visits", "1")
	p.stdout.await(t, `"visits".*"sum":1`)
	p.endsSoon(t, syscall.SIGTERM)
}

func TestRunWithKeys(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	peers := filepath.Join(dir, "peers")
	if err := os.Mkdir(peers, 0o755); err != nil {
		t.Fatal(err)
	}
	fwd, own, web := keygen(t, filepath.Join(dir, "fwd")), keygen(t, filepath.Join(dir, "own")), keygen(t, filepath.Join(dir, "web"))
	publish(t, web, peers)
	text := fmt.Sprintf(`
forwarder:
  in: tcp://127.0.0.1:0
  out: tcp://127.0.0.1:0
  key_file: %s.key
  allow: %s
sinks: {log: {flush: 100ms}}
`, fwd, peers)
	check := func(text string, status int, want string) string {
		t.Helper()
		file, _ := configured(t, text)
		got, stdout, stderr := result(t, nil, "check", file)
		if got != status || !strings.Contains(stdout+stderr, want) {
			t.Errorf("status %d, want %d and %q: %s%s", got, status, want, stdout, stderr)
		}
		return file
	}
	check(text, 2, "receive.key_file: missing")
	text += fmt.Sprintf("receive: {key_file: %s.key}\n", own)
	check(text, 2, "receive: key_file: the forwarder would not serve it")
	publish(t, own, peers)
	file := check(text, 0, "nothing is wrong")
	p := start(t, nil, "run", "--config", file)
	in := p.stderr.await(t, `listening.* in=(\S+) out=(\S+)\n`)[1]
	p.stderr.await(t, "subscriber: connected")
	send(t, in, "counter", "visits", "1", "--key-file", web+".key", "--server-key", fwd+".pub")
	p.stdout.await(t, `"visits".*"sum":1`)
	p.endsSoon(t, syscall.SIGTERM)
	if err := os.Chmod(own+".key", 0o644); err != nil {
		t.Fatal(err)
	}
	check(text, 2, own+".key")
}

func TestRunFailsWholly(t *testing.T) {
	t.Parallel()
	_, in, _ := forward(t)
	file, dir := configured(t, "forwarder: {in: '"+in+"', out: 'tcp://127.0.0.1:0'}\nsinks: {log: {}}\n")
	status, _, stderr := result(t, nil, "run", "--config", file)
	if status != 1 || !strings.Contains(stderr, "forwarder: in ") || !strings.Contains(stderr, in) {
		t.Errorf("status %d, %q", status, stderr)
	}
	oneLine(t, stderr, "run")

	other := start(t, nil, "log", "--from", deadEndpoint(t), "--dir", filepath.Join(dir, "kept"))
	other.stderr.await(t, "subscribing")
	file, _ = configured(t, "forwarder: {in: 'tcp://127.0.0.1:0', out: 'tcp://127.0.0.1:0'}\nsinks: {one: {kind: log}, two: {kind: log, dir: "+dir+"/kept}}\n")
	p := start(t, nil, "run", "--config", file)
	if status := p.status(t); status != 1 {
		t.Errorf("status %d", status)
	}
	p.stderr.await(t, `zibrato run: sinks.two: dir: .*another backend`)
}

func TestCheckNamesTheLineThatIsWrong(t *testing.T) {
	t.Parallel()
	const ok = "\nsinks: {log: {}}\n"
	for _, test := range []struct{ text, want string }{
		{"", `:1: want a forwarder, sinks, or both`},
		{"# nothing\n", `:1: want a forwarder, sinks, or both`},
		{"sinks: {}", `:1: want a forwarder, sinks, or both`},
		{"forwarder: {}\n---\nforwarder: {}\n", `:2: a second document begins`},
		{"a: [b\nc: d", `:1: no YAML: `},
		{"sinks:\n\tlog: {}\n", `:2: no YAML: .*cannot start any token`},
		{"sinks:\n  log: {flush: 1s\n  b: {kind: log}\nforwarder: {}\n", `:2: no YAML: .*expected ',' or '}'`},
		{"sinks:\n  log: {\n    flush: 1s}\n  b: {kind: log\n\nforwarder: {}\n", `:4: no YAML: .*expected ',' or '}'`},
		{"sinks:\n  log:\n    file: \"a\n    flush: 1s\n", `:3: no YAML: .*end of stream`},
		{"sinks:\n  log:\n   file: a\n    flush: 1s\n", `:4: no YAML: mapping values`},
		{"sinks:\n  log:\n    flush: 1s\n   keep: 3\nforwarder: {}\n", `:4: no YAML: `},
		{"sinks:\n  log:\n    file: *nope\n    keep: 1\n", `:3: no YAML: unknown anchor`},
		{"sinks:\n  log:\n    file: \"a\x01\"\n", `:3: no YAML: control characters`},
		{"sinks:\n  log:\n    file: \xff\n", `:3: no YAML: .*UTF-8`},
		{"sinks: {log: {}}\n- a\n", `:2: no YAML: `},
		{"sinks: {log: {}}\n---\na: [\n", `:3: no YAML: `},
		{"sinks:\n  log:\n    file: a\n    <<: {keep: 1}\n", `:4: sinks.log.<<: no such key`},
		{"\"a\\nb\": 1" + ok, `:1: a\\nb: no such key`},
		{"sinks:\n  log: {}\n  \"\": {kind: log}\n", `:3: sinks: "": want a name`},
		{"sinks:\n  log: {}\n  \"a\\nb\": {kind: log}\n", `:3: sinks: "a\\nb": want a name`},
		{"- a\n", `:1: want keys and their values`},
		{"sinks:\n  - log\n", `:2: sinks: want keys`},
		{"\nforwarde: {}" + ok, `:2: forwarde: no such key; did you mean forwarder\?`},
		{"\nadmin: 127.0.0.1:1" + ok, `:2: admin: no such key; it is a flag of zibrato run: --admin`},
		{"\nnonsense: 1" + ok, `:2: nonsense: no such key; want forwarder, receive, sinks`},
		{"forwarder:\n  in: nonsense\n", `:2: forwarder: in: "nonsense"`},
		{"forwarder:\n  out: tcp://0.0.0.0:1\n", `:2: forwarder: out "tcp://0.0.0.0:1": other machines .* allow_remote`},
		{"forwarder:\n  in: tcp://127.0.0.1:9\n  out: tcp://127.0.0.1:9\n", `:2: forwarder: in and out are both`},
		{"forwarder:\n  in: tcp://127.0.0.1:9\n  in: tcp://127.0.0.1:8\n", `:3: forwarder.in stands here a second time, after line 2`},
		{"forwarder:\n  allow: DIR\n", `:\d: forwarder: key_file: missing`},
		{"forwarder:\n  key_file: DIR/none\n  allow: DIR\n", `:2: forwarder: key_file: .*none`},
		{"forwarder:\n  log_format: json\n", `:2: forwarder.log_format: no such key; it is a flag of zibrato run: --log-format`},
		{"receive:\n  from: tcp://*:1" + ok, `:2: receive: from: `},
		{"receive:\n  key_file: DIR/x" + ok, `:2: receive: server_key: missing`},
		{"receive:\n  levels: info" + ok, `:2: receive.levels: no such key`},
		{"sinks:\n  mine: {}\n", `:2: sinks.mine: "mine" is no kind of sink; want kind: one of `},
		{"sinks:\n  mine:\n    kind: lgo\n", `:3: sinks.mine: "lgo" is no kind of sink; did you mean log\?`},
		{"sinks:\n  log:\n    flsh: 1s\n", `:3: sinks.log.flsh: no such key; did you mean flush\?`},
		{"sinks:\n  log:\n    max-bytes: 1\n", `:3: sinks.log.max-bytes: no such key; did you mean max_bytes\?`},
		{"sinks:\n  log:\n    from: tcp://127.0.0.1:1\n", `:3: sinks.log.from: no such key`},
		{"sinks:\n  log:\n    keep: 1\n    flush: 1ms\n", `:4: sinks.log: flush: 1ms: want at least 100ms`},
		{"sinks:\n  log:\n    flush: soon\n", `:3: sinks.log: flush: `},
		{"sinks:\n  log:\n    flush:\n", `:3: sinks.log.flush: is empty`},
		{"sinks:\n  log:\n    flush: [1s]\n    keep: {a: b}\n", `:4: sinks.log.keep: want one value`},
		{"sinks:\n  log:\n    levels: [info, {}]\n", `:3: sinks.log.levels: want one value`},
		{"sinks:\n  log:\n    levels: [info, two words]\n", `:3: sinks.log: levels: level "two words"`},
		{"sinks:\n  log:\n    only: []\n", `:3: sinks.log.only: is empty`},
		{"sinks:\n  log:\n    file: DIR/no/such\n", `:3: sinks.log: file .*no/such`},
		{"sinks:\n  log:\n    dir: DIR/zibrato.yaml\n", `:3: sinks.log: dir: .* is no directory`},
		{"sinks:\n  log:\n    dir: DIR/zibrato.yaml/x\n", `:3: sinks.log: dir: .*not a directory`},
		{"sinks:\n  log:\n    dir: DIR/x\n  b:\n    kind: log\n    dir: DIR/./x\n", `:6: sinks.b: dir: .* is that of sinks.log, too`},
		{"sinks:\n  log:\n    file: DIR/x\n  b:\n    kind: log\n    file: DIR/x\n", `:6: sinks.b: file: .* is that of sinks.log, too`},
		{"sinks:\n  prometheus: {}\n  b:\n    kind: prometheus\n", `:3: sinks.b: listen: 127.0.0.1:9464 is that of sinks.prometheus, too`},
		{"sinks:\n  prometheus:\n    listen: 127.0.0.1:9\n  b:\n    kind: prometheus\n    listen: 127.0.0.1:9\n", `:6: sinks.b: listen: 127.0.0.1:9 is that of sinks.prometheus, too`},
		{"sinks:\n  librato: {}\n", `:2: sinks.librato: user \(ZIBRATO_USER, LIBRATO_USER\): missing`},
		{"sinks:\n  librato:\n    user: u\n    token_file: DIR/none\n", `:4: sinks.librato: token_file: .*none`},
		{"sinks:\n  librato:\n    user: u\n    token: x\n    api: v3\n", `:5: sinks.librato: api must be one of`},
		{"sinks:\n  librato:\n    user: u\n    token: x\n    url: http://192.0.2.1\n", `:5: sinks.librato: url: http .*plain_http`},
		{"sinks:\n  librato:\n    user: ${ZIBRATO_NONE}\n", `:3: sinks.librato.user: the environment has no variable ZIBRATO_NONE`},
		{"sinks:\n  librato:\n    user: ${NONE\n", `:3: sinks.librato.user: want \$\{NAME\}`},
		{"x: &a {flush: 1ms}\nsinks:\n  log: *a\n", `:1: x: no such key`},
	} {
		file, _ := configured(t, test.text)
		status, stdout, stderr := result(t, []string{"ZIBRATO_USER=other"}, "check", file)
		if status != 2 || stdout != "" || !regexp.MustCompile(`(?m)^`+regexp.QuoteMeta(file)+test.want).MatchString(stderr) {
			t.Errorf("%q: status %d, want 2 and %s:\n%s%s", test.text, status, test.want, stdout, stderr)
		}
	}
}

func TestCheckTellsOfAllThatIsWrong(t *testing.T) {
	t.Parallel()
	file, _ := configured(t, "forwarder: {inn: x}\nsinks:\n  log: {flus: 1s}\n  b:\n    kind: log\n    keep: x\n    flush: 10\n    samples: perhaps\n")
	_, _, stderr := result(t, nil, "check", file)
	told := strings.Split(strings.TrimSpace(stderr), "\n")
	for i, want := range []string{":1: forwarder.inn: ", ":3: sinks.log.flus: ", ":6: sinks.b: keep: ", ":7: sinks.b: flush: ", ":8: sinks.b: samples: "} {
		if i >= len(told) || !strings.HasPrefix(told[i], file+want) {
			t.Errorf("want %s in line %d of %s", want, i+1, stderr)
		}
	}
	status, _, stderr := result(t, nil, "run", "--config", file)
	if status != 2 || !strings.Contains(stderr, file+":1: ") || !strings.Contains(stderr, "4 more") {
		t.Errorf("run: status %d, %q", status, stderr)
	}
	oneLine(t, stderr, "run")
	for _, args := range [][]string{{"check", "/no/such/file"}, {"run", "--config", "/no/such/file"}, {"run"}, {"check"}} {
		if status, _, stderr := result(t, nil, args...); status != 2 || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%q: status %d, %q", args, status, stderr)
		}
	}
}

func TestSecretsOfAConfigurationAreNotShown(t *testing.T) {
	t.Parallel()
	const secret = "s3cr3t-0123456789"
	env := []string{"SECRET=" + secret}
	file, _ := configured(t, "receive: {from: '"+deadEndpoint(t)+"'}\nsinks: {librato: {user: me, token: '${SECRET}'}}\n")
	p := start(t, env, "run", "--config", file, "--log-level", "debug")
	p.stderr.await(t, "subscribing")
	p.endsSoon(t, syscall.SIGTERM)
	if all := p.stdout.String() + p.stderr.String(); strings.Contains(all, secret) {
		t.Errorf("%s", all)
	}
	file, _ = configured(t, "sinks: {librato: {user: 'a:b', token: '${SECRET}', url: 'https://u:${SECRET}@host:port'}}\n")
	if status, stdout, stderr := result(t, env, "check", file); status != 2 || strings.Contains(stdout+stderr, secret) {
		t.Errorf("status %d: %s%s", status, stdout, stderr)
	}
}

func TestVariables(t *testing.T) {
	t.Parallel()
	lookup := func(name string) (string, bool) { return "<" + name + "${B}>", name == "A" }
	for _, test := range []struct{ text, want, err string }{
		{"", "", ""}, {"$A {A} $$ $", "$A {A} $$ $", ""}, {"${A}", "<A${B}>", ""}, {"x${A}y${A}", "x<A${B}>y<A${B}>", ""},
		{"$${A}", "${A}", ""}, {"$${A} ${A}", "${A} <A${B}>", ""}, {"${B}", "", "no variable B"}, {"${}", "", "want ${NAME}"}, {"${A", "", "want ${NAME}"},
	} {
		got, err := expand(test.text, lookup)
		if got != test.want || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%q: %q, %v; want %q, %q", test.text, got, err, test.want, test.err)
		}
	}
}

func TestDistance(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"flush", "flush", 0}, {"flsh", "flush", 1}, {"fulsh", "flush", 2}, {"kitten", "sitting", 3}} {
		if got := distance(test.a, test.b); got != test.want {
			t.Errorf("%q, %q: %d, want %d", test.a, test.b, got, test.want)
		}
	}
}

func TestWhereToConnectToWhatIsBound(t *testing.T) {
	t.Parallel()
	for bound, want := range map[string]string{
		"tcp://127.0.0.1:1": "tcp://127.0.0.1:1", "tcp://0.0.0.0:1": "tcp://127.0.0.1:1", "tcp://[::]:1": "tcp://[::1]:1", "ipc:///a:b": "ipc:///a:b",
	} {
		if got := dialable(bound); got != want {
			t.Errorf("%s: %s, want %s", bound, got, want)
		}
	}
}

func TestKeysMayBeListsAndMaps(t *testing.T) {
	t.Parallel()
	file, _ := configured(t, `
sinks:
  log: {levels: [debug, info+], only: ["a,b", c.*], only_tags: {region: "eu,us", canary: yes}}
  librato: {user: u, token: x, percentiles: [50, 99.9]}
  prometheus: {bounds: {seconds: [0.1, 0.5], bytes: 1e3}}
  otlp: {header: ["a=b,c", d=e], resource: {service.name: "x=y", k: v}, gzip: true, apart: host}
`)
	p, err := readPlan(file, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	log := p.sinks[0].command.(*logCmd)
	if log.Levels.String() != "debug,info,warning,error,critical" {
		t.Errorf("levels %s", log.Levels)
	}
	for _, same := range [][2]any{
		{log.Only, []string{"a,b", "c.*"}},
		{log.OnlyTags, map[string]string{"region": "eu,us", "canary": "yes"}},
		{p.sinks[1].command.(*libratoCmd).Percentiles, []float64{50, 99.9}},
		{p.sinks[2].command.(*prometheusCmd).Bounds, bounds{"seconds": {0.1, 0.5}, "bytes": {1e3}}},
		{p.sinks[3].command.(*otlpCmd).Header, []string{"a=b,c", "d=e"}},
		{p.sinks[3].command.(*otlpCmd).Resource, map[string]string{"service.name": "x=y", "k": "v"}},
		{*p.sinks[3].command.(*otlpCmd).Gzip, true},
		{p.sinks[3].command.(*otlpCmd).Apart, apart{backend.ByHost}},
	} {
		if diff := cmp.Diff(same[0], same[1]); diff != "" {
			t.Error(diff)
		}
	}
}

// Every command that takes windows to a sink is a kind of it, and what a section lacks is told in terms of keys.
func TestEverySinkIsAKind(t *testing.T) {
	t.Parallel()
	kinds := sinkKinds()
	if len(kinds) < 2 {
		t.Fatalf("kinds %v", kinds)
	}
	for kind := range kinds {
		file, _ := configured(t, "sinks: {"+kind+": {}}\n")
		_, err := readPlan(file, slog.New(slog.DiscardHandler))
		var wrong problems
		if err != nil && (!errors.As(err, &wrong) || strings.Contains(err.Error(), " --")) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}
