//go:build !unix

package demo

import "time"

// cpuTime returns 0: this system does not say what a process has used in a way that we know.
func cpuTime() time.Duration { return 0 }
