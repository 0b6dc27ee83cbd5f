package keys

import (
	"errors"
	"fmt"
	"strings"
)

const size = 32 // bytes in a key

// Public is a public key: an identity, and no secret. The zero Public is no key. Values are equal when the keys are.
type Public [size]byte

// publicWord begins the line of a public key.
const publicWord = "zibrato-public-key"

// ParsePublic reads a public key: 40 characters of Z85, or a line as key files hold it.
func ParsePublic(text string) (Public, error) {
	line := strings.TrimSpace(text)
	if strings.HasPrefix(line, secretWord) {
		return Public{}, errors.New("this is a secret key: want a public one")
	}
	if rest, ok := strings.CutPrefix(line, publicWord); ok {
		line = "" // a comment may follow the key
		if fields := strings.Fields(rest); len(fields) > 0 && rest[0] != fields[0][0] {
			line = fields[0]
		}
	}
	key, ok := decode(line)
	if !ok || Public(key).IsZero() {
		return Public{}, fmt.Errorf("no public key: want %d characters of Z85, or a line that begins %q", textLen, publicWord)
	}
	return key, nil
}

// IsZero reports whether this is no key.
func (p Public) IsZero() bool { return p == Public{} }

// String returns the key as 40 characters of Z85, empty if it is none.
func (p Public) String() string {
	if p.IsZero() {
		return ""
	}
	return encode((*[size]byte)(&p))
}

// MarshalText returns String.
func (p Public) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText is [ParsePublic], with the empty text for no key.
func (p *Public) UnmarshalText(text []byte) (err error) {
	if len(text) == 0 {
		*p = Public{}
		return nil
	}
	*p, err = ParsePublic(string(text))
	return err
}
