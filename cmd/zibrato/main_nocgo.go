//go:build !cgo

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "zibrato: this build has no ZeroMQ; build it with CGO_ENABLED=1, a C compiler and libzmq 4.3.3 or newer")
	os.Exit(1)
}
