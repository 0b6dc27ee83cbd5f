// Package rodata tells whether a string lies in the program's read-only data, where constants do: then its content is the same for ever, and
// its address and length stand for it.
package rodata

import (
	"strings"
	"unsafe"
)

var begin, end = bounds()

// Holds reports whether the string is in read-only data of the program. False says nothing: constants of plugins and shared libraries lie
// elsewhere, and on some platforms all do.
func Holds(s string) bool {
	at := uintptr(unsafe.Pointer(unsafe.StringData(s)))
	return at >= uintptr(begin) && at+uintptr(len(s)) <= end
}

// Own returns a string with the same content that may be kept for ever: itself if it is in read-only data, and otherwise a copy.
func Own(s string) string {
	if !Holds(s) {
		return strings.Clone(s)
	}
	// By its place, since who passes a string to be kept would otherwise have it, and what it lies in, on the heap.
	place := uintptr(unsafe.Pointer(unsafe.StringData(s))) - uintptr(begin)
	return unsafe.String((*byte)(unsafe.Add(begin, place)), len(s))
}
