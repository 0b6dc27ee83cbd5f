package metric

import (
	"encoding/binary"
	"math"
	"time"
)

// reader takes values from the front of b. Once b is too short, short stays true and zeros come.
type reader struct {
	b     []byte
	short bool
}

func (r *reader) take(n int) []byte {
	if n > len(r.b) {
		r.short = true
		r.b = nil
		return nil
	}
	t := r.b[:n]
	r.b = r.b[n:]
	return t
}

func (r *reader) u8() byte {
	if t := r.take(1); t != nil {
		return t[0]
	}
	return 0
}

func (r *reader) u16() uint16 {
	if t := r.take(2); t != nil {
		return binary.LittleEndian.Uint16(t)
	}
	return 0
}

func (r *reader) u32() uint32 {
	if t := r.take(4); t != nil {
		return binary.LittleEndian.Uint32(t)
	}
	return 0
}

func (r *reader) u64() uint64 {
	if t := r.take(8); t != nil {
		return binary.LittleEndian.Uint64(t)
	}
	return 0
}

func (r *reader) duration() time.Duration { return time.Duration(r.u64() & math.MaxInt64) }

func (r *reader) str() string { return string(r.take(int(r.u8()))) }

func (r *reader) float() float64 { return math.Float64frombits(r.u64()) }

// uvarint takes an integer of 7 bits a byte, the lowest first, all bytes but the last with the top bit set. One that has
// no end, or no room in 64 bits, makes the reader short.
func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.short = true
		r.b = nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func notFinite(f float64) bool { return math.IsNaN(f) || math.IsInf(f, 0) }
