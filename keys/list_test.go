package keys

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// aged writes a file as if it had been there for long, so that its time tells when it changes.
func aged(t testing.TB, path, text string, ago time.Duration) {
	t.Helper()
	must(t, os.WriteFile(path, []byte(text), 0o644))
	at := time.Now().Add(-ago)
	must(t, os.Chtimes(path, at, at), os.Chtimes(filepath.Dir(path), at, at))
}

func loads(t testing.TB, l *List, want ...Public) {
	t.Helper()
	got, changed, err := l.Load()
	must(t, err)
	set := Set{}
	for _, k := range want {
		set[k] = struct{}{}
	}
	if !changed || !maps.Equal(got, set) {
		t.Fatalf("changed: %v, %d keys, want %d", changed, len(got), len(set))
	}
}

func TestAListIsTheLinesOfAFile(t *testing.T) {
	a, b := generate(t).Public(), generate(t).Public()
	path := filepath.Join(t.TempDir(), "list")
	aged(t, path, "# who may\n\n"+a.String()+"\r\n  "+publicWord+" "+b.String()+" web2\n#\n"+publicWord+" "+b.String()+" again", time.Hour)
	l := NewList(path)
	loads(t, l, a, b)
	set, changed, err := l.Load()
	if set != nil || changed || err != nil {
		t.Errorf("nothing happened, and Load says %v, %v, %v", set, changed, err)
	}
	aged(t, path, "", time.Hour)
	loads(t, l)
}

func TestAListIsTheFilesOfADirectory(t *testing.T) {
	dir := t.TempDir()
	var pairs []Pair
	l := NewList(dir)
	var want []Public
	for i := range 3 {
		pairs = append(pairs, generate(t))
		must(t, pairs[i].Save(filepath.Join(dir, fmt.Sprint("host", i)), "", false))
		want = append(want, pairs[i].Public())
		loads(t, l, want...)
	}
	// What is no public key's file by its name is not looked at; host0.key and others are there, too.
	for _, name := range []string{".new.pub", "README", "pub"} {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte("nonsense"), 0o644))
	}
	must(t, os.Remove(filepath.Join(dir, "host1.pub")))
	loads(t, l, want[0], want[2])
}

func TestAChangeIsSeenWithinTheClocksGrain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "list")
	l := NewList(path)
	for range 100 { // of one size, and of nearly one time
		k := generate(t).Public()
		must(t, os.WriteFile(path, []byte(k.String()), 0o644))
		loads(t, l, k)
	}
	// Where the clock of a file system is coarse, two changes bear one time.
	now := time.Now()
	for range 3 {
		k := generate(t).Public()
		must(t, os.WriteFile(path, []byte(k.String()), 0o644), os.Chtimes(path, now, now))
		loads(t, l, k)
	}
	// Replaced by an older file of the same size and time.
	k := generate(t).Public()
	aged(t, path, k.String(), time.Hour)
	loads(t, l, k)
	info, err := os.Stat(path)
	must(t, err)
	k = generate(t).Public()
	must(t, os.WriteFile(path+".new", []byte(k.String()), 0o644), os.Chtimes(path+".new", info.ModTime(), info.ModTime()), os.Rename(path+".new", path))
	loads(t, l, k)
}

func TestABrokenListIsAnErrorUntilItIsMended(t *testing.T) {
	dir, p := t.TempDir(), generate(t)
	path := filepath.Join(dir, "a.pub")
	good := p.Public().String() + "\n"
	for _, list := range []*List{NewList(path), NewList(dir)} {
		aged(t, path, good, time.Hour)
		loads(t, list, p.Public())
		for _, text := range []string{good + "nonsense\n", good + secretWord + " " + p.Secret(), good + "\x00", strings.Repeat("\n", maxListFile+1)} {
			aged(t, path, text, time.Minute)
			for range 2 {
				set, changed, err := list.Load()
				if set != nil || changed || err == nil || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), p.Secret()) {
					t.Errorf("%.20q: %v, %v, %v", text, set, changed, err)
				}
			}
		}
		must(t, os.Remove(path), os.Symlink(filepath.Join(dir, "nowhere"), path))
		if _, _, err := list.Load(); err == nil {
			t.Error("a link to nowhere is a list")
		}
		must(t, os.Remove(path))
		aged(t, path, good, time.Hour)
		loads(t, list, p.Public())
	}
	if _, _, err := NewList(filepath.Join(dir, "none")).Load(); err == nil {
		t.Error("what is not there is a list")
	}
}
