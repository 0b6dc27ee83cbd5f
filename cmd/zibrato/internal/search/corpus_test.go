package search

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func tree(files ...string) fs.FS {
	m := fstest.MapFS{}
	for _, f := range files {
		m[f] = &fstest.MapFile{Data: []byte("0123456789")}
	}
	return m
}

func TestFilesTakesGoFilesTheNearestFirst(t *testing.T) {
	got, err := Files(tree("b.go", "a/x/deep.go", "a/z.go", "README.md", "testdata/t.go", "a/vendor/v.go", "_old/o.go", ".git/g.go"), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"b.go", "a/z.go", "a/x/deep.go"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestFilesKeepsWithinItsLimits(t *testing.T) {
	all := tree("1.go", "2.go", "3.go", "4.go", "5.go")
	tests := []struct {
		limits Limits
		want   string
	}{
		{Limits{MaxBytes: 30}, "1.go 2.go 3.go"},
		{Limits{MaxBytes: 39}, "1.go 2.go 3.go"},
		{Limits{Shards: 2}, "1.go 3.go 5.go"},
		{Limits{Shards: 2, Shard: 1}, "2.go 4.go"},
		{Limits{Shards: 2, Shard: 1, MaxBytes: 30}, "2.go"},
	}
	for _, test := range tests {
		got, err := Files(all, test.limits)
		if err != nil || strings.Join(got, " ") != test.want {
			t.Errorf("Files(%+v) = %v, %v; want %s", test.limits, got, err, test.want)
		}
	}
	if _, err := Files(all, Limits{MaxFile: 9}); !errors.Is(err, ErrNoFiles) {
		t.Errorf("files too long: %v, want ErrNoFiles", err)
	}
}

func TestFilesRefusesImpossibleLimitsByTheirName(t *testing.T) {
	for field, limits := range map[string]Limits{
		"MaxBytes":        {MaxBytes: -1},
		"MaxFile":         {MaxFile: -1},
		"Shards":          {Shards: -1},
		"Limits.Shard is": {Shard: 2, Shards: 2},
	} {
		if _, err := Files(tree("a.go"), limits); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("Files(%+v): %v, want an error that names %s", limits, err, field)
		}
	}
}

func TestFilesReportsATreeThatCannotBeRead(t *testing.T) {
	if _, err := Files(failingFS{}, Limits{}); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("%v, want the file system's error", err)
	}
}

type failingFS struct{}

func (failingFS) Open(string) (fs.File, error) { return nil, fs.ErrPermission }
