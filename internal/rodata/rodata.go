// Package rodata tells whether a string lies in the program's read-only data, where constants do: then its content is the same for ever, and
// its address and length stand for it.
package rodata

import "unsafe"

var begin, end = bounds()

// Holds reports whether the string is in read-only data of the program. False says nothing: constants of plugins and shared libraries lie
// elsewhere, and on some platforms all do.
func Holds(s string) bool {
	at := uintptr(unsafe.Pointer(unsafe.StringData(s)))
	return at >= begin && at+uintptr(len(s)) <= end
}
