//go:build cgo

package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/forwarder"
	"github.com/zibrato/zibrato/keys"
)

// A plan is what a configuration file says is to run.
type plan struct {
	forwarder *forwarder.Config // nil: none here
	receive   receiving
	keys      peerKeys
	sinks     []plannedSink
}

// A plannedSink is a section of the file below sinks.
type plannedSink struct {
	name    string
	command sinkCommand
	newSink func(end func()) (backend.Sink, error)
}

// Keys at the top of the file, and the one of a sink that is no flag.
const (
	forwarderKey = "forwarder"
	receiveKey   = "receive"
	sinksKey     = "sinks"
	kindKey      = "kind"
)

// maxConfigFile is far more than any configuration has, and keeps a wrong path, to a device for instance, from doing harm.
const maxConfigFile = 1 << 20

// readPlan reads a configuration, and finds all that is wrong with it and the files that it names, without binding or writing anything. The
// error is problems, or that of reading the file.
func readPlan(path string, log *slog.Logger) (*plan, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxConfigFile+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxConfigFile {
		return nil, fmt.Errorf("%s: larger than %d bytes", path, maxConfigFile)
	}
	r := &reader{path: path, log: log}
	p := r.plan(text)
	if len(r.problems) > 0 {
		slices.SortStableFunc(r.problems, func(a, b problem) int { return cmp.Compare(a.line, b.line) })
		return nil, r.problems
	}
	return p, nil
}

// plan makes one of the text of a file, as far as it can.
func (r *reader) plan(text []byte) *plan {
	p := &plan{}
	top := r.section("", r.document(text))
	for _, e := range top.entries {
		if !slices.Contains([]string{forwarderKey, receiveKey, sinksKey}, e.key) {
			r.unknown(top, e, []string{forwarderKey, receiveKey, sinksKey})
		}
	}
	fwd := r.forwarder(p, top)
	r.receive(p, top, fwd)
	if e, ok := top.find(sinksKey); ok {
		r.sinks(p, r.section(sinksKey, e.value))
	}
	if p.forwarder == nil && len(p.sinks) == 0 && len(r.problems) == 0 {
		r.problem(1, "want a forwarder, sinks, or both")
	}
	return p
}

// forwarder reads the section of that name.
func (r *reader) forwarder(p *plan, top section) *forwardCmd {
	e, ok := top.find(forwarderKey)
	if !ok {
		return nil
	}
	s := r.section(forwarderKey, e.value)
	c := new(forwardCmd)
	if !r.parse(s, c, processFlags()) {
		return nil
	}
	cfg, err := c.config(r.log)
	if err != nil {
		r.wrong(s, err)
		return nil
	}
	p.forwarder = &cfg
	for key, list := range map[string]string{"allow": c.Allow, "allow_in": c.AllowIn, "allow_out": c.AllowOut} {
		if list == "" {
			continue
		}
		if _, _, err := keys.NewList(list).Load(); err != nil {
			r.wrong(s, flagTerms(fmt.Errorf("--%s: %w", strings.ReplaceAll(key, "_", "-"), err), "keys: ", ""))
		}
	}
	return c
}

// receive finds out how the sinks reach a forwarder: the one of the file, unless the section of that name says otherwise.
func (r *reader) receive(p *plan, top section, fwd *forwardCmd) {
	e, _ := top.find(receiveKey)
	s := r.section(receiveKey, e.value)
	excluded := processFlags()
	excluded["levels"] = true // which each sink has by itself
	if !r.parse(s, &p.receive, excluded) {
		return
	}
	_, elsewhere := s.find("from")
	here := fwd != nil && !elsewhere
	if here {
		p.receive.From = "" // known once the forwarder listens
	}
	var err error
	if here && fwd.KeyFile != "" && p.receive.KeyFile != "" && p.receive.ServerKey == "" {
		p.keys.server = p.forwarder.Key.Public()
		p.keys.own, err = loadPair(p.receive.KeyFile)
	} else {
		p.keys, err = p.receive.keys()
	}
	if err != nil {
		r.wrong(s, err)
		return
	}
	_, sinks := top.find(sinksKey)
	if !here || fwd.KeyFile == "" || !sinks {
		return
	}
	if p.keys.own.IsZero() {
		r.problem(e.line, "%s.key_file: missing: a forwarder with a key serves only those who have one, the sinks here too; make one with zibrato keygen", receiveKey)
		return
	}
	list := cmp.Or(fwd.AllowOut, fwd.Allow)
	if allowed, _, err := keys.NewList(list).Load(); err == nil && !allowed.Has(p.keys.own.Public()) {
		r.wrong(s, fmt.Errorf("--key-file: the forwarder would not serve it: its public key, %s, is not in %s", p.keys.own.Public(), list))
	}
}

