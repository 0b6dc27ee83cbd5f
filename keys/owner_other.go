//go:build !unix

package keys

import "io/fs"

// private is true where modes say nothing about who may read a file.
func private(fs.FileInfo) bool { return true }

// inode is not known here.
func inode(fs.FileInfo) uint64 { return 0 }
