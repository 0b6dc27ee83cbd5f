package zibrato_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/zibratotest"
)

var illegalNames = []string{
	"", "a|b", "a_b|", "a\x00b", "a\nb", "\x7f", "a\u0085b", "\xff", "a\xffb", "a\xfeb", strings.Repeat("x", 256), strings.Repeat("x", 257),
	strings.Repeat("日", 86), strings.Repeat("y", 1<<20),
}

var legalNames = []string{
	"a", "a b", "db.query", "запрос", "数据库.查询", "استعلام", "データベース", "🙂", "a~b", strings.Repeat("x", 255), strings.Repeat("日", 85),
	"unnamed", "a_b",
}

func TestAnyNameIsRecordedUnderALegalOneOfItsOwn(t *testing.T) {
	rec := zibratotest.New(t)
	for range 3 {
		for _, n := range illegalNames {
			rec.Inc(n)
		}
		for _, n := range legalNames {
			rec.Inc(n)
		}
	}
	misuses := rec.Misuses()
	if got, want := misuses["name"], uint64(len(illegalNames)); got != want {
		t.Errorf("%d misuses counted, want %d: one for each illegal name", got, want)
	}
	names := map[string]bool{}
	for _, s := range rec.Series() {
		if s.Name == "zibrato.misuse" {
			continue
		}
		names[s.Name] = true
		if n := rec.Calls(s.Name); n != 3 {
			t.Errorf("%q: %d calls, want 3", s.Name, n)
		}
		if len(s.Name) == 0 || len(s.Name) > 255 || !utf8.ValidString(s.Name) || strings.ContainsAny(s.Name, "|\x00\n\x7f\u0085") {
			t.Errorf("%q is not legal", s.Name)
		}
	}
	if got, want := len(names), len(illegalNames)+len(legalNames); got != want {
		t.Errorf("%d names, want %d: different names stay different", got, want)
	}
	for _, n := range legalNames {
		if !names[n] {
			t.Errorf("the legal name %q was changed", n)
		}
	}
}

func TestAnIllegalNameIsNoticedOnce(t *testing.T) {
	rec := zibratotest.New(t)
	for range 100 {
		rec.Inc("a|b")
		rec.Notices() // flushes, so that the notice has gone out
	}
	if n := rec.Notices(); len(n) != 1 || !strings.Contains(n[0], "a|b") {
		t.Errorf("notices %q, want one that names it", n)
	}
}

func TestSourcesAndTagsAreMadeLegal(t *testing.T) {
	rec := zibratotest.New(t)
	rec.NewCounter("s", zibrato.Source("a|b")).Inc()
	rec.NewCounter("t", zibrato.Tag("k\n", "v"), zibrato.Tag("", strings.Repeat("v", 300)), zibrato.Tag("empty", "")).Inc()
	var many []zibrato.Option
	for i := range 40 {
		many = append(many, zibrato.Tag(string(rune('A'+i)), "v"))
	}
	rec.NewCounter("m", many...).Inc()
	for _, s := range rec.Series() {
		if strings.Contains(s.Source, "|") || len(s.Tags) > 32 {
			t.Errorf("%+v is not legal", s)
		}
		for _, tag := range s.Tags {
			if tag.Key == "" || len(tag.Key) > 64 || len(tag.Value) > 255 || strings.ContainsAny(tag.Key+tag.Value, "\n|") {
				t.Errorf("tag %q of %s is not legal", tag, s.Name)
			}
		}
	}
	if m := rec.Misuses(); m["name"] != 3 || m["tags"] != 1 {
		t.Errorf("misuses %v, want 3 of names and 1 of tags", m)
	}
}
