//go:build cgo

package publisher_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/forwarder"
	"github.com/zibrato/zibrato/internal/logbook"
	"github.com/zibrato/zibrato/keys"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/publisher"
	"github.com/zibrato/zibrato/subscriber"
)

func newPair(t testing.TB) keys.Pair {
	t.Helper()
	p, err := keys.Generate()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// allow makes a list of public keys in one step.
func allow(t testing.TB, path string, pairs ...keys.Pair) {
	t.Helper()
	var text strings.Builder
	for _, p := range pairs {
		fmt.Fprintln(&text, p.Public())
	}
	if err := errors.Join(os.WriteFile(path+".new", []byte(text.String()), 0o644), os.Rename(path+".new", path)); err != nil {
		t.Fatal(err)
	}
}

func startWith(t testing.TB, cfg forwarder.Config) *forwarder.Forwarder {
	t.Helper()
	cfg.In, cfg.Out = cmp.Or(cfg.In, "tcp://127.0.0.1:*"), cmp.Or(cfg.Out, "tcp://127.0.0.1:*")
	f, err := forwarder.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// soon waits until something holds, and returns how long that took.
func soon(t testing.TB, what string, holds func() bool) time.Duration {
	t.Helper()
	begun := time.Now()
	for !holds() {
		if time.Since(begun) > time.Minute {
			t.Fatalf("not in time: %s", what)
		}
		time.Sleep(time.Millisecond)
	}
	return time.Since(begun)
}

// party is one end of a link: a publisher that publishes the counter "jobs", or a subscriber to it.
type party struct {
	refused func() uint64
	served  func() bool // whether the other end was heard of
	log     *logbook.Book
}

func publishes(t testing.TB, cfg publisher.Config) party {
	t.Helper()
	p := party{log: new(logbook.Book)}
	cfg.Logger = p.log.Logger()
	cfg.Recorder = zibrato.New(zibrato.Config{Source: "s"})
	cfg.CloseTimeout = time.Millisecond
	pub, err := publisher.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { errors.Join(pub.Close(), cfg.Recorder.Close()) })
	p.refused = func() uint64 { return pub.Stats().Refused }
	p.served = func() bool {
		cfg.Recorder.Inc("jobs")
		return pub.Stats().Topics > 0
	}
	return p
}

func subscribes(t testing.TB, cfg subscriber.Config) party {
	t.Helper()
	p := party{log: new(logbook.Book)}
	cfg.Logger = p.log.Logger()
	sub, err := subscriber.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	var mu sync.Mutex
	heard := false
	go func() {
		defer close(done)
		sub.Receive(ctx, func(b *metric.Batch) {
			mu.Lock()
			defer mu.Unlock()
			for _, e := range b.Entries {
				heard = heard || e.Series.Name == "jobs"
			}
		})
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		sub.Close()
	})
	p.refused = func() uint64 { return sub.Stats().Refused }
	p.served = func() bool {
		mu.Lock()
		defer mu.Unlock()
		return heard
	}
	return p
}

func TestEveryFormPassesEncrypted(t *testing.T) {
	key, mine, yours := newPair(t), newPair(t), newPair(t)
	list := filepath.Join(t.TempDir(), "list")
	allow(t, list, mine, yours)
	for _, form := range []publisher.Format{publisher.Binary, publisher.Text} {
		for _, detail := range []metric.Detail{subscriber.Samples, subscriber.Summaries} {
			fwd := startWith(t, forwarder.Config{Key: key, Allow: list})
			pub := publishes(t, publisher.Config{Endpoint: fwd.InAddr(), Key: mine, ServerKey: key.Public(), Format: form})
			sub := subscribes(t, subscriber.Config{From: fwd.OutAddr(), Key: yours, ServerKey: key.Public(), Detail: detail})
			took := soon(t, "the subscriber hears", func() bool { return pub.served() && sub.served() })
			if limit := 3 * time.Second; took > limit { // of which summaries take one
				t.Errorf("%v, %v: the first was heard after %v", form, detail, took)
			}
			if n := pub.refused() + sub.refused(); n != 0 {
				t.Errorf("%d handshakes failed", n)
			}
		}
	}
}

