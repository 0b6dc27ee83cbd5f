//go:build cgo

package forwarder

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	zmq "github.com/pebbe/zmq4"

	"github.com/zibrato/zibrato/internal/logbook"
	"github.com/zibrato/zibrato/keys"
)

var strangers = flag.Int("strangers", 20, "attempts of each kind of stranger at each side")

// locked is a forwarder with keys, and who may connect to it.
type locked struct {
	*Forwarder
	dir       string // of the lists
	key       keys.Pair
	pub, sub  keys.Pair // each on the list of its side alone
	log       *logbook.Book
	allowsPub string // that list
	allowsSub string
}

func pair(t testing.TB) keys.Pair {
	t.Helper()
	p, err := keys.Generate()
	must(t, err)
	return p
}

// list makes a list as careful people do, by a rename.
func list(t testing.TB, path string, pairs ...keys.Pair) {
	t.Helper()
	var text strings.Builder
	for _, p := range pairs {
		fmt.Fprintln(&text, p.Public())
	}
	must(t, os.WriteFile(path+".new", []byte(text.String()), 0o644), os.Rename(path+".new", path))
}

func startLocked(t testing.TB, scheme string) *locked {
	t.Helper()
	l := &locked{dir: t.TempDir(), key: pair(t), pub: pair(t), sub: pair(t), log: new(logbook.Book)}
	l.allowsPub, l.allowsSub = filepath.Join(l.dir, "in"), filepath.Join(l.dir, "out")
	list(t, l.allowsPub, l.pub)
	list(t, l.allowsSub, l.sub)
	cfg := Config{Key: l.key, AllowIn: l.allowsPub, AllowOut: l.allowsSub, Logger: l.log.Logger()}
	if scheme == "ipc" {
		cfg.In, cfg.Out = "ipc://"+filepath.Join(l.dir, "i"), "ipc://"+filepath.Join(l.dir, "o")
	}
	l.Forwarder = start(t, cfg)
	t.Cleanup(func() {
		for _, p := range []keys.Pair{l.key, l.pub, l.sub} {
			if strings.Contains(l.log.String(), p.Secret()) {
				t.Errorf("the log holds a secret: %s", l.log)
			}
		}
	})
	return l
}

// with makes a socket the client of a server.
func with(client keys.Pair, server keys.Public) func(*zmq.Socket) error {
	return func(s *zmq.Socket) error {
		return s.ClientAuthCurve(server.String(), client.Public().String(), client.Secret())
	}
}

// A peer is a socket that tries to connect.
type peer struct {
	*zmq.Socket
	events *zmq.Socket
}

func newPeer(t testing.TB, kind zmq.Type, addr string, secure func(*zmq.Socket) error) *peer {
	t.Helper()
	s, err := zmq.NewSocket(kind)
	must(t, err)
	events, err := zmq.NewSocket(zmq.PAIR)
	must(t, err)
	name := fmt.Sprintf("inproc://forwarder-peer-%d", serial.Inc())
	must(t, events.SetRcvhwm(0), events.SetRcvtimeo(patience), s.SetLinger(0), s.SetSndtimeo(patience), s.SetRcvtimeo(patience), s.SetReconnectIvl(10*time.Millisecond))
	if kind == zmq.XPUB {
		must(t, s.SetXpubNodrop(true))
	} else {
		must(t, s.SetSubscribe(""))
	}
	must(t, secure(s), s.Monitor(name, zmq.EVENT_ALL), events.Connect(name), s.Connect(addr))
	return &peer{s, events}
}

func (p *peer) close() {
	p.Monitor("", 0)
	p.events.Close()
	p.Close()
}

// welcome reports whether the peer was let in, which is known as soon as the handshake ends.
func (p *peer) welcome(t testing.TB) bool {
	t.Helper()
	for {
		event, _, _, err := p.events.RecvEvent(0)
		must(t, err)
		switch event {
		case zmq.EVENT_HANDSHAKE_SUCCEEDED:
			return true
		case zmq.EVENT_DISCONNECTED:
			return false
		}
	}
}

// open connects a peer that may, and closes it with the test.
func (l *locked) open(t testing.TB, kind zmq.Type, key keys.Pair) *peer {
	t.Helper()
	p := newPeer(t, kind, l.addr(kind), with(key, l.key.Public()))
	t.Cleanup(p.close)
	if !p.welcome(t) {
		t.Fatalf("a %v on the list is refused", kind)
	}
	return p
}

