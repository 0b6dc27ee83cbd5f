//go:build cgo && unix

package main

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// unpacked runs scripts/release.sh and unpacks what it made. It returns the folder that was in the archive, with the modes of what is there.
func unpacked(t *testing.T) (dir string, modes map[string]os.FileMode) {
	t.Helper()
	if _, err := os.Stat("../../.git"); err != nil {
		t.Skip("this is no clone, of which a release is made")
	}
	dist := t.TempDir()
	cmd := exec.Command("sh", "../../scripts/release.sh")
	// With the build cache as it is: -trimpath would compile everything anew.
	cmd.Env = append(os.Environ(), "VERSION=v9.8.7", "DIST="+dist, "GOFLAGS=")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	name := "zibrato-9.8.7-" + runtime.GOOS + "-" + runtime.GOARCH
	archive := filepath.Join(dist, name+".tar.gz")
	if !strings.HasSuffix(string(out), archive+"\n") {
		t.Errorf("it says %s, not %s", out, archive)
	}
	packed, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(packed)
	if told, err := os.ReadFile(archive + ".sha256"); err != nil || string(told) != hex.EncodeToString(sum[:])+"  "+name+".tar.gz\n" {
		t.Errorf("the checksum is %q, %v; want %x", told, err, sum)
	}
	return filepath.Join(dist, name), unpack(t, archive, dist)
}

func unpack(t *testing.T, archive, to string) map[string]os.FileMode {
	t.Helper()
	f, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	modes := map[string]os.FileMode{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return modes
		}
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(to, h.Name)
		if h.Typeflag == tar.TypeDir {
			if err := os.MkdirAll(path, 0o755); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if h.Typeflag != tar.TypeReg || !filepath.IsLocal(h.Name) || h.Uid != 0 && runtime.GOOS == "linux" {
			t.Errorf("%s: type %c, owner %d", h.Name, h.Typeflag, h.Uid)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		mode := h.FileInfo().Mode().Perm()
		if err := os.WriteFile(path, content, mode); err != nil {
			t.Fatal(err)
		}
		_, inside, _ := strings.Cut(h.Name, "/")
		modes[inside] = mode
	}
}

func TestAReleaseHoldsWhatItIsToAndRuns(t *testing.T) {
	t.Parallel()
	dir, modes := unpacked(t)
	for _, name := range []string{
		"zibrato", "INSTALL.txt", "LICENSE", "README.md", "CHANGELOG.md",
		"completions/zibrato.bash", "completions/_zibrato", "completions/zibrato.fish",
		"deploy/README.md", "deploy/zibrato.service", "deploy/zibrato-forward.service", "deploy/zibrato-librato.service", "deploy/zibrato@.service",
		"deploy/zibrato.yaml", "deploy/supervisord.conf", "deploy/grafana/zibrato.json", "deploy/prometheus/rules.yml",
		"licences/github.com-pebbe-zmq4-LICENSE.txt", "licences/github.com-alecthomas-kong-COPYING", "licences/google.golang.org-protobuf-LICENSE",
	} {
		want := os.FileMode(0o644)
		if name == "zibrato" {
			want = 0o755
		}
		if mode, there := modes[name]; !there || mode != want {
			t.Errorf("%s: there is %v, mode %v", name, there, mode)
		}
	}
	version, err := exec.Command(filepath.Join(dir, "zibrato"), "version").CombinedOutput()
	if err != nil || !strings.HasPrefix(string(version), "zibrato v9.8.7 ") || !strings.Contains(string(version), " libzmq 4.") {
		t.Errorf("zibrato version: %v: %s", err, version)
	}
	install, err := os.ReadFile(filepath.Join(dir, "INSTALL.txt"))
	if err != nil || !strings.HasPrefix(string(install), string(version)) || !strings.Contains(string(install), "apt install libzmq5") {
		t.Errorf("INSTALL.txt: %v: %s", err, install)
	}
}
