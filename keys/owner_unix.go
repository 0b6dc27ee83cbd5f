//go:build unix

package keys

import (
	"io/fs"
	"syscall"
)

// private reports whether nobody but the file's owner can use it. Reading is granted to the group root, too: that is what the mode
// of a file says that systemd lends to a service by an access list.
func private(info fs.FileInfo) bool {
	perm := info.Mode().Perm()
	if perm&0o077 == 0 {
		return true
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && stat.Gid == 0 && perm&0o037 == 0
}

// inode tells a file from another that took its name.
func inode(info fs.FileInfo) uint64 {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(stat.Ino)
	}
	return 0
}