// sinks reads the sections below sinks.
func (r *reader) sinks(p *plan, all section) {
	kinds := sinkKinds()
	owners := map[string]string{}
	for _, e := range all.entries {
		if e.key == "" || strings.ContainsFunc(e.key, func(c rune) bool { return !unicode.IsPrint(c) }) {
			r.problem(e.line, "%s: %q: want a name of printable characters", sinksKey, e.key)
			continue
		}
		s := r.section(sinksKey+"."+e.key, e.value)
		s.line = e.line
		kind, line := e.key, e.line
		if k, ok := s.find(kindKey); ok {
			line = k.line
			if kind, ok = r.scalar(s, k); !ok {
				continue
			}
		}
		typ, ok := kinds[kind]
		if !ok {
			names := slices.Sorted(maps.Keys(kinds))
			r.problem(line, "%s: %q is no kind of sink%s; want %s: one of %s", s.path, kind, meant(kind, names), kindKey, strings.Join(names, ", "))
			continue
		}
		s.entries = slices.DeleteFunc(s.entries, func(e entry) bool { return e.key == kindKey })
		c := reflect.New(typ).Interface().(sinkCommand)
		if !r.parse(s, c, receivingFlags()) {
			continue
		}
		newSink, err := c.prepare(r.log)
		if err = errors.Join(c.merged().validate(), err); err != nil {
			r.wrong(s, err)
			continue
		}
		if dir := c.merged().Dir; dir != "" {
			if err := usableDir(dir); err != nil {
				r.wrong(s, fmt.Errorf("--dir: %w", err))
			}
			r.alone(s, owners, "--dir", dir)
		}
		if l, ok := c.(*logCmd); ok && l.File != "" {
			r.alone(s, owners, "--file", l.File)
		}
		if shown, ok := c.(*prometheusCmd); ok && !strings.HasSuffix(string(shown.Listen), ":0") {
			r.alone(s, owners, "--listen", string(shown.Listen))
		}
		p.sinks = append(p.sinks, plannedSink{e.key, c, newSink})
	}
}

// alone sees to it that no two sinks write to the same place, or listen at the same address.
func (r *reader) alone(s section, owners map[string]string, flag, path string) {
	path = filepath.Clean(path)
	if other := owners[path]; other != "" {
		r.wrong(s, fmt.Errorf("%s: %s is that of %s, too; give each sink its own", flag, path, other))
	}
	owners[path] = s.path
}

// sinkKinds are the types of the commands that take windows to a sink, by name.
func sinkKinds() map[string]reflect.Type {
	kinds := map[string]reflect.Type{}
	for _, c := range newParser(new(cli)).Model.Children {
		if _, ok := c.Target.Addr().Interface().(sinkCommand); ok {
			kinds[c.Name] = c.Target.Type()
		}
	}
	return kinds
}

// processFlags are those that say how a command is operated, which is no matter of the file.
func processFlags() map[string]bool { return flagsOf(&struct{ operating }{}) }

// receivingFlags are those, and the ones that have a section of their own.
func receivingFlags() map[string]bool {
	all := flagsOf(&struct {
		operating
		receiving
	}{})
	delete(all, "levels")
	return all
}

func flagsOf(target any) map[string]bool {
	names := map[string]bool{}
	for _, f := range newParser(target).Model.Flags {
		names[f.Name] = true
	}
	return names
}

// usableDir finds what keeps a directory from being used or made.
func usableDir(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case err == nil && !info.IsDir():
		return fmt.Errorf("%s is no directory", dir)
	case err == nil:
		return nil
	case !errors.Is(err, os.ErrNotExist):
		return err
	}
	for parent := filepath.Dir(dir); ; parent = filepath.Dir(parent) {
		info, err := os.Stat(parent)
		if err == nil && info.IsDir() {
			return nil
		}
		if err == nil || !errors.Is(err, os.ErrNotExist) || parent == filepath.Dir(parent) {
			return fmt.Errorf("%s cannot be made: %s is no directory", dir, parent)
		}
	}
}

// dialable is where to connect to what is bound there: every interface of this machine means the loopback one.
func dialable(bound string) string {
	hostport, ok := strings.CutPrefix(bound, "tcp://")
	if !ok {
		return bound
	}
	host, port, err := net.SplitHostPort(hostport)
	if err != nil {
		return bound
	}
	if addr, err := netip.ParseAddr(host); err == nil && addr.IsUnspecified() {
		host = "127.0.0.1"
		if addr.Is6() {
			host = "::1"
		}
	}
	return "tcp://" + net.JoinHostPort(host, port)
}
