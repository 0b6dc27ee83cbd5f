//go:build cgo && linux

package forwarder

import (
	"context"
	"encoding/binary"
	"flag"
	"net"
	"testing"

	"github.com/zibrato/zibrato/forwarder/internal/attack"
)

var messages = flag.Int("messages", 20_000, "how many messages a healthy subscriber gets beside stalled ones")

// A subscriber that keeps up gets everything in order, whatever others leave unread: most of them small messages, of which each of the others
// may leave a number, some of them large ones, of which they may leave bytes.
func TestAHealthySubscriberMissesNothingBesideStalledOnes(t *testing.T) {
	const stalled, window = 50, 500
	f := start(t, Config{})
	pub := publisher(t, f)
	sub := subscriber(t, f, "m")
	hears(t, pub, "\x01m")

	attack.From = net.IPv4(127, 0, 0, 2)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		attack.Stalled(ctx, attack.Target{In: f.InAddr(), Out: f.OutAddr()}, stalled, "m", false)
	}()
	defer func() {
		cancel()
		<-ended
	}()
	eventually(t, "the others have connected", func() bool { return f.Stats().Subscribers > stalled })

	message := make([]byte, 16<<10)
	message[0] = 'm'
	sent := 0
	for received := range *messages {
		for ; sent < *messages && sent < received+window; sent++ {
			size := 100
			if sent%50 == 0 {
				size = len(message)
			}
			binary.LittleEndian.PutUint64(message[1:], uint64(sent))
			_, err := pub.SendBytes(message[:size], 0)
			must(t, err)
		}
		m, err := sub.RecvBytes(0)
		must(t, err)
		if n := int(binary.LittleEndian.Uint64(m[1:])); n != received {
			t.Fatalf("message %d came in place of %d", n, received)
		}
	}
	s := f.Stats()
	t.Logf("%d messages of %d came; connections of others that were closed: %d", *messages, sent, s.Refused[RefusedSlow])
	if s.Refused[RefusedSlow] == 0 && *messages > 100_000 {
		t.Error("no other one was slow")
	}
}