func (l *locked) addr(kind zmq.Type) string {
	if kind == zmq.XPUB {
		return l.InAddr()
	}
	return l.OutAddr()
}

var forms = []string{"info|Counter|jobs|1|1700000000|web1", "zsmp1|info|\x00\x01binary\xff", "zsum1|debug|\x00"}

// passes asserts that messages of all forms go from one peer to the other.
func passes(t testing.TB, from, to *peer) {
	t.Helper()
	topic, err := from.Recv(0) // the subscription, without which messages would be dropped
	must(t, err)
	if topic != subscription {
		t.Fatalf("the publisher heard %q", topic)
	}
	arrives(t, from, to)
	for _, m := range forms {
		send(t, from.Socket, m)
	}
	hears(t, to.Socket, forms...)
}

// arrives waits until what a subscriber asks for has come to a publisher, which may have heard of the same from others before.
func arrives(t testing.TB, at, of *peer) {
	t.Helper()
	const own = "arrives"
	must(t, of.SetSubscribe(own))
	hears(t, at.Socket, subscription+own)
	must(t, of.SetUnsubscribe(own))
	hears(t, at.Socket, withdrawal+own)
}

func TestWhoIsOnTheListIsServed(t *testing.T) {
	for _, scheme := range []string{"tcp", "ipc"} {
		t.Run(scheme, func(t *testing.T) {
			l := startLocked(t, scheme)
			sub := l.open(t, zmq.SUB, l.sub)
			passes(t, l.open(t, zmq.XPUB, l.pub), sub)
			if n := l.Stats().Refused[RefusedKey]; n != 0 {
				t.Errorf("%d were refused", n)
			}
		})
	}
}

func TestStrangersAreNotServed(t *testing.T) {
	begun := time.Now()
	l := startLocked(t, "tcp")
	unknown, other := pair(t), pair(t)
	none := func(*zmq.Socket) error { return nil }
	kinds := []struct {
		name     string
		pub, sub func(*zmq.Socket) error // as what it tries to get in
	}{
		{"unknown key", with(unknown, l.key.Public()), with(unknown, l.key.Public())},
		{"no key", none, none},
		{"password", func(s *zmq.Socket) error { return s.ClientAuthPlain("", "") }, func(s *zmq.Socket) error { return s.ClientAuthPlain("zibrato", "zibrato") }},
		{"another forwarder's key", with(l.pub, other.Public()), with(l.sub, other.Public())},
		{"the other side's list", with(l.sub, l.key.Public()), with(l.pub, l.key.Public())},
		{"the forwarder's own key", with(l.key, l.key.Public()), with(l.key, l.key.Public())},
	}
	// The allowed are at work all the while.
	sub := l.open(t, zmq.SUB, l.sub)
	pub := l.open(t, zmq.XPUB, l.pub)
	passes(t, pub, sub)
	attempts, served := 0, 0
	for _, kind := range kinds {
		for range *strangers {
			for _, try := range []struct {
				kind   zmq.Type
				secure func(*zmq.Socket) error
			}{{zmq.XPUB, kind.pub}, {zmq.SUB, kind.sub}} {
				p := newPeer(t, try.kind, l.addr(try.kind), try.secure)
				attempts++
				if p.welcome(t) {
					served++
					t.Errorf("%s: a %v was let in", kind.name, try.kind)
				}
				if try.kind == zmq.XPUB {
					p.SendMessageDontwait("info|forged") // must not come out below
				} else {
					send(t, pub.Socket, "info|private")
					hears(t, sub.Socket, "info|private")
					if m, err := p.Recv(zmq.DONTWAIT); err == nil {
						served++
						t.Errorf("%s: a subscriber got %q", kind.name, m)
					}
				}
				p.close()
			}
		}
	}
	for range *strangers {
		attempts += 2
		old := newOldStranger(t, l.OutAddr(), "SUB")
		send(t, pub.Socket, "info|private")
		hears(t, sub.Socket, "info|private")
		if all, _ := io.ReadAll(old); bytes.Contains(all, []byte("private")) {
			served++
			t.Errorf("an old subscriber got %q", all)
		}
		old = newOldStranger(t, l.InAddr(), "PUB")
		old.Write([]byte("\x00\x06forged")) // may fail: it may be cut off already
		if all, _ := io.ReadAll(old); len(all) > 64 {
			served++
			t.Errorf("an old publisher got %q", all)
		}
	}
	// Whatever was sent before this would have come before it.
	send(t, pub.Socket, "info|last")
	hears(t, sub.Socket, "info|last")
	t.Logf("strangers served: %d of %d attempts", served, attempts)
	if s := l.Stats(); s.Topics != 1 {
		t.Errorf("%+v: strangers' subscriptions were relayed", s)
	}
	// Who has a key gets as far as the list. Others may be gone before it is known what they are.
	eventually(t, "all with a key are counted", func() bool { return l.Stats().Refused[RefusedKey] >= uint64(3*2**strangers) })
	passesOn(t, l)
	if lines := strings.Count(l.log.String(), "refused"); lines < 2 || lines > 5*(1+int(time.Since(begun)/refusalLogInterval)) {
		t.Errorf("%d lines about %d refusals: %s", lines, attempts, l.log)
	}
	if !strings.Contains(l.log.String(), unknown.Public().String()) {
		t.Errorf("the log does not name the key that was refused: %s", l.log)
	}
}

