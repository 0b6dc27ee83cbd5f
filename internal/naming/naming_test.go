package naming

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/zibrato/zibrato/metric"
)

func TestLegalNamesStayAndOthersDiffer(t *testing.T) {
	for _, s := range []string{"a", "db.query", "A-b_c.9", strings.Repeat("w", MaxWord) + ".x"} {
		if got := Name(s); got != s {
			t.Errorf("%q became %q", s, got)
		}
	}
	seen := map[string]string{}
	for _, s := range []string{"", ".", "a.", ".a", "a..b", "a b", "a/b", "a_b", "ä", "a:b", strings.Repeat("w", MaxWord+1), strings.Repeat("w", MaxWord+2), strings.Repeat("w.", 600)} {
		got := Name(s)
		if was, twice := seen[got]; twice {
			t.Errorf("%q and %q are both %q", s, was, got)
		}
		seen[got] = s
		if Name(got) != got {
			t.Errorf("%q became %q, which is not legal", s, got)
		}
	}
}

func TestWordsHaveNoDots(t *testing.T) {
	for s, want := range map[string]string{"": "", "web1": "web1", "web1.example.org": "web1_example_org", "a b": "a_b_10a3f9f2"} {
		if got := Word(s); got != want {
			t.Errorf("%q became %q, want %q", s, got, want)
		}
	}
}

func TestTemplates(t *testing.T) {
	s := &metric.Series{Kind: metric.Timer, Level: metric.Debug, Name: "db.query", Source: "orders.eu", Tags: []metric.Tag{{Key: "empty"}, {Key: "table", Value: "users"}}}
	for text, want := range map[string]string{
		"": "orders_eu.db.query.table.users", "{name}": "db.query", "x.{level}.{kind}.{tags}.{name}.y": "x.debug.timer.table.users.db.query.y",
	} {
		parsed, err := ParseTemplate(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := parsed.Flat(s); got != want {
			t.Errorf("%q made %q, want %q", text, got, want)
		}
	}
	bare, _ := ParseTemplate("")
	if got := bare.Flat(&metric.Series{Name: "n"}); got != "n" {
		t.Errorf("%q", got)
	}
	for _, text := range []string{"{source}", "{name}.", "a b.{name}", "{name}{tags}", "{Name}"} {
		if _, err := ParseTemplate(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

func TestKeeperKeepsNamesApart(t *testing.T) {
	var k Keeper
	a, b := &metric.Series{Kind: metric.Timer, Name: "n"}, &metric.Series{Kind: metric.Gauge, Name: "n"}
	claim := func(s *metric.Series, tags, family string) string {
		name, err := k.Claim(s, "n", tags, family)
		if err != nil {
			t.Fatal(err)
		}
		return name
	}
	k.Begin()
	if claim(a, "", "") != "n" || claim(b, "", "") == "n" {
		t.Error("two series have one name")
	}
	if _, err := k.Claim(a, "n", "", ""); err == nil { // it moves, and meets itself there the second time
		_, err = k.Claim(a, "n", "", "")
		if err == nil {
			t.Error("a series was there three times")
		}
	}
	k = Keeper{}
	k.Begin()
	if claim(a, "x", "ms") != "n" || claim(a, "y", "ms") != "n" || claim(b, "z", "g") == "n" {
		t.Error("other tags are another series of the name, if it is of the same type")
	}
	k.Begin()
	if claim(b, "z", "g") == "n" {
		t.Error("a series moved back")
	}
	var log strings.Builder
	logger := slog.New(slog.NewTextHandler(&log, nil))
	k.Report(logger, "test")
	k.Report(logger, "test")
	if strings.Count(log.String(), "\n") != 1 {
		t.Error(log.String())
	}
}
