//go:build cgo

package monitor

import (
	"testing"
	"time"

	zmq "github.com/pebbe/zmq4"
)

func TestOnlyALostConnectionThatIsNotMadeAgainIsGivenUp(t *testing.T) {
	const (
		made  = zmq.EVENT_CONNECTED
		shook = zmq.EVENT_HANDSHAKE_SUCCEEDED
		again = zmq.EVENT_CONNECT_RETRIED
		lost  = zmq.EVENT_DISCONNECTED
		ended = zmq.EVENT_MONITOR_STOPPED
	)
	begun := time.Unix(1, 0)
	for _, test := range []struct {
		name   string
		events []zmq.Event // one a second
		want   Link
	}{
		{"nothing was heard", nil, Link{}},
		{"connected", []zmq.Event{made}, Link{State: Connected}},
		{"connected, and the handshake done", []zmq.Event{shook}, Link{State: Connected}},
		{"nobody answers", []zmq.Event{again, again}, Link{State: Away}},
		{"lost", []zmq.Event{made, lost}, Link{State: Away, Lost: begun.Add(time.Second), LastLost: begun.Add(time.Second)}},
		{"lost before it was made", []zmq.Event{lost}, Link{State: Away, Lost: begun, LastLost: begun}},
		{"lost and being made", []zmq.Event{made, lost, again}, Link{State: Away, LastLost: begun.Add(time.Second)}},
		{"lost and made", []zmq.Event{lost, again, shook}, Link{State: Connected, LastLost: begun}},
		{"lost twice", []zmq.Event{lost, again, made, lost}, Link{State: Away, Lost: begun.Add(3 * time.Second), LastLost: begun.Add(3 * time.Second)}},
		{"closed", []zmq.Event{shook, ended}, Link{State: Away, Closed: true}},
	} {
		var l Link
		for i, e := range test.events {
			l.hear(e, begun.Add(time.Duration(i)*time.Second))
		}
		if l != test.want {
			t.Errorf("%s: %+v, want %+v", test.name, l, test.want)
		}
		since := test.want.Lost
		if l.GivenUp(since.Add(ReviveAfter - 1)) {
			t.Errorf("%s: given up too soon", test.name)
		}
		if got, want := l.GivenUp(since.Add(ReviveAfter)), !since.IsZero(); got != want {
			t.Errorf("%s: given up: %v, want %v", test.name, got, want)
		}
	}
}

func TestARefusedConnectionIsTriedAgainLessAndLessOften(t *testing.T) {
	const refusal, hungUp, lost = zmq.EVENT_HANDSHAKE_FAILED_AUTH, zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL, zmq.EVENT_DISCONNECTED
	now := time.Unix(1, 0)
	var l Link
	for i, want := range []time.Duration{200, 400, 800, 1000, 1000, 1000, 1000} {
		want *= time.Millisecond
		l.hear(refusal, now)
		l.hear(lost, now)
		if l.Refusal != KeyRefused || l.Refusals != uint64(i+1) {
			t.Fatalf("%+v after %d refusals", l, i+1)
		}
		if l.GivenUp(now.Add(want-1)) || !l.GivenUp(now.Add(want)) {
			t.Errorf("refusal %d is not tried again after %v", i+1, want)
		}
		if l = l.Successor(); l.GivenUp(now.Add(time.Hour)) {
			t.Error("a connection that was just begun is given up")
		}
	}
	l.hear(hungUp, now)
	if l.Refusal != HungUp || l.Refusals != 8 {
		t.Errorf("%+v", l)
	}
	l.hear(zmq.EVENT_HANDSHAKE_SUCCEEDED, now)
	l.hear(lost, now)
	if l.Refusal != NotRefused || l.Refusals != 8 || !l.GivenUp(now.Add(ReviveAfter)) {
		t.Errorf("%+v after a success", l)
	}
	l.hear(zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL, now)
	if l.Refusal != Mismatch {
		t.Errorf("%+v", l)
	}
}

func TestAMonitorTellsWhatItWasOpenedFor(t *testing.T) {
	server, err := zmq.NewSocket(zmq.XPUB)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	client, err := zmq.NewSocket(zmq.SUB)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	pair, err := Open(client, zmq.EVENT_HANDSHAKE_SUCCEEDED)
	if err != nil {
		t.Fatal(err)
	}
	defer Close(client, pair)
	var l Link
	if err := l.Hear(pair, time.Now()); err != nil || l != (Link{}) {
		t.Fatalf("before there is a connection: %+v, %v", l, err)
	}
	if err := server.Bind("tcp://127.0.0.1:*"); err != nil {
		t.Fatal(err)
	}
	addr, err := server.GetLastEndpoint()
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Connect(addr); err != nil {
		t.Fatal(err)
	}
	poller := zmq.NewPoller()
	poller.Add(pair, zmq.POLLIN)
	for end := time.Now().Add(time.Minute); l.State != Connected && time.Now().Before(end); {
		poller.Poll(time.Until(end)) // a signal may end it early
		if err := l.Hear(pair, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if l.State != Connected {
		t.Errorf("%+v", l)
	}
}

func TestWhereHandshakesAreToldAConnectionCountsWithOne(t *testing.T) {
	l := Link{Shakes: true}
	for _, step := range []struct {
		event zmq.Event
		want  State
	}{
		{zmq.EVENT_CONNECTED, Link{}.State}, {zmq.EVENT_HANDSHAKE_SUCCEEDED, Connected}, {zmq.EVENT_DISCONNECTED, Away}, {zmq.EVENT_CONNECTED, Away},
	} {
		if l.hear(step.event, time.Unix(1, 0)); l.State != step.want {
			t.Errorf("after %v it is %v, want %v", step.event, l.State, step.want)
		}
	}
	if next := l.Successor(); !next.Shakes {
		t.Error("the next one would count without")
	}
}