// A party that is not served says why, does not grow busy over it, and is served once what was wrong is mended.
func TestWhoIsRefusedSaysWhyAndGoesOnTrying(t *testing.T) {
	key, other, mine, yours := newPair(t), newPair(t), newPair(t), newPair(t)
	list := filepath.Join(t.TempDir(), "list")
	const notListed, mismatch, hungUp = "does not serve this key", "handshake failed", "another key than the one"
	for _, test := range []struct {
		name   string
		fwd    forwarder.Config
		key    bool // whether the party has one
		server keys.Public
		say    string
	}{
		{"not on the list", forwarder.Config{Key: key, Allow: list}, true, key.Public(), notListed},
		{"another forwarder's key", forwarder.Config{Key: key, Allow: list}, true, other.Public(), hungUp},
		{"no key", forwarder.Config{Key: key, Allow: list}, false, keys.Public{}, mismatch},
		{"a forwarder without a key", forwarder.Config{}, true, key.Public(), mismatch},
	} {
		t.Run(test.name, func(t *testing.T) {
			allow(t, list)
			fwd := startWith(t, test.fwd)
			pubCfg := publisher.Config{Endpoint: fwd.InAddr(), ServerKey: test.server}
			subCfg := subscriber.Config{From: fwd.OutAddr(), ServerKey: test.server}
			if test.key {
				pubCfg.Key, subCfg.Key = mine, yours
			}
			pub, sub := publishes(t, pubCfg), subscribes(t, subCfg)
			for name, p := range map[string]party{"publisher": pub, "subscriber": sub} {
				soon(t, name+" says why: "+test.say, func() bool { return strings.Contains(p.log.String(), test.say) })
				soon(t, name+" tries again", func() bool { return p.refused() >= 2 })
				if p.served() {
					t.Errorf("the %s was served", name)
				}
				if n := strings.Count(p.log.String(), "\n"); n > 2 {
					t.Errorf("%d lines: %s", n, p.log)
				}
				for _, k := range []keys.Pair{key, mine, yours} {
					if strings.Contains(p.log.String(), k.Secret()) {
						t.Errorf("the %s logs a secret: %s", name, p.log)
					}
				}
			}
			if test.say != notListed {
				return
			}
			if !strings.Contains(pub.log.String(), mine.Public().String()) {
				t.Errorf("the log does not say which key: %s", pub.log)
			}
			allow(t, list, mine, yours)
			took := soon(t, "both are served", func() bool { return pub.served() && sub.served() })
			t.Logf("served %v after the list changed", took)
			if took > 5*time.Second {
				t.Errorf("that took %v", took)
			}
		})
	}
}

func TestRefusedPartiesTryNoMoreThanOnceASecond(t *testing.T) {
	key, mine := newPair(t), newPair(t)
	list := filepath.Join(t.TempDir(), "list")
	allow(t, list)
	fwd := startWith(t, forwarder.Config{Key: key, Allow: list})
	pub := publishes(t, publisher.Config{Endpoint: fwd.InAddr(), Key: mine, ServerKey: key.Public()})
	sub := subscribes(t, subscriber.Config{From: fwd.OutAddr(), Key: mine, ServerKey: key.Public()})
	for name, p := range map[string]party{"publisher": pub, "subscriber": sub} {
		soon(t, "the "+name+" has been refused four times", func() bool { return p.refused() >= 4 })
		n, begun := p.refused(), time.Now()
		soon(t, "and once more", func() bool { return p.refused() > n })
		soon(t, "and again", func() bool { return p.refused() > n+1 })
		if took := time.Since(begun); took < 900*time.Millisecond {
			t.Errorf("the %s tried twice in %v", name, took)
		}
	}
	if n := fwd.Stats().Refused[forwarder.RefusedKey]; n < 10 {
		t.Errorf("the forwarder counts %d", n)
	}
}

