//go:build !(cgo && linux)

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "conservation: needs Linux, and ZeroMQ through cgo")
	os.Exit(1)
}
