//go:build cgo

package zap

import (
	"strings"
	"sync"
	"testing"
	"time"

	zmq "github.com/pebbe/zmq4"
	"go.uber.org/goleak"

	"github.com/zibrato/zibrato/keys"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func must(t testing.TB, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func open(t testing.TB, decide Decide) *Domain {
	t.Helper()
	d, err := Open(decide)
	must(t, err)
	t.Cleanup(d.Close)
	return d
}

func anyKey(t testing.TB) keys.Public {
	t.Helper()
	p, err := keys.Generate()
	must(t, err)
	return p.Public()
}

// ask asks as libzmq does, and returns the frames of the reply.
func ask(t testing.TB, request ...string) []string {
	t.Helper()
	s, err := zmq.NewSocket(zmq.REQ)
	must(t, err)
	defer s.Close()
	must(t, s.SetLinger(0), s.SetRcvtimeo(time.Minute), s.SetSndtimeo(time.Minute), s.Connect(endpoint))
	_, err = s.SendMessage(request)
	must(t, err)
	reply, err := s.RecvMessage(0)
	must(t, err)
	if len(reply) != 6 || reply[0] != "1.0" {
		t.Fatalf("the reply is %q", reply)
	}
	return reply
}

func request(domain string, key keys.Public) []string {
	return []string{"1.0", "7", domain, "127.0.0.1", "", "CURVE", string(key[:])}
}

func status(t testing.TB, domain string, key keys.Public) string {
	return ask(t, request(domain, key)...)[2]
}

func TestEachDomainDecidesForItself(t *testing.T) {
	mine, yours := anyKey(t), anyKey(t)
	a := open(t, func(k keys.Public, from string) bool { return k == mine && from == "127.0.0.1" })
	b := open(t, func(k keys.Public, from string) bool { return k == yours })
	for _, test := range []struct {
		domain string
		key    keys.Public
		want   string
	}{
		{a.Name(), mine, "200"}, {a.Name(), yours, "400"}, {b.Name(), mine, "400"}, {b.Name(), yours, "200"}, {"", mine, "400"}, {"*", mine, "400"},
	} {
		if got := status(t, test.domain, test.key); got != test.want {
			t.Errorf("%q: %s, want %s", test.domain, got, test.want)
		}
	}
	reply := ask(t, request(a.Name(), mine)...)
	if reply[1] != "7" || reply[4] != mine.String() {
		t.Errorf("the reply is %q", reply)
	}
	b.Close()
	if got := status(t, b.Name(), yours); got != "400" {
		t.Errorf("a closed domain answers %s", got)
	}
}

func TestRequestsOfAnotherFormAreRefused(t *testing.T) {
	d := open(t, func(keys.Public, string) bool { return true })
	good := request(d.Name(), anyKey(t))
	if reply := ask(t, good...); reply[2] != "200" {
		t.Fatalf("the reply is %q", reply)
	}
	change := func(i int, to string) []string {
		r := append([]string(nil), good...)
		r[i] = to
		return r
	}
	for _, r := range [][]string{
		{""}, {"1.0"}, good[:6], append(good[:7:7], ""), change(0, "2.0"), change(0, ""), change(5, "NULL"), change(5, "PLAIN"), change(5, "curve"),
		change(6, good[6][1:]), change(6, good[6]+"0"), change(6, ""), change(6, strings.Repeat("\x00", 32)), change(2, d.Name()+"\x00"),
		change(6, strings.Repeat("k", 1<<20)),
	} {
		if reply := ask(t, r...); reply[2] != "400" || reply[4] != "" {
			t.Errorf("the reply to %.100q is %q", r, reply)
		}
	}
}

func TestDomainsComeAndGoWhileOthersAsk(t *testing.T) {
	key := anyKey(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 25 {
				d, err := Open(func(k keys.Public, _ string) bool { return k == key })
				if err != nil {
					t.Error(err)
					return
				}
				if got := status(t, d.Name(), key); got != "200" {
					t.Error(got)
				}
				d.Close()
				d.Close()
			}
		})
	}
	wg.Wait()
}

func TestAProgramThatAnswersForItselfIsToldSo(t *testing.T) {
	s, err := zmq.NewSocket(zmq.REP)
	must(t, err)
	must(t, s.Bind(endpoint))
	d, err := Open(func(keys.Public, string) bool { return true })
	if err == nil {
		d.Close()
	}
	must(t, s.Unbind(endpoint), s.Close())
	if err == nil || !strings.Contains(err.Error(), "AuthStart") {
		t.Errorf("%v, %v", d, err)
	}
	// And nothing of the attempt is left behind.
	d = open(t, func(keys.Public, string) bool { return true })
	if got := status(t, d.Name(), anyKey(t)); got != "200" {
		t.Error(got)
	}
}
