//go:build cgo && unix

package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/sink/prometheus"
)

// promtool is where scripts/servers.sh puts it, or in PATH.
func promtool(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("ZIBRATO_SERVERS_DIR")
	if cache, err := os.UserCacheDir(); dir == "" && err == nil {
		dir = filepath.Join(cache, "zibrato-servers")
	}
	for _, name := range []string{filepath.Join(dir, "bin", "promtool"), "promtool"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("ZIBRATO_SERVERS") == "required" {
		t.Fatal("there is no promtool; scripts/servers.sh brings it")
	}
	t.Skip("there is no promtool; scripts/servers.sh brings it")
	return ""
}

func TestMetricsPassPromtool(t *testing.T) {
	t.Parallel()
	p := start(t, nil, "log", "--from", deadEndpoint(t), "--admin", "127.0.0.1:0")
	_, metrics := get(t, adminOf(t, p)+"/metrics")
	cmd := exec.Command(promtool(t), "check", "metrics")
	cmd.Stdin = strings.NewReader(metrics)
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v: %s", err, out)
	}
	p.endsSoon(t, syscall.SIGTERM)
}

func TestPromtoolTakesTheRules(t *testing.T) {
	t.Parallel()
	if out, err := exec.Command(promtool(t), "check", "rules", "../../deploy/prometheus/rules.yml").CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// namesIn are the metrics of an exposition, those of histograms with their endings.
func namesIn(exposition string) map[string]bool {
	names := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^([a-z_]+)(?:\{| )`).FindAllStringSubmatch(exposition, -1) {
		names[m[1]] = true
	}
	return names
}

// ownSeries are those that a recorder keeps about itself, as its source names them.
func ownSeries(t *testing.T) (all []metric.Aggregate) {
	t.Helper()
	text, err := os.ReadFile("../../self.go")
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]metric.Kind{"counter": metric.Counter, "gauge": metric.Gauge, "timer": metric.Timer, "one": metric.Counter}
	for _, m := range regexp.MustCompile(`(?m)^\t(\w+Series)\s+= "(zibrato[a-z.]*)"\s*// (\w+)`).FindAllStringSubmatch(string(text), -1) {
		kind, ok := kinds[m[3]]
		if !ok {
			t.Fatalf("%s is of no kind: %s", m[2], m[3])
		}
		s := &metric.Series{Kind: kind, Level: metric.Info, Name: m[2], Source: "test"}
		if unit := regexp.MustCompile(m[1] + `, "([^"]*)"`).FindSubmatch(text); unit != nil {
			s.Unit = string(unit[1])
		}
		a := metric.Aggregate{Series: s, Count: 1, Sum: 1, IntSum: 1}
		if kind != metric.Counter {
			a.Detail.Add(1)
		}
		all = append(all, a)
	}
	if len(all) < 8 {
		t.Fatalf("found %d series in self.go", len(all))
	}
	slices.SortFunc(all, func(a, b metric.Aggregate) int { return a.Series.Compare(b.Series) })
	return all
}

// shownNames are the metrics that the program has: of --admin, and behind zibrato prometheus.
func shownNames(t *testing.T) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	for _, args := range [][]string{{"forward", "--in", "tcp://127.0.0.1:0", "--out", "tcp://127.0.0.1:0"}, {"log", "--from", deadEndpoint(t)}} {
		p := start(t, nil, append(args, "--admin", "127.0.0.1:0")...)
		_, metrics := get(t, adminOf(t, p)+"/metrics")
		for name := range namesIn(metrics) {
			all[name] = true
		}
		p.endsSoon(t, syscall.SIGTERM)
	}
	sink, err := prometheus.New(prometheus.Config{})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	if err := sink.Write(context.Background(), &metric.Window{Start: now.Add(-time.Second), End: now, Interval: time.Second, Series: ownSeries(t)}); err != nil {
		t.Fatal(err)
	}
	page := httptest.NewRecorder()
	sink.ServeHTTP(page, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for name := range namesIn(page.Body.String()) {
		all[name] = true
	}
	if err := sink.Close(context.Background()); err != nil {
		t.Error(err)
	}
	return all
}

func TestEveryMetricThatBoardRulesAndDocumentsNameIsThere(t *testing.T) {
	t.Parallel()
	there := shownNames(t)
	for path, least := range map[string]int{"../../deploy/prometheus/rules.yml": 10, "../../deploy/grafana/zibrato.json": 20, "../../docs/operating.md": 8} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		named := map[string]bool{}
		for _, name := range regexp.MustCompile(`\b(?:zibrato|process|go)_[a-z_]+[a-z]\b`).FindAllString(string(text), -1) {
			named[name] = true
			if !there[name] {
				t.Errorf("%s names %s, which is not there", path, name)
			}
		}
		if len(named) < least {
			t.Errorf("%s names %d metrics", path, len(named))
		}
	}
}

func TestTheBoardIsOne(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../deploy/grafana/zibrato.json")
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Title  string
		Panels []struct {
			ID      int
			Type    string
			Title   string
			GridPos struct{ H, W, X, Y int }
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(text, &board); err != nil {
		t.Fatal(err)
	}
	seen := map[int]bool{}
	for _, p := range board.Panels {
		if seen[p.ID] || p.Title == "" || p.GridPos.X+p.GridPos.W > 24 || p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("panel %+v", p)
		}
		seen[p.ID] = true
	}
	tool := promtool(t)
	for _, p := range board.Panels {
		for _, target := range p.Targets {
			query := strings.ReplaceAll(target.Expr, "$__rate_interval", "5m")
			cmd := exec.Command(tool, "--experimental", "promql", "format", query)
			var exit *exec.ExitError
			if out, err := cmd.CombinedOutput(); errors.As(err, &exit) {
				t.Errorf("%s: %s: %s", p.Title, query, out)
			} else if err != nil {
				t.Error(err)
			}
		}
	}
}

// A container whose file system is read-only has to be able to run what it comes with.
func TestTheImageHasAVolumeForAllThatItsConfigurationWrites(t *testing.T) {
	t.Parallel()
	image, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	configuration, err := os.ReadFile("../../deploy/zibrato.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var volumes []string
	if m := regexp.MustCompile(`(?m)^VOLUME (\[.*\])$`).FindSubmatch(image); m == nil || json.Unmarshal(m[1], &volumes) != nil {
		t.Fatal("the Dockerfile has no list of volumes")
	}
	written := regexp.MustCompile(`(?m)^ +(?:dir|file): (/.*)$`).FindAllStringSubmatch(string(configuration), -1)
	if len(written) < 2 {
		t.Fatalf("the configuration writes %q", written)
	}
	for _, path := range written {
		if !slices.ContainsFunc(volumes, func(v string) bool { return strings.HasPrefix(path[1], v+"/") }) {
			t.Errorf("%s is in none of the volumes %q", path[1], volumes)
		}
	}
}
