//go:build amd64 && !race && !zibrato_portable

package release

import (
	"unsafe"

	"go.uber.org/atomic"
)

// Store stores a word that another goroutine loads atomically: whoever sees it sees all that was written before it.
//
// An atomic store of Go is sequentially consistent, on amd64 a locked exchange of some 5 ns, since it also keeps later loads
// behind it. Nothing here needs that. On amd64 every store is seen after the ones before it (Intel SDM vol. 3A, 9.2.2; AMD APM vol. 2,
// 7.2), an aligned word is written at once, and the compiler keeps stores in the order of the program: a test of the machine code looks.
func Store(p *atomic.Uint64, v uint64) { *(*uint64)(unsafe.Pointer(p)) = v }
