package keys

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func must(t testing.TB, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestAPairIsReadAsItWasSaved(t *testing.T) {
	name := filepath.Join(t.TempDir(), "forwarder")
	p := generate(t)
	must(t, p.Save(name, "web1\nzibrato-public-key", false))
	back, err := LoadPair(name + ".key")
	if err != nil || back.Secret() != p.Secret() || back.Public() != p.Public() {
		t.Errorf("%v, %v, want %v", back, err, p)
	}
	public, err := LoadPublic(name + ".pub")
	if err != nil || public != p.Public() {
		t.Errorf("%v, %v, want %v", public, err, p)
	}
	text, err := os.ReadFile(name + ".pub")
	if want := publicWord + " " + p.Public().String() + " web1 zibrato-public-key\n"; err != nil || string(text) != want {
		t.Errorf("%q, %v, want %q", text, err, want)
	}
	if runtime.GOOS == "windows" {
		return
	}
	for file, want := range map[string]fs.FileMode{".key": 0o600, ".pub": 0o644} {
		if info, err := os.Stat(name + file); err != nil || info.Mode() != want {
			t.Errorf("%s has mode %v, %v, want %v", file, info.Mode(), err, want)
		}
	}
	if entries, err := os.ReadDir(filepath.Dir(name)); err != nil || len(entries) != 2 {
		t.Errorf("%v, %v: want two files", entries, err)
	}
}

func TestSaveReplacesOnlyWhenTold(t *testing.T) {
	for _, there := range []string{"k.key", "k.pub"} {
		dir := t.TempDir()
		must(t, os.WriteFile(filepath.Join(dir, there), []byte("old"), 0o644))
		p := generate(t)
		name := filepath.Join(dir, "k")
		if err := p.Save(name, "", false); !errors.Is(err, fs.ErrExist) || strings.Contains(err.Error(), p.Secret()) {
			t.Errorf("%s was there: %v", there, err)
		}
		if entries, _ := os.ReadDir(dir); len(entries) != 1 {
			t.Errorf("%s was there, and now %v", there, entries)
		}
		must(t, p.Save(name, "", true))
		if back, err := LoadPair(name + ".key"); err != nil || back.Public() != p.Public() {
			t.Errorf("%v, %v, want %v", back, err, p)
		}
	}
}

func TestASecretThatOthersMayReadIsRefused(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes say nothing here")
	}
	path := filepath.Join(t.TempDir(), "k")
	p := generate(t)
	must(t, p.Save(path, "", false))
	path += ".key"
	for mode, ok := range map[fs.FileMode]bool{
		0o600: true, 0o400: true, 0o700: true, 0o604: false, 0o602: false, 0o601: false, 0o644: false, 0o660: false, 0o620: false, 0o666: false,
	} {
		must(t, os.Chmod(path, mode))
		_, err := LoadPair(path)
		if os.Getuid() != 0 && mode&0o400 == 0 {
			continue
		}
		if (err == nil) != ok {
			t.Errorf("mode %o: %v", mode, err)
		}
		if err != nil && (!strings.Contains(err.Error(), "chmod 600 "+path) || strings.Contains(err.Error(), p.Secret())) {
			t.Errorf("mode %o: %v", mode, err)
		}
	}
	must(t, os.Chmod(path, 0o440))
	if os.Getuid() != 0 {
		return // giving files away takes root
	}
	for gid, ok := range map[int]bool{0: true, 1000: false} {
		must(t, os.Chown(path, -1, gid))
		if _, err := LoadPair(path); (err == nil) != ok {
			t.Errorf("mode 440, group %d: %v", gid, err)
		}
	}
}

func TestWhatIsNoKeyFileIsRefusedAndNotQuoted(t *testing.T) {
	dir, p := t.TempDir(), generate(t)
	secret, public := secretWord+" "+p.Secret(), publicWord+" "+p.Public().String()
	for name, text := range map[string]string{
		"empty": "", "word": secretWord, "bare": p.Secret(), "short": secret[:len(secret)-1], "long": secret + "0", "two": secret + "\n" + secret,
		"other": "token " + p.Secret(), "nul": secret + "\x00", "zero": secretWord + " " + strings.Repeat("0", 40), "public": public,
		"huge": secret + strings.Repeat("\n", maxKeyFile),
	} {
		path := filepath.Join(dir, name)
		must(t, os.WriteFile(path, []byte(text), 0o600))
		if got, err := LoadPair(path); err == nil {
			t.Errorf("%s: LoadPair = %v", name, got)
		} else if strings.Contains(err.Error(), p.Secret()[:39]) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, text := range map[string]string{"e": "", "s": secret, "t": public + "\n" + public, "w": publicWord} {
		path := filepath.Join(dir, name)
		must(t, os.WriteFile(path, []byte(text), 0o600))
		if got, err := LoadPublic(path); err == nil {
			t.Errorf("%q: LoadPublic = %v", text, got)
		} else if strings.Contains(err.Error(), p.Secret()) {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, path := range []string{dir, filepath.Join(dir, "none"), "/dev/zero"} {
		if _, err := LoadPair(path); err == nil {
			t.Errorf("%s was read", path)
		}
	}
}
