package keys

import (
	"crypto/ecdh"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// secretWord begins the line of a secret key.
const secretWord = "zibrato-secret-key"

// Pair is a secret key and the public key that belongs to it. The zero Pair is none. Pairs that were read twice are not equal; their public keys are.
//
// However a Pair is printed, logged or marshalled, by itself or within another value, the secret stays out of it;
// [Pair.Secret] is the one way to it.
type Pair struct {
	public Public
	// A function, since that is where reflection ends: fmt follows one pointer for the verbs that it takes for wrong. Behind a pointer,
	// since functions cannot be compared.
	secret *func() string
}

// Generate makes a pair of random bytes of the operating system's.
func Generate() (Pair, error) {
	var secret [size]byte
	if _, err := rand.Read(secret[:]); err != nil {
		return Pair{}, fmt.Errorf("keys: generating: %w", err)
	}
	return pairOf(secret)
}

// pairOf computes the public key. CURVE's is that of X25519, https://www.rfc-editor.org/rfc/rfc7748.
func pairOf(secret [size]byte) (Pair, error) {
	if secret == [size]byte{} {
		return Pair{}, errors.New("the secret key is all zeros")
	}
	private, err := ecdh.X25519().NewPrivateKey(secret[:])
	if err != nil {
		return Pair{}, errors.New("no secret key") // the cause might quote it
	}
	text := func() string { return encode(&secret) }
	return Pair{public: Public(private.PublicKey().Bytes()), secret: &text}, nil
}

// IsZero reports whether this is no pair.
func (p Pair) IsZero() bool { return p.secret == nil }

// Public returns the public key.
func (p Pair) Public() Public { return p.public }

// Secret returns the secret key as 40 characters of Z85, empty if there is none. It is for the socket that needs it.
func (p Pair) Secret() string {
	if p.secret == nil {
		return ""
	}
	return (*p.secret)()
}

// String names the pair by its public key.
func (p Pair) String() string {
	if p.IsZero() {
		return "keys.Pair{}"
	}
	return "keys.Pair{public: " + p.public.String() + ", secret: [redacted]}"
}

// Format writes String for every verb.
func (p Pair) Format(f fmt.State, _ rune) { io.WriteString(f, p.String()) }

// LogValue is String, for slog.
func (p Pair) LogValue() slog.Value { return slog.StringValue(p.String()) }

// MarshalText is String, for encoders such as encoding/json.
func (p Pair) MarshalText() ([]byte, error) { return []byte(p.String()), nil }
