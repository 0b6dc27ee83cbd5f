package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// corpusRoot returns the directory to search in: dir or, when that is empty, the source of the Go toolchain whose go
// command is in PATH.
func corpusRoot(ctx context.Context, dir string) (string, error) {
	if dir == "" {
		goroot, err := toolchain(ctx)
		if err != nil {
			return "", fmt.Errorf("corpus: no Go toolchain whose source could be searched (%w): name a directory of Go files", err)
		}
		dir = filepath.Join(goroot, "src")
	}
	info, err := os.Stat(dir)
	if err != nil {
		return "", fmt.Errorf("corpus: %w", err)
	}
	if !info.IsDir() {
		return "", fmt.Errorf("corpus: %s is no directory", dir)
	}
	// The children may be started elsewhere.
	return filepath.Abs(dir)
}

// toolchain asks the go command where it lives.
func toolchain(ctx context.Context) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "env", "GOROOT")
	// The go.mod of a directory that we happen to be in must not make it fetch another toolchain.
	cmd.Env = append(cmd.Environ(), "GOTOOLCHAIN=local")
	out, err := cmd.Output()
	if err != nil {
		return "", err
	}
	root := strings.TrimSpace(string(out))
	if root == "" {
		return "", errors.New("go env GOROOT is empty")
	}
	return root, nil
}
