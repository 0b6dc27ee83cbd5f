package subscriber

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zibrato/zibrato/metric"
)

func TestTheZeroConfigHasTheDocumentedDefaults(t *testing.T) {
	c, err := Config{}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	if c.From != "tcp://127.0.0.1:5551" || c.QueueBytes != 64<<20 || c.Detail != Samples || c.Logger == nil {
		t.Errorf("got %+v", c)
	}
}

func TestMistakesInTheConfigAreNamed(t *testing.T) {
	for _, test := range []struct {
		cfg  Config
		want string
	}{
		{Config{From: "127.0.0.1:5551"}, `Config.From "127.0.0.1:5551": want tcp://host:port or ipc://path`},
		{Config{From: "udp://127.0.0.1:5551"}, `Config.From "udp://127.0.0.1:5551": want tcp://host:port`},
		{Config{From: "tcp://127.0.0.1"}, `Config.From "tcp://127.0.0.1": want tcp://host:port`},
		{Config{From: "tcp://:5551"}, `Config.From "tcp://:5551": want tcp://host:port`},
		{Config{From: "tcp://*:5551"}, `Config.From "tcp://*:5551": want tcp://host:port, with the host`},
		{Config{From: "tcp://::1:5551"}, `brackets`},
		{Config{From: "tcp://a b:5551"}, `host "a b"`},
		{Config{From: "tcp://localhost:0"}, `port "0": want 1 to 65535`},
		{Config{From: "tcp://localhost:99999"}, `port "99999": want 1 to 65535`},
		{Config{From: "tcp://localhost:http"}, `port "http": want 1 to 65535`},
		{Config{From: "ipc://"}, `Config.From "ipc://": want ipc://path`},
		{Config{From: "ipc://*"}, `Config.From "ipc://*": want ipc://path`},
		{Config{Levels: metric.Levels{"info", "in|fo"}}, `Config.Levels: "in|fo" is no legal level`},
		{Config{Detail: 7}, `Config.Detail is 7: want Samples or Summaries`},
		{Config{QueueBytes: metric.MaxFrame - 1}, `Config.QueueBytes is 1048575: want at least 1048576`},
		{Config{QueueBytes: -1}, `Config.QueueBytes is -1`},
	} {
		_, err := test.cfg.withDefaults()
		if err == nil || !strings.HasPrefix(err.Error(), "subscriber: Config.") || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%+v: got %v, want one line with %s", test.cfg, err, test.want)
		}
	}
}

func TestALevelIsAskedForInBothForms(t *testing.T) {
	got := Config{Levels: metric.Levels{"info", "x-1"}}.topics()
	if diff := cmp.Diff([]string{"zsmp1|info|", "info|", "zsmp1|x-1|", "x-1|"}, got); diff != "" {
		t.Error(diff)
	}
	got = Config{Levels: metric.Levels{"info"}, Detail: Summaries}.topics()
	if diff := cmp.Diff([]string{"zsum1|info|", "info|"}, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"zsmp1|", ""}, Config{}.topics()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"zsum1|", ""}, Config{Detail: Summaries}.topics()); diff != "" {
		t.Error(diff)
	}
}

func TestComplaintsAboutOneReasonAreAtLeastTenSecondsApart(t *testing.T) {
	var out bytes.Buffer
	c := complaints{log: slog.New(slog.NewTextHandler(&out, nil)), from: "here"}
	lines := func() string {
		defer out.Reset()
		return out.String()
	}
	crc := &metric.DecodeError{Reason: metric.ReasonChecksum, Detail: "7 bytes"}
	now := time.Unix(1000, 0)

	c.malformed(crc, 1, now)
	if got := lines(); !strings.Contains(got, "count=1") || !strings.Contains(got, "checksum: 7 bytes") || !strings.Contains(got, "from=here") {
		t.Errorf("the first: %q", got)
	}
	for n := range uint64(50) {
		c.malformed(crc, 2+n, now.Add(9999*time.Millisecond))
	}
	if got := lines(); got != "" {
		t.Errorf("within ten seconds: %q", got)
	}
	c.malformed(&metric.DecodeError{Reason: metric.ReasonNumber}, 1, now)
	if got := lines(); !strings.Contains(got, "reason=number") {
		t.Errorf("another reason: %q", got)
	}
	c.malformed(crc, 52, now.Add(10*time.Second))
	if got := lines(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "count=51") {
		t.Errorf("ten seconds later: %q", got)
	}
}
