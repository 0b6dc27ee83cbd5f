//go:build !unix

package logfile

import "os"

// ownStandard returns nil: there is no SIGPIPE here, so standard output can be used as it is.
func ownStandard(*os.File) (*os.File, error) { return nil, nil }

// readerGone reports false: what the system says is all that is known here.
func readerGone(error) bool { return false }
