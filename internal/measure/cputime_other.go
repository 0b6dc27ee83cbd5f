//go:build !unix

package measure

import "time"

// CPUTime returns 0: this system does not say what a process has used in a way that we know.
func CPUTime() time.Duration { return 0 }
