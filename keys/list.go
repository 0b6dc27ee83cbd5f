package keys

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The bounds of a list. What is larger was not made by hand.
const (
	maxListFile = 8 << 20
	maxListed   = 100_000
)

// racy is how long after its last change a file may change again without its time showing it.
const racy = 2 * time.Second

// Set is a set of public keys.
type Set map[Public]struct{}

// Has reports whether the key is in the set.
func (s Set) Has(key Public) bool {
	_, ok := s[key]
	return ok
}

// List is the public keys of those who may connect, as a file or a directory holds them. Of a file each line is a key as
// [ParsePublic] reads it, empty, or a comment, which begins with "# ". Of a directory each file is such a file whose name ends in
// ".pub" and does not begin with a dot. A list without keys allows nobody. Not safe for concurrent use.
//
// Whoever changes a list that is in use should do it by one rename, or by adding and removing files of a directory: a file that
// is being written is read as it then stands.
type List struct {
	path  string
	stamp string // what told the files that were read last from others; empty if they may change without telling
}

// NewList returns the list at a path. Nothing is read yet.
func NewList(path string) *List { return &List{path: path} }

// Load returns the keys, and true, if the files may have changed since the last Load that did; else nil and false. An error names the file at
// fault; the next Load looks again.
func (l *List) Load() (Set, bool, error) {
	before := l.stamp
	l.stamp = ""
	files, stamp, newest, err := l.files()
	if err != nil {
		return nil, false, fmt.Errorf("keys: %w", err)
	}
	if stamp == before {
		l.stamp = stamp
		return nil, false, nil
	}
	keys := Set{}
	for _, path := range files {
		if err := keys.add(path); err != nil {
			return nil, false, fmt.Errorf("keys: %w", err)
		}
	}
	if time.Since(newest) > racy {
		l.stamp = stamp
	}
	return keys, true, nil
}

// files returns what to read, and what tells it from what it was and will be.
func (l *List) files() (paths []string, stamp string, newest time.Time, err error) {
	info, err := os.Stat(l.path)
	if err != nil {
		return nil, "", newest, err
	}
	paths, newest = []string{l.path}, info.ModTime()
	if info.IsDir() {
		entries, err := os.ReadDir(l.path)
		if err != nil {
			return nil, "", newest, err
		}
		paths = paths[:0]
		for _, e := range entries {
			if name := e.Name(); strings.HasSuffix(name, PublicExt) && name[0] != '.' {
				paths = append(paths, filepath.Join(l.path, name))
			}
		}
	}
	var b strings.Builder
	for _, path := range append([]string{l.path}, paths...) {
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, "", newest, fmt.Errorf("%w; it went while the list was read, or is a link to nowhere", err)
		}
		if err != nil {
			return nil, "", newest, err
		}
		if info.ModTime().After(newest) {
			newest = info.ModTime()
		}
		fmt.Fprintf(&b, "%q %d %d %d\n", path, info.Size(), info.ModTime().UnixNano(), inode(info))
	}
	return paths, b.String(), newest, nil
}

func (s Set) add(path string) error {
	text, _, err := read(path, maxListFile)
	if err != nil {
		return err
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line == "#" || strings.HasPrefix(line, "# ") {
			continue
		}
		key, err := ParsePublic(line)
		if err != nil {
			return fmt.Errorf("%s: line %d: %w", path, n, err) // which does not quote the line: it may be a secret
		}
		if s[key] = struct{}{}; len(s) > maxListed {
			return fmt.Errorf("%s: more than %d keys are listed", path, maxListed)
		}
	}
	return nil
}
