//go:build !linux

package demo

import "time"

// threadTime returns 0: this system does not tell in a way that we know what single threads have used.
func threadTime(string) time.Duration { return 0 }

// ownThreadTime returns 0, likewise.
func ownThreadTime() time.Duration { return 0 }
