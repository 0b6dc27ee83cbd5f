package keys

import (
	"encoding/binary"
	"strings"
)

// z85Alphabet is that of https://rfc.zeromq.org/spec/32/.
const z85Alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"

// textLen is how long a key is in Z85, which writes 4 bytes as 5 characters.
const textLen = size / 4 * 5

// encode writes a key in Z85.
func encode(key *[size]byte) string {
	var text [textLen]byte
	for i := 0; i < size/4; i++ {
		n := binary.BigEndian.Uint32(key[4*i:])
		for j := 4; j >= 0; j-- {
			text[5*i+j] = z85Alphabet[n%85]
			n /= 85
		}
	}
	return string(text[:])
}

// decode reads a key in Z85, and reports whether it is one.
func decode(text string) (key [size]byte, ok bool) {
	if len(text) != textLen {
		return key, false
	}
	for i := 0; i < size/4; i++ {
		var n uint64
		for j := range 5 {
			digit := strings.IndexByte(z85Alphabet, text[5*i+j])
			if digit < 0 {
				return [size]byte{}, false
			}
			n = 85*n + uint64(digit)
		}
		if n >= 1<<32 {
			return [size]byte{}, false
		}
		binary.BigEndian.PutUint32(key[4*i:], uint32(n))
	}
	return key, true
}