// passesOn asserts that new peers that may are served as ever.
func passesOn(t testing.TB, l *locked) {
	t.Helper()
	sub := l.open(t, zmq.SUB, l.sub)
	passes(t, l.open(t, zmq.XPUB, l.pub), sub)
}

func TestAListChangesWithoutARestart(t *testing.T) {
	l := startLocked(t, "tcp")
	kept, late, gone := l.sub, pair(t), pair(t)
	refused := newPeer(t, zmq.SUB, l.OutAddr(), with(late, l.key.Public()))
	if refused.welcome(t) {
		t.Error("a key was let in before it was listed")
	}
	refused.close()

	list(t, l.allowsSub, kept, late, gone)
	eventually(t, "a key that was added is let in", func() bool {
		p := newPeer(t, zmq.SUB, l.OutAddr(), with(late, l.key.Public()))
		defer p.close()
		return p.welcome(t)
	})

	stays := l.open(t, zmq.SUB, kept)
	pub := l.open(t, zmq.XPUB, l.pub)
	passes(t, pub, stays)
	goes := l.open(t, zmq.SUB, gone)
	arrives(t, pub, goes)
	for _, m := range forms {
		send(t, pub.Socket, m)
	}
	hears(t, stays.Socket, forms...)
	hears(t, goes.Socket, forms...)
	list(t, l.allowsSub, kept, late)
	begun := time.Now()
	if goes.lost(t); goes.welcome(t) {
		t.Error("a key that was taken out is let in again")
	}
	stays.lost(t)
	if !stays.welcome(t) {
		t.Error("a key that stays on the list is not let in again")
	}
	t.Logf("taken out, and the others back, after %v", time.Since(begun))
	// The publisher hears of the subscriber's absence only if it lasts.
	must(t, stays.SetRcvtimeo(10*time.Millisecond))
	eventually(t, "who stays gets messages again", func() bool {
		send(t, pub.Socket, forms[0])
		m, err := stays.Recv(0)
		return err == nil && m == forms[0]
	})
	if m, err := goes.Recv(zmq.DONTWAIT); err == nil {
		t.Errorf("who was taken out got %q", m)
	}
	eventually(t, "one subscriber is counted", func() bool { return l.Stats().Subscribers == 1 })
	eventually(t, "one publisher is counted", func() bool { return l.Stats().Publishers == 1 })
}

// lost waits until the peer's connection is lost.
func (p *peer) lost(t testing.TB) {
	t.Helper()
	for {
		event, _, _, err := p.events.RecvEvent(0)
		must(t, err)
		if event == zmq.EVENT_DISCONNECTED {
			return
		}
	}
}

func TestAnEmptyListServesNobody(t *testing.T) {
	key, client := pair(t), pair(t)
	path := filepath.Join(t.TempDir(), "list")
	list(t, path)
	f := start(t, Config{Key: key, Allow: path})
	for _, kind := range []zmq.Type{zmq.XPUB, zmq.SUB} {
		addr := f.InAddr()
		if kind == zmq.SUB {
			addr = f.OutAddr()
		}
		p := newPeer(t, kind, addr, with(client, key.Public()))
		if p.welcome(t) {
			t.Errorf("a %v was let in", kind)
		}
		p.close()
	}
}