func TestKeysThatWouldNotDoAreRefusedByName(t *testing.T) {
	key := newPair(t)
	for _, test := range []struct {
		key    keys.Pair
		server keys.Public
		want   string
	}{{key, keys.Public{}, "Config.ServerKey"}, {keys.Pair{}, key.Public(), "Config.Key"}} {
		_, err := publisher.Start(publisher.Config{Key: test.key, ServerKey: test.server})
		_, suberr := subscriber.Start(subscriber.Config{Key: test.key, ServerKey: test.server})
		for _, err := range []error{err, suberr} {
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), key.Secret()) {
				t.Errorf("want an error about %s, got %v", test.want, err)
			}
		}
	}
}

func TestNoConfigPrintsItsSecret(t *testing.T) {
	key := newPair(t)
	var text bytes.Buffer
	for _, v := range []any{publisher.Config{Key: key}, &publisher.Config{Key: key}, subscriber.Config{Key: key}, &subscriber.Config{Key: key}} {
		fmt.Fprintf(&text, "%v %+v %#v %s %q %x %d\n", v, v, v, v, v, v, v)
		slog.New(slog.NewJSONHandler(&text, nil)).Info("config", "config", v)
	}
	if strings.Contains(text.String(), key.Secret()) {
		t.Error(text.String())
	}
}

// The forwarder gets another key, which its peers were told of before: none is restarted, and none is lost for long.
func TestAForwarderChangesItsKeyUnderPeersThatKnowTheNext(t *testing.T) {
	old, next, mine, yours := newPair(t), newPair(t), newPair(t), newPair(t)
	list := filepath.Join(t.TempDir(), "list")
	allow(t, list, mine, yours)
	cfg := forwarder.Config{Key: old, Allow: list}
	fwd := startWith(t, cfg)
	pub := publishes(t, publisher.Config{Endpoint: fwd.InAddr(), Key: mine, ServerKey: old.Public(), NextServerKey: next.Public()})
	subscribes(t, subscriber.Config{From: fwd.OutAddr(), Key: yours, ServerKey: old.Public(), NextServerKey: next.Public()})
	connected := func(f *forwarder.Forwarder) func() bool {
		return func() bool { return pub.served() && f.Stats().Messages > 0 && f.Stats().Topics > 0 }
	}
	soon(t, "all are connected", connected(fwd))
	// To the next, back to the one before, and forth again.
	for _, key := range []keys.Pair{next, old, next} {
		if err := fwd.Close(); err != nil {
			t.Fatal(err)
		}
		cfg.Key, cfg.In, cfg.Out = key, fwd.InAddr(), fwd.OutAddr()
		fwd = startWith(t, cfg)
		took := soon(t, "all are connected again", connected(fwd))
		t.Logf("after %v", took)
		if took > 6*time.Second {
			t.Errorf("that took %v", took)
		}
	}
}

func TestTwoWrongServerKeysAreTriedNoMoreThanOneIs(t *testing.T) {
	key, mine := newPair(t), newPair(t)
	list := filepath.Join(t.TempDir(), "list")
	allow(t, list, mine)
	fwd := startWith(t, forwarder.Config{Key: key, Allow: list})
	pub := publishes(t, publisher.Config{Endpoint: fwd.InAddr(), Key: mine, ServerKey: newPair(t).Public(), NextServerKey: newPair(t).Public()})
	sub := subscribes(t, subscriber.Config{From: fwd.OutAddr(), Key: mine, ServerKey: newPair(t).Public(), NextServerKey: newPair(t).Public()})
	for name, p := range map[string]party{"publisher": pub, "subscriber": sub} {
		soon(t, "the "+name+" has tried both", func() bool { return p.refused() >= 5 })
		n, begun := p.refused(), time.Now()
		soon(t, "and goes on", func() bool { return p.refused() >= n+10 })
		// libzmq tries again after 50 to 100 ms.
		if took := time.Since(begun); took < 400*time.Millisecond {
			t.Errorf("the %s tried 10 times in %v", name, took)
		}
		if p.served() {
			t.Errorf("the %s is served", name)
		}
	}
}
