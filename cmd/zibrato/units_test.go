//go:build cgo && unix

package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Each of these keeps a unit from running, or from being started again; none is found before systemd runs it.
func TestUnitsHoldWhatTheProgramNeeds(t *testing.T) {
	t.Parallel()
	units, err := filepath.Glob("../../deploy/*.service")
	if err != nil || len(units) < 4 {
		t.Fatal(units, err)
	}
	var sandbox string
	for _, path := range units {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{
			"Type=notify",
			"RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK", // libzmq aborts without the last
			"RestartPreventExitStatus=2",
			"Environment=GOTRACEBACK=crash", // else 2 is the status of crashes, too
		} {
			if !strings.Contains(string(text), "\n"+line+"\n") {
				t.Errorf("%s lacks %s", path, line)
			}
		}
		if bytes.Contains(text, []byte("ExecStartPre=")) { // whose status 2 does not keep from restarts
			t.Errorf("%s has ExecStartPre=", path)
		}
		_, rest, _ := strings.Cut(string(text), "\nDynamicUser=")
		if sandbox == "" {
			sandbox = rest
		}
		if strings.Replace(rest, "LimitNOFILE=65536\n", "", 1) != strings.Replace(sandbox, "LimitNOFILE=65536\n", "", 1) {
			t.Errorf("%s confines the program otherwise than %s", path, units[0])
		}
		exec := regexp.MustCompile(`(?m)^ExecStart=/usr/local/bin/zibrato (\S+)`).FindSubmatch(text)
		if exec == nil || !slices.Contains([]string{"%i", "forward", "librato", "run"}, string(exec[1])) {
			t.Errorf("%s starts %q", path, exec)
		}
	}
}

func TestAListenAddressThatOthersReachIsWarnedOf(t *testing.T) {
	t.Parallel()
	for addr, warned := range map[string]bool{
		"127.0.0.1:0": false, "[::1]:0": false, "localhost:0": false, "127.8.8.8:1": false,
		":9464": true, "0.0.0.0:9464": true, "[::]:9464": true, "10.0.0.5:9464": true, "metrics.example.org:9464": true,
	} {
		var log bytes.Buffer
		c := prometheusCmd{Listen: adminAddr(addr), MaxSeries: 1, SourceLabel: "source", LevelLabel: "level"}
		if _, err := c.prepare(slog.New(slog.NewTextHandler(&log, nil))); err != nil {
			t.Errorf("%s: %v", addr, err)
		}
		if got := strings.Contains(log.String(), "other machines may reach --listen"); got != warned {
			t.Errorf("%s: %s", addr, log.String())
		}
	}
}
