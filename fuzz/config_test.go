//go:build cgo

package fuzz

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zibrato/zibrato/internal/endpoint"
	"github.com/zibrato/zibrato/librato"
	"github.com/zibrato/zibrato/metric"
)

// FuzzLevels holds lists of levels to being read the same once they were written.
func FuzzLevels(f *testing.F) {
	for _, s := range []string{"", "info+", " debug , orders", "critical+", "info,info+,info", "zs", "a,,b", "x+", strings.Repeat("y", 33)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		levels, err := metric.ParseLevels(s)
		if err != nil {
			if levels != nil {
				t.Fatalf("%q: %v and %v", s, levels, err)
			}
			return
		}
		for i, l := range levels {
			if !l.Valid() || slices.Contains(levels[:i], l) || !levels.Include(l) {
				t.Fatalf("%q is read as %q", s, levels)
			}
		}
		again, err := metric.ParseLevels(levels.String())
		if diff := cmp.Diff(levels, again); err != nil || diff != "" {
			t.Fatalf("%q is written %q: %v: %s", s, levels, err, diff)
		}
	})
}

// FuzzEndpoints holds endpoints that are taken to having what it takes to connect.
func FuzzEndpoints(f *testing.F) {
	for _, s := range []string{"tcp://127.0.0.1:5550", "tcp://[::1]:1", "tcp://host:0", "tcp://*:5550", "ipc:///run/z", "ipc://*", "tcp://a;b:1", "tcp://::1:5550", "inproc://x", "tcp://h:+5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if err := endpoint.Check(s); err != nil {
			return
		}
		if path, ok := strings.CutPrefix(s, "ipc://"); ok {
			if path == "" || path == "*" {
				t.Fatalf("%q is taken", s)
			}
			return
		}
		host, port, err := net.SplitHostPort(strings.TrimPrefix(s, "tcp://"))
		n, bad := strconv.Atoi(port)
		if err != nil || bad != nil || n < 1 || n > 65535 || host == "" || host == "*" || strings.ContainsAny(host, " ;|@/") || fmt.Sprint(n) != strings.TrimLeft(port, "0") {
			t.Fatalf("%q is taken: host %q, port %q", s, host, port)
		}
	})
}

// FuzzLibratoConfig holds configurations to saying what is wrong with them, and to keeping the token to themselves.
func FuzzLibratoConfig(f *testing.F) {
	f.Add("https://metrics-api.librato.com", "measurements", "prod.", 500, int64(time.Minute), 99.9)
	f.Add("http://me%40example.org:tok@127.0.0.1/v1", "metrics", "", 1, int64(0), 1.0)
	f.Add("https://u:p@h:x/", "", "ß", -1, int64(-1), 101.0)
	f.Add("://", "none", strings.Repeat("p", 101), 1001, int64(time.Hour+1), 0.0)
	f.Fuzz(func(t *testing.T, address, api, prefix string, batch int, interval int64, percentile float64) {
		const token = "s3cr3t-t0k3n"
		c := librato.Config{
			User: "u", Token: token, URL: address, API: librato.API(api), Prefix: prefix, BatchSize: batch, Interval: time.Duration(interval), Percentiles: []float64{percentile},
		}
		err := c.Validate()
		secrets := []string{token}
		if u, bad := url.Parse(address); bad == nil && u.User != nil {
			if p, _ := u.User.Password(); len(p) > 8 {
				secrets = append(secrets, p)
			}
		}
		for _, said := range []string{fmt.Sprint(err), fmt.Sprint(c), fmt.Sprintf("%#v", c), fmt.Sprint(librato.New(c))} {
			for _, s := range secrets {
				if strings.Contains(said, s) && !strings.Contains(api+prefix, s) {
					t.Fatalf("it says %q", said)
				}
			}
		}
		if wrong := batch < 0 || batch > 1000 || !(percentile >= 1 && percentile <= 100) || len(prefix) > 100; wrong && err == nil {
			t.Fatalf("%v is taken", c)
		}
	})
}
