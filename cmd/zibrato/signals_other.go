//go:build cgo && !unix

package main

import (
	"os"
)

// passedOn are the signals that the child of "zibrato time" gets when its parent does.
var passedOn = []os.Signal{os.Interrupt}
