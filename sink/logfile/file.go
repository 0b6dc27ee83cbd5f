package logfile

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// file is a log file that takes a Write whole or not at all and makes room by renaming. Rotation is our own, since it
// is little: the libraries that are maintained bring compressors into the build of everybody who imports this package.
type file struct {
	path     string
	maxBytes int64
	keep     int
	mode     fs.FileMode
	f        *os.File // nil: to be opened
	undo     int64    // where a part of a window begins that could not be removed yet; -1: there is none
}

func newFile(cfg Config) *file {
	return &file{
		path:     cfg.Path,
		maxBytes: cmp.Or(cfg.MaxBytes, DefaultMaxBytes),
		keep:     max(cmp.Or(cfg.Keep, DefaultKeep), 0),
		mode:     cmp.Or(cfg.Mode, DefaultMode),
		undo:     -1,
	}
}

// Write appends p. When that fails, nothing of p is there.
func (f *file) Write(p []byte) (int, error) {
	size, err := f.prepare(int64(len(p)))
	if err != nil {
		return 0, err
	}
	if n, err := f.f.Write(p); err != nil {
		if n > 0 {
			f.undo = size
			if still := f.cutBack(); still != nil {
				err = fmt.Errorf("%w; a part is still there: %w", err, still)
			}
		}
		return 0, err
	}
	return len(p), nil
}

// Close closes the file.
func (f *file) Close() error {
	if f.f == nil {
		return nil
	}
	err := errors.Join(f.cutBack(), f.f.Close())
	f.f = nil
	return err
}

// prepare makes the file ready for n more bytes and returns its size.
func (f *file) prepare(n int64) (size int64, err error) {
	if err := f.cutBack(); err != nil {
		return 0, err
	}
	if err := f.follow(); err != nil {
		return 0, err
	}
	info, err := f.f.Stat()
	if err != nil {
		return 0, err
	}
	if size = info.Size(); size == 0 || f.maxBytes < 0 || size+n <= f.maxBytes {
		return size, nil
	}
	if err := f.rotate(); err != nil {
		return 0, fmt.Errorf("rotate: %w: make %s writable, or let Config.MaxBytes be negative", err, filepath.Dir(f.path))
	}
	return 0, f.open()
}

// cutBack removes a part of a window. If that fails it is tried again, before anything else is written.
func (f *file) cutBack() error {
	if f.undo < 0 {
		return nil
	}
	info, err := f.f.Stat()
	if err != nil {
		return err
	}
	if info.Size() > f.undo { // else somebody truncated the file meanwhile
		if err := truncate(f.f, f.undo); err != nil {
			return err
		}
	}
	f.undo = -1
	return nil
}

// follow opens the file of that path, unless it is the open one.
func (f *file) follow() error {
	if f.f != nil {
		opened, err := f.f.Stat()
		if err != nil {
			return err
		}
		present, err := os.Stat(f.path)
		if err == nil && os.SameFile(opened, present) {
			return nil
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	return f.open()
}

// open opens the file, for reading too: mend looks at its end, and a named pipe that is opened so does not wait for a
// reader.
func (f *file) open() error {
	opened, err := os.OpenFile(f.path, os.O_RDWR|os.O_APPEND|os.O_CREATE, f.mode)
	if err != nil {
		return f.explain(err)
	}
	info, err := opened.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no regular file (%v): choose another path, or open it and set Config.Writer", f.path, info.Mode().Type())
	}
	if err == nil {
		err = mend(opened, info.Size())
	}
	if err != nil {
		opened.Close()
		return err
	}
	f.f = opened
	return nil
}

// explain says what to do about a file that cannot be opened. err names the path.
func (f *file) explain(err error) error {
	dir := filepath.Dir(f.path)
	if info, e := os.Stat(f.path); e == nil && info.IsDir() {
		return fmt.Errorf("%w: name a file in that directory", err)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: create the directory %s or choose another path", err, dir)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: let this user write %s, or read and write the file if it is there", err, dir)
	}
	return err
}

// tornMax is more than the longest line of a legal series.
const tornMax = 64 << 10

// mend makes sure that what is appended begins a line. A process may have been killed while it wrote: what is there of
// a line of ours is removed. Anything else that does not end in a line break is given one.
func mend(f *os.File, size int64) error {
	tail := make([]byte, min(size, tornMax))
	if _, err := f.ReadAt(tail, size-int64(len(tail))); err != nil {
		return err
	}
	begin := bytes.LastIndexByte(tail, '\n') + 1
	torn := tail[begin:]
	if len(torn) == 0 {
		return nil
	}
	head := []byte(`{"time":"`)
	whole := begin > 0 || int64(len(tail)) == size
	if whole && (bytes.HasPrefix(torn, head) || bytes.HasPrefix(head, torn)) {
		return truncate(f, size-int64(len(torn)))
	}
	_, err := f.Write([]byte{'\n'})
	return err
}

func truncate(f *os.File, size int64) error {
	if runtime.GOOS == "windows" { // where a file that is open for appending cannot be truncated, and not be renamed either
		return os.Truncate(f.Name(), size)
	}
	return f.Truncate(size)
}

// rotate renames the file to path.1, after path.1 to path.2 and so on up to the first number that is free.
func (f *file) rotate() error {
	if err := f.Close(); err != nil { // before renaming: Windows renames no open file
		return err
	}
	free := 1
	for free < f.keep && exists(f.numbered(free)) {
		free++
	}
	for i := free; i > 1; i-- {
		if err := os.Rename(f.numbered(i-1), f.numbered(i)); err != nil {
			return err
		}
	}
	if f.keep == 0 {
		return os.Remove(f.path)
	}
	if err := os.Rename(f.path, f.numbered(1)); err != nil {
		return err
	}
	for i := f.keep + 1; exists(f.numbered(i)); i++ { // Keep was larger once
		if err := os.Remove(f.numbered(i)); err != nil {
			return err
		}
	}
	return nil
}

func (f *file) numbered(i int) string { return fmt.Sprintf("%s.%d", f.path, i) }

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
