package store

import (
	"encoding/binary"
	"maps"
	"slices"
)

const sinksMagic = "zbsinks1"

// AppendSinks appends the file to dst: for each sink the number of the last window that it has taken.
func AppendSinks(dst []byte, taken map[string]uint64) []byte {
	le, begin := binary.LittleEndian, len(dst)
	dst = append(dst, sinksMagic...)
	dst = le.AppendUint16(dst, uint16(len(taken)))
	for _, name := range slices.Sorted(maps.Keys(taken)) {
		dst = appendStr(dst, name)
		dst = le.AppendUint64(dst, taken[name])
	}
	return append(dst[:begin], Seal(dst[begin:])...)
}

// DecodeSinks reads the file. The error is ErrDamaged, with what is wrong.
func DecodeSinks(file []byte) (map[string]uint64, error) {
	r, err := unseal(file, sinksMagic)
	if err != nil {
		return nil, err
	}
	taken := make(map[string]uint64)
	for range r.count(uint32(r.U16()), 9) {
		name := r.Str()
		taken[name] = r.U64()
	}
	if r.Short || len(r.B) > 0 {
		return nil, damaged("the lengths do not add up")
	}
	return taken, nil
}
