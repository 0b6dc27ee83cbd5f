package demo

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCorpusIsTheToolchainsSourceUnlessNamed(t *testing.T) {
	root, err := corpusRoot(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "fmt", "print.go")); err != nil {
		t.Errorf("%s is not the source of a Go toolchain: %v", root, err)
	}
	dir := t.TempDir()
	if got, err := corpusRoot(context.Background(), dir); err != nil || got != dir {
		t.Errorf("corpusRoot(%q) = %q, %v", dir, got, err)
	}
}

func TestCorpusWithoutAToolchainSaysWhatToDo(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := corpusRoot(context.Background(), ""); err == nil || !strings.Contains(err.Error(), "name a directory") {
		t.Errorf("%v", err)
	}
}
