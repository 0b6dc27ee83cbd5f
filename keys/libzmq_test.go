//go:build cgo

package keys

import (
	"testing"

	zmq "github.com/pebbe/zmq4"
)

func TestLibzmqAgreesAboutKeys(t *testing.T) {
	for range 200 {
		p := generate(t)
		if public, err := zmq.AuthCurvePublic(p.Secret()); err != nil || public != p.Public().String() {
			t.Fatalf("libzmq computes %s, %v; we %v", public, err, p)
		}
		public, secret, err := zmq.NewCurveKeypair()
		if err != nil {
			t.Fatal(err)
		}
		if ours, err := parsePair(secretWord + " " + secret); err != nil || ours.Public().String() != public {
			t.Fatalf("we compute %v, %v; libzmq %s", ours, err, public)
		}
		raw := [size]byte(p.Public())
		if text := zmq.Z85encode(string(raw[:])); text != p.Public().String() {
			t.Fatalf("libzmq writes %s, we %s", text, p.Public())
		}
	}
}
