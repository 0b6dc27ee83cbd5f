//go:build cgo

package librato_test

import (
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	zmq "github.com/pebbe/zmq4"

	"github.com/zibrato/zibrato/keys"
	"github.com/zibrato/zibrato/librato"
	"github.com/zibrato/zibrato/metric"
)

// listen binds a socket that hears subscriptions and sends messages, as a forwarder's Out.
func listen(tb testing.TB, server keys.Pair) (*zmq.Socket, string) {
	tb.Helper()
	s, err := zmq.NewSocket(zmq.XPUB)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { s.Close() })
	if err := s.SetLinger(0); err != nil {
		tb.Fatal(err)
	}
	if err := s.SetRcvtimeo(time.Minute); err != nil {
		tb.Fatal(err)
	}
	if !server.IsZero() {
		if err := errors.Join(s.SetCurveServer(1), s.SetCurveSecretkey(server.Secret())); err != nil {
			tb.Fatal(err)
		}
	}
	if err := s.Bind("tcp://127.0.0.1:*"); err != nil {
		tb.Fatal(err)
	}
	addr, err := s.GetLastEndpoint()
	if err != nil {
		tb.Fatal(err)
	}
	return s, addr
}

// awaitTopic waits until somebody subscribes to the topic.
func awaitTopic(tb testing.TB, s *zmq.Socket, topic string) {
	tb.Helper()
	for {
		got, err := s.Recv(0)
		if err != nil {
			tb.Fatalf("nobody subscribed to %q: %v", topic, err)
		}
		if got == "\x01"+topic {
			return
		}
	}
}

func TestStartTakesWhatItHearsToTheService(t *testing.T) {
	service := newFake(t)
	server := httptest.NewServer(service)
	defer server.Close()
	out, addr := listen(t, keys.Pair{})

	b, err := librato.Start(librato.Config{
		From: addr, Levels: metric.Levels{metric.Info}, Interval: time.Second,
		URL: server.URL, User: user, Token: token,
	})
	if err != nil {
		t.Fatal(err)
	}
	awaitTopic(t, out, "info|")
	if _, err := out.Send(fmt.Sprintf("info|Counter|jobs.done|5|%d|orders", time.Now().Unix()), 0); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); !slices.Contains(service.accepted(), "jobs.done"); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the service has %q", service.accepted())
		}
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
}

func TestStartSubscribesToSummariesUnlessToldOtherwise(t *testing.T) {
	for samples, topic := range map[bool]string{false: "zsum1|info|", true: "zsmp1|info|"} {
		out, addr := listen(t, keys.Pair{})
		b, err := librato.Start(librato.Config{From: addr, Levels: metric.Levels{metric.Info}, Samples: samples, User: user, Token: token})
		if err != nil {
			t.Fatal(err)
		}
		awaitTopic(t, out, topic)
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestStartReceivesEncrypted(t *testing.T) {
	server, worker := pair(t), pair(t)
	out, addr := listen(t, server)
	cfg := librato.Config{From: addr, Key: worker, ServerKey: server.Public(), Levels: metric.Levels{metric.Info}, User: user, Token: token}
	b, err := librato.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	awaitTopic(t, out, "zsum1|info|")
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	if text := fmt.Sprintf("%v %+v %#v %s %x", cfg, cfg, cfg, cfg, cfg); strings.Contains(text, worker.Secret()) {
		t.Error(text)
	}
}

func pair(t *testing.T) keys.Pair {
	t.Helper()
	p, err := keys.Generate()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestStartSaysWhatIsWrong(t *testing.T) {
	for want, cfg := range map[string]librato.Config{
		"Token":       {User: user},
		"Config.Key":  {User: user, Token: token, ServerKey: pair(t).Public()},
		"Config.From": {User: user, Token: token, From: "udp://127.0.0.1:1"},
	} {
		b, err := librato.Start(cfg)
		if err == nil {
			b.Close()
			t.Errorf("%v was accepted", cfg)
			continue
		}
		if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), token) {
			t.Errorf("%v: got %q, want an error that names %s and holds no token", cfg, err, want)
		}
	}
}

func ExampleStart() {
	// Anything that speaks Librato's API.
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusAccepted) }))
	defer service.Close()

	b, err := librato.Start(librato.Config{
		From:     "tcp://127.0.0.1:5551", // a forwarder, which may start later
		Levels:   metric.Info.AndAbove(),
		Interval: time.Minute,
		URL:      service.URL,
		User:     "me@example.org",
		Token:    "a token that may record",
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("started")
	if err := b.Close(); err != nil {
		log.Fatal(err)
	}
	// Output: started
}
