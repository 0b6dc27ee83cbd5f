package decode_test

import (
	"math"
	"testing"

	"github.com/zibrato/zibrato/internal/decode"
)

func TestValuesComeInTheirOrder(t *testing.T) {
	r := decode.Reader{B: []byte("\x01\x02\x01\x04\x03\x02\x01\x08\x07\x06\x05\x04\x03\x02\x01\x03abc\xac\x02rest")}
	if u8, u16, u32, u64 := r.U8(), r.U16(), r.U32(), r.U64(); u8 != 1 || u16 != 0x0102 || u32 != 0x01020304 || u64 != 0x0102030405060708 {
		t.Errorf("%x %x %x %x", u8, u16, u32, u64)
	}
	if s, v := r.Str(), r.Uvarint(); s != "abc" || v != 300 || r.Short || string(r.B) != "rest" {
		t.Errorf("%q %d, short is %v before %q", s, v, r.Short, r.B)
	}
	if rest := r.Take(4); string(rest) != "rest" || r.Short || len(r.B) != 0 {
		t.Errorf("%q, %+v", rest, r)
	}
}

func TestWhatIsTooShortStaysSo(t *testing.T) {
	for name, take := range map[string]func(*decode.Reader) any{
		"Take":         func(r *decode.Reader) any { return len(r.Take(8)) },
		"Take(-1)":     func(r *decode.Reader) any { return len(r.Take(-1)) },
		"Take(MinInt)": func(r *decode.Reader) any { return len(r.Take(math.MinInt)) },
		"U64":          func(r *decode.Reader) any { return int(r.U64()) },
		"Str":          func(r *decode.Reader) any { return len(r.Str()) },
		"Uvarint":      func(r *decode.Reader) any { return int(r.Uvarint()) },
		"Fail":         func(r *decode.Reader) any { r.Fail(); return 0 },
	} {
		r := decode.Reader{B: []byte("\xff\xff\xff\xff\xff\xff\xff")}
		if got := take(&r); got != 0 || !r.Short {
			t.Errorf("%s: %v, short is %v", name, got, r.Short)
		}
		if u8, u16, u32 := r.U8(), r.U16(), r.U32(); u8 != 0 || u16 != 0 || u32 != 0 || r.Take(0) == nil && !r.Short {
			t.Errorf("%s: then come %d %d %d", name, u8, u16, u32)
		}
	}
	long := decode.Reader{B: []byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02")} // more than 64 bits
	if v := long.Uvarint(); v != 0 || !long.Short {
		t.Errorf("%d, short is %v", v, long.Short)
	}
}
