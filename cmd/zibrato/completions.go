//go:build cgo

package main

import (
	"embed"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

//go:embed completions/*.sh
var completionScripts embed.FS

type completionsCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

func (completionsCmd) Help() string {
	return `Writes a script that lets the shell complete zibrato's commands, flags and their values when Tab is pressed.

Example:

    zibrato completions bash > /etc/bash_completion.d/zibrato
    zibrato completions zsh > /usr/local/share/zsh/site-functions/_zibrato
    zibrato completions fish > ~/.config/fish/completions/zibrato.fish

Exit status: 0 success, 2 wrong usage.`
}

func (c *completionsCmd) Run(*slog.Logger) error {
	script, err := completionScripts.ReadFile("completions/" + c.Shell + ".sh")
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(script)
	return err
}

type completeCmd struct {
	Words []string `arg:"" optional:"" help:"The words behind zibrato, up to the one to complete."`
}

func (c *completeCmd) Run(*slog.Logger) error {
	for _, line := range complete(newParser(new(cli)).Model.Node, c.Words) {
		fmt.Println(line)
	}
	return nil
}

// files stands for the names of files, which shells know best.
const files = ":files"

// complete lists what the last of the words may become, each with a tab and its help, or files. Words are as bash breaks them, with an = of its
// own between a flag and its value.
func complete(program *kong.Node, words []string) []string {
	if len(words) == 0 {
		words = []string{""}
	}
	last := len(words) - 1
	current, before := words[last], words[:last]
	if len(before) == 0 || len(before) == 1 && before[0] == "help" {
		return starting(current, commandsOf(program))
	}
	i := slices.IndexFunc(program.Children, func(n *kong.Node) bool { return n.Name == before[0] })
	if i < 0 {
		return nil
	}
	command := program.Children[i]
	flags := map[string]*kong.Flag{}
	for _, f := range append(program.Flags, command.Flags...) {
		if !f.Hidden {
			flags["--"+f.Name] = f
		}
	}
	before = before[1:]
	if name, value, ok := strings.Cut(current, "="); ok && flags[name] != nil { // as zsh and fish have it
		return prefixed(name+"=", valuesOf(flags[name].Value, value))
	}
	if current == "=" && len(before) > 0 {
		current = ""
	} else if n := len(before); n > 1 && before[n-1] == "=" {
		before = before[:n-1]
	}
	positional := 0
	for j := 0; j < len(before); j++ {
		f := flags[before[j]]
		switch {
		case f == nil && !strings.HasPrefix(before[j], "-"):
			positional++
		case f == nil || f.IsBool():
		case j == len(before)-1:
			return valuesOf(f.Value, current)
		default: // its value, behind an = or not
			if j++; before[j] == "=" {
				j++
			}
		}
	}
	var found []string
	if positional < len(command.Positional) && !strings.HasPrefix(current, "-") {
		found = valuesOf(command.Positional[positional], current)
	}
	if len(found) > 0 && current == "" {
		return found
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(flags)) {
		all = append(all, name+"\t"+firstSentence(flags[name].Help))
	}
	return append(found, starting(current, all)...)
}

// commandsOf are those of the program.
func commandsOf(program *kong.Node) (all []string) {
	for _, c := range program.Children {
		if !c.Hidden {
			all = append(all, c.Name+"\t"+firstSentence(c.Help))
		}
	}
	return all
}

// valuesOf are those that a flag or an argument may have, as far as they are known.
func valuesOf(v *kong.Value, current string) []string {
	place := v.Tag.PlaceHolder
	switch {
	case v.Enum != "":
		return starting(current, v.EnumSlice())
	case v.IsBool():
		return starting(current, []string{"true", "false"})
	case place == "FILE" || place == "PATH" || v.Name == "file":
		return []string{files}
	case v.Name == "levels" || v.Name == "level":
		return starting(current, []string{"debug", "info", "info+", "warning", "error", "critical"})
	}
	return nil
}

func starting(prefix string, all []string) (some []string) {
	for _, s := range all {
		if strings.HasPrefix(s, prefix) {
			some = append(some, s)
		}
	}
	return some
}

func prefixed(prefix string, all []string) []string {
	for i, s := range all {
		if s != files {
			all[i] = prefix + s
		}
	}
	return all
}

// firstSentence is what fits beside a word.
func firstSentence(help string) string {
	first, _, _ := strings.Cut(help, ". ")
	first, _, _ = strings.Cut(first, ": ")
	return strings.TrimSuffix(first, ".")
}
