package rodata

import (
	"testing"
	"unsafe"
)

const constant = "a name"

var variable = string([]byte("built at run time"))

func TestOwnCopiesWhatIsNotConstant(t *testing.T) {
	for _, s := range []string{constant, constant[1:3], variable, ""} {
		own := Own(s)
		if own != s {
			t.Errorf("%q became %q", s, own)
		}
		if same := unsafe.StringData(own) == unsafe.StringData(s); s != "" && same != Holds(s) {
			t.Errorf("%q: the same string %t, constant %t", s, same, Holds(s))
		}
	}
}
