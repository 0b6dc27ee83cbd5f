//go:build cgo && unix

package main

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAMeasurementTravelsFromSendToTheLog(t *testing.T) {
	t.Parallel()
	_, in, out := forward(t)
	log := start(t, nil, "log", "--from", out, "--levels", "info+", "--flush", "200ms")
	send(t, in, "counter", "jobs.done", "5")
	line := log.stdout.await(t, `.*"jobs\.done".*\n`)[0]
	var got struct {
		Name, Kind, Level, Source string
		Sum                       float64
	}
	if err := json.Unmarshal([]byte(line), &got); err != nil {
		t.Fatal(err)
	}
	if got.Name != "jobs.done" || got.Kind != "counter" || got.Level != "info" || got.Source != "zibrato" || got.Sum != 5 {
		t.Errorf("got %+v", got)
	}
}

// sent are command lines of send and what tail shows of them.
var sent = []struct {
	args  []string
	json  map[string]any
	human string
}{
	{
		[]string{"counter", "jobs done", "9007199254740993"},
		map[string]any{"name": "jobs done", "kind": "counter", "level": "info", "source": "zibrato", "value": json.Number("9007199254740993")},
		`(?m)^\S+ info +counter +jobs done 9007199254740993 zibrato$`,
	}, {
		[]string{"gauge", "temperature", "-5.5", "--source", "cellar"},
		map[string]any{"name": "temperature", "kind": "gauge", "level": "info", "source": "cellar", "value": json.Number("-5.5")},
		`(?m)^\S+ info +gauge +temperature -5\.5 cellar$`,
	}, {
		[]string{"timer", "db.query", "150ms", "--level", "debug"},
		map[string]any{"name": "db.query", "kind": "timer", "level": "debug", "source": "zibrato", "value": json.Number("0.15")},
		`(?m)^\S+ debug +timer +db\.query 150ms zibrato$`,
	}, {
		[]string{"timer", "db.seconds", "0.000000001"},
		map[string]any{"name": "db.seconds", "kind": "timer", "level": "info", "source": "zibrato", "value": json.Number("1e-09")},
		`(?m)^\S+ info +timer +db\.seconds 1ns zibrato$`,
	},
}

func TestTailShowsWhatIsSentForPrograms(t *testing.T) {
	t.Parallel()
	_, in, out := forward(t)
	tail := start(t, nil, "tail", "--from", out, "--levels", "debug,info", "--json")
	for _, s := range sent {
		begin := time.Now().Truncate(time.Second)
		send(t, in, s.args...)
		name := s.json["name"].(string)
		dec := json.NewDecoder(strings.NewReader(tail.stdout.await(t, `.*"`+name+`".*\n`)[0]))
		dec.UseNumber()
		var got map[string]any
		if err := dec.Decode(&got); err != nil {
			t.Fatal(err)
		}
		at, err := time.Parse(time.RFC3339, got["time"].(string))
		if err != nil || at.Before(begin) || at.After(time.Now()) {
			t.Errorf("%s: time %v, want one since %v (%v)", name, got["time"], begin, err)
		}
		want := maps.Clone(s.json)
		want["time"], want["tags"] = got["time"], map[string]any{}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestTailShowsWhatIsSentForPeople(t *testing.T) {
	t.Parallel()
	_, in, out := forward(t)
	tail := start(t, nil, "tail", "--from", out, "--levels", "debug,info")
	for _, s := range sent {
		send(t, in, s.args...)
		tail.stdout.await(t, s.human)
	}
}

// send sends one measurement to whoever subscribes.
func send(t *testing.T, to string, args ...string) {
	t.Helper()
	args = append([]string{"send", "--to", to, "--wait", "20s"}, args...)
	if status, stdout, stderr := result(t, nil, args...); status != 0 || stdout+stderr != "" {
		t.Fatalf("%q: status %d, %q", args, status, stdout+stderr)
	}
}

func TestSendWithoutAForwarderIsStatusThree(t *testing.T) {
	t.Parallel()
	to := deadEndpoint(t)
	begin := time.Now()
	status, _, stderr := result(t, nil, "send", "counter", "x", "1", "--to", to, "--wait", "50ms")
	if status != 3 || !strings.Contains(stderr, to) {
		t.Errorf("status %d, %q", status, stderr)
	}
	oneLine(t, stderr, "send")
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("took %v to wait 50ms", took)
	}
}

func TestSendWithoutASubscriberIsStatusFour(t *testing.T) {
	t.Parallel()
	_, in, out := forward(t)
	log := start(t, nil, "log", "--from", out, "--levels", "info", "--flush", "200ms")
	send(t, in, "counter", "x", "1")
	status, _, stderr := result(t, nil, "send", "counter", "x", "1", "--to", in, "--wait", "2s", "--level", "debug")
	if status != 4 || !strings.Contains(stderr, "debug") {
		t.Errorf("status %d, %q", status, stderr)
	}
	oneLine(t, stderr, "send")
	log.stdout.await(t, `"x"`)
}

func TestSendWarnsOfNamesThatItChanges(t *testing.T) {
	t.Parallel()
	_, _, stderr := result(t, nil, "send", "counter", "a|b", "1", "--to", deadEndpoint(t), "--wait", "20ms")
	if !strings.HasPrefix(stderr, `zibrato send: the name "a|b" is sent as "a_b~`) {
		t.Errorf("got %q", stderr)
	}
}
