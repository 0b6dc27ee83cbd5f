package search

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Limits choose the files of a corpus.
type Limits struct {
	MaxBytes int64 // of all shards together; 0 means 30 MB
	MaxFile  int64 // longer files, mostly generated tables, are left out; 0 means 512 KiB
	Shard    int   // from 0: this one of Shards
	Shards   int   // the files go round the shards in turn; 0 means 1
}

func (l Limits) withDefaults() (Limits, error) {
	l.MaxBytes = cmp.Or(l.MaxBytes, 30_000_000)
	l.MaxFile = cmp.Or(l.MaxFile, 512<<10)
	l.Shards = cmp.Or(l.Shards, 1)
	switch {
	case l.MaxBytes < 0:
		return l, fmt.Errorf("corpus: Limits.MaxBytes is %d: want more than 0", l.MaxBytes)
	case l.MaxFile < 0:
		return l, fmt.Errorf("corpus: Limits.MaxFile is %d: want more than 0", l.MaxFile)
	case l.Shards < 0:
		return l, fmt.Errorf("corpus: Limits.Shards is %d: want more than 0", l.Shards)
	case l.Shard < 0 || l.Shard >= l.Shards:
		return l, fmt.Errorf("corpus: Limits.Shard is %d: want 0 to %d", l.Shard, l.Shards-1)
	}
	return l, nil
}

// ErrNoFiles is returned by [Files] when there is nothing to index.
var ErrNoFiles = errors.New("corpus: no Go files there")

// Files lists the .go files of a tree that the limits choose, those nearest to its root first, since they are what
// people look for, and otherwise by path. Directories that the go command passes over (testdata, names that begin with . or _) and
// copies of other projects (vendor) are left out.
func Files(tree fs.FS, limits Limits) ([]string, error) {
	limits, err := limits.withDefaults()
	if err != nil {
		return nil, err
	}
	type file struct {
		path  string
		depth int
		size  int64
	}
	var files []file
	err = fs.WalkDir(tree, ".", func(p string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && p != "." && passOver(e.Name()):
			return fs.SkipDir
		case e.Type().IsRegular() && path.Ext(p) == ".go":
			info, err := e.Info()
			if err != nil {
				return err
			}
			if info.Size() <= limits.MaxFile {
				files = append(files, file{p, strings.Count(p, "/"), info.Size()})
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("corpus: %w", err)
	}
	slices.SortFunc(files, func(a, b file) int {
		return cmp.Or(cmp.Compare(a.depth, b.depth), cmp.Compare(a.path, b.path))
	})
	var (
		paths []string
		total int64
	)
	for i, f := range files {
		if total += f.size; total > limits.MaxBytes {
			break
		}
		if i%limits.Shards == limits.Shard {
			paths = append(paths, f.path)
		}
	}
	if len(paths) == 0 {
		return nil, ErrNoFiles
	}
	return paths, nil
}

func passOver(dir string) bool {
	return dir == "testdata" || dir == "vendor" || dir[0] == '.' || dir[0] == '_'
}
