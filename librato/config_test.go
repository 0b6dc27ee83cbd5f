package librato_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/zibrato/zibrato/librato"
	"github.com/zibrato/zibrato/metric"
)

func TestValidateNamesTheField(t *testing.T) {
	for _, c := range []struct {
		change func(*librato.Config)
		field  string // empty: valid
	}{
		{func(c *librato.Config) {}, ""},
		{func(c *librato.Config) { c.User = "" }, "User"},
		{func(c *librato.Config) { c.User = "a:b" }, "User"},
		{func(c *librato.Config) { c.User = " a" }, "User"},
		{func(c *librato.Config) { c.Token = "" }, "Token"},
		{func(c *librato.Config) { c.Token = "abc\n" }, "Token"},
		{func(c *librato.Config) { c.Token = "a\x00b" }, "Token"},
		{func(c *librato.Config) { c.URL = "host" }, "URL"},
		{func(c *librato.Config) { c.URL = "https://" }, "URL"},
		{func(c *librato.Config) { c.URL = "ftp://host" }, "URL"},
		{func(c *librato.Config) { c.URL = "https://host/%zz" }, "URL"},
		{func(c *librato.Config) { c.URL = "https://host/?a=b" }, "URL"},
		{func(c *librato.Config) { c.URL = "https://host/#a" }, "URL"},
		{func(c *librato.Config) { c.URL = "https://host:8443/x" }, ""},
		{func(c *librato.Config) { c.URL = "http://example.org" }, "URL"},
		{func(c *librato.Config) { c.URL = "http://localhost.example.org" }, "URL"},
		{func(c *librato.Config) { c.URL = "http://10.0.0.1" }, "URL"},
		{func(c *librato.Config) { c.URL, c.PlainHTTP = "http://10.0.0.1", true }, ""},
		{func(c *librato.Config) { c.URL = "http://127.0.0.2:80" }, ""},
		{func(c *librato.Config) { c.API = "metric" }, "API"},
		{func(c *librato.Config) { c.API = librato.Metrics }, ""},
		{func(c *librato.Config) { c.BatchSize = -1 }, "BatchSize"},
		{func(c *librato.Config) { c.BatchSize = 1001 }, "BatchSize"},
		{func(c *librato.Config) { c.BatchSize = 1000 }, ""},
		{func(c *librato.Config) { c.Timeout = -1 }, "Timeout"},
		{func(c *librato.Config) { c.Prefix = "prod " }, "Prefix"},
		{func(c *librato.Config) { c.Prefix = strings.Repeat("p", 101) }, "Prefix"},
		{func(c *librato.Config) { c.Prefix = strings.Repeat("p", 100) }, ""},
		{func(c *librato.Config) { c.Percentiles = []float64{0.99} }, "Percentiles"},
		{func(c *librato.Config) { c.Percentiles = []float64{101} }, "Percentiles"},
		{func(c *librato.Config) { c.Percentiles = []float64{math.NaN()} }, "Percentiles"},
		{func(c *librato.Config) { c.Percentiles = []float64{99, 50, 99} }, "Percentiles"},
		{func(c *librato.Config) { c.Percentiles = []float64{1, 99.9, 99, 100} }, ""},
		{func(c *librato.Config) { c.Interval = time.Millisecond }, "Interval"},
		{func(c *librato.Config) { c.Interval = 2 * time.Hour }, "Interval"},
		{func(c *librato.Config) { c.Levels = metric.Levels{"info", "no level"} }, "Levels"},
	} {
		cfg := librato.Config{User: "me", Token: "x"}
		c.change(&cfg)
		err := cfg.Validate()
		if (err != nil) != (c.field != "") || err != nil && !strings.HasPrefix(err.Error(), "librato: config: "+c.field+": ") {
			t.Errorf("%+v: want an error about %q: %v", cfg, c.field, err)
		}
	}
}
