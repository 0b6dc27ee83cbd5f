//go:build cgo

package fuzz

import (
	"fmt"
	"slices"
	"testing"
	"time"

	zmq "github.com/pebbe/zmq4"

	"github.com/zibrato/zibrato/internal/zap"
	"github.com/zibrato/zibrato/keys"
)

// split makes frames of bytes: each begins with its length. What lengths promise too much is cut.
func split(data []byte) (frames []string) {
	for len(data) > 0 && len(frames) < 64 {
		n := min(int(data[0]), len(data)-1)
		frames = append(frames, string(data[1:1+n]))
		data = data[1+n:]
	}
	return frames
}

// join is its inverse, for frames of less than 256 bytes.
func join(frames ...string) (data []byte) {
	for _, f := range frames {
		data = append(append(data, byte(len(f))), f...)
	}
	return data
}

// FuzzZAP asks the handler that answers for the keys of this process whatever there is to ask. It has to answer each time, and to
// allow one key in one domain only.
func FuzzZAP(f *testing.F) {
	allowed, err := keys.ParsePublic("Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID") // of libzmq's manual
	if err != nil {
		f.Fatal(err)
	}
	const address = "192.0.2.1"
	domain, err := zap.Open(func(key keys.Public, from string) bool { return key == allowed && from == address })
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(domain.Close)
	other, err := zap.Open(func(keys.Public, string) bool { return false })
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(other.Close)
	asks, err := zmq.NewSocket(zmq.REQ)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { asks.Close() })
	for _, err := range []error{asks.SetLinger(0), asks.SetRcvtimeo(time.Minute), asks.SetSndtimeo(time.Minute), asks.Connect("inproc://zeromq.zap.01")} {
		if err != nil {
			f.Fatal(err)
		}
	}
	// In seeds, which outlive this process, the domains have names of their own.
	names := map[string]string{"ours": domain.Name(), "other": other.Name()}
	key := string(allowed[:])
	good := []string{"1.0", "1", "ours", address, "", "CURVE", key}
	f.Add(join(good...))
	for i := range good {
		for _, frame := range []string{"", "other", "1.1", "NULL", "PLAIN", key + "k", string(make([]byte, 32))} {
			bad := slices.Clone(good)
			bad[i] = frame
			f.Add(join(bad...))
		}
		f.Add(join(good[:i]...))
	}
	f.Add(join(append(slices.Clone(good), "")...))
	f.Add(join("1.0", "1", "ours", address, "", "PLAIN", "user", "password"))
	f.Fuzz(func(t *testing.T, data []byte) {
		frames := split(data)
		if len(frames) == 0 {
			return
		}
		if len(frames) > 2 {
			if name, ok := names[frames[2]]; ok {
				frames[2] = name
			}
		}
		want := "400"
		if len(frames) == 7 && frames[0] == "1.0" && frames[2] == domain.Name() && frames[3] == address && frames[5] == "CURVE" && frames[6] == key {
			want = "200"
		}
		if _, err := asks.SendMessage(frames); err != nil {
			t.Fatal(err)
		}
		reply, err := asks.RecvMessage(0)
		if err != nil {
			t.Fatalf("no answer to %q: %v", frames, err)
		}
		id := ""
		if len(frames) > 1 {
			id = frames[1]
		}
		if len(reply) != 6 || reply[0] != "1.0" || reply[1] != id || reply[2] != want {
			t.Fatalf("the answer to %q is %q, want %s", frames, reply, want)
		}
		if who := reply[4]; (want == "200") != (who == fmt.Sprint(allowed)) {
			t.Fatalf("the answer to %q names %q", frames, who)
		}
	})
}
