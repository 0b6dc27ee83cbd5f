//go:build cgo && unix

package main

import (
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// asZibrato makes the program reachable as zibrato in a directory, which it returns.
func asZibrato(t *testing.T) string {
	t.Helper()
	self, err := filepath.Abs(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	script := "#!/bin/sh\n" + actAsProgram + "=1 exec '" + self + "' \"$@\"\n"
	if err := os.WriteFile(filepath.Join(dir, "zibrato"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// shell is where one is. CI has them all: .ci/run brings them.
func shell(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
	case os.Getenv("CI") != "":
		t.Fatalf("there is no %s; scripts/setup.sh %[1]s brings it", name)
	default:
		t.Skipf("there is no %s here", name)
	}
	return path
}

func TestBashCompletes(t *testing.T) {
	t.Parallel()
	bash, bin := shell(t, "bash"), asZibrato(t)
	_, script, _ := result(t, nil, "completions", "bash")
	file := filepath.Join(bin, "completion.bash")
	if err := os.WriteFile(file, []byte(script), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		words []string // as bash breaks the line up
		want  string   // some of what is offered
		not   string
	}{
		{[]string{"lib"}, "librato", "log"},
		{[]string{""}, "forward", "bench-child"},
		{[]string{"log", "--flu"}, "--flush", "--file"},
		{[]string{"log", "--log-format", ""}, "json", "--flush"},
		{[]string{"log", "--log-format", "=", "j"}, "json", "text"},
		{[]string{"log", "--log-format", "="}, "json", "--flush"},
		{[]string{"log", "--flush", "1s", "--sam"}, "--samples", "--flush"},
		{[]string{"send", "g"}, "gauge", "counter"},
		{[]string{"help", "ta"}, "tail", "send"},
		{[]string{"completions", ""}, "fish", "--help"},
		{[]string{"log", "--levels", "inf"}, "info+", "debug"},
	} {
		quoted := "zibrato"
		for _, w := range test.words {
			quoted += " '" + w + "'"
		}
		cmd := exec.Command(bash, "--norc", "-c", `source "$0"; complete -p zibrato >/dev/null || exit 9
			COMP_WORDS=(`+quoted+`); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _zibrato; printf '%s\n' "${COMPREPLY[@]}"`, file)
		cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
		out, err := cmd.CombinedOutput()
		offered := strings.Split(strings.TrimSpace(string(out)), "\n")
		if err != nil || !slices.Contains(offered, test.want) || slices.Contains(offered, test.not) {
			t.Errorf("%q: %v, %q; want %s, not %s", test.words, err, offered, test.want, test.not)
		}
	}
}

func TestFishCompletes(t *testing.T) {
	t.Parallel()
	fish, bin := shell(t, "fish"), asZibrato(t)
	for line, want := range map[string]string{"zibrato lib": "librato\t", "zibrato log --flu": "--flush\t", "zibrato log --log-format=j": "--log-format=json", "zibrato send g": "gauge"} {
		cmd := exec.Command(fish, "--no-config", "-c", "zibrato completions fish | source; complete -C '"+line+"'")
		cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "HOME="+bin)
		if out, err := cmd.CombinedOutput(); err != nil || !strings.HasPrefix(string(out), want) {
			t.Errorf("%q: %v, %q; want %q", line, err, out, want)
		}
	}
}

// drive types lines into an interactive zsh, set up as its first argument says, asks for what Tab does, and prints what each line has become.
const drive = `
zmodload zsh/zpty
zpty shell "TERM=dumb zsh -f -i"
zpty -w shell "PS1= PS2= RPS1=; $1
show() { zle complete-word; print -rn -- \$'\\001'\$BUFFER\$'\\002'; zle kill-buffer }
zle -N show; bindkey '^T' show; print -n \$'\\003'"
zpty -r shell out $'*\003'
shift
for line; do
	zpty -wn shell "$line"$'\024'
	zpty -r shell out $'*\001*\002'
	out=${out##*$'\001'}
	print -r -- "${out%$'\002'*}"
done
zpty -d shell`

func TestZshCompletes(t *testing.T) {
	t.Parallel()
	zsh, bin := shell(t, "zsh"), asZibrato(t)
	_, script, _ := result(t, nil, "completions", "zsh")
	file := filepath.Join(bin, "_zibrato")
	if err := os.WriteFile(file, []byte(script), 0o644); err != nil {
		t.Fatal(err)
	}
	const ready = "autoload -Uz compinit && compinit -u -D"
	for setup, lines := range map[string]map[string]string{
		"fpath=(" + bin + " $fpath); " + ready: {
			"zibrato lib":                         "zibrato librato ",
			"zibrato log --flu":                   "zibrato log --flush ",
			"zibrato log --log-format=j":          "zibrato log --log-format=json ",
			"zibrato log --log-format j":          "zibrato log --log-format json ",
			"zibrato log --file " + bin + "/_zib": "zibrato log --file " + file + " ",
			"zibrato help ta":                     "zibrato help tail ",
		},
		ready + "; source " + file: {"zibrato send g": "zibrato send gauge "},
	} {
		typed := slices.Sorted(maps.Keys(lines))
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
		cmd := exec.CommandContext(ctx, zsh, append([]string{"-f", "-c", drive, "drive", setup}, typed...)...)
		cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "HOME="+bin)
		out, err := cmd.CombinedOutput()
		cancel()
		became := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
		if err != nil || len(became) != len(typed) {
			t.Errorf("%s: %v: %s", setup, err, out)
			continue
		}
		for i, line := range typed {
			if became[i] != lines[line] {
				t.Errorf("%q became %q, want %q", line, became[i], lines[line])
			}
		}
	}
}
