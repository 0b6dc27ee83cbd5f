package endpoint

import "testing"

func TestCheckTellsEndpointsFromMistakes(t *testing.T) {
	for uri, ok := range map[string]bool{
		"tcp://127.0.0.1:5550": true, "tcp://localhost:1": true, "tcp://[::1]:65535": true, "ipc:///run/z.sock": true,
		"": false, "5550": false, "tcp://127.0.0.1": false, "tcp://*:5550": false, "tcp://a:0": false, "tcp://a:65536": false,
		"tcp://a b:1": false, "udp://a:1": false, "ipc://": false, "ipc://*": false, "tcp://::1:5550": false,
	} {
		if err := Check(uri); (err == nil) != ok {
			t.Errorf("Check(%q) = %v", uri, err)
		}
	}
}

func TestNeedsIPv6OnlyWhereThereIsNoIPv4(t *testing.T) {
	for uri, want := range map[string]bool{
		"tcp://127.0.0.1:1": false, "tcp://[::1]:1": true, "ipc:///x": false, "tcp://localhost:1": false,
	} {
		if got := NeedsIPv6(uri); got != want {
			t.Errorf("NeedsIPv6(%q) = %v", uri, got)
		}
	}
}
