//go:build cgo

package main

import (
	"encoding"
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"
)

// A reader reads a configuration file strictly and collects all that is wrong with it. The keys of a section are flags of a command, with _
// for -, so that file and command line cannot differ.
type reader struct {
	path     string
	log      *slog.Logger
	problems problems
}

// A problem is what is wrong in a line of the file.
type problem struct {
	line int
	text string
}

// problems are those of a file, in the order of the lines.
type problems []problem

// Error has them in lines, or for whoever wants one line, in one.
func (p problems) Error() string {
	lines := make([]string, len(p))
	for i, one := range p {
		lines[i] = one.text
	}
	return strings.Join(lines, "\n")
}

var control = regexp.MustCompile(`[[:cntrl:]]`)

// problem notes one, behind file and line, in one line whatever the file's words hold.
func (r *reader) problem(line int, format string, args ...any) {
	text := control.ReplaceAllStringFunc(fmt.Sprintf(format, args...), func(c string) string { return strings.Trim(strconv.Quote(c), `"`) })
	r.problems = append(r.problems, problem{line, fmt.Sprintf("%s:%d: %s", r.path, max(line, 1), text)})
}

// section is a mapping of the file.
type section struct {
	path    string // from the top, as sinks.librato; empty at the top
	line    int
	entries []entry
}

// entry is a key with its value.
type entry struct {
	key   string
	line  int
	value *yaml.Node
}

func (s section) find(key string) (entry, bool) {
	i := slices.IndexFunc(s.entries, func(e entry) bool { return e.key == key })
	if i < 0 {
		return entry{line: s.line}, false
	}
	return s.entries[i], true
}

// at is the path of a key.
func (s section) at(key string) string { return strings.TrimPrefix(s.path+"."+key, ".") }

// section takes a node for one; none, or an empty value, is an empty one.
func (r *reader) section(path string, n *yaml.Node) section {
	s := section{path: path}
	if n = dereferenced(n); n == nil {
		return s
	}
	s.line = n.Line
	if n.Kind != yaml.MappingNode {
		if n.Tag != "!!null" {
			r.problem(n.Line, "%swant keys and their values", strings.TrimPrefix(path+": ", ": "))
		}
		return s
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := dereferenced(n.Content[i])
		if key.Kind != yaml.ScalarNode {
			r.problem(key.Line, "%swant words for keys", strings.TrimPrefix(path+": ", ": "))
			continue
		}
		if before, ok := s.find(key.Value); ok {
			r.problem(key.Line, "%s stands here a second time, after line %d", s.at(key.Value), before.line)
			continue
		}
		s.entries = append(s.entries, entry{key.Value, n.Content[i].Line, dereferenced(n.Content[i+1])})
	}
	return s
}

