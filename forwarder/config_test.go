package forwarder

import (
	"strings"
	"testing"
)

func TestTheZeroConfigMeansTheDefaults(t *testing.T) {
	c, err := Config{}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	if c.Logger == nil {
		t.Error("no logger")
	}
	if got := c.queueLen(); got != 4096 {
		t.Errorf("a queue of %d messages, want 4096", got)
	}
	c.Logger = nil
	if want := (Config{In: "tcp://127.0.0.1:5550", Out: "tcp://127.0.0.1:5551", MaxTopics: 256, MaxConnections: 1024, QueueBytes: 16 << 20}); c != want {
		t.Errorf("got %+v, want %+v", c, want)
	}
}

func TestAnErrorOfConfigNamesTheField(t *testing.T) {
	for field, c := range map[string]Config{
		"MaxTopics": {MaxTopics: -1}, "MaxConnections": {MaxConnections: -1},
		"QueueBytes": {QueueBytes: 1000},
	} {
		if _, err := c.withDefaults(); err == nil || !strings.Contains(err.Error(), "Config."+field) {
			t.Errorf("%+v: got error %v, want one that names Config.%s", c, err, field)
		}
	}
	if _, err := (Config{MaxTopics: maxMaxTopics + 1}).withDefaults(); err == nil {
		t.Error("a MaxTopics beyond the range of socket options was accepted")
	}
}
