// Package decode takes binary values apart: little-endian integers and what is built of them.
package decode

import "encoding/binary"

// Reader takes values from the front of B. Once B is too short, Short stays true and zeros come, so that who reads checks once, at the end.
type Reader struct {
	B     []byte
	Short bool
}

// Fail makes the reader short: what came cannot be.
func (r *Reader) Fail() { r.B, r.Short = nil, true }

// Take takes n bytes, which it does not copy.
func (r *Reader) Take(n int) []byte {
	if n < 0 || n > len(r.B) {
		r.Fail()
		return nil
	}
	t := r.B[:n]
	r.B = r.B[n:]
	return t
}

// U8 takes a byte.
func (r *Reader) U8() byte {
	if t := r.Take(1); t != nil {
		return t[0]
	}
	return 0
}

// U16 takes two bytes.
func (r *Reader) U16() uint16 {
	if t := r.Take(2); t != nil {
		return binary.LittleEndian.Uint16(t)
	}
	return 0
}

// U32 takes four bytes.
func (r *Reader) U32() uint32 {
	if t := r.Take(4); t != nil {
		return binary.LittleEndian.Uint32(t)
	}
	return 0
}

// U64 takes eight bytes.
func (r *Reader) U64() uint64 {
	if t := r.Take(8); t != nil {
		return binary.LittleEndian.Uint64(t)
	}
	return 0
}

// Str takes a text of up to 255 bytes behind its length.
func (r *Reader) Str() string { return string(r.Take(int(r.U8()))) }

// Uvarint takes an integer of 7 bits a byte, the lowest first, all bytes but the last with the top bit set. One that has
// no end, or no room in 64 bits, makes the reader short.
func (r *Reader) Uvarint() uint64 {
	v, n := binary.Uvarint(r.B)
	if n <= 0 {
		r.Fail()
		return 0
	}
	r.B = r.B[n:]
	return v
}
