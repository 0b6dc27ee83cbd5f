package real

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// Prometheus is a Prometheus server.
type Prometheus struct {
	*Server
	PromQL
}

// StartPrometheus starts Prometheus with a configuration, the text of its prometheus.yml, which may be empty. It takes OTLP at
// /api/v1/otlp/v1/metrics and remote writes; args are further flags.
func StartPrometheus(t testing.TB, config string, args ...string) *Prometheus {
	t.Helper()
	path := ours(t, "bin", "prometheus")
	p := &Prometheus{}
	p.Server = launch(t, "prometheus", func(dir string) program {
		at := addr(t)
		p.PromQL = PromQL{URL: "http://" + at}
		return program{
			path: path,
			args: append([]string{
				"--config.file=" + write(t, dir, "prometheus.yml", config), "--storage.tsdb.path=" + dir + "/data", "--web.listen-address=" + at,
				"--web.enable-otlp-receiver", "--web.enable-remote-write-receiver", "--log.level=info",
			}, args...),
			ready: answers(p.URL + "/-/ready"),
		}
	})
	return p
}

// ScrapeConfig returns a configuration that scrapes addresses each second, native histograms among what is there.
func ScrapeConfig(addrs ...string) string {
	return fmt.Sprintf(`global: {scrape_interval: 1s, scrape_native_histograms: true}
scrape_configs: [{job_name: zibrato, static_configs: [{targets: ["%s"]}]}]
`, strings.Join(addrs, `", "`))
}

// Promtool runs promtool with an input, and returns what it said and whether it was content.
func Promtool(t testing.TB, stdin []byte, args ...string) (said string, content bool) {
	t.Helper()
	cmd := exec.Command(ours(t, "bin", "promtool"), args...)
	cmd.Stdin = bytes.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	return string(out), err == nil
}