func TestABrokenListLeavesTheLastInForce(t *testing.T) {
	l := startLocked(t, "tcp")
	passesOn(t, l)
	must(t, os.WriteFile(l.allowsSub, []byte("nonsense "+l.sub.Public().String()), 0o644), os.Remove(l.allowsPub))
	eventually(t, "the log names both lists", func() bool {
		return strings.Contains(l.log.String(), l.allowsSub+": line 1") && strings.Contains(l.log.String(), l.allowsPub)
	})
	passesOn(t, l)
	list(t, l.allowsSub, pair(t))
	eventually(t, "a mended list is in force", func() bool {
		p := newPeer(t, zmq.SUB, l.OutAddr(), with(l.sub, l.key.Public()))
		defer p.close()
		return !p.welcome(t)
	})
}

func TestForwardersOfAProcessHaveListsOfTheirOwn(t *testing.T) {
	a, b := startLocked(t, "tcp"), startLocked(t, "tcp")
	open := start(t, Config{}) // without keys
	p := newPeer(t, zmq.SUB, b.OutAddr(), with(a.sub, b.key.Public()))
	if p.welcome(t) {
		t.Error("what one allows the other lets in")
	}
	p.close()
	must(t, a.Close())
	passesOn(t, b)
	pub, sub := publisher(t, open), subscriber(t, open, "info")
	hears(t, pub, "\x01info")
	send(t, pub, forms[0])
	hears(t, sub, forms[0])
}

func TestWhatWouldServeEverybodyOrNobodyIsRefused(t *testing.T) {
	key := pair(t)
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty")
	list(t, empty)
	for name, test := range map[string]struct {
		cfg  Config
		want []string
	}{
		"a key without a list":          {Config{Key: key}, []string{"Config.Allow is empty"}},
		"a key with half a list":        {Config{Key: key, AllowIn: empty}, []string{"Config.Allow is empty"}},
		"a list without a key":          {Config{Allow: empty}, []string{"Config.Key"}},
		"half a list without a key":     {Config{AllowOut: empty}, []string{"Config.Key"}},
		"a list that is not there":      {Config{Key: key, Allow: filepath.Join(dir, "none")}, []string{"Config.Allow", "none"}},
		"another that is not there":     {Config{Key: key, Allow: empty, AllowOut: filepath.Join(dir, "none")}, []string{"Config.AllowOut", "none"}},
		"everywhere without keys":       {Config{In: "tcp://*:0"}, []string{"Config.In", "Config.Key", "Config.AllowRemote"}},
		"everywhere, out":               {Config{Out: "tcp://0.0.0.0:0"}, []string{"Config.Out", "Config.Key", "Config.AllowRemote"}},
		"everywhere by IPv6":            {Config{Out: "tcp://[::]:0"}, []string{"Config.Out", "Config.Key", "Config.AllowRemote"}},
		"an address of documentation's": {Config{In: "tcp://192.0.2.1:0"}, []string{"Config.In", "Config.Key", "Config.AllowRemote"}},
	} {
		test.cfg.In, test.cfg.Out = orAny(test.cfg.In), orAny(test.cfg.Out)
		f, err := Start(test.cfg)
		if err == nil {
			f.Close()
			t.Errorf("%s: started", name)
			continue
		}
		if strings.Contains(err.Error(), key.Secret()) || strings.Contains(err.Error(), "\n") || slices.ContainsFunc(test.want, func(w string) bool { return !strings.Contains(err.Error(), w) }) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, cfg := range map[string]Config{
		"everywhere with keys": {In: "tcp://*:0", Out: "tcp://0.0.0.0:0", Key: key, Allow: empty}, "everywhere if told so": {In: "tcp://*:0", Out: "tcp://*:0", AllowRemote: true},
	} {
		f, err := Start(cfg)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		must(t, f.Close())
	}
}

func orAny(endpoint string) string {
	if endpoint == "" {
		return "tcp://127.0.0.1:0"
	}
	return endpoint
}

func TestAConfigDoesNotPrintItsSecret(t *testing.T) {
	key := pair(t)
	l := startLocked(t, "tcp")
	var text bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&text, nil))
	for _, cfg := range []any{Config{Key: key, In: "x"}, &Config{Key: l.key}} {
		fmt.Fprintf(&text, "%v %+v %#v %s %q %x %d\n", cfg, cfg, cfg, cfg, cfg, cfg, cfg)
		log.Info("config", "config", cfg)
	}
	for _, p := range []keys.Pair{key, l.key} {
		if strings.Contains(text.String(), p.Secret()) {
			t.Errorf("%s", text.String())
		}
	}
}
