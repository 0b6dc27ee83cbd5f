package zibrato_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/zibratotest"
)

func TestABadConfigurationNamesTheField(t *testing.T) {
	for field, c := range map[string]zibrato.Config{
		"Source":    {Source: "a|b"},
		"AlwaysOn":  {AlwaysOn: []zibrato.Level{"info", "not legal"}},
		"MaxSeries": {MaxSeries: -1},
		"RingBytes": {RingBytes: -1},
		"Latency":   {Latency: time.Microsecond},
		"AskEvery":  {AskEvery: -time.Second},
	} {
		err := zibrato.Configure(c)
		if err == nil || !strings.Contains(err.Error(), "Config."+field) {
			t.Errorf("%s: error %v", field, err)
		}
		// New has no error to return: the consumer is told.
		rec := zibratotest.New(t, c)
		rec.Inc("works")
		if n := rec.Notices(); rec.Calls("works") != 1 || len(n) != 1 || !strings.Contains(n[0], "Config."+field) {
			t.Errorf("%s: %d calls, notices %q", field, rec.Calls("works"), n)
		}
	}
	if err := zibrato.Configure(zibrato.Config{MaxSeries: 1_000_001}); err == nil {
		t.Error("too many series are accepted")
	}
}

func TestAFieldThatIsWrongSpoilsNoOther(t *testing.T) {
	rec := zibratotest.New(t, zibrato.Config{Source: "orders", MaxSeries: 1, AskEvery: time.Nanosecond, RingBytes: -1})
	rec.Inc("first")
	rec.Inc("second")
	if s := rec.Samples("first"); len(s) != 1 || s[0].Series.Source != "orders" {
		t.Errorf("samples %+v, want one from the configured source", s)
	}
	if n := rec.Calls("second"); n != 0 {
		t.Errorf("%d calls of a series past the configured bound", n)
	}
	notices := rec.Notices()
	for _, field := range []string{"Config.AskEvery", "Config.RingBytes"} {
		if !slices.ContainsFunc(notices, func(n string) bool { return strings.Contains(n, field) }) {
			t.Errorf("nothing is said of %s: %q", field, notices)
		}
	}
}

// The default recorder of this process is consumed by other tests, so a fresh process has to show it.
func TestConfigure(t *testing.T) {
	if os.Getenv("ZIBRATO_TEST_CONFIGURE") == "1" {
		configureFresh(t)
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestConfigure$", "-test.v")
	cmd.Env = append(os.Environ(), "ZIBRATO_TEST_CONFIGURE=1")
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "PASS") {
		t.Errorf("%v:\n%s", err, out)
	}
}

func configureFresh(t *testing.T) {
	counters := make([]*zibrato.Counter, 1000)
	for i := range counters { // as package variables would, before main configures
		counters[i] = zibrato.NewCounter(fmt.Sprint("early", i))
	}
	zibrato.Inc("unwatched")
	if err := zibrato.Configure(zibrato.Config{Source: "first"}); err != nil {
		t.Fatal(err)
	}
	if err := zibrato.Configure(zibrato.Config{Source: "configured", MaxSeries: 10}); err != nil {
		t.Fatal(err)
	}
	log := zibratotest.Capture(t)
	for _, c := range counters {
		c.Inc()
	}
	zibrato.Inc("late")
	if n := log.Calls("early999"); n != 1 {
		t.Errorf("%d calls of an instrument made before, want 1", n)
	}
	if n := log.Calls("zibrato.overflow"); n != 1 {
		t.Errorf("%d calls past the bound, want 1", n)
	}
	if s := log.Samples("early0"); len(s) != 1 || s[0].Series.Source != "configured" {
		t.Errorf("samples %+v, want one from the configured source", s)
	}
	if err := zibrato.Configure(zibrato.Config{}); !errors.Is(err, zibrato.ErrConsumed) {
		t.Errorf("configured while consumed: %v", err)
	}
	if err := zibrato.Default().Close(); err != nil {
		t.Error(err)
	}
	if err := zibrato.Configure(zibrato.Config{}); !errors.Is(err, zibrato.ErrClosed) {
		t.Errorf("configured after Close: %v", err)
	}
}