// dereferenced is what an alias stands for.
func dereferenced(n *yaml.Node) *yaml.Node {
	for n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

// unknown notes a key that is not among those that are known.
func (r *reader) unknown(s section, e entry, known []string) {
	hint := meant(e.key, known)
	if hint == "" && processFlags()[flagName(e.key)] {
		hint = "; it is a flag of zibrato run: --" + flagName(e.key)
	}
	if hint == "" {
		hint = "; want " + strings.Join(known, ", ")
	}
	r.problem(e.line, "%s: no such key%s", s.at(e.key), hint)
}

// parse reads a section into target, a struct whose fields are flags as kong has them, and reports whether all is well.
func (r *reader) parse(s section, target any, excluded map[string]bool) bool {
	before := len(r.problems)
	parser := newParser(target, kong.PostBuild(forgetEnvironment))
	flags := map[string]*kong.Flag{}
	var known []string
	for _, f := range parser.Model.Flags {
		if !excluded[f.Name] && f.Name != "help" {
			flags[keyName(f.Name)] = f
			known = append(known, keyName(f.Name))
		}
	}
	var args []string
	for _, e := range s.entries {
		if f := flags[e.key]; f == nil {
			r.unknown(s, e, known)
		} else {
			args = append(args, r.flags(s, e, f)...)
		}
	}
	if len(r.problems) > before {
		return false
	}
	_, err := parser.Parse(args)
	if err == nil {
		return true
	}
	// kong tells of the first value that is wrong; one key after the other, each is told of, at its line.
	for _, e := range s.entries {
		alone := newParser(reflect.New(reflect.TypeOf(target).Elem()).Interface(), kong.PostBuild(forgetEnvironment))
		if _, err := alone.Parse(r.flags(s, e, flags[e.key])); err != nil {
			r.wrongAt(e.line, s, plainly(err))
		}
	}
	if len(r.problems) == before { // all of them together are wrong
		r.wrong(s, plainly(err))
	}
	return false
}

// forgetEnvironment makes flags depend on nothing but the file.
func forgetEnvironment(k *kong.Kong) error {
	for _, f := range k.Model.Flags {
		f.Envs, f.Tag.Envs = nil, nil
	}
	return nil
}

// flags are what the entry would be on a command line.
func (r *reader) flags(s section, e entry, f *kong.Flag) (args []string) {
	set := func(value string) { args = append(args, "--"+f.Name+"="+value) }
	_, own := f.Target.Addr().Interface().(encoding.TextUnmarshaler) // a syntax of its own
	switch {
	case e.value.Kind == yaml.MappingNode && f.IsMap():
		var pairs []string
		for _, pair := range r.section(s.at(e.key), e.value).entries {
			values, ok := r.scalars(s, entry{e.key, pair.line, pair.value})
			if !ok {
				return nil
			}
			pairs = append(pairs, pair.key+"="+strings.Join(values, ","))
		}
		if own {
			set(strings.Join(pairs, ";"))
			return args
		}
		for _, pair := range pairs {
			set(escaped(pair, f.Tag.MapSep))
		}
	case e.value.Kind == yaml.SequenceNode:
		values, ok := r.scalars(s, e)
		switch {
		case !ok:
		case len(values) == 0:
			r.problem(e.line, "%s: is empty; want a value, or no such key", s.at(e.key))
		case own || !f.IsSlice():
			set(strings.Join(values, ","))
		default:
			for _, v := range values {
				set(escaped(v, f.Tag.Sep))
			}
		}
	default:
		if v, ok := r.scalar(s, e); ok {
			set(v)
		}
	}
	return args
}

// escaped keeps kong from cutting a value at the separator.
func escaped(value string, sep rune) string {
	if sep == -1 {
		return value
	}
	return kong.JoinEscaped([]string{value}, sep)
}

// scalars are the values of a list, or the one value.
func (r *reader) scalars(s section, e entry) (values []string, ok bool) {
	nodes := []*yaml.Node{e.value}
	if e.value.Kind == yaml.SequenceNode {
		nodes = e.value.Content
	}
	for _, n := range nodes {
		v, ok := r.scalar(s, entry{e.key, n.Line, dereferenced(n)})
		if !ok {
			return nil, false
		}
		values = append(values, v)
	}
	return values, true
}

// scalar is the value of an entry with what it takes from the environment.
func (r *reader) scalar(s section, e entry) (string, bool) {
	if e.value.Kind != yaml.ScalarNode {
		r.problem(e.line, "%s: want one value", s.at(e.key))
		return "", false
	}
	if e.value.Tag == "!!null" {
		r.problem(e.line, "%s: is empty; want a value, or no such key", s.at(e.key))
		return "", false
	}
	text, err := expand(e.value.Value, os.LookupEnv)
	if err != nil {
		r.problem(e.line, "%s: %v", s.at(e.key), err)
		return "", false
	}
	return text, true
}

// expand replaces ${NAME} by the variable of that name, which has to be there, and $${ by ${.
func expand(text string, lookup func(string) (string, bool)) (string, error) {
	var out strings.Builder
	for {
		before, after, ok := strings.Cut(text, "${")
		if !ok {
			out.WriteString(text)
			return out.String(), nil
		}
		if before, ok := strings.CutSuffix(before, "$"); ok {
			out.WriteString(before + "${")
			text = after
			continue
		}
		out.WriteString(before)
		name, rest, ok := strings.Cut(after, "}")
		if !ok || name == "" {
			return "", fmt.Errorf("want ${NAME}, or $${ for the characters themselves")
		}
		value, ok := lookup(name)
		if !ok {
			return "", fmt.Errorf("the environment has no variable %s", name)
		}
		out.WriteString(value)
		text = rest
	}
}

var flagInText = regexp.MustCompile(`--[a-z][a-z-]*[a-z]`)

// wrong notes an error that speaks of flags, in terms of keys, at the line of the first of them that stands in the section.
func (r *reader) wrong(s section, err error) {
	line := s.line
	for _, flag := range flagInText.FindAllString(err.Error(), -1) {
		if e, ok := s.find(keyName(flag[2:])); ok {
			line = e.line
			break
		}
	}
	r.wrongAt(line, s, err)
}

// wrongAt notes such an error at a line.
func (r *reader) wrongAt(line int, s section, err error) {
	text := flagInText.ReplaceAllStringFunc(err.Error(), func(flag string) string { return keyName(flag[2:]) })
	r.problem(line, "%s: %s", s.path, strings.ReplaceAll(text, "\n", "; "))
}

func keyName(flag string) string { return strings.ReplaceAll(flag, "-", "_") }
func flagName(key string) string { return strings.ReplaceAll(key, "_", "-") }

// meant is a question whether another word was, if one is near.
func meant(word string, known []string) string {
	best, least := "", len(word)/3+2
	for _, k := range known {
		if d := distance(keyName(strings.ToLower(word)), k); d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %s?", best)
}

// distance is how many characters have to be changed, added or taken out to make one word of the other.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
