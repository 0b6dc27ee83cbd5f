package vet

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// program builds cmd/zibratovet.
func program(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "zibratovet")
	if runtime.GOOS == "windows" {
		bin += ".exe"
	}
	if out, err := exec.Command("go", "build", "-o", bin, "./cmd/zibratovet").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return bin
}

// in runs a command in a module of its own, and returns what it said.
func in(t *testing.T, dir, name string, args ...string) (said string, ok bool) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "PWD="+dir)
	out, err := cmd.CombinedOutput()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		t.Fatal(err)
	}
	return string(out), err == nil
}

// The program works as go vet's tool and by itself, each way finds the same, and what it repaired compiles, measures, and has nothing left to find.
func TestProgram(t *testing.T) {
	bin := program(t)
	dir := module(t, "broken")
	finds := func(said string, ok bool) {
		t.Helper()
		if ok {
			t.Error("it succeeded in spite of findings")
		}
		for _, want := range []string{
			"broken.go:9:8: zibrato.Time(\"by.name\") is deferred without ()",
			"broken.go:10:8: zibrato.TimeErr(\"with.error\", &err) is deferred without ()",
			"broken.go:15:8: queries.Start() is deferred without .Stop()",
			"broken.go:20:2: nothing is recorded",
		} {
			if !strings.Contains(said, want) {
				t.Errorf("it does not say %q:\n%s", want, said)
			}
		}
	}
	finds(in(t, dir, "go", "vet", "-vettool="+bin, "./broken"))
	finds(in(t, dir, bin, "./..."))
	if said, ok := in(t, dir, "go", "vet", "-vettool="+bin, "-missingstop", "./broken"); !ok {
		t.Errorf("an analyzer that finds nothing, by itself: %s", said)
	}
	if said, ok := in(t, dir, "go", "test", "-vet=off", "./broken"); ok || !strings.Contains(said, "by.name: [], want one timing") {
		t.Errorf("what is broken measures: %s", said)
	}
	if said, ok := in(t, dir, bin, "-fix", "./..."); !ok {
		t.Fatalf("repairing failed: %s", said)
	}
	for _, args := range [][]string{{"go", "test", "-vet=off", "./broken"}, {"go", "vet", "-vettool=" + bin, "./broken"}} {
		if said, ok := in(t, dir, args[0], args[1:]...); !ok {
			t.Errorf("%q, after repairing: %s", args, said)
		}
	}
}
