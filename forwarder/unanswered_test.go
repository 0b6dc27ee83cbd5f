//go:build cgo

package forwarder

import (
	"testing"

	zmq "github.com/pebbe/zmq4"
)

// libzmq's default is to serve everybody then.
func TestNobodyIsServedWhileNobodyAnswersForKeys(t *testing.T) {
	key, client := pair(t), pair(t)
	s := new(side)
	must(t, s.open(zmq.XPUB, maxSecureRequest))
	defer s.close()
	must(t, s.secure(key, "zibrato-unanswered"), s.bind(endpoint{uri: "tcp://127.0.0.1:*"}))
	for range 10 {
		p := newPeer(t, zmq.SUB, s.bound, with(client, key.Public()))
		if p.welcome(t) {
			t.Error("a stranger was let in")
		}
		p.close()
	}
}
