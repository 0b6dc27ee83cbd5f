//go:build unix

package store

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// What stands in a file's place may be no file at all, or seem larger than any memory: a start neither waits for it nor reads it.
func TestWhatIsNoFileNeverStopsAStart(t *testing.T) {
	for kind, make := range map[string]func(path string) error{
		"a pipe":                      func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"a device without end":        func(path string) error { return os.Symlink("/dev/zero", path) },
		"a link to nothing":           func(path string) error { return os.Symlink("nothing", path) },
		"a directory":                 func(path string) error { return os.Mkdir(path, 0o700) },
		"a file larger than any disk": func(path string) error { return sparse(path, 1<<42) },
	} {
		for _, name := range []string{"state", "sinks", "window.1", "log.1"} {
			t.Run(kind+" for "+name, func(t *testing.T) {
				dir := t.TempDir()
				s := open(t, Config{Dir: dir})
				s.Register([]string{"a", "b"})
				commit(s, someWindow())
				s.log.Append(someBatch(1), noon)
				s.Close()
				path := filepath.Join(dir, name)
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
				if err := make(path); err != nil {
					t.Skipf("this system has no such: %v", err)
				}
				s = open(t, Config{Dir: dir})
				defer s.Close()
				replayed(s)
				told := false
				for _, n := range s.Register([]string{"a", "b"})[0] {
					if _, err := s.Load(n); err != nil {
						told = name == "window.1"
					}
				}
				commit(s, nil)
				if st := s.Stats(); !st.Durable || !told && kind != "a link to nothing" && st.Damaged+st.Evicted+st.Torn == 0 {
					t.Errorf("%+v", st)
				}
			})
		}
	}
}

func sparse(path string, size int64) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Truncate(size)
}
